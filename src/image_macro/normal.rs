//! The query string of a link in its normal form, written from the picture that the link has been decoded to.
//!
//! Nothing else is known here of what was sent, so two links that mean one picture have one normal form. Each kind of value
//! is written in one way, and a field is left out where the same would hold without it. `color` is about all texts and
//! `top_color` about one, so most looks could be written in several ways: [`value_of_all`] chooses one with the fewest fields.

use super::caption::{Caption, ImageMacro};

/// A field of the look of a caption, and how its value is written. Values that differ are written differently.
type Field = (&'static str, fn(&Caption) -> String);

/// The fields of a look, in their order in a link.
const LOOK: [Field; 5] = [
    ("align", |caption| caption.halign.name().to_string()),
    ("font", |caption| caption.font.clone()),
    ("color", |caption| caption.color.hex()),
    ("outline", |caption| caption.outline.map_or("none".to_string(), |color| color.hex())),
    ("size", |caption| caption.size.written()),
];

/// The fields of the query string and their values, not escaped: the sides, what is about all texts, and what is about
/// one, from the top down. The captions must be in bands of their own, as those of a link are.
pub fn query_of(image_macro: &ImageMacro) -> Vec<(String, String)> {
    let ImageMacro { width, height, ref captions, .. } = *image_macro;
    let sides = [("width", width), ("height", height)];
    let sides =
        sides.iter().filter_map(|&(name, side)| side.map(|side| (name.to_string(), side.to_string())));
    let mut pairs: Vec<_> = sides.collect();
    let mut of_all = Vec::new();
    for &(name, written) in &LOOK {
        let values: Vec<String> = captions.iter().map(written).collect();
        let usual = written(&Caption::default());
        let value = value_of_all(&values, &usual).to_string();
        if value != usual {
            pairs.push((name.to_string(), value.clone()));
        }
        of_all.push(value);
    }
    for caption in captions {
        for (&(name, written), of_all) in LOOK.iter().zip(&of_all) {
            let value = written(caption);
            if value != *of_all {
                pairs.push((format!("{}_{}", caption.valign.name(), name), value));
            }
        }
    }
    pairs
}

/// The value that most texts have. If several have as many, it is the usual one, which need not be written, or else that of
/// the uppermost text. Without a text, it is the usual one.
fn value_of_all<'a>(values: &'a [String], usual: &'a str) -> &'a str {
    let count = |wanted: &str| values.iter().filter(|value| *value == wanted).count();
    let (mut most, mut found) = (count(usual), usual);
    for value in values {
        if count(value) > most {
            most = count(value);
            found = value;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::query_of;
    use image_macro::from_query;

    #[test]
    fn a_look_is_written_in_one_way_with_the_fewest_fields() {
        let one = "top_text=a";
        let two = "top_text=a&bottom_text=b";
        let three = "top_text=a&middle_text=c&bottom_text=b";
        for &(texts, look, normal) in &[
            (one, "width=0300&height=%2B20", "width=300&height=20"),
            ("", "width=300&color=red&top_size=9", "width=300"),
            ("bottom_text=+", "color=red", ""),
            (one, "font=Anton&align=center&color=%23fff&outline=rgb(0,0,0)&size=FIT", ""),
            (
                one,
                "size=flex&align=LEFT&outline=&color=RED",
                "align=left&color=ff0000&outline=none&size=shrink",
            ),
            (one, "size=20.50&outline=%230F0", "outline=00ff00&size=20.5"),
            (one, "top_color=red&bottom_color=blue", "color=ff0000"),
            (one, "color=red&top_color=white", ""),
            (two, "top_color=red&bottom_color=f00", "color=ff0000"),
            (two, "color=red&bottom_color=white", "top_color=ff0000"),
            (two, "color=blue&top_color=red", "color=ff0000&bottom_color=0000ff"),
            (three, "bottom_color=red&middle_color=red", "color=ff0000&top_color=ffffff"),
            (three, "top_color=red&middle_color=red&bottom_color=red", "color=ff0000"),
            (three, "bottom_color=red&top_color=blue", "top_color=0000ff&bottom_color=ff0000"),
            (
                three,
                "size=9&bottom_size=fit&middle_align=right&font=B",
                "font=B&size=9&middle_align=right&bottom_size=fit",
            ),
            (three, "top_size=1&middle_size=2&bottom_size=3", "size=1&middle_size=2&bottom_size=3"),
        ] {
            let image_macro = from_query(&format!("template=cat&{}&{}", texts, look)).unwrap();
            let pairs = query_of(&image_macro);
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", name, value)).collect();
            assert_eq!(pairs.join("&"), normal, "{}&{}", texts, look);
        }
    }
}
