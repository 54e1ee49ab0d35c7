//! memegen's configuration of a template: a tree of YAML → a [`Config`], and what in it is not understood.

use super::yaml::Node;

/// A template as memegen has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Its name for people.
    pub name: Option<String>,
    /// Where its picture is from.
    pub source: Option<String>,
    /// Words that it is found by.
    pub keywords: Vec<String>,
    /// Where its texts stand.
    pub texts: Vec<Text>,
    /// Texts that show what it is for.
    pub example: Vec<String>,
    /// Places for other pictures on it, other than the one that every template has.
    pub overlays: usize,
}

/// Where a text stands and how it looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What becomes of its letters.
    pub style: String,
    /// A name, `#rrggbb` or `#rrggbbaa`.
    pub color: String,
    /// An id or an alias; none if it is the default.
    pub font: Option<String>,
    /// The left and upper side of what the turned box takes up, as shares of the picture.
    pub anchor: [f64; 2],
    /// Its width and height before it is turned, likewise.
    pub scale: [f64; 2],
    /// Degrees that it is turned by counterclockwise.
    pub angle: f64,
    /// `left`, `center` or `right`.
    pub align: String,
    /// The shares of the animation after which it appears and disappears.
    pub time: [f64; 2],
}

impl Default for Text {
    fn default() -> Text {
        Text {
            style: "upper".to_string(),
            color: "white".to_string(),
            font: None,
            anchor: [0.0, 0.0],
            scale: [1.0, 0.2],
            angle: 0.0,
            align: "center".to_string(),
            time: [0.0, 1.0],
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            name: None,
            source: None,
            keywords: Vec::new(),
            texts: vec![Text::default(), Text { anchor: [0.0, 0.8], ..Text::default() }],
            example: Vec::new(),
            overlays: 0,
        }
    }
}

impl Config {
    /// Decodes a configuration. What is not understood is told and left as it is by default.
    ///
    /// # Errors
    /// If it is something else.
    pub fn decode(root: Node, told: &mut Vec<String>) -> Result<Config, String> {
        let entries = match root {
            Node::Null => Vec::new(),
            Node::Map(entries) => entries,
            _ => return Err("it is not a mapping of names to values".to_string()),
        };
        let mut config = Config::default();
        for (key, value) in entries {
            match &*key {
                "name" => config.name = text(&key, value, told),
                "source" => config.source = text(&key, value, told),
                "keywords" => config.keywords = texts(&key, value, told),
                "example" => config.example = texts(&key, value, told),
                "text" => match value {
                    Node::Null => {}
                    Node::List(items) => {
                        let items = items.into_iter().enumerate();
                        config.texts = items.map(|(index, item)| Text::decode(index, item, told)).collect();
                    }
                    _ => told.push("\"text\" is not a list".to_string()),
                },
                "overlay" => {
                    if let Node::List(ref items) = value {
                        config.overlays = items.iter().filter(|item| !is_default_overlay(item)).count();
                    }
                }
                _ => told.push(format!("{:?} is not known", key)),
            }
        }
        Ok(config)
    }
}

impl Text {
    fn decode(index: usize, item: Node, told: &mut Vec<String>) -> Text {
        let mut decoded = Text::default();
        let entries = match item {
            Node::Map(entries) => entries,
            Node::Null => return decoded,
            _ => {
                told.push(format!("text {} is not a mapping", index + 1));
                return decoded;
            }
        };
        for (key, value) in entries {
            let name = format!("{} of text {}", key, index + 1);
            let number = match &*key {
                "style" => {
                    decoded.style = text(&name, value, told).unwrap_or(decoded.style);
                    continue;
                }
                "color" => {
                    decoded.color = text(&name, value, told).unwrap_or(decoded.color);
                    continue;
                }
                "font" => {
                    decoded.font = text(&name, value, told);
                    continue;
                }
                "align" => {
                    decoded.align = text(&name, value, told).unwrap_or(decoded.align);
                    continue;
                }
                "anchor_x" => &mut decoded.anchor[0],
                "anchor_y" => &mut decoded.anchor[1],
                "scale_x" => &mut decoded.scale[0],
                "scale_y" => &mut decoded.scale[1],
                "angle" => &mut decoded.angle,
                "start" => &mut decoded.time[0],
                "stop" => &mut decoded.time[1],
                _ => {
                    told.push(format!("{:?} of text {} is not known", key, index + 1));
                    continue;
                }
            };
            let written = text(&name, value, told);
            match written.as_ref().map(|written| written.parse::<f64>()) {
                Some(Ok(value)) if value.is_finite() => *number = value,
                Some(_) => {
                    told.push(format!("{} is {:?}, which is not a number", name, written.unwrap_or_default()))
                }
                None => {}
            }
        }
        decoded
    }
}

/// Every template has one in its middle, for pictures that memegen puts there on request.
fn is_default_overlay(item: &Node) -> bool {
    let is_default = |entry: &(String, Node)| {
        let default = match &*entry.0 {
            "center_x" | "center_y" => 0.5,
            "scale" => 0.25,
            "angle" | "start" => 0.0,
            "stop" => 1.0,
            _ => return false,
        };
        match entry.1 {
            Node::Text(ref text) => text.parse() == Ok(default),
            _ => entry.1 == Node::Null,
        }
    };
    match *item {
        Node::Map(ref entries) => entries.iter().all(is_default),
        Node::Null => true,
        _ => false,
    }
}

fn text(name: &str, value: Node, told: &mut Vec<String>) -> Option<String> {
    match value {
        Node::Text(text) => Some(text.trim().to_string()).filter(|text| !text.is_empty()),
        Node::Null => None,
        Node::List(_) | Node::Map(_) => {
            told.push(format!("{} is not a text", name));
            None
        }
    }
}

fn texts(name: &str, value: Node, told: &mut Vec<String>) -> Vec<String> {
    match value {
        Node::List(items) => items.into_iter().filter_map(|item| text(name, item, told)).collect(),
        Node::Null => Vec::new(),
        other => text(name, other, told).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, Text};
    use commands::import::yaml;

    fn decode(text: &str) -> (Config, Vec<String>) {
        let mut told = Vec::new();
        (Config::decode(yaml::parse(text).unwrap(), &mut told).unwrap(), told)
    }

    #[test]
    fn what_is_not_said_is_as_memegen_has_it() {
        let (config, told) = decode("");
        assert_eq!((&config, told.len()), (&Config::default(), 0));
        assert_eq!(config.texts[1].anchor, [0.0, 0.8]);
        let (config, told) =
            decode("text:\n  - color: black\n    font:\n    angle:\nkeywords:\n  -\nexample: one\n");
        assert_eq!(config.texts, [Text { color: "black".to_string(), ..Text::default() }]);
        assert_eq!((config.keywords.len(), &*config.example[0], told.len()), (0, "one", 0));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let (config, told) = decode(
            "text:\n  - anchor_x: left\n    scale_x: .nan\n    colour: red\n    style: [a]\n  - 7\noverlay:\n\
             \x20 - center_x: 0.5\n    scale: 0.250\n  - center_x: 0.1\nlayout: top\nkeywords: {a: b}\n",
        );
        assert_eq!((config.overlays, config.texts.len()), (1, 2));
        assert_eq!(
            told,
            [
                "anchor_x of text 1 is \"left\", which is not a number",
                "scale_x of text 1 is \".nan\", which is not a number",
                "\"colour\" of text 1 is not known",
                "style of text 1 is not a text",
                "text 2 is not a mapping",
                "\"layout\" is not known",
                "keywords is not a text",
            ]
        );
        let list = yaml::parse("- a").unwrap();
        assert!(Config::decode(list, &mut Vec::new()).is_err());
    }
}
