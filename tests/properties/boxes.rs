//! Property: text that fits stays in its box, however that is turned.

use proptest::prelude::Strategy;
use proptest::sample::select;
use serde_json::{json, Value};

use super::asked::texts;
use super::check;
use picture_util::{look_json, Plain};

/// How far from its center, in pixels, a pixel may be that something touches.
const REACH: f64 = 0.71;

/// A box in pixels of the picture, and how text stands in it.
#[derive(Clone, Debug)]
struct Asked {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    angle: i32,
    look: Value,
}

/// Boxes in a picture of that size that are wide enough for a margin around their text.
fn boxes(side: u32) -> impl Strategy<Value = Asked> {
    let angle = select(&[0, 0, 0, 90, -90, 180, 45, -30, 5, 137, -1][..]);
    let places = (0..side - 12, 0..side - 12, 8..side, 8..side, angle);
    let fonts = select(&["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"][..]);
    let look = (
        fonts,
        select(&["left", "center", "right"][..]),
        select(&["top", "middle", "bottom"][..]),
        select(&["fit", "fit", "shrink"][..]),
        select(&[true, true, false][..]),
        select(&["upper", "lower", "as-is"][..]),
    );
    (places, look).prop_map(move |((left, top, width, height, angle), look)| {
        let (font, align, valign, size, has_outline, case) = look;
        let outline = if has_outline { "white" } else { "none" };
        let look = json!({
            "font": font, "align": align, "valign": valign, "size": size, "outline": outline, "case": case,
        });
        let (width, height) = (width.min(side - left), height.min(side - top));
        Asked { left, top, width, height, angle, look }
    })
}

fn request(asked: &Asked, text: &str, side: u32) -> Value {
    let share = |pixels: u32| f64::from(pixels) / f64::from(side);
    let mut caption = json!({
        "text": text,
        "left": share(asked.left),
        "top": share(asked.top),
        "width": share(asked.width),
        "height": share(asked.height),
        "angle": asked.angle,
    });
    for (name, value) in asked.look.as_object().unwrap() {
        caption[name] = value.clone();
    }
    json!({ "template": "plain", "captions": [caption] })
}

#[test]
fn text_that_fits_stays_in_its_box() {
    const SIDE: u32 = 200;
    let plain = Plain::black(SIDE, SIDE);
    check(700, &(boxes(SIDE), texts()), |(asked, text)| {
        let picture = look_json(&plain.captioner, &request(&asked, &text, SIDE));
        let center = [asked.left, asked.top].map(f64::from);
        let half = [asked.width, asked.height].map(|side| f64::from(side) / 2.0);
        let (sin, cos) = f64::from(-asked.angle).to_radians().sin_cos();
        for (x, y, _) in picture.enumerate_pixels().filter(|pixel| pixel.2 .0[..3] != [0; 3]) {
            // From the center of the box, turned back.
            let [dx, dy] =
                [f64::from(x) + 0.5 - center[0] - half[0], f64::from(y) + 0.5 - center[1] - half[1]];
            let [across, down] = [dx * cos - dy * sin, dx * sin + dy * cos];
            let is_inside = across.abs() <= half[0] + REACH && down.abs() <= half[1] + REACH;
            assert!(is_inside, "({}, {}) is {:.1} across and {:.1} down of {:?}", x, y, across, down, half);
        }
    });
}
