//! How large pictures with bars are.

use memed::captioner::{Cancel, CaptionError, Captioner, Flaw, Settings};
use memed::image_macro::edit_from_query;

use picture_util::{asked, decoded, look, png_of, Numbers};
use pictures::gradient;
use util::Folder;

#[test]
fn a_request_s_limits_are_those_of_the_picture_and_its_bars() {
    let folder = Folder::new();
    folder.put("wide.png", &png_of(&gradient(500, 100, true)));
    folder.put("high.png", &png_of(&gradient(100, 500, true)));
    folder.put("square.png", &png_of(&gradient(200, 200, true)));
    let captioner = folder.captioner();
    let mut numbers = Numbers(11);
    for round in 0..120 {
        let (name, size) = [("wide", (500, 100)), ("high", (100, 500)), ("square", (200, 200))][round % 3];
        let (width, height) = (20 + numbers.below(600) as u32, 40 + numbers.below(600) as u32);
        let format = ["png", "jpeg", "gif"][round / 3 % 3];
        let text = "some words of text ".repeat(1 + numbers.below(6) as usize);
        let query = format!(
            "template={}&format={}&width={}&height={}&layout=bar&bar=both&top_text={}&bottom_text={}",
            name, format, width, height, text, "short"
        );
        let picture = look(&captioner, &query);
        assert!(picture.width() <= width.min(size.0), "{}: {:?}", query, picture.dimensions());
        assert!(picture.height() <= height, "{}: {:?}", query, picture.dimensions());
        // And it is about as large as it can be.
        let is_large = picture.width() == width.min(size.0) || picture.height() + 40 > height;
        assert!(is_large, "{}: {:?}", query, picture.dimensions());
    }
    let whole = look(&captioner, "template=square&layout=bar&top_text=hi&width=4000&height=4000");
    assert!(whole.width() == 200 && whole.height() > 210);
}

#[test]
fn a_bar_is_as_high_as_its_text_needs_and_no_higher_than_the_picture() {
    let folder = Folder::new();
    folder.put("plain.png", &png_of(&gradient(400, 300, true)));
    let captioner = folder.captioner();
    let height = |query: &str| {
        let picture =
            captioner.caption(&asked(&format!("template=plain&{}", query)), &Cancel::new()).unwrap();
        (decoded(&picture.bytes).height() - 300, picture.too_small)
    };
    let (one, _) = height("layout=bar&top_text=one line");
    let (two, _) = height("layout=bar&top_text=one line%0Aone line");
    assert!(one > 30 && one < 70 && two > one + 25 && two < 2 * one, "{} {}", one, two);
    assert_eq!(height("layout=bar"), (0, vec![]));
    assert_eq!(height("layout=bar&top_text=%20"), (0, vec![]));
    assert_eq!(height("layout=bar&bar=both&bottom_text=one line").0, one);
    let long = "lorem ipsum dolor sit amet ".repeat(9);
    let (high, too_small) = height(&format!("layout=bar&top_text={}", long));
    assert!(high > 150 && high <= 300 && too_small.is_empty(), "{}", high);
    let lines = "a%0A".repeat(120);
    assert_eq!(height(&format!("layout=bar&bar=bottom&bottom_text={}&top_text=b", lines)), (300, vec![2]));
    assert_eq!(height("layout=bar&top_text=high&size=500"), (300, vec![]));
    assert!(height("layout=bar&top_text=ag&size=60").0 > height("layout=bar&top_text=ag&size=30").0 + 20);
}

#[test]
fn a_picture_that_is_too_high_with_its_bar_is_an_error_unless_it_is_a_png() {
    let captioner = Captioner::new(Settings::default());
    let file = png_of(&gradient(20, 65_530, true));
    let of = |query: &str| {
        let edit = edit_from_query(&format!("layout=bar&top_text=hi&{}", query)).unwrap();
        captioner.caption_picture(&file, &edit, &Cancel::new())
    };
    for format in &["jpeg", "gif"] {
        match of(&format!("format={}", format)) {
            Err(CaptionError::BadPicture { flaw: Flaw::TooLarge(ref why), .. }) if why.contains("65535") => {}
            other => panic!("{}: {:?}", format, other.map(|picture| picture.bytes.len())),
        }
    }
    assert!(decoded(&of("format=png").unwrap().bytes).height() > 65_535);
    assert!(decoded(&of("format=jpeg&height=4096").unwrap().bytes).height() <= 4096);
}
