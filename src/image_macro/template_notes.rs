//! What is noted of a template beside its picture, in `NAME.toml`: where its texts stand and how they look, where it is
//! from, and by which words it is found.
//!
//! Its fields have the names, the limits and the sentences of requests. What is wrong is told and left out, and the rest
//! is used.

use std::str;

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::align::VAlign;
use super::caption::MAX_CAPTIONS;
use super::decode::{look, text_box};
use super::error::Invalid;
use super::fields::{self, Fields, Given};
use super::look::Look;
use super::place::Place;
use super::spot::TextBox;
pub use super::toml_values::Mistake;
use super::toml_values::{value_at, Entries, Mistakes};

/// The largest file, in bytes.
pub const MAX_NOTES: usize = 64 << 10;
/// The most boxes of a template: as many as there can be captions.
pub const MAX_BOXES: usize = MAX_CAPTIONS;
/// The most words to find a template by.
pub const MAX_KEYWORDS: usize = 64;

/// What is noted of a template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TemplateNotes {
    /// Where its picture is from. Not blank.
    pub source: Option<String>,
    /// Words that it is found by, beside its name.
    pub keywords: Vec<String>,
    /// Texts that show what it is for.
    pub example: Vec<String>,
    /// Where its texts stand, in their order. If there are none, they stand in bands.
    pub boxes: Vec<TemplateBox>,
}

/// Where one text of a template stands, and how it looks unless a request says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateBox {
    /// Where it stands.
    pub text_box: TextBox,
    /// Its own look, or that of all.
    pub look: Look,
}

impl TemplateNotes {
    /// Reads a file, and tells what is wrong with it. `is_font` says whether there is a font of that name; one that there
    /// is not is told and kept, for it may be there later.
    pub fn parse(file: &[u8], is_font: &dyn Fn(&str) -> bool) -> (TemplateNotes, Vec<Mistake>) {
        let of_all = |sentence: String| vec![Mistake { line: None, sentence }];
        if file.len() > MAX_NOTES {
            return (TemplateNotes::default(), of_all(too_long()));
        }
        let text = match str::from_utf8(file) {
            Ok(text) => text,
            Err(error) => {
                let before = &file[..error.valid_up_to()];
                let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
                let mistake = Mistake { line: Some(line), sentence: "it is not UTF-8".to_string() };
                return (TemplateNotes::default(), vec![mistake]);
            }
        };
        let mut mistakes = Mistakes::new(text);
        let notes = match mistakes.parse() {
            Some(document) => Reader { mistakes: &mut mistakes, is_font }.notes(&document),
            None => TemplateNotes::default(),
        };
        (notes, mistakes.into_list())
    }
}

impl TemplateNotes {
    /// As they are told, with all sides of the boxes written out. How their texts look is for the template to know.
    pub fn to_json(&self) -> Map<String, Value> {
        let TemplateNotes { ref source, ref keywords, ref example, ref boxes } = *self;
        let boxes: Vec<_> = boxes.iter().map(|of_template| of_template.text_box).map(json_of_box).collect();
        let fields = [
            ("source", json!(source)),
            ("keywords", json!(keywords)),
            ("example", json!(example)),
            ("boxes", json!(boxes)),
        ];
        fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
    }
}

fn json_of_box(text_box: TextBox) -> Value {
    /// Of a share or an angle, as many digits as one writes: the `f64` of an `f32` has more.
    const DIGITS: f64 = 1e6;
    let told = |number: f32| (f64::from(number) * DIGITS).round() / DIGITS;
    let TextBox { left, top, width, height, angle, padding, valign } = text_box;
    json!({
        "left": told(left),
        "top": told(top),
        "width": told(width),
        "height": told(height),
        "angle": told(angle),
        "padding": told(padding),
        "valign": valign.name(),
    })
}

/// The sentence about a file that is too long.
pub fn too_long() -> String {
    format!("it is larger than {} KiB", MAX_NOTES >> 10)
}

struct Reader<'r, 'a: 'r> {
    mistakes: &'r mut Mistakes<'a>,
    is_font: &'r dyn Fn(&str) -> bool,
}

impl<'r, 'a> Reader<'r, 'a> {
    fn notes(&mut self, document: &DeTable) -> TemplateNotes {
        let entries = self.mistakes.entries(document, Place::NOTES);
        let (lists, others): (Entries, Entries) =
            entries.into_iter().partition(|entry| entry.0.place.is_list());
        let (source, of_all) = self.decoded(others, |mut fields| {
            let source = fields.take_given(None, "source").map(Given::source).transpose()?;
            Ok((source, look(&mut fields, None)?))
        });
        let mut notes = TemplateNotes { source, ..TemplateNotes::default() };
        for list in &lists {
            match list.0.place.name {
                "keywords" => notes.keywords = self.texts(list, MAX_KEYWORDS),
                "example" => notes.example = self.texts(list, MAX_CAPTIONS),
                _ => {
                    let items = self.mistakes.items(list, MAX_BOXES);
                    notes.boxes = items.into_iter().filter_map(|item| self.text_box(item, &of_all)).collect();
                }
            }
        }
        notes
    }

    /// The texts of a list that are not blank.
    fn texts(&mut self, list: &(Given, usize, &DeValue), limit: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for (place, at, value) in self.mistakes.items(list, limit) {
            match value_at(place, value).and_then(|value| Given { place, value }.text()) {
                Ok(ref text) if text.trim().is_empty() => {}
                Ok(text) => texts.push(text.trim().to_string()),
                Err(Invalid(sentence)) => self.mistakes.add(Some(at), sentence),
            }
        }
        texts
    }

    /// One box. A field of it that is wrong is left out, not all of it: the texts after it would move.
    fn text_box(
        &mut self,
        (place, at, value): (Place, usize, &DeValue),
        of_all: &Look,
    ) -> Option<TemplateBox> {
        let table = match value.as_table() {
            Some(table) => table,
            None => {
                self.mistakes.add(Some(at), place.refuse(&fields::Value::Null).0);
                return None;
            }
        };
        let entries = self.mistakes.entries(table, place);
        let (text_box, own) = self.decoded(entries, |mut fields| {
            let valign = fields.take_given(None, "valign");
            let valign = valign.map(|given| given.choice(VAlign::parse)).transpose()?;
            let text_box = text_box(&mut fields)?.unwrap_or(TextBox::WHOLE);
            let text_box = TextBox { valign: valign.unwrap_or(text_box.valign), ..text_box };
            Ok((Some(text_box), look(&mut fields, None)?))
        });
        let text_box = text_box.unwrap_or(TextBox::WHOLE);
        Some(TemplateBox { text_box, look: own.or(of_all) })
    }

    /// Decodes the fields of a table, without those that are wrong or contradict one before them.
    fn decoded<T: Default>(
        &mut self,
        entries: Entries,
        decode: fn(Fields) -> Result<(T, Look), Invalid>,
    ) -> (T, Look) {
        let (mut right, mut decoded) = (Fields::default(), (T::default(), Look::default()));
        for (Given { place, value }, at, _) in entries {
            let mut tried = right.clone();
            tried.put(place, value);
            match decode(tried.clone()) {
                Ok(so_far) => {
                    right = tried;
                    decoded = so_far;
                }
                Err(Invalid(sentence)) => self.mistakes.add(Some(at), sentence),
            }
            match decoded.1.font {
                Some(ref font) if place.name == "font" && !(self.is_font)(font) => {
                    let sentence = format!(
                        "\"{}\" is {:?}, and there is no such font: `memed fonts` lists them",
                        place, font
                    );
                    self.mistakes.add(Some(at), sentence);
                }
                _ => {}
            }
        }
        decoded
    }
}

#[cfg(test)]
mod tests {
    use super::{Mistake, TemplateBox, TemplateNotes, MAX_BOXES, MAX_NOTES};
    use image_macro::{Case, Color, HAlign, Look, Moment, Size, TextBox, VAlign};

    fn parse(text: &str) -> (TemplateNotes, Vec<(usize, String)>) {
        let (notes, mistakes) = TemplateNotes::parse(text.as_bytes(), &|font| font != "Antno");
        let told = |mistake: Mistake| (mistake.line.unwrap_or(0), mistake.sentence);
        (notes, mistakes.into_iter().map(told).collect())
    }

    /// Asserts that it has just these mistakes: their lines, and the beginnings of their sentences.
    fn assert_mistakes(text: &str, expected: &[(usize, &str)]) -> TemplateNotes {
        let (notes, mistakes) = parse(text);
        assert_eq!(mistakes.len(), expected.len(), "{:#?}", mistakes);
        for ((line, sentence), &(expected_line, part)) in mistakes.iter().zip(expected) {
            assert_eq!(*line, expected_line, "{}", sentence);
            assert!(sentence.starts_with(part), "{:?} is not {:?}", sentence, part);
        }
        notes
    }

    #[test]
    fn all_that_can_be_noted_is_read() {
        let notes = assert_mistakes(
            "source = ' https://example.com/ '\nkeywords = ['Sign', ' man ', '']\nexample = ['e\u{301}', 'b']\n\
             font = 'Anton'\ncolor = [255, 0, 0]\ncase = 'upper'\nfrom = '10%'\nsize = 20\n\
             [[boxes]]\nleft = 0.1\ntop = 0.2\nwidth = 0.5\nheight = 0.3\nangle = -12\npadding = 0.05\n\
             VAlign = 'bottom'\nColor = { r = 0, g = 0, b = 0 }\noutline = 'none'\nalign = 'left'\nto = 2.5\n\
             [[boxes]]\nleft = '0.25'\n[[boxes]]\n",
            &[],
        );
        assert_eq!(notes.source.as_deref(), Some("https://example.com/"));
        assert_eq!((notes.keywords, notes.example), (strings(&["Sign", "man"]), strings(&["\u{e9}", "b"])));
        let of_all = Look {
            font: Some("Anton".to_string()),
            color: Some(Color { r: 255, g: 0, b: 0 }),
            case: Some(Case::Upper),
            from: Some(Moment::Share(0.1)),
            size: Some(Size::Pixels(20.0)),
            ..Look::default()
        };
        let first = TextBox {
            left: 0.1,
            top: 0.2,
            width: 0.5,
            height: 0.3,
            angle: -12.0,
            padding: 0.05,
            valign: VAlign::Bottom,
        };
        let look = Look {
            color: Some(Color::BLACK),
            outline: Some(None),
            halign: Some(HAlign::Left),
            to: Some(Moment::Seconds(2.5)),
            ..of_all.clone()
        };
        let second = TextBox { left: 0.25, width: 0.75, ..TextBox::WHOLE };
        assert_eq!(
            notes.boxes,
            [
                TemplateBox { text_box: first, look },
                TemplateBox { text_box: second, look: of_all.clone() },
                TemplateBox { text_box: TextBox::WHOLE, look: of_all },
            ]
        );
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| text.to_string()).collect()
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_the_rest_is_used() {
        let notes = assert_mistakes(
            "keywords = ['a', 7,\n 'b']\ncolour = 'red'\nfont = 'Antno'\nsource = 1\nalign = 'left'\nhalign = 'right'\n\
             [[boxes]]\nleft = nan\ntop = 0.2\nwidth = 1.5\ncolor = 'blurple'\ntext = 'x'\nTop = 0.3\n\
             [[boxes]]\nleft = 0.6\nwidth = 0.5\nheight = 1e999\nangle = 99999999999999999999999\n\
             size = 1979-05-27\noutline = [1, 2, [3]]\npadding = -inf\nvalign = true\n",
            &[
                (1, "\"keywords[1]\" must be a string"),
                (3, "\"colour\" is not a field: there are source, keywords, example, boxes, align, font,"),
                (4, "\"font\" is \"Antno\", and there is no such font"),
                (5, "\"source\" must be a string"),
                (7, "\"align\" contradicts \"halign\""),
                (9, "\"boxes[0].left\" is NaN, and must be a share of the picture, at least 0 and below 1"),
                (11, "\"boxes[0].width\" is 1.5, and must be a share"),
                (12, "\"boxes[0].color\" is \"blurple\", and must be an opaque color"),
                (13, "\"text\" is not a field of \"boxes[0]\": it has valign, left, top, width, height, angle,"),
                (14, "the field \"top\" is given twice"),
                (17, "\"boxes[1].left\" is 0.6 and \"boxes[1].width\" is 0.5: together they are more than 1"),
                (18, "\"boxes[1].height\" is inf, and must be"),
                (19, "\"boxes[1].angle\" is inf, and must be a number of degrees from -180 to 180"),
                (20, "\"boxes[1].size\" is 1979-05-27, and must be \"fit\", \"shrink\""),
                (21, "\"boxes[1].outline\" is nested too deep"),
                (22, "\"boxes[1].padding\" is -inf, and must be"),
                (23, "\"boxes[1].valign\" is true, and must be top, middle or bottom"),
            ],
        );
        assert_eq!((notes.keywords, notes.boxes.len()), (strings(&["a", "b"]), 2));
        // The font may be there later.
        let look = Look { halign: Some(HAlign::Left), font: Some("Antno".to_string()), ..Look::default() };
        assert_eq!(notes.boxes[0].look, look);
        assert_eq!(notes.boxes[0].text_box, TextBox { top: 0.2, height: 0.8, ..TextBox::WHOLE });
        assert_eq!(notes.boxes[1].text_box, TextBox { left: 0.6, width: 1.0 - 0.6, ..TextBox::WHOLE });
    }

    #[test]
    fn lists_of_another_kind_or_too_long_are_told() {
        let notes = assert_mistakes(
            "boxes = [1, { left = 0.5 }, [2]]\nkeywords = 'a'\nexample = [['a']]\n",
            &[
                (1, "\"boxes[0]\" must be a table"),
                (1, "\"boxes[2]\" must be a table"),
                (2, "\"keywords\" must be a list of strings"),
                (3, "\"example[0]\" must be a string"),
            ],
        );
        assert_eq!(notes.boxes.len(), 1);
        assert_mistakes(
            "[boxes]\nleft = 0.1\n",
            &[(1, "\"boxes\" must be a list of tables, as in [[boxes]]")],
        );
        assert_mistakes("captions = ['a']\n", &[(1, "\"captions\" is not a field")]);
        let notes = assert_mistakes(
            &"[[boxes]]\n".repeat(MAX_BOXES + 1),
            &[(1, "\"boxes\" has 17 items, and at most 16 are allowed: the others are ignored")],
        );
        assert_eq!(notes.boxes.len(), MAX_BOXES);
        assert_mistakes(&format!("example = ['{}']\n", "a".repeat(257)), &[(1, "\"example[0]\" has 257")]);
        assert_mistakes(&format!("source = '{}'\n", "a".repeat(2049)), &[(1, "\"source\" is longer than")]);
    }

    #[test]
    fn what_is_no_toml_is_as_if_it_were_not_there() {
        for (text, line, part) in [
            ("font = 'Anton'\ncolor = red\n", 2, "it is not TOML: string values must be quoted"),
            ("font = 'Anton'\nfont = 'Anton'\n", 2, "it is not TOML: duplicate key"),
            ("a = [\n", 1, "it is not TOML: unclosed array"),
            (&format!("a = {}", "[".repeat(60_000)), 1, "it is not TOML: cannot recurse further"),
            (&format!("a = {}", "{a=".repeat(20_000)), 1, "it is not TOML: cannot recurse further"),
            (&format!("{} = 1", ["a"; 30_000].join(".")), 0, "it is not TOML: recursion limit"),
            (&format!("[{}]", ["a"; 30_000].join(".")), 0, "it is not TOML: recursion limit"),
        ] {
            let (notes, mistakes) = parse(text);
            assert_eq!(notes, TemplateNotes::default());
            let is_told = mistakes.iter().any(|told| told.0 == line && told.1.starts_with(part));
            assert!(is_told && mistakes.len() <= 21, "{:#?}", mistakes);
        }
        for (file, line, part) in [
            (&b"font = 'A'\n# \xff\n"[..], Some(2), "it is not UTF-8"),
            (&[b' '; MAX_NOTES + 1][..], None, "it is larger than 64 KiB"),
            (b"\0\0", Some(1), "it is not TOML"),
        ] {
            let (notes, mistakes) = TemplateNotes::parse(file, &|_| true);
            assert_eq!((notes, mistakes[0].line), (TemplateNotes::default(), line));
            assert!(mistakes[0].sentence.starts_with(part), "{:?}", mistakes);
        }
        assert_mistakes("", &[]);
        assert_mistakes("\u{feff}font = 'Anton'\r\n", &[]);
    }

    #[test]
    fn of_very_many_mistakes_the_first_are_told_and_the_others_counted() {
        let unknown: String = (0..5000).map(|number| format!("a{} = 1\n", number)).collect();
        let (_, mistakes) = parse(&unknown);
        assert_eq!(mistakes.len(), 21);
        assert_eq!(mistakes[20], (0, "there are 4980 more mistakes".to_string()));
    }
}
