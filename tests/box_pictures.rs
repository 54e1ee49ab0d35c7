//! Tests captions in boxes: where their text stands, how large it is, and that turned letters are those that are straight.

use std::slice;
use std::time::{Duration, Instant};

use image::imageops::rotate90;
use memed::captioner::{Cancel, Captioner};
use memed::image_macro::from_json;
use serde_json::{json, Value};

use picture_util::{changed, farthest, look_json, Bounds, Plain};

/// What a picture with captions in boxes is asked for by.
fn request(captions: &[Value]) -> Value {
    json!({ "template": "plain", "captions": captions })
}

fn ink(plain: &Plain, caption: Value) -> Bounds {
    let picture = look_json(&plain.captioner, &request(&[caption]));
    changed(&plain.image, &picture, 0).expect("there is text")
}

#[test]
fn text_fills_its_box_and_stands_where_it_is_aligned() {
    let plain = Plain::black(400, 400);
    let boxed = |text: &str, align: &str, valign: &str| {
        json!({
            "text": text, "left": 0.25, "top": 0.5, "width": 0.5, "height": 0.25, "align": align, "valign": valign,
        })
    };
    // Two letters are as high as the box, a line of many is as wide.
    let high = ink(&plain, boxed("HI", "left", "middle"));
    assert!(high.left < 112 && high.top < 225 && high.bottom > 275, "{:?}", high);
    let mut line = boxed("ONE LINE OF TEXT", "center", "top");
    line["size"] = json!("shrink");
    let wide = ink(&plain, line);
    assert!(wide.width() > 190 && wide.top < 210, "{:?}", wide);
    let small = |align: &str, valign: &str| {
        let mut small = boxed("HI", align, valign);
        small["size"] = json!(20);
        ink(&plain, small)
    };
    let (first, last) = (small("left", "top"), small("right", "bottom"));
    assert!(first.left < 110 && first.top < 212 && first.right < 150, "{:?}", first);
    assert!(last.right > 290 && last.bottom > 286 && last.left > 250, "{:?}", last);
    let middle = small("center", "middle");
    assert!((middle.left + middle.right).abs_diff(400) <= 4, "{:?}", middle);
    assert!((middle.top + middle.bottom).abs_diff(500) <= 6, "{:?}", middle);
}

#[test]
fn padding_keeps_text_away_from_the_sides() {
    let plain = Plain::black(400, 400);
    let padded = |padding: f64| {
        ink(
            &plain,
            json!({ "text": "A\nB\nC", "left": 0, "top": 0, "width": 0.5, "height": 0.5, "padding": padding }),
        )
    };
    let (none, some) = (padded(0.0), padded(0.2));
    assert!(none.top < 40 && some.top >= 40 && some.bottom < 160, "{:?} {:?}", none, some);
}

#[test]
fn a_quarter_turn_gives_the_same_letters_turned() {
    let plain = Plain::black(300, 300);
    let caption = |angle: i32| {
        json!({
            "text": "Sphinx 5 \u{1f600}", "left": 0.1, "top": 0.1, "width": 0.8, "height": 0.8, "angle": angle,
            "outline": "red",
        })
    };
    let straight = look_json(&plain.captioner, &request(&[caption(0)]));
    let turned = look_json(&plain.captioner, &request(&[caption(90)]));
    // Baselines and emoji stand on whole pixels, which differ by up to one.
    let differ =
        rotate90(&straight).pixels().zip(turned.pixels()).filter(|(a, b)| farthest(a.0, b.0) > 128).count();
    let inked = straight.pixels().filter(|pixel| pixel.0[0] > 128).count();
    assert!(differ * 20 < inked, "{} of {} pixels differ", differ, inked);
}

#[test]
fn what_is_not_given_is_as_large_as_the_picture_leaves_it() {
    let plain = Plain::black(200, 200);
    let all = |captions: Value| look_json(&plain.captioner, &request(&[captions]));
    let short = all(json!({ "text": "HI", "left": 0.5, "top": 0.25 }));
    let full = all(json!({
        "text": "HI", "left": 0.5, "top": 0.25, "width": 0.5, "height": 0.75, "angle": 0, "padding": 0, "valign": "middle",
    }));
    assert!(short == full);
    let angle = all(json!({ "text": "HI", "angle": -20 }));
    let whole = all(json!({ "text": "HI", "left": 0, "top": 0, "width": 1, "height": 1, "angle": -20 }));
    assert!(angle == whole);
}

#[test]
fn a_box_does_not_change_the_bands() {
    let plain = Plain::black(300, 300);
    let band = json!({ "text": "IN A BAND", "valign": "top" });
    let boxed = json!({ "text": "IN A BOX", "top": 0.7, "left": 0.2 });
    let alone = look_json(&plain.captioner, &request(slice::from_ref(&band)));
    let both = look_json(&plain.captioner, &request(&[boxed, band]));
    let upper = |picture: &::image::RgbaImage| picture.pixels().take(300 * 200).cloned().collect::<Vec<_>>();
    assert!(upper(&alone) == upper(&both));
}

#[test]
fn a_box_smaller_than_a_letter_is_drawn_as_well_as_can_be_and_said_to_be() {
    let plain = Plain::black(100, 100);
    let draw = |width: f64, height: f64| {
        let caption =
            json!({ "text": "some words", "left": 0.5, "top": 0.5, "width": width, "height": height });
        let asked = from_json(request(&[caption]).to_string().as_bytes()).unwrap();
        plain.captioner.caption(&asked, &Cancel::new()).unwrap().too_small
    };
    for &(width, height) in &[(0.01, 0.01), (1e-9, 1e-9), (0.5, 0.001), (0.001, 0.5), (0.1, 0.1)] {
        assert_eq!(draw(width, height), [1], "{} {}", width, height);
    }
    assert!(draw(0.5, 0.5).is_empty());
}

/// As large boxes as there can be, all turned, on the largest picture that may be asked for. Ten times what it takes in a
/// release build on a machine that does nothing else.
#[test]
fn sixteen_turned_boxes_on_a_large_picture_take_seconds() {
    let plain = Plain::black(4096, 4096);
    let text = "All the world is a stage, and all the men and women merely players";
    let caption = json!({ "text": text, "left": 0, "top": 0, "width": 1, "height": 1, "angle": 45 });
    let start = Instant::now();
    draw_all(&plain.captioner, &request(&vec![caption; 16]));
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "{:?}", took);
}

fn draw_all(captioner: &Captioner, request: &Value) {
    let asked = from_json(request.to_string().as_bytes()).unwrap();
    captioner.caption(&asked, &Cancel::new()).unwrap();
}

#[test]
fn what_is_wrong_with_a_box_is_said() {
    for (fields, sentence) in [
        (
            json!({ "left": -0.1 }),
            "\"captions[0].left\" is -0.1, and must be a share of the picture, at least 0 and below 1",
        ),
        (json!({ "left": 1 }), "\"captions[0].left\" is 1,"),
        (
            json!({ "width": 0 }),
            "\"captions[0].width\" is 0, and must be a share of the picture, above 0 and at most 1",
        ),
        (json!({ "height": 1.01 }), "\"captions[0].height\" is 1.01,"),
        (json!({ "top": "nan" }), "\"captions[0].top\" is \"nan\","),
        (
            json!({ "left": 0.5, "width": 0.6 }),
            "\"captions[0].left\" is 0.5 and \"captions[0].width\" is 0.6: together",
        ),
        (
            json!({ "top": 0.9, "height": 0.2 }),
            "\"captions[0].top\" is 0.9 and \"captions[0].height\" is 0.2: together",
        ),
        (
            json!({ "angle": 1e9 }),
            "\"captions[0].angle\" is 1000000000, and must be a number of degrees from -180 to 180",
        ),
        (json!({ "angle": "inf" }), "\"captions[0].angle\" is \"inf\","),
        (
            json!({ "padding": 0.5 }),
            "\"captions[0].padding\" is 0.5, and must be a share of the box from 0 to 0.45",
        ),
        (json!({ "left": [0.5] }), "\"captions[0].left\" is"),
        (
            json!({ "valign": "top", "box": 1 }),
            "\"box\" is not a field of \"captions[0]\": it has text, valign, left,",
        ),
        (json!({}), "\"captions[0].valign\" is missing: top, middle or bottom; or give a box"),
    ] {
        let mut caption = json!({ "text": "hi" });
        for (name, value) in fields.as_object().unwrap() {
            caption[name] = value.clone();
        }
        let error = from_json(request(&[caption]).to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(sentence), "{} says {:?}", fields, error);
    }
    // The sum of decimal fractions that are rounded is no mistake.
    let caption = json!({ "text": "hi", "left": 0.7, "width": 0.3, "top": 0.9, "height": 0.1 });
    from_json(request(&[caption]).to_string().as_bytes()).unwrap();
}
