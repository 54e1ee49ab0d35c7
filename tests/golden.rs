//! Compares what is drawn now with the golden pictures, which a person has approved.

use image::RgbImage;
use memed::captioner::{Captioner, Settings};

/// The list, the drawing, and the comparison.
mod compare;

use self::compare::Golden;

const SHOW: &str = "cargo run --release --example golden";
const RENEW: &str = "cargo run --release --example golden -- --renew";

fn list() -> Vec<Golden> {
    compare::list().unwrap_or_else(|error| panic!("{}", error))
}

fn drawn(request: &str) -> RgbImage {
    let golden = Golden::new("test", request);
    golden.now(&Captioner::new(Settings::default())).unwrap_or_else(|error| panic!("{}", error))
}

/// Whether the test would fail if the one had become the other.
fn would_be_seen(before: &RgbImage, now: &RgbImage) -> bool {
    !compare::compare(&compare::kept(before), now).is_some_and(|difference| difference.is_small())
}

#[test]
fn every_golden_picture_is_drawn_as_it_was() {
    let captioner = Captioner::new(Settings::default());
    let mut failures = Vec::new();
    for golden in list() {
        // That a picture is missing is for the next test to say.
        let before = match golden.before() {
            Ok(Some(before)) => before,
            Ok(None) => continue,
            Err(error) => {
                failures.push(error);
                continue;
            }
        };
        match golden.now(&captioner) {
            Ok(now) => match compare::compare(&before, &now) {
                Some(difference) if difference.is_small() => (),
                Some(difference) => failures.push(format!("{}: {}", golden.name, difference)),
                None => failures.push(format!(
                    "{}: is {:?} pixels, and was {:?}",
                    golden.name,
                    now.dimensions(),
                    before.dimensions()
                )),
            },
            Err(error) => failures.push(error),
        }
    }
    assert!(
        failures.is_empty(),
        "\n{}\nLook at them: `{}` puts them into target/golden/differs, beside what they were. If they are \
         better now: `{}`",
        failures.join("\n"),
        SHOW,
        RENEW
    );
}

#[test]
fn every_line_of_the_list_has_a_picture_and_every_picture_a_line() {
    let list = list();
    assert!(list.len() >= 20, "the list is cut off");
    let missing: Vec<_> = list.iter().map(Golden::file).filter(|file| !file.exists()).collect();
    assert!(missing.is_empty(), "not there: {:?}\n`{}` draws them", missing, RENEW);
    let without = compare::without_line(&list).unwrap();
    assert!(without.is_empty(), "no line asks for {:?}\n`{}` removes them", without, RENEW);
}

#[test]
fn a_text_that_moves_by_one_pixel_would_be_seen() {
    for template in &["rocket&width=240", "coffee&width=180", "deal-with-it&width=160&format=gif"] {
        let bare = drawn(&format!("template={}", template));
        for text in &["top_text=I can haz", "middle_text=small&size=9", "bottom_text=.&outline=none"] {
            let before = drawn(&format!("template={}&{}", template, text));
            for &(right, down) in &[(1, 0), (0, 1)] {
                let mut moved = bare.clone();
                for (x, y, pixel) in before.enumerate_pixels().filter(|&(x, y, pixel)| *pixel != bare[(x, y)])
                {
                    if x + right < moved.width() && y + down < moved.height() {
                        moved[(x + right, y + down)] = *pixel;
                    }
                }
                assert!(would_be_seen(&before, &moved), "{} {} by {}, {}", template, text, right, down);
            }
        }
    }
}

#[test]
fn another_font_size_color_or_letter_would_be_seen() {
    let picture = |look: &str| drawn(&format!("template=rocket&width=240&top_text=Hamburg&size=24&{}", look));
    let before = picture("");
    for look in &[
        "font=BebasNeue",
        "size=24.5",
        "color=0xf0f0f0",
        "outline=none",
        "outline=0x202020",
        "align=left",
        "top_text=Hamburq",
        "middle_text=.",
    ] {
        // A name that comes twice is an error: what is asked for replaces what was.
        let name = look.split('=').next();
        let kept = "template=rocket&width=240&top_text=Hamburg&size=24";
        let kept: Vec<_> = kept.split('&').filter(|field| field.split('=').next() != name).collect();
        let now = drawn(&format!("{}&{}", kept.join("&"), look));
        assert!(would_be_seen(&before, &now), "{}", look);
    }
    assert!(!would_be_seen(&before, &picture("")));
    assert!(would_be_seen(&before, &drawn("template=rocket&width=239&top_text=Hamburg&size=24")), "the size");
}

#[test]
fn a_rounding_that_nobody_sees_is_no_difference() {
    let before = drawn("template=raccoon&width=180&top_text=I can haz");
    assert!(!would_be_seen(&before, &before));
    let mut rounded = before.clone();
    for (index, channel) in rounded.iter_mut().enumerate() {
        *channel = if index % 2 == 0 { channel.saturating_add(1) } else { channel.saturating_sub(1) };
    }
    assert!(!would_be_seen(&before, &rounded));
}
