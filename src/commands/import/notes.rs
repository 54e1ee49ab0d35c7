//! What is noted of a template that was memegen's: a [`Config`] → the text of its `.toml`, and what that cannot say.

use toml;

use super::config::{Config, Text};
use image_macro::{Color, HAlign, MAX_CAPTIONS, MAX_KEYWORDS, MAX_SOURCE, MAX_TEXT};

/// How many digits of a share of the picture are written: a ten-thousandth is less than a pixel.
const DIGITS: f64 = 10_000.0;

/// memegen's fonts, by id and alias, and the built-in one that is nearest. `None`: those for scripts, which other fonts
/// lend their letters for.
const FONTS: &[(&[&str], Option<&str>)] = &[
    (&["thick", "titilliumweb", "titilliumweb-black", "impact"], Some("Anton")),
    (&["thin", "titilliumweb-thin", "notosans", "segoe", "tiny"], Some("DejaVuSans")),
    (&["comic", "kalam"], Some("ComicNeue")),
    (&["jp", "hgminchob", "he", "notosans-he"], None),
];

/// A text to be written, and remarks on it.
pub struct Written {
    /// The whole file.
    pub toml: String,
    /// What is lost with this template.
    pub told: Vec<String>,
    /// What is a little different with many templates, to be counted.
    pub common: Vec<String>,
}

/// Writes what is noted of a template with a picture of that size.
pub fn write(config: &Config, (width, height): (u32, u32)) -> Written {
    let mut written = Written { toml: String::new(), told: Vec::new(), common: Vec::new() };
    match config.source {
        Some(ref source) if source.chars().count() > MAX_SOURCE => {
            written.told.push(format!("its source has more than {} characters, and is left out", MAX_SOURCE));
        }
        Some(ref source) => written.put("source", source),
        None => {}
    }
    let keywords: Vec<_> = config.name.iter().chain(&config.keywords).cloned().collect();
    written.put_list("keywords", &keywords, MAX_KEYWORDS);
    written.put_list("example", &config.example, MAX_CAPTIONS);
    if config.texts.len() > MAX_CAPTIONS {
        written.told.push(format!(
            "it has {} texts, of which the first {} are kept",
            config.texts.len(),
            MAX_CAPTIONS
        ));
    }
    for (index, text) in config.texts.iter().take(MAX_CAPTIONS).enumerate() {
        written.text(index + 1, text, [f64::from(width), f64::from(height)]);
    }
    if config.overlays > 0 {
        written.told.push(format!("{} for other pictures left out", places(config.overlays)));
    }
    written
}

fn places(count: usize) -> String {
    if count == 1 {
        "1 place".to_string()
    } else {
        format!("{} places", count)
    }
}

impl Written {
    fn put(&mut self, name: &str, value: &str) {
        let value = toml::Value::String(value.to_string());
        self.toml += &format!("{} = {}\n", name, value);
    }

    fn put_list(&mut self, name: &str, list: &[String], limit: usize) {
        if list.len() > limit {
            self.told.push(format!(
                "{} has {} texts, of which the first {} are kept",
                name,
                list.len(),
                limit
            ));
        }
        if list.iter().any(|text| text.chars().count() > MAX_TEXT) {
            self.told.push(format!("{} has a text of more than {} characters, which is cut", name, MAX_TEXT));
        }
        let cut = |text: &String| text.chars().take(MAX_TEXT).collect();
        let list: Vec<_> = list.iter().take(limit).map(cut).map(toml::Value::String).collect();
        if !list.is_empty() {
            self.toml += &format!("{} = {}\n", name, toml::Value::Array(list));
        }
    }

    fn text(&mut self, number: usize, text: &Text, picture: [f64; 2]) {
        let (start, length) = text_box(text, picture);
        let ends = [0, 1].map(|axis| (start[axis].max(0.0), (start[axis] + length[axis]).min(1.0)));
        let is_cut = [0, 1]
            .iter()
            .any(|&axis| start[axis] < -1.5 / DIGITS || start[axis] + length[axis] > 1.0 + 1.5 / DIGITS);
        self.toml += "\n[[boxes]]\n";
        if ends.iter().all(|&(start, end)| rounded(end - start) > 0.0) {
            if is_cut {
                self.told.push(format!("the box of text {} leaves the picture, and is cut", number));
            }
            let [left, top] = ends.map(|(start, _)| rounded(start));
            // Rounded up, both together could be more than 1.
            let length = |(start, end): (f64, f64), rounded_start: f64| {
                rounded(end - start).min(rounded(1.0 - rounded_start))
            };
            let (width, height) = (length(ends[0], left), length(ends[1], top));
            for (name, side) in [("left", left), ("top", top), ("width", width), ("height", height)] {
                self.toml += &format!("{} = {}\n", name, side);
            }
        } else {
            self.told.push(format!("the box of text {} is not on the picture: it gets all of it", number));
        }
        let angle = -text.angle % 360.0;
        let angle = if angle > 180.0 {
            angle - 360.0
        } else if angle < -180.0 {
            angle + 360.0
        } else {
            angle
        };
        if angle != 0.0 {
            self.toml += &format!("angle = {}\n", rounded(angle));
        }
        self.look(number, text);
    }

    fn look(&mut self, number: usize, text: &Text) {
        match &*text.style.to_lowercase() {
            style @ "upper" | style @ "lower" => self.put("case", style),
            "none" => {}
            "default" => {
                let sentence = "the style \"default\" made a sentence of a text in small letters; here it stays as it is";
                self.common.push(sentence.to_string());
            }
            _ => self.told.push(format!("the style {:?} of text {} is left out", text.style, number)),
        }
        // `#rrggbbaa`
        let is_opaque = text.color.len() != 9 || text.color.to_lowercase().ends_with("ff");
        let color = if is_opaque {
            &text.color
        } else {
            &text.color[..text.color.char_indices().nth(7).map_or(0, |at| at.0)]
        };
        if !is_opaque {
            self.told.push(format!("the color {:?} of text {} is opaque here", text.color, number));
        }
        match Color::parse(color) {
            Some(Color::WHITE) => {}
            Some(color) => {
                self.put("color", &format!("#{:02x}{:02x}{:02x}", color.r, color.g, color.b));
                if color == Color::BLACK {
                    self.put("outline", "none");
                }
            }
            None => self.told.push(format!("the color {:?} of text {} is left out", text.color, number)),
        }
        if let Some(ref font) = text.font {
            let known = FONTS.iter().find(|known| known.0.contains(&&*font.to_lowercase()));
            match known.map(|known| known.1) {
                Some(Some(nearest)) => {
                    self.put("font", nearest);
                    self.common.push(format!("the font {:?} is {} here", font, nearest));
                }
                Some(None) => {}
                None => self.told.push(format!("the font {:?} of text {} is left out", font, number)),
            }
        }
        match HAlign::parse(&text.align) {
            Some(HAlign::Center) => {}
            Some(align) => self.put("align", align.name()),
            None => self.told.push(format!("the alignment {:?} of text {} is left out", text.align, number)),
        }
        let [start, stop] = text.time;
        if (0.0..=1.0).contains(&start) && (0.0..=1.0).contains(&stop) && start < stop {
            for (name, share, default) in [("from", start, 0.0), ("to", stop, 1.0)] {
                if share != default {
                    self.put(name, &format!("{}%", rounded(share * 100.0)));
                }
            }
        } else {
            let sentence = format!("text {} is shown from {} to {}, which is left out", number, start, stop);
            self.told.push(sentence);
        }
    }
}

/// Where the box of a text is before it is turned about its center, and how large, as shares of the picture.
///
/// memegen turns a picture of the box, which becomes as large as its corners need, and puts the left upper corner of that
/// at the anchor.
fn text_box(text: &Text, picture: [f64; 2]) -> ([f64; 2], [f64; 2]) {
    let sides = [text.scale[0] * picture[0], text.scale[1] * picture[1]];
    let (sin, cos) = text.angle.to_radians().sin_cos();
    let turned = [sides[0] * cos.abs() + sides[1] * sin.abs(), sides[0] * sin.abs() + sides[1] * cos.abs()];
    let start = [0, 1].map(|axis| text.anchor[axis] + (turned[axis] - sides[axis]) / 2.0 / picture[axis]);
    (start, text.scale)
}

fn rounded(number: f64) -> f64 {
    // Without the sign of -0.
    (number * DIGITS).round() / DIGITS + 0.0
}

#[cfg(test)]
mod tests {
    use super::{text_box, write};
    use commands::import::config::{Config, Text};
    use image_macro::{Case, Color, Moment, TemplateNotes, TextBox};

    fn close(one: [f64; 2], other: [f64; 2]) -> bool {
        (one[0] - other[0]).abs() < 1e-9 && (one[1] - other[1]).abs() < 1e-9
    }

    #[test]
    fn the_anchor_is_the_corner_of_what_the_turned_box_takes_up() {
        let text = Text { anchor: [0.1, 0.2], scale: [0.4, 0.2], ..Text::default() };
        assert_eq!(text_box(&text, [400.0, 200.0]), ([0.1, 0.2], [0.4, 0.2]));
        // A box of 160 by 40 pixels stands upright from 40, 40 to 80, 200: its center is 60, 120.
        let (start, length) = text_box(&Text { angle: 90.0, ..text.clone() }, [400.0, 200.0]);
        assert!(close(start, [(60.0 - 80.0) / 400.0, (120.0 - 20.0) / 200.0]) && close(length, [0.4, 0.2]));
        // Turned by 45 degrees it takes up a square of 100·√2.
        let (start, _) = text_box(&Text { angle: -45.0, ..text }, [400.0, 200.0]);
        let half = 100.0 / 2f64.sqrt();
        assert!(close(start, [(40.0 + half - 80.0) / 400.0, (40.0 + half - 20.0) / 200.0]), "{:?}", start);
    }

    /// What is written can be read, without a mistake.
    fn carried(config: &Config) -> (TemplateNotes, Vec<String>) {
        let written = write(config, (800, 600));
        let (notes, mistakes) = TemplateNotes::parse(written.toml.as_bytes(), &|_| true);
        assert_eq!(mistakes, [], "{}", written.toml);
        (notes, written.told)
    }

    #[test]
    fn what_can_be_carried_over_is() {
        let text = Text {
            style: "lower".to_string(),
            color: "#BBBBBB".to_string(),
            font: Some("comic".to_string()),
            anchor: [0.24, 0.15],
            scale: [0.15, 0.22],
            angle: 0.0,
            align: "right".to_string(),
            time: [0.25, 0.5],
        };
        let black =
            Text { color: "black".to_string(), angle: 350.0, style: "none".to_string(), ..Text::default() };
        let config = Config {
            name: Some("Left \"Exit\" \\ 12\n\u{1f600}".to_string()),
            source: Some("https://example.com/'x'".to_string()),
            texts: vec![text, black],
            example: vec!["'''\"\"\"".to_string()],
            ..Config::default()
        };
        let (notes, told) = carried(&config);
        assert_eq!(notes.source, config.source);
        assert_eq!(
            (notes.keywords, notes.example),
            (vec![config.name.clone().unwrap()], config.example.clone())
        );
        let expected = TextBox { left: 0.24, top: 0.15, width: 0.15, height: 0.22, ..TextBox::WHOLE };
        assert_eq!((notes.boxes.len(), notes.boxes[0].text_box), (2, expected));
        let look = &notes.boxes[0].look;
        assert_eq!((look.case, look.font.as_deref()), (Some(Case::Lower), Some("ComicNeue")));
        assert_eq!((look.from, look.to), (Some(Moment::Share(0.25)), Some(Moment::Share(0.5))));
        assert_eq!(look.color, Some(Color { r: 0xbb, g: 0xbb, b: 0xbb }));
        let (turned, look) = (notes.boxes[1].text_box, &notes.boxes[1].look);
        // 350 degrees counterclockwise are 10 clockwise.
        assert_eq!((turned.angle, look.color, look.outline), (10.0, Some(Color::BLACK), Some(None)));
        assert_eq!(told, ["the box of text 2 leaves the picture, and is cut"]);
    }

    #[test]
    fn what_cannot_is_told_and_the_rest_can_be_read() {
        let odd = Text {
            style: "mock".to_string(),
            color: "#11223344".to_string(),
            font: Some("wingdings".to_string()),
            anchor: [1.5, -3.0],
            scale: [1e9, -1.0],
            angle: 1e9,
            align: "justify".to_string(),
            time: [0.8, 0.2],
        };
        let blurple = Text { color: "blurpl\u{e9}\u{e9}".to_string(), ..Text::default() };
        let config = Config {
            name: Some("x".repeat(1000)),
            keywords: vec!["k".to_string(); 10],
            texts: Some(odd).into_iter().chain(vec![blurple; 19]).collect(),
            example: vec!["y".repeat(1000); 30],
            overlays: 2,
            ..Config::default()
        };
        let (notes, told) = carried(&config);
        assert_eq!((notes.boxes.len(), notes.example.len(), notes.keywords.len()), (16, 16, 11));
        for part in [
            "it has 20 texts, of which the first 16 are kept",
            "the box of text 1 is not on the picture",
            "the style \"mock\" of text 1",
            "the color \"#11223344\" of text 1 is opaque here",
            "the font \"wingdings\" of text 1",
            "the alignment \"justify\" of text 1",
            "text 1 is shown from 0.8 to 0.2",
            "the color \"blurpl\u{e9}\u{e9}\" of text 2 is left out",
            "2 places for other pictures left out",
        ] {
            assert!(told.iter().any(|told| told.starts_with(part)), "{:?} is not in {:#?}", part, told);
        }
    }

    /// Whatever the numbers are, the boxes have no mistake.
    #[test]
    fn random_boxes_can_be_read() {
        let mut random = ::fastrand::Rng::with_seed(18);
        for _ in 0..2000 {
            let mut number = |from: f64, to: f64| from + (to - from) * random.f64();
            let text = Text {
                anchor: [number(-0.5, 1.2), number(-0.5, 1.2)],
                scale: [number(-0.1, 1.2), number(-0.1, 1.2)],
                angle: number(-800.0, 800.0),
                time: [number(-0.1, 1.1), number(-0.1, 1.1)],
                ..Text::default()
            };
            let (notes, _) = carried(&Config { texts: vec![text], ..Config::default() });
            assert_eq!(notes.boxes.len(), 1);
        }
    }
}
