//! The query string of a link in its normal form, written from the picture that the link has been decoded to.
//!
//! Nothing else is known here of what was sent, so two links that mean one picture have one normal form. Each kind of value
//! is written in one way. `color` is about all texts and `top_color` about one, so most looks could be written in several ways:
//! [`value_of_all`] chooses one with the fewest fields. What is not given stays so, because a template may have looks of its own.

use super::caption::ImageMacro;
use super::color::Color;
use super::look::{Case, Look};
use super::size::Size;
use super::spot::{Bar, BarSide, Spot};

/// A field of a look, and how its value is written, if it is given. Values that differ are written differently.
type Field = (&'static str, fn(&Look) -> Option<String>);

/// The fields of a look, in their order in a link.
const LOOK: [Field; 9] = [
    ("align", |look| look.halign.map(|halign| halign.name().to_string())),
    ("font", |look| look.font.clone()),
    ("color", |look| look.color.map(Color::hex)),
    ("outline", |look| look.outline.map(|outline| outline.map_or("none".to_string(), Color::hex))),
    ("size", |look| look.size.map(Size::written)),
    ("case", |look| look.case.map(Case::name).map(str::to_string)),
    ("lang", |look| look.lang.as_ref().map(|lang| lang.to_string())),
    ("from", |look| look.from.map(|moment| moment.to_string())),
    ("to", |look| look.to.map(|moment| moment.to_string())),
];

/// The fields of the query string and their values, not escaped: those of the picture, what is about all texts, and what is
/// about one, in their order. The captions must be numbered, as those of a link are.
pub fn query_of(image_macro: &ImageMacro) -> Vec<(String, String)> {
    let ImageMacro { width, height, bar, ref captions, .. } = *image_macro;
    let mut pairs = Vec::new();
    let mut put =
        |name: &str, value: Option<String>| pairs.extend(value.map(|value| (name.to_string(), value)));
    put("width", width.map(|side| side.to_string()));
    put("height", height.map(|side| side.to_string()));
    if let Some(Bar { side, color }) = bar {
        put("layout", Some("bar".to_string()));
        put("bar", Some(side.name().to_string()).filter(|_| side != BarSide::Top));
        put("bar_color", Some(color.hex()).filter(|_| color != Color::WHITE));
    }
    let mut of_all = Vec::new();
    for &(name, written) in &LOOK {
        let value = value_of_all(captions.iter().map(|caption| written(&caption.look)).collect());
        put(name, value.clone());
        of_all.push(value);
    }
    for caption in captions {
        // Without a band, what is not about all texts cannot be written: nor can it be read.
        if let Spot::Numbered(_, Some(band)) = caption.spot {
            for (&(name, written), of_all) in LOOK.iter().zip(&of_all) {
                let value = written(&caption.look).filter(|_| written(&caption.look) != *of_all);
                put(&format!("{}_{}", band.name(), name), value);
            }
        }
    }
    pairs
}

/// The value that most texts have, the uppermost of those if there are several; none if some text has none, since that could
/// not be said of it then.
fn value_of_all(values: Vec<Option<String>>) -> Option<String> {
    let values: Vec<String> = values.into_iter().collect::<Option<_>>()?;
    let count = |wanted: &String| values.iter().filter(|value| *value == wanted).count();
    // The last one of those with the most is the first one here.
    values.iter().rev().max_by_key(|value| count(value)).cloned()
}

#[cfg(test)]
mod tests {
    use super::query_of;
    use image_macro::{from_query, Spot};

    #[test]
    fn a_look_is_written_in_one_way_with_the_fewest_fields() {
        let one = "top_text=a";
        let two = "top_text=a&bottom_text=b";
        let three = "top_text=a&middle_text=c&bottom_text=b";
        for &(texts, look, normal) in &[
            (one, "width=0300&height=%2B20", "width=300&height=20"),
            ("", "width=300&color=red&top_size=9", "width=300"),
            ("bottom_text=+", "color=red", ""),
            (
                one,
                "font=Anton&align=center&color=%23fff&outline=rgb(0,0,0)&size=FIT",
                "align=center&font=Anton&color=ffffff&outline=000000&size=fit",
            ),
            (one, "case=UPPER&lang=tr_tr&from=1.50s&to=050%25", "case=upper&lang=tr-TR&from=1.5&to=50%"),
            (one, "layout=OVER", ""),
            (one, "layout=BAR&bar=top&bar_color=%23fff", "layout=bar"),
            (one, "bar_color=RED&bar=Both&layout=bar", "layout=bar&bar=both&bar_color=ff0000"),
            (
                one,
                "size=flex&align=LEFT&outline=&color=RED",
                "align=left&color=ff0000&outline=none&size=shrink",
            ),
            (one, "size=20.50&outline=%230F0", "outline=00ff00&size=20.5"),
            (one, "top_color=red&bottom_color=blue", "color=ff0000"),
            (one, "color=red&top_color=white", "color=ffffff"),
            (two, "top_color=red&bottom_color=f00", "color=ff0000"),
            (two, "top_color=red", "top_color=ff0000"),
            (two, "color=red&bottom_color=white", "color=ff0000&bottom_color=ffffff"),
            (two, "color=blue&top_color=red", "color=ff0000&bottom_color=0000ff"),
            (three, "bottom_color=red&middle_color=red", "middle_color=ff0000&bottom_color=ff0000"),
            (three, "color=white&bottom_color=red&middle_color=red", "color=ff0000&top_color=ffffff"),
            (three, "top_color=red&middle_color=red&bottom_color=red", "color=ff0000"),
            (three, "bottom_color=red&top_color=blue", "top_color=0000ff&bottom_color=ff0000"),
            (
                three,
                "size=9&bottom_size=fit&middle_align=right&font=B",
                "font=B&size=9&middle_align=right&bottom_size=fit",
            ),
            (three, "top_size=1&middle_size=2&bottom_size=3", "size=1&middle_size=2&bottom_size=3"),
        ] {
            let mut image_macro = from_query(&format!("template=cat&{}&{}", texts, look)).unwrap();
            for (number, caption) in image_macro.captions.iter_mut().enumerate() {
                match caption.spot {
                    Spot::Band(band) => caption.spot = Spot::Numbered(number, Some(band)),
                    other => panic!("{:?}", other),
                }
            }
            let pairs = query_of(&image_macro);
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", name, value)).collect();
            assert_eq!(pairs.join("&"), normal, "{}&{}", texts, look);
        }
    }
}
