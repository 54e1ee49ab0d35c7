//! Property: every text has a link, and every link has one normal form.

use memed::image_macro::{from_json, path_of, Format, ImageMacro, Link, VAlign};
use proptest::collection::vec;
use proptest::prelude::{any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::Strategy;

use serde_json::Value;

use super::check;

const TEMPLATES: &[&str] = &["cat", "deal-with-it", "a_b", "50%", "x.y", "caf\u{e9} #1", "~q", "..png"];
const OPTIONS: &[&str] = &[
    "width=240",
    "width=",
    "+HEIGHT+=100",
    "color=%23f00",
    "color=f00",
    "color[r]=1&color[g]=2&color[b]=3",
    "outline",
    "outline=null",
    "top_outline=red",
    "Top_halign=LEFT",
    "align=+center+",
    "font=Bebas+Neue",
    "bottom_font=%C3%A9",
    "size=fit",
    "middle_size=20.5",
    "_=1",
    "utm_source=%ff",
    "v",
];

/// Most of them nothing but what has a meaning in a link.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[-_~'\"?&%#/\\\\\n<>. qahx+;:@()]{0,8}",
        1 => "[a-z\u{e9}\u{4f60}e\u{301}\r\t]{0,8}",
        1 => any::<String>(),
    ]
}

/// The text of that band, as it will be drawn.
fn text(image_macro: &ImageMacro, band: VAlign) -> &str {
    let mut captions = image_macro.captions.iter();
    captions.find(|caption| caption.valign == band).map_or("", |caption| &caption.text)
}

#[test]
fn every_text_has_a_link_in_its_normal_form() {
    let asked = (select(TEMPLATES), texts(), texts(), texts(), select(&[Format::Jpeg, Format::Gif][..]));
    check(4000, &asked, |(template, top, middle, bottom, format)| {
        let path = path_of(template, [&top, &middle, &bottom], format);
        assert!(path.is_ascii() && !path.contains("//"), "{:?}", path);
        assert!(!path.split('/').any(|segment| segment == "." || segment == ".."), "{:?}", path);
        let Link { image_macro, moved } = Link::parse(&path, "").unwrap();
        assert_eq!((image_macro.template.as_str(), image_macro.format), (template, Some(format)));
        for (band, written) in [(VAlign::Top, top), (VAlign::Middle, middle), (VAlign::Bottom, bottom)] {
            // As the same text is drawn that is asked for in JSON.
            let json = format!(r#"{{"template": "cat", "{}_text": {}}}"#, band.name(), Value::from(written));
            let expected = from_json(json.as_bytes()).unwrap();
            assert_eq!(text(&image_macro, band), text(&expected, band), "{:?}", path);
        }
        if let Some(moved) = moved {
            // Only where the text itself has another form: a line end, a control character, one that NFC composes.
            assert_eq!(Link::parse(&moved, "").unwrap(), Link { image_macro, moved: None }, "{:?}", path);
        }
    });
}

#[test]
fn a_link_is_moved_once_at_most_and_keeps_its_meaning() {
    let segment = prop_oneof![
        3 => "[-_~'qa?. x]{0,6}",
        1 => "[%_~][0-9a-f]{2}[-_ %]{0,3}",
        1 => select(&["a%20b", "%5f", "caf%c3%a9", "%2F", "%2e", "..", "\u{e9}"][..]).prop_map(String::from),
    ];
    let extension = select(&["jpg", "JPEG", "jpeg", "png", "Gif"][..]);
    let asked = (select(TEMPLATES), vec(segment, 0..4), extension, vec(select(OPTIONS), 0..4));
    check(8000, &asked, |(template, segments, extension, options)| {
        let template = template.replace('%', "%25").replace('#', "%23");
        let path = format!("/images/{}/{}", template, segments.join("/"));
        let path = format!("{}.{}", path.trim_end_matches('/'), extension);
        let link = match Link::parse(&path, &options.join("&")) {
            Ok(link) => link,
            Err(invalid) => return assert!(!invalid.to_string().is_empty()),
        };
        if let Some(moved) = link.moved {
            assert!(moved.starts_with("/images/") && moved.is_ascii(), "{:?}", moved);
            let (path, query) = moved.split_once('?').unwrap_or((&moved, ""));
            let normal = Link::parse(path, query).unwrap();
            assert_eq!(normal, Link { image_macro: link.image_macro, moved: None }, "{:?}", moved);
        }
    });
}
