//! The fields of a request as flags of `memed caption`: one row each. What a value may be is `image_macro`'s to say, so
//! that a flag takes what the field takes.

use clap::ArgMatches;
use percent_encoding::{utf8_percent_encode, NON_ALPHANUMERIC};

use image_macro::{bands_of, edit_from_query, from_query, number, Edit, ImageMacro, Invalid, MAX_CAPTIONS};

/// A field of a request that is also a flag.
pub struct Field {
    /// What is typed after `--`. The field has an underscore for each `-` in it.
    pub flag: &'static str,
    /// What the help calls the value.
    pub value: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether it is about the picture, not the texts.
    pub is_of_picture: bool,
}

/// The fields for the picture and for all texts, in the order of the help.
pub static FIELDS: &[Field] = &[
    Field {
        flag: "width",
        value: "PIXELS",
        help: "The picture is scaled down to this width [range: 1 to 4096]",
        is_of_picture: true,
    },
    Field {
        flag: "height",
        value: "PIXELS",
        help: "The picture is scaled down to this height [range: 1 to 4096]",
        is_of_picture: true,
    },
    Field {
        flag: "format",
        value: "FORMAT",
        help: "jpeg, png or gif [default: by the end of -o, or the template's own]",
        is_of_picture: true,
    },
    Field {
        flag: "layout",
        value: "LAYOUT",
        help: "over, or bar for text above the picture instead of over it [default: over]",
        is_of_picture: true,
    },
    Field {
        flag: "bar",
        value: "SIDE",
        help: "With --layout bar: top, bottom or both [default: top]",
        is_of_picture: true,
    },
    Field {
        flag: "bar-color",
        value: "COLOR",
        help: "With --layout bar [default: white]",
        is_of_picture: true,
    },
    Field {
        flag: "align",
        value: "ALIGN",
        help: "left, center or right [default: center]",
        is_of_picture: false,
    },
    Field {
        flag: "font",
        value: "FONT",
        help: "One of `memed fonts` [default: Anton]",
        is_of_picture: false,
    },
    Field {
        flag: "color",
        value: "COLOR",
        help: "Of the letters: a CSS color, such as red or \"#ff0000\" [default: white]",
        is_of_picture: false,
    },
    Field {
        flag: "outline",
        value: "COLOR",
        help: "Of the line around them, or none [default: black]",
        is_of_picture: false,
    },
    Field {
        flag: "size",
        value: "SIZE",
        help: "fit, shrink, or pixels up to 512 [default: fit]",
        is_of_picture: false,
    },
    Field {
        flag: "case",
        value: "CASE",
        help: "upper, lower or as-is [default: as-is]",
        is_of_picture: false,
    },
    Field {
        flag: "lang",
        value: "TAG",
        help: "The language that says what the capitals are, such as tr",
        is_of_picture: false,
    },
    Field {
        flag: "from",
        value: "TIME",
        help: "When it appears in an animation: seconds, or a percentage",
        is_of_picture: false,
    },
    Field { flag: "to", value: "TIME", help: "When it disappears", is_of_picture: false },
];

/// The flags for one text only.
pub static OF_ONE: &[&str] = &[
    "top-text",
    "top-align",
    "top-font",
    "top-color",
    "top-outline",
    "top-size",
    "top-case",
    "top-lang",
    "top-from",
    "top-to",
    "middle-text",
    "middle-align",
    "middle-font",
    "middle-color",
    "middle-outline",
    "middle-size",
    "middle-case",
    "middle-lang",
    "middle-from",
    "middle-to",
    "bottom-text",
    "bottom-align",
    "bottom-font",
    "bottom-color",
    "bottom-outline",
    "bottom-size",
    "bottom-case",
    "bottom-lang",
    "bottom-from",
    "bottom-to",
];

/// The fields that a command line gives.
#[derive(Default)]
pub struct Typed {
    /// The template, if it is given.
    template: Option<String>,
    values: Vec<Value>,
    /// How many texts there are that no flag gives.
    words: usize,
}

/// A field, what gave it (a flag, or "the top text"), and its value.
struct Value {
    field: String,
    giver: String,
    text: String,
}

impl Typed {
    /// Collects the flags and the texts. `has_picture`: there is no template, and all words are texts.
    ///
    /// # Errors
    /// What is given twice, or too often.
    pub fn of(matches: &ArgMatches, has_picture: bool) -> Result<Typed, String> {
        let words = ["template", "texts"].iter().filter_map(|id| matches.get_many::<String>(id)).flatten();
        let mut words = words.cloned();
        let template = if has_picture { None } else { words.next() };
        let texts: Vec<_> = words.collect();
        if texts.len() > MAX_CAPTIONS {
            return Err(format!("there are {} texts, and at most {} are allowed", texts.len(), MAX_CAPTIONS));
        }
        let words = texts.len();
        let bands = bands_of(words);
        let texts = texts.into_iter().enumerate().map(|(number, text)| match bands.get(number) {
            Some(band) => Value {
                field: format!("{}_text", band.name()),
                giver: format!("the {} text", band.name()),
                text,
            },
            None => Value { field: "captions[]".to_string(), giver: format!("text {}", number + 1), text },
        });
        let mut values: Vec<_> = texts.collect();
        for flag in FIELDS.iter().map(|field| field.flag).chain(OF_ONE.iter().cloned()) {
            if let Some(text) = matches.get_one::<String>(flag).cloned() {
                let value = Value { field: flag.replace('-', "_"), giver: format!("--{}", flag), text };
                if let Some(other) = values.iter().find(|other| other.field == value.field) {
                    return Err(format!(
                        "{} contradicts {}: give one or the other",
                        value.giver, other.giver
                    ));
                }
                values.push(value);
            }
        }
        Ok(Typed { template, values, words })
    }

    /// What gave the first of them, if there is any.
    pub fn first(&self) -> Option<&str> {
        let of_value = self.values.first().map(|value| value.giver.as_str());
        self.template.as_ref().map(|_| "the template").or(of_value)
    }

    /// A request for a template.
    ///
    /// # Errors
    /// A sentence for each mistake.
    pub fn image_macro(&self) -> Result<ImageMacro, Vec<String>> {
        let template = self.template.as_ref().ok_or_else(|| {
            vec!["the template is missing: name one of `memed templates`, or a picture with --template-file".into()]
        })?;
        let template = format!("template={}", escaped(template));
        let mut mistakes: Vec<_> = from_query(&template)
            .err()
            .map(|error| typed(error, "template", "the template"))
            .into_iter()
            .collect();
        mistakes.extend(self.mistakes());
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let mut image_macro = from_query(&format!("{}&{}", template, self.query()))
            .map_err(|Invalid(sentence)| vec![sentence])?;
        number(&mut image_macro.captions, self.words);
        Ok(image_macro)
    }

    /// A request that brings its own picture.
    ///
    /// # Errors
    /// A sentence for each mistake.
    pub fn edit(&self) -> Result<Edit, Vec<String>> {
        let mistakes = self.mistakes();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        edit_from_query(&self.query()).map_err(|Invalid(sentence)| vec![sentence])
    }

    /// Each value is decoded alone first, so that all bad ones are reported at once.
    fn mistakes(&self) -> Vec<String> {
        let mistake = |value: &Value| {
            // What is about a bar needs one.
            let layout = if value.field.starts_with("bar") { "layout=bar&" } else { "" };
            let error = edit_from_query(&format!("{}{}", layout, pair(value))).err()?;
            Some(typed(error, &value.field, &value.giver))
        };
        self.values.iter().filter_map(mistake).collect()
    }

    fn query(&self) -> String {
        self.values.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

fn pair(value: &Value) -> String {
    format!("{}={}", value.field, escaped(&value.text))
}

/// As a value of a query string, in which `+` is a space and `&` ends the value.
fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A sentence about a field, in words for who typed it: with the flag's name, and without what is about URLs only.
fn typed(error: Invalid, field: &str, giver: &str) -> String {
    let sentence = error.0.replace(&format!("the field \"{}\"", field), giver);
    let sentence = sentence.replace(&format!("\"{}\"", field), giver);
    let clauses = sentence.split("; ").filter(|clause| !clause.contains("URL"));
    clauses.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Typed, FIELDS, OF_ONE};
    use command_line::command;
    use image_macro::{from_query, ImageMacro, Spot, VAlign};

    fn typed(words: &[&str]) -> Result<ImageMacro, Vec<String>> {
        let words = ["caption", "cat"].iter().chain(words).map(OsString::from);
        let matches = command(false).get_matches_from(words);
        let (_, matches) = matches.subcommand().unwrap();
        Typed::of(matches, false).map_err(|mistake| vec![mistake])?.image_macro()
    }

    #[test]
    fn every_flag_is_a_field_and_changes_what_is_asked_for() {
        let texts = ["a", "b", "c"];
        let plain = typed(&texts).unwrap();
        for flag in FIELDS.iter().map(|field| field.flag).chain(OF_ONE.iter().cloned()) {
            let value = match flag.split('-').next_back().unwrap() {
                "width" | "height" | "size" | "from" | "to" => "30",
                "case" => "upper",
                "lang" => "tr",
                "layout" => "bar",
                "bar" => "both",
                "format" => "gif",
                "align" => "left",
                "color" | "outline" => "red",
                "font" => "BebasNeue",
                "text" => "d",
                other => panic!("{} has no value yet", other),
            };
            let option = format!("--{}", flag);
            if flag.ends_with("text") {
                assert!(typed(&[&option, value]).unwrap().captions.len() == 1, "{}", flag);
                assert!(typed(&[&texts[..], &[&option, value]].concat()).is_err(), "{}", flag);
            } else if flag.starts_with("bar") {
                let with_bar = [&texts[..], &["--layout", "bar"]].concat();
                let plain = typed(&with_bar).unwrap();
                assert_ne!(typed(&[&with_bar[..], &[&option, value]].concat()).unwrap(), plain, "{}", flag);
                assert!(typed(&[&texts[..], &[&option, value]].concat()).is_err(), "{}", flag);
            } else {
                assert_ne!(typed(&[&texts[..], &[&option, value]].concat()).unwrap(), plain, "{}", flag);
            }
        }
    }

    #[test]
    fn texts_without_a_flag_are_numbered() {
        let spots = |words: &[&str]| {
            typed(words).unwrap().captions.into_iter().map(|caption| caption.spot).collect::<Vec<_>>()
        };
        assert_eq!(spots(&["a"]), [Spot::Numbered(0, Some(VAlign::Top))]);
        assert_eq!(spots(&["", "b"]), [Spot::Numbered(1, Some(VAlign::Bottom))]);
        let with_flag = [Spot::Numbered(0, Some(VAlign::Top)), Spot::Band(VAlign::Bottom)];
        assert_eq!(spots(&["a", "--bottom-text", "b"]), with_flag);
        assert_eq!(spots(&["a", "", "c", "d"]), [0, 2, 3].map(|number| Spot::Numbered(number, None)));
        assert!(typed(&["a"; 17]).is_err());
        assert!(typed(&["a", "b", "c", "d", "--top-text", "e"]).is_err());
    }

    #[test]
    fn what_is_typed_needs_no_escapes() {
        let asked = typed(&["--top-text", "50% & a+b=\u{fc}#?", "--color", "#ff0000"]).unwrap();
        let same = "template=cat&top_text=50%25%20%26%20a%2bb%3d%c3%bc%23%3f&color=red";
        assert_eq!(asked, from_query(same).unwrap());
    }
}
