//! Tests the content of captioned pictures: templates of every kind and size, with every field of a request.

use gif::Repeat;
use image::{imageops, DynamicImage, ImageFormat, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder};
use memed::captioner::{Cancel, CaptionError, Captioner, Format, Settings};
use serde_json::{json, Value};

use gif_oracle::{blocks, gif_of, COLORS, DISPOSALS};
use picture_util::{asked, changed, decoded, draw, has_color, look, look_json, mean_difference, png, png_of};
use picture_util::{shipped, Numbers, Plain};
use util::{escaped, Folder};

const FONTS: &[&str] = &["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"];
const SENTENCE: &str = "ONE DOES NOT SIMPLY WALK INTO MORDOR";

fn built_in() -> Captioner {
    Captioner::new(Settings::default())
}

// ===== Templates =====

/// A picture with every kind of pixel, opaque or not.
pub fn gradient(width: u32, height: u32, is_opaque: bool) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let alpha = if is_opaque { 255 } else { (x * 255 / width) as u8 };
        Rgba([(x * 255 / width) as u8, (y * 255 / height) as u8, ((x + y) * 3 % 256) as u8, alpha])
    })
}

/// Every kind of PNG that is worth supporting: its file, and its pixels.
pub fn pngs() -> Vec<(&'static str, Vec<u8>, RgbaImage)> {
    let size = (64, 48);
    let level = |x: u32, y: u32| ((x * 3 + y) % 256) as u8;
    let pixels = || (0..size.1).flat_map(|y| (0..size.0).map(move |x| (x, y)));
    let bytes =
        |each: &dyn Fn(u32, u32) -> Vec<u8>| pixels().flat_map(|(x, y)| each(x, y)).collect::<Vec<u8>>();
    let of =
        |color: &dyn Fn(u32, u32) -> [u8; 4]| RgbaImage::from_fn(size.0, size.1, |x, y| Rgba(color(x, y)));
    let palette: Vec<u8> = (0..=255u8).flat_map(|i| vec![i, 255 - i, i / 2]).collect();
    let entry = |i: u8| [i, 255 - i, i / 2];
    let fades: Vec<u8> = (0..=255).collect();
    let gray = |x, y| {
        let v = level(x, y);
        [v, v, v, 255]
    };
    vec![
        (
            "rgb",
            png(size, 8, 2, &[], &bytes(&|x, y| vec![level(x, y), 1, 2])),
            of(&|x, y| [level(x, y), 1, 2, 255]),
        ),
        ("rgba", png_of(&gradient(64, 48, false)), gradient(64, 48, false)),
        ("gray", png(size, 8, 0, &[], &bytes(&|x, y| vec![level(x, y)])), of(&gray)),
        (
            "gray-alpha",
            png(size, 8, 4, &[], &bytes(&|x, y| vec![level(x, y), x as u8])),
            of(&|x, y| [level(x, y), level(x, y), level(x, y), x as u8]),
        ),
        // A sample of `v * 257` is exactly `v` in eight bits.
        (
            "rgb-16",
            png(size, 16, 2, &[], &bytes(&|x, y| vec![level(x, y), level(x, y), 9, 9, 5, 5])),
            of(&|x, y| [level(x, y), 9, 5, 255]),
        ),
        ("gray-16", png(size, 16, 0, &[], &bytes(&|x, y| vec![level(x, y); 2])), of(&gray)),
        (
            "bits",
            png(size, 1, 0, &[], &[0b1010_1010; 64 / 8 * 48]),
            of(&|x, _| if x % 2 == 0 { [255; 4] } else { [0, 0, 0, 255] }),
        ),
        (
            "palette",
            png(size, 8, 3, &[("PLTE", &palette)], &bytes(&|x, y| vec![level(x, y)])),
            of(&|x, y| {
                let [r, g, b] = entry(level(x, y));
                [r, g, b, 255]
            }),
        ),
        (
            "palette-alpha",
            png(size, 8, 3, &[("PLTE", &palette), ("tRNS", &fades)], &bytes(&|x, y| vec![level(x, y)])),
            of(&|x, y| {
                let [r, g, b] = entry(level(x, y));
                [r, g, b, level(x, y)]
            }),
        ),
    ]
}

#[test]
fn every_kind_of_png_keeps_its_pixels_but_those_of_the_text() {
    let folder = Folder::new();
    for (name, file, expected) in pngs() {
        folder.put(&format!("{}.png", name), &file);
        let captioner = folder.captioner();
        let bare = look(&captioner, &format!("template={}", name));
        assert!(bare == expected, "{}: {:?}", name, changed(&expected, &bare, 0));
        let captioned = look(&captioner, &format!("template={}&top_text=HI&color=red&size=20", name));
        let bounds = changed(&expected, &captioned, 0).expect("there is text");
        assert!(bounds.bottom < 24, "{}: {:?}", name, bounds);
        assert!(has_color(&captioned, [255, 0, 0]), "{}", name);
    }
    let cat = decoded(&shipped("cat.png"));
    assert!(look(&built_in(), "template=cat") == cat);
}

#[test]
fn the_templates_of_the_folder_win() {
    let folder = Folder::new();
    folder.put("cat.png", &png_of(&gradient(30, 20, true)));
    assert!(look(&folder.captioner(), "template=cat") == gradient(30, 20, true));
    assert_eq!(look(&folder.captioner(), "template=raccoon").dimensions(), (1024, 768));
}

#[test]
fn the_format_and_size_of_a_template_stay() {
    for &(name, file, format) in &[
        ("raccoon", "raccoon.jpg", ImageFormat::Jpeg),
        ("cat", "cat.png", ImageFormat::Png),
        ("deal-with-it", "deal-with-it.gif", ImageFormat::Gif),
    ] {
        let query = format!("template={}&bottom_text=hi", name);
        let picture = built_in().caption(&asked(&query), &Cancel::new()).unwrap();
        assert_eq!(image::guess_format(&picture.bytes).unwrap(), format);
        let expected = match format {
            ImageFormat::Jpeg => Format::Jpeg,
            ImageFormat::Png => Format::Png,
            _ => Format::Gif,
        };
        assert_eq!(picture.format, expected);
        let (before, after) = (decoded(&shipped(file)), decoded(&picture.bytes));
        assert_eq!(before.dimensions(), after.dimensions());
    }
}

#[test]
fn a_jpeg_in_color_or_gray_looks_as_before() {
    let folder = Folder::new();
    let mut gray = ::std::io::Cursor::new(Vec::new());
    let raccoon = image::load_from_memory(&shipped("raccoon.jpg")).unwrap();
    DynamicImage::ImageLuma8(raccoon.to_luma8()).write_to(&mut gray, ImageFormat::Jpeg).unwrap();
    folder.put("gray.jpg", gray.get_ref());
    for (name, file) in [("gray", gray.get_ref().clone()), ("raccoon", shipped("raccoon.jpg"))] {
        let before = decoded(&file);
        let captioner = folder.captioner();
        let bare = look(&captioner, &format!("template={}", name));
        assert!(mean_difference(&before, &bare) < 3.0, "{}", mean_difference(&before, &bare));
        for &(valign, from, to) in &[("top", 0.0, 0.5), ("middle", 0.25, 0.75), ("bottom", 0.5, 1.0)] {
            let captioned =
                look(&captioner, &format!("template={}&{}_text={}", name, valign, escaped(SENTENCE)));
            // A strong contrast rings a few pixels farther than the text reaches, but not strongly.
            let bounds = changed(&bare, &captioned, 60).expect("there is text");
            let (top, bottom) = (f64::from(bounds.top), f64::from(bounds.bottom));
            assert!(top >= 768.0 * from && bottom < 768.0 * to, "{} {}: {:?}", name, valign, bounds);
        }
    }
}

#[test]
fn every_kind_of_jpeg_is_read() {
    let folder = Folder::new();
    let picture = gradient(64, 48, true);
    let rgb: Vec<u8> = picture.pixels().flat_map(|pixel| pixel.0[..3].to_vec()).collect();
    // Printers' colors, without any black.
    let cmyk: Vec<u8> = picture.pixels().flat_map(|p| vec![255 - p[0], 255 - p[1], 255 - p[2], 0]).collect();
    for &(name, kind, is_progressive) in &[
        ("baseline", ColorType::Rgb, false),
        ("progressive", ColorType::Rgb, true),
        ("cmyk", ColorType::Cmyk, false),
        ("ycck", ColorType::CmykAsYcck, false),
    ] {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 100);
        encoder.set_progressive(is_progressive);
        let pixels = if kind == ColorType::Rgb { &rgb } else { &cmyk };
        encoder.encode(pixels, 64, 48, kind).unwrap();
        folder.put(&format!("{}.jpg", name), &file);
        let drawn = look(&folder.captioner(), &format!("template={}", name));
        assert!(mean_difference(&picture, &drawn) < 12.0, "{} {}", name, mean_difference(&picture, &drawn));
    }
}

#[test]
fn a_camera_held_upright_gives_an_upright_picture() {
    let folder = Folder::new();
    let mut file = ::std::io::Cursor::new(Vec::new());
    let lying =
        RgbaImage::from_fn(64, 32, |x, _| Rgba(if x < 32 { [255, 0, 0, 255] } else { [0, 0, 255, 255] }));
    DynamicImage::ImageRgba8(lying).into_rgb8().write_to(&mut file, ImageFormat::Jpeg).unwrap();
    let mut file = file.into_inner();
    // One entry of TIFF: orientation (0x0112), a short, one of it, 6: turn it clockwise.
    let mut exif =
        b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.splice(0..0, file[..2].iter().copied());
    file.splice(0..2, exif);
    folder.put("turned.jpg", &file);
    let picture = look(&folder.captioner(), "template=turned");
    assert_eq!(picture.dimensions(), (32, 64));
    assert!(picture[(16, 8)][0] > 200 && picture[(16, 56)][2] > 200);
}

// ===== Sizes =====

#[test]
fn a_picture_is_scaled_to_fit_and_never_enlarged() {
    let plain = Plain::new(400, 300, [10, 200, 90, 255]);
    for &(query, width, height) in &[
        ("width=200", 200, 150),
        ("height=100", 133, 100),
        ("width=200&height=100", 133, 100),
        ("width=100&height=299", 100, 75),
        ("width=4096", 400, 300),
        ("width=401&height=4096", 400, 300),
        ("width=1", 1, 1),
        ("height=1", 1, 1),
        ("width=399", 399, 299),
    ] {
        let picture = plain.with(query);
        assert_eq!(picture.dimensions(), (width, height), "{}", query);
        assert!(picture.pixels().all(|pixel| pixel.0 == [10, 200, 90, 255]), "{}", query);
    }
    for &(width, height, query, expected) in &[
        (1, 1, "", (1, 1)),
        (1, 1, "width=7", (1, 1)),
        (4096, 1, "", (4096, 1)),
        (4096, 1, "width=100", (100, 1)),
        (1, 4096, "height=50", (1, 50)),
        (1, 4096, "width=1", (1, 4096)),
    ] {
        let picture = Plain::black(width, height).with(&format!("{}&top_text=hi&bottom_text=there", query));
        assert_eq!(picture.dimensions(), expected);
    }
    let tall = Plain::black(1, 400);
    let heights = [50, 100, 50].map(|height| tall.with(&format!("height={}", height)).height());
    assert_eq!(heights, [50, 100, 50], "one size is not taken for another");
}

#[test]
fn a_scaled_picture_looks_like_the_large_one() {
    for &(name, file) in &[("cat", "cat.png"), ("raccoon", "raccoon.jpg"), ("astronaut", "astronaut.png")] {
        let small = look(&built_in(), &format!("template={}&width=200", name));
        let (width, height) = small.dimensions();
        let expected =
            imageops::resize(&decoded(&shipped(file)), width, height, imageops::FilterType::Triangle);
        let difference = mean_difference(&small, &expected);
        assert!(difference < 5.0, "{}: {}", name, difference);
    }
    // The color under a transparent pixel must not bleed into its neighbours.
    let folder = Folder::new();
    let halves = |x| Rgba(if x < 99 { [255, 0, 0, 255] } else { [0, 255, 0, 0] });
    folder.put("halves.png", &png_of(&RgbaImage::from_fn(200, 50, |x, _| halves(x))));
    let small = look(&folder.captioner(), "template=halves&width=66");
    assert!(small.pixels().all(|pixel| pixel[3] == 0 || pixel[0] > 250 && pixel[1] < 5));
    assert!(small.pixels().any(|pixel| pixel[3] > 0 && pixel[3] < 255));
}

// ===== Whatever is asked =====

#[test]
fn the_same_request_gives_the_same_bytes() {
    let (one, other) = (built_in(), built_in());
    for query in &[
        "template=cat&top_text=hi&bottom_text=there",
        "template=raccoon&middle_text=hi&font=ComicNeue&width=300",
        "template=deal-with-it&top_text=hi",
        "template=dramatic-raccoon&bottom_text=hi&width=90",
    ] {
        let first = draw(&one, query);
        assert!(first == draw(&one, query) && first == draw(&other, query), "{}", query);
        // What else was drawn in between leaves no trace.
        draw(&other, "template=cat&width=33&top_text=\u{416}");
        assert!(first == draw(&other, query), "{}", query);
    }
}

#[test]
fn the_long_form_draws_what_the_short_form_does() {
    let captioner = built_in();
    let captions = json!([
        {"text": "A", "valign": "top", "color": "red"},
        {"text": "B", "valign": "bottom", "align": "left"},
    ]);
    let long = look_json(&captioner, &json!({"template": "cat", "captions": captions}));
    assert!(
        long == look(&captioner, "template=cat&top_text=A&top_color=red&bottom_text=B&bottom_align=left")
    );
}

/// Any letters and marks there are.
fn any_text(numbers: &mut Numbers) -> String {
    let length = numbers.pick(&[1, 3, 30, 200]);
    let ranges = [
        (32, 127),
        (160, 0x250),
        (0x300, 0x370),
        (0x370, 0x600),
        (0x600, 0x3000),
        (0x3000, 0x1_1000),
        (9, 33),
        (0x1_f300, 0x1_f700),
        (0x2000, 0x2070),
    ];
    let (start, end) = numbers.pick(&ranges);
    (0..length)
        .filter_map(|_| {
            let (start, end) = if numbers.below(3) > 0 { (start, end) } else { (32, 127) };
            char::from_u32((start + numbers.below(end - start)) as u32)
        })
        .collect()
}

#[test]
fn no_text_makes_it_panic() {
    let folder = Folder::new();
    folder.put("clear.png", &png_of(&gradient(60, 40, false)));
    let captioner = folder.captioner();
    let mut numbers = Numbers(1);
    for _ in 0..300 {
        let caption = |numbers: &mut Numbers| {
            json!({
                "text": any_text(numbers),
                "valign": numbers.pick(&["top", "middle", "bottom"]),
                "align": numbers.pick(&["left", "center", "right"]),
                "font": numbers.pick(FONTS),
                "size": numbers.pick(&["fit", "shrink", "0.01", "7", "33.3", "512"]),
                "outline": numbers.pick(&["red", "none"]),
            })
        };
        let captions: Vec<Value> = (0..1 + numbers.below(3)).map(|_| caption(&mut numbers)).collect();
        let template = numbers.pick(&["clear", "coffee", "cat"]);
        let (width, height) = (1 + numbers.below(80), 1 + numbers.below(80));
        let request = json!({"template": template, "width": width, "height": height, "captions": captions});
        let picture = look_json(&captioner, &request);
        assert!(u64::from(picture.width()) <= width && u64::from(picture.height()) <= height);
    }
}

#[test]
fn no_damaged_file_makes_it_panic() {
    let folder = Folder::new();
    let encoded = |format| {
        if format == ImageFormat::Gif {
            let frame = |i: u16| blocks([i, 0, 20, 16], i, i == 1, DISPOSALS[usize::from(i) + 1]);
            return gif_of((24, 16), COLORS, Repeat::Infinite, &[frame(0), frame(1), frame(2)]);
        }
        let mut file = ::std::io::Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgba8(gradient(24, 16, true)).into_rgb8();
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    };
    let mut numbers = Numbers(3);
    for &(name, format) in
        &[("a.jpg", ImageFormat::Jpeg), ("b.png", ImageFormat::Png), ("c.gif", ImageFormat::Gif)]
    {
        let whole = encoded(format);
        for _ in 0..400 {
            let mut file = whole.clone();
            for _ in 0..1 + numbers.below(4) {
                let at = numbers.below(file.len() as u64) as usize;
                file[at] = numbers.below(256) as u8;
            }
            if numbers.below(4) == 0 {
                file.truncate(numbers.below(file.len() as u64) as usize);
            }
            folder.put(name, &file);
            let query = format!("template={}&top_text=hi&width=20", &name[..1]);
            match folder.captioner().caption(&asked(&query), &Cancel::new()) {
                Ok(picture) => assert_eq!(image::guess_format(&picture.bytes).unwrap(), format),
                Err(CaptionError::BadFile { name: ref bad, .. }) => assert_eq!(bad, &name[..1]),
                Err(error) => panic!("{:?} of {:?}", error, file),
            }
        }
    }
}

#[test]
fn nobody_waits_for_what_is_cancelled() {
    for template in &["cat", "raccoon", "deal-with-it"] {
        let cancel = Cancel::new();
        cancel.clone().cancel();
        let answer = built_in().caption(&asked(&format!("template={}&top_text=hi", template)), &cancel);
        assert!(matches!(answer, Err(CaptionError::Cancelled)), "{:?}", answer.map(|picture| picture.format));
    }
}

#[test]
fn what_is_not_there_is_named() {
    let error = |query: &str| built_in().caption(&asked(query), &Cancel::new()).unwrap_err();
    assert!(matches!(error("template=nobody"), CaptionError::UnknownTemplate(ref name) if name == "nobody"));
    assert!(
        matches!(error("template=cat&top_text=hi&font=x"), CaptionError::UnknownFont(ref name) if name == "x")
    );
}
