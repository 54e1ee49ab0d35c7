//! Tests scaled animations as a viewer sees them, with and without text.

use gif::Repeat;
use image::imageops::{resize, FilterType};
use image::{ImageBuffer, Rgba, RgbaImage};
use memed::captioner::{Captioner, Settings};

use gif_oracle::{assert_captioned, blocks, frame_of, gif_of, play, Bench, Ink, Played};
use gif_oracle::{COLORS, DISPOSALS, LOOK, SIZE, WHOLE};
use picture_util::{draw, shipped};

/// A canvas at another size, its colors weighed by how opaque they are.
fn resized(canvas: &RgbaImage, size: (u32, u32)) -> RgbaImage {
    let weighed = ImageBuffer::<Rgba<f32>, Vec<f32>>::from_fn(canvas.width(), canvas.height(), |x, y| {
        let [r, g, b, a] = canvas[(x, y)].0.map(|channel| f32::from(channel) / 255.0);
        Rgba([r * a, g * a, b * a, a])
    });
    let small = resize(&weighed, size.0, size.1, FilterType::Triangle);
    RgbaImage::from_fn(size.0, size.1, |x, y| {
        let [r, g, b, a] = small[(x, y)].0;
        let color = |weighed: f32| (weighed / a.max(0.01) * 255.0).min(255.0) as u8;
        Rgba([color(r), color(g), color(b), (a * 255.0).round() as u8])
    })
}

/// Fails unless every frame looks like the template's, resized. Gives how far off the colors are on average.
fn assert_scaled(name: &str, template: &Played, scaled: &Played, size: (u32, u32)) -> f64 {
    assert_eq!(scaled.size, size, "{}", name);
    assert_eq!(scaled.repeat, template.repeat, "{}", name);
    assert_eq!(scaled.delays, template.delays, "{}", name);
    let (mut sum, mut count) = (0, 1);
    for (i, (before, after)) in template.frames.iter().zip(&scaled.frames).enumerate() {
        let expected = resized(before, size);
        for (x, y, pixel) in after.enumerate_pixels() {
            let expected = expected[(x, y)].0;
            // Another filter may be on another side of the half.
            let is_right =
                if expected[3] < 64 { pixel[3] == 0 } else { expected[3] < 192 || pixel[3] == 255 };
            assert!(is_right, "{}: frame {} at {} {}: {:?} {:?}", name, i, x, y, expected, pixel);
            if expected[3] > 250 {
                sum += (0..3).map(|i| u64::from(expected[i].abs_diff(pixel[i]))).sum::<u64>();
                count += 3;
            }
        }
    }
    sum as f64 / count as f64
}

/// Checks one size of a file, without text and with it.
fn check(name: &str, file: &[u8], size: (u32, u32), most: f64) {
    let bench = Bench::new();
    let query = format!("width={}", size.0);
    let scaled = play(&bench.draw(file, &query));
    let off = assert_scaled(name, &play(file), &scaled, size);
    assert!(off < most, "{}: {}", name, off);
    let caption = "middle_text=HI&size=20";
    let captioned = play(&bench.draw(file, &format!("{}&{}", query, caption)));
    assert_captioned(name, &scaled, &captioned, &Ink::of(size, caption), 0.0);
}

#[test]
fn the_animations_that_are_shipped_are_scaled() {
    let captioner = Captioner::new(Settings::default());
    for &name in &["deal-with-it", "dramatic-raccoon"] {
        let template = play(&shipped(&format!("{}.gif", name)));
        for &width in &[200, 77] {
            let height = (template.size.1 * width + template.size.0 / 2) / template.size.0;
            let query = format!("template={}&width={}", name, width);
            let scaled = play(&draw(&captioner, &query));
            let off = assert_scaled(name, &template, &scaled, (width, height));
            assert!(off < 5.0, "{} {}: {}", name, width, off);
            let caption = "top_text=one+does&bottom_text=not+simply";
            let captioned = play(&draw(&captioner, &format!("{}&{}&{}", query, caption, LOOK)));
            // Their palettes are full, and give up some colors.
            assert_captioned(name, &scaled, &captioned, &Ink::of(scaled.size, caption), 12.0);
        }
    }
}

#[test]
fn every_disposal_is_scaled() {
    for combination in 0..64 {
        for (i, rects) in
            [[WHOLE; 3], [WHOLE, [20, 10, 40, 40], [0, 0, 80, 30]], [[20, 20, 50, 30]; 3]].iter().enumerate()
        {
            for &holes in &[false, true] {
                let disposals = [0, 1, 2].map(|i| DISPOSALS[combination >> (2 * i) & 3]);
                let frame = |i: usize| blocks(rects[i], i as u16, holes, disposals[i]);
                let file = gif_of(SIZE, COLORS, Repeat::Infinite, &[frame(0), frame(1), frame(2)]);
                check(&format!("{} {:?} {}", i, disposals, holes), &file, (40, 30), 20.0);
            }
        }
    }
}

#[test]
fn a_color_that_is_transparent_in_another_frame_stays() {
    let mut delta = frame_of([0, 0, 20, 20], |x, _| (x / 10) as u8);
    delta.transparent = Some(0);
    let red = frame_of(WHOLE, |_, _| 0);
    let file = gif_of(SIZE, &[200, 30, 30, 255, 255, 255, 0, 0, 0], Repeat::Infinite, &[red, delta]);
    check("red", &file, (40, 30), 3.0);
}

#[test]
fn black_and_white_become_gray_between() {
    let stripes = frame_of(WHOLE, |x, _| (x % 2) as u8);
    let file = gif_of(SIZE, &[0, 0, 0, 255, 255, 255], Repeat::Infinite, &[stripes]);
    check("stripes", &file, (40, 30), 20.0);
}
