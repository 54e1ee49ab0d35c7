//! Property: every request gives a picture or an error, and never a panic.

use std::fmt::Debug;

use memed::captioner::{Cancel, CaptionError};
use memed::image_macro::{from_json, from_query, ImageMacro, Invalid};
use proptest::collection::{btree_map, vec};
use proptest::prelude::{any, prop_oneof, Just};
use proptest::sample::select;
use proptest::strategy::Strategy;
use serde_json::Value;

use super::check;
use picture_util::Plain;

const NAMES: &[&str] = &[
    "template",
    "width",
    "height",
    "format",
    "top_text",
    "bottom_text",
    "middle_text",
    "top_color",
    "bottom_outline",
    "middle_font",
    "text",
    "valign",
    "align",
    "halign",
    "font",
    "color",
    "outline",
    "size",
    "captions",
    "captions[]",
    "captions[0]",
    "captions[0][text]",
    "captions[0][valign]",
    "captions[1][text]",
    "captions[0][color][r]",
    "color[]",
    "color[g]",
    "TOP_TEXT",
    " size ",
    "captions%5B0%5D%5Bsize%5D",
    "[",
    "",
];
const VALUES: &[&str] = &[
    "plain",
    "hi",
    "",
    "12",
    "0",
    "-1",
    "4096",
    "4097",
    "1e39",
    "nan",
    "0.001",
    "512",
    "fit",
    "shrink",
    "none",
    "red",
    "%23ff0000",
    "0xff0000",
    "top",
    "left",
    "gif",
    "jpeg",
    "PNG",
    "Anton",
    "ComicNeue",
    "%ff",
    "%",
    "a%0Ab",
    "%D7%A9",
    "\u{1f600}",
];

/// Draws a request that was parsed. A picture, an unknown name or a sentence is right; anything else is a failure.
fn assert_answered<I: Debug>(plain: &Plain, written: I, understood: Result<ImageMacro, Invalid>) {
    let image_macro = match understood {
        Ok(image_macro) => image_macro,
        Err(invalid) => return assert!(!invalid.to_string().is_empty(), "{:?}", written),
    };
    match plain.captioner.caption(&image_macro, &Cancel::new()) {
        Ok(picture) => assert!(!picture.bytes.is_empty()),
        Err(CaptionError::UnknownTemplate(_)) | Err(CaptionError::UnknownFont(_)) => {}
        Err(error) => panic!("{:?}: {:?}", written, error),
    }
}

#[test]
fn no_query_string_makes_it_panic() {
    let plain = Plain::black(20, 15);
    let field = (select(NAMES), select(VALUES)).prop_map(|(name, value)| format!("{}={}", name, value));
    let likely = vec(field, 0..6).prop_map(|fields| format!("template=plain&{}", fields.join("&")));
    let queries = prop_oneof![4 => likely, 1 => any::<String>(), 1 => "[a-z\\[\\]=&%+0-9]{0,40}"];
    check(2000, &queries, |query| assert_answered(&plain, &query, from_query(&query)));
}

/// Any JSON, most of it with names and values that mean something somewhere.
fn json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![4 => select(VALUES).prop_map(String::from), 1 => any::<String>()];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => (-2..600i32).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        6 => text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 6, |inner| {
        let object = btree_map(select(NAMES).prop_map(String::from), inner.clone(), 0..6);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            object.prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

#[test]
fn no_json_makes_it_panic() {
    let plain = Plain::black(20, 15);
    let fields = btree_map(select(NAMES).prop_map(String::from), json(), 0..4);
    let likely = fields.prop_map(|mut fields| {
        fields.insert("template".to_string(), Value::from("plain"));
        Value::Object(fields.into_iter().collect()).to_string().into_bytes()
    });
    let bodies = prop_oneof![
        4 => likely,
        1 => json().prop_map(|value| value.to_string().into_bytes()),
        1 => vec(any::<u8>(), 0..40),
        1 => "[\\[\\]{}\",:a-z0-9\\\\]{0,40}".prop_map(String::into_bytes),
    ];
    check(2000, &bodies, |body| {
        assert_answered(&plain, String::from_utf8_lossy(&body), from_json(&body));
    });
}
