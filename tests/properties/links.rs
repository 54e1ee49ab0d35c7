//! Property: every text has a link, and every picture has one link in its normal form.

use memed::image_macro::{from_json, path_of, Format, ImageMacro, Link, Spot, VAlign};
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
    "color=White",
    "outline=%230000ff",
    "color[r]=1&color[g]=2&color[b]=3",
    "outline",
    "outline=null",
    "top_outline=red",
    "Top_halign=LEFT",
    "align=+center+",
    "font=Bebas+Neue",
    "bottom_font=%C3%A9",
    "size=fit",
    "case=Upper&lang=tr",
    "from=33.3%25",
    "top_to=2s",
    "layout=bar",
    "layout=bar&bar=bottom&bar_color=red",
    "top_size=flex",
    "bottom_size=020.50",
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
    captions
        .find(|caption| matches!(caption.spot, Spot::Band(own) | Spot::Numbered(_, Some(own)) if own == band))
        .map_or("", |caption| &caption.text)
}

#[test]
fn every_text_has_a_link_in_its_normal_form() {
    let asked = (select(TEMPLATES), texts(), texts(), texts(), select(&[Format::Jpeg, Format::Gif][..]));
    check(4000, &asked, |(template, top, middle, bottom, format)| {
        let path = path_of(template, &[&top, &middle, &bottom], format);
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
    let asked = (select(TEMPLATES), vec(segment, 0..7), extension, vec(select(OPTIONS), 0..4));
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

/// The ways to write each value of each field of a look.
const WAYS: &[(&str, &[&[&str]])] = &[
    ("align", &[&["center", "CENTER"], &["left", "+Left"], &["right"]]),
    ("font", &[&["Anton", "+Anton"], &["BebasNeue"], &["Caf%C3%A9", "Cafe%CC%81"]]),
    (
        "color",
        &[
            &["white", "%23FFF", "ffffff"],
            &["red", "f00", "0xFF0000", "rgb(255+0+0)"],
            &["%23010203", "$010203"],
        ],
    ),
    ("outline", &[&["black", "000"], &["none", "", "NULL"], &["blue", "%2300f", "hsl(240+100%25+50%25)"]]),
    ("size", &[&["fit", "Fit"], &["shrink", "flex"], &["20.5", "+020.50+", "2.05e1"]]),
];

/// A query string that gives the texts of some bands these values: in `values` a row for each field, in it a number for
/// each band. What may be chosen is chosen by `random`, a number at a time.
fn written(
    values: &[Vec<usize>],
    bands: &[(VAlign, bool)],
    random: &mut dyn FnMut(usize) -> usize,
) -> String {
    let mut pairs = Vec::new();
    for (&(name, ways), values) in WAYS.iter().zip(values) {
        let mut way = |value: usize| {
            let ways: &[&str] = ways[value];
            ways[random(ways.len())]
        };
        let all_ways: Vec<String> = (0..3).map(|value| format!("{}={}", name, way(value))).collect();
        let of_all = random(3);
        pairs.push(all_ways[of_all].clone());
        for (&(band, has_text), &value) in bands.iter().zip(values) {
            let must = has_text && value != of_all;
            if must || random(3) == 0 {
                // An empty one would be none that is given, and the value that of all texts.
                let ways: Vec<_> =
                    ways[value].iter().filter(|way| !way.is_empty() || name == "outline").collect();
                pairs.push(format!("{}_{}={}", band.name(), name, ways[random(ways.len())]));
            }
        }
    }
    for index in (1..pairs.len()).rev() {
        pairs.swap(index, random(index + 1));
    }
    pairs.join("&")
}

#[test]
fn links_that_mean_the_same_picture_have_the_same_normal_form() {
    let texts = vec(select(&["_", "a"][..]), 3);
    let values = vec(vec(0_usize..3, 3), WAYS.len());
    let width = select(&["", "width=300&", "Width=0300&", "width=%2B300&_=1&"][..]);
    let seeds = vec(any::<u64>(), 2);
    check(4000, &(texts, values, (width, seeds)), |(texts, values, (width, seeds))| {
        let bands: Vec<_> =
            VAlign::ALL.iter().zip(&texts).map(|(&band, text)| (band, *text == "a")).collect();
        let path = format!("/images/cat/{}.png", texts.join("/"));
        let links: Vec<_> = seeds
            .iter()
            .map(|&seed| {
                let mut state = seed;
                let query = written(&values, &bands, &mut |below| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 33) as usize % below
                });
                let query = format!("{}{}", width, query);
                let normal =
                    |link: &Link| link.moved.clone().unwrap_or_else(|| format!("{}?{}", path, query));
                let link = Link::parse(&path, &query).unwrap();
                (normal(&link).trim_end_matches(['?', '&']).to_string(), link.image_macro, query)
            })
            .collect();
        let (one, other) = (&links[0], &links[1]);
        assert_eq!(one.1, other.1, "{} and {}", one.2, other.2);
        assert_eq!(one.0, other.0, "{} and {}", one.2, other.2);
        // No field can be left out of it.
        let (path, query) = one.0.split_once('?').unwrap_or((&one.0, ""));
        let pairs: Vec<_> = query.split('&').collect();
        for left_out in (0..pairs.len()).filter(|_| !query.is_empty()) {
            let mut fewer = pairs.clone();
            fewer.remove(left_out);
            let link = Link::parse(path, &fewer.join("&")).unwrap();
            assert_ne!(link.image_macro, one.1, "{} without {}", one.0, pairs[left_out]);
        }
    });
}
