//! Room for a text's colors in the palettes of animations: what is given up for it, and what is not.

use gif::Repeat;

use gif_oracle::{frame_of, gif_of, play, Bench, Ink, Inked, Played, COLORS, DISPOSALS, SIZE, WHOLE};
use picture_util::draw;
use util::Folder;

/// Frames that use all entries of their palettes: of one that is shared, or of their own; with and without transparency.
fn full_palettes(is_shared: bool, transparent: Option<u8>) -> Vec<u8> {
    let colors = |i: u16| {
        (0..=255u8).flat_map(|c| vec![c, c.wrapping_mul(7), (255 - c / 2).wrapping_sub(i as u8)]).collect()
    };
    let global: Vec<u8> = colors(0);
    let frame = |i: u16| {
        let rect =
            [[0, 0, 160, 120], [20, 10, 100, 90], [5, 60, 150, 60], [0, 0, 160, 30]][usize::from(i % 4)];
        let mut frame = frame_of(rect, |x, y| ((3 * x + y + 16 * i) % 256) as u8);
        frame.transparent = transparent;
        frame.dispose = DISPOSALS[usize::from(i % 4)];
        frame.palette = if is_shared { None } else { Some(colors(20 * i)) };
        frame
    };
    let frames: Vec<_> = (0..8).map(frame).collect();
    gif_of((160, 120), if is_shared { &global } else { &[] }, Repeat::Infinite, &frames)
}

/// How many pixels of all frames are not as in the template, where there is no text.
fn changed_pixels(template: &Played, captioned: &Played, ink: &Ink) -> usize {
    assert_eq!(captioned.frames.len(), template.frames.len());
    let frames = template.frames.iter().zip(&captioned.frames);
    frames
        .map(|(before, after)| {
            let pixels = before.enumerate_pixels().filter(|&(x, y, _)| matches!(ink.at(x, y), Inked::Not));
            pixels.filter(|&(x, y, pixel)| after[(x, y)] != *pixel).count()
        })
        .sum()
}

#[test]
fn a_full_palette_loses_colors_only_to_a_text_that_needs_them() {
    let bench = Bench::new();
    let ink = Ink::of((160, 120), "middle_text=HI");
    for &is_shared in &[true, false] {
        for &transparent in &[None, Some(40)] {
            let file = full_palettes(is_shared, transparent);
            let template = play(&file);
            let played = |look: &str| {
                bench.put(&file);
                play(&bench.draw_as(look))
            };
            assert!(played("").frames == template.frames, "{} {:?}", is_shared, transparent);
            let changed = |look: &str| {
                let played = played(&format!("middle_text=HI&{}", look));
                changed_pixels(&template, &played, &ink)
            };
            let few = changed("color=lime&outline=none");
            let many = changed("color=lime&outline=blue");
            assert!(0 < few && few < many, "{} {:?}: {} {}", is_shared, transparent, few, many);
        }
    }
}

#[test]
fn a_text_in_colors_of_the_template_takes_none() {
    let grays: Vec<u8> = (0..=255u8).flat_map(|level| vec![level; 3]).collect();
    let frame = frame_of([0, 0, 160, 120], |x, y| ((3 * x + y) % 256) as u8);
    let file = gif_of((160, 120), &grays, Repeat::Infinite, &[frame]);
    let ink = Ink::of((160, 120), "middle_text=HI");
    let bench = Bench::new();
    bench.put(&file);
    let captioned = play(&bench.draw_as("middle_text=HI&color=white&outline=black"));
    assert_eq!(changed_pixels(&play(&file), &captioned, &ink), 0);
}

#[test]
fn captions_of_other_colors_in_turns_are_the_same_each_time() {
    let folder = Folder::new();
    folder.put("animation.gif", &full_palettes(true, None));
    let captioner = folder.captioner();
    let looks =
        ["color=red&outline=none", "color=red&outline=blue", "color=white", "color=lime&outline=none"];
    let drawn = |look: &&str| draw(&captioner, &format!("template=animation&top_text=HI&{}", look));
    let first: Vec<_> = looks.iter().map(drawn).collect();
    let again: Vec<_> = looks.iter().rev().map(drawn).collect();
    assert!(first.iter().eq(again.iter().rev()));
}

#[test]
fn the_index_of_the_background_is_kept_and_so_is_its_color() {
    const AT: usize = 11;
    let bench = Bench::new();
    let full: Vec<u8> = (0..=255u8).flat_map(|i| vec![i, i / 2, 255 - i]).collect();
    for &palette in &[COLORS, &full] {
        for &background in &[0, 3, 7] {
            // No pixel has the background's color.
            let frame = frame_of(WHOLE, |x, y| match (x + 7 * y) % (palette.len() / 3) as u16 {
                index if index == u16::from(background) => 1,
                index => index as u8,
            });
            let mut file = gif_of(SIZE, palette, Repeat::Infinite, &[frame]);
            file[AT] = background;
            bench.put(&file);
            for look in
                &["", "middle_text=HI&color=lime&outline=blue", "middle_text=HI&color=red&outline=none"]
            {
                let drawn = bench.draw_as(look);
                assert_eq!(drawn[AT], background, "{}", look);
                let color = |file: &[u8]| file[13 + 3 * usize::from(background)..][..3].to_vec();
                assert_eq!(color(&drawn), color(&file), "{}", look);
            }
        }
    }
}

#[test]
fn what_takes_the_place_of_an_entry_may_have_a_higher_index_than_any_in_the_frame() {
    let mut table: Vec<u8> = (0..=255u8).flat_map(|level| vec![level; 3]).collect();
    // The same color twice: the first of them is missed least, and the other takes its place.
    table.copy_within(600..603, 6);
    let all = frame_of([0, 0, 160, 120], |x, y| ((3 * x + y) % 256) as u8);
    // Two bits are enough for these.
    let few = |rect: [u16; 4]| frame_of(rect, |x, y| ((x + y) % 4) as u8);
    let frames = [all, few([0, 0, 40, 20]), few([0, 40, 160, 50]), few([0, 0, 160, 120])];
    let file = gif_of((160, 120), &table, Repeat::Infinite, &frames);
    let bench = Bench::new();
    bench.put(&file);
    let (template, captioned) = (play(&file), play(&bench.draw_as("middle_text=HI&color=lime&outline=none")));
    let ink = Ink::of((160, 120), "middle_text=HI");
    for (before, after) in template.frames.iter().zip(&captioned.frames) {
        for (x, y, pixel) in before.enumerate_pixels().filter(|at| matches!(ink.at(at.0, at.1), Inked::Not)) {
            // An entry for transparency is missing, too, and some gray becomes the next one.
            assert!(
                after[(x, y)][0].abs_diff(pixel[0]) <= 1,
                "{} {}: {:?} became {:?}",
                x,
                y,
                pixel,
                after[(x, y)]
            );
        }
    }
}
