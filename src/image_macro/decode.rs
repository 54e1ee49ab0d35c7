//! Turns the fields of a request into an [`ImageMacro`]: the short form (`top_text=…`) and the long form
//! (`captions=[…]`). Every error is a sentence for the client.

use unicode_normalization::UnicodeNormalization;

use super::align::{HAlign, VAlign};
use super::caption::{Caption, ImageMacro, DEFAULT_FONT, MAX_CAPTIONS, MAX_NAME, MAX_SIDE, MAX_TEXT};
use super::color::Color;
use super::error::Invalid;
use super::fields::{self, shortened, Fields, Value};
use super::format::Format;
use super::size::{Size, MAX_SIZE};

/// Decodes a query string: what follows the `?`, still escaped.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn from_query(query: &str) -> Result<ImageMacro, Invalid> {
    fields::from_query(query).and_then(image_macro)
}

/// Decodes a JSON object.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn from_json(body: &[u8]) -> Result<ImageMacro, Invalid> {
    fields::from_json(body).and_then(image_macro)
}

/// How a caption looks.
struct Look {
    halign: HAlign,
    font: String,
    color: Color,
    outline: Option<Color>,
    size: Size,
}

fn image_macro(mut fields: Fields) -> Result<ImageMacro, Invalid> {
    let template = fields.take("template");
    let width = side(&mut fields, "width")?;
    let height = side(&mut fields, "height")?;
    let format = match fields.take("format") {
        None | Some(Value::Null) => None,
        Some(value) => Some(choice("format", value, Format::parse, "jpeg, png or gif")?),
    };

    let default = Look {
        halign: HAlign::Center,
        font: DEFAULT_FONT.to_string(),
        color: Color::WHITE,
        outline: Some(Color::BLACK),
        size: Size::Fit,
    };
    let look = look(&mut fields, "", default)?;
    let mut captions = match fields.take("captions") {
        None | Some(Value::Null) => short_form(&mut fields, &look)?,
        Some(value) => {
            if let Some(name) = fields.names().find(|name| is_of_short_form(name)) {
                let sentence = format!("\"captions\" contradicts {:?}: give one or the other", name);
                return Err(Invalid(sentence));
            }
            long_form(value, &look)?
        }
    };
    known_only(&fields, None)?;
    // Checked last: if it is missing because its name was misspelt, the error about the unknown field helps more.
    let template = match template {
        Some(value) => name("template", value)?,
        None => return Err(Invalid("the field \"template\" is missing: GET /templates lists them".into())),
    };

    captions.retain(|caption| !caption.text.trim().is_empty());
    Ok(ImageMacro { template, width, height, format, captions })
}

/// Whether a name is `top_…`, `middle_…` or `bottom_…`.
fn is_of_short_form(name: &str) -> bool {
    let rest = VAlign::ALL.iter().find_map(|valign| name.strip_prefix(valign.name()));
    rest.is_some_and(|rest| rest.starts_with('_'))
}

/// `top_text`, `middle_text` and `bottom_text`, each with its look.
fn short_form(fields: &mut Fields, look_of_all: &Look) -> Result<Vec<Caption>, Invalid> {
    let mut captions = Vec::new();
    for &valign in &VAlign::ALL {
        let prefix = format!("{}_", valign.name());
        let text_field = prefix.clone() + "text";
        let text = match fields.take(&text_field) {
            None | Some(Value::Null) => None,
            Some(value) => Some(text(&text_field, value)?),
        };
        let look = look(fields, &prefix, look_of_all.copy())?;
        captions.extend(text.map(|text| look.caption(text, valign)));
    }
    Ok(captions)
}

/// `captions`: up to three strings, or objects.
fn long_form(value: Value, look_of_all: &Look) -> Result<Vec<Caption>, Invalid> {
    let list = match value {
        Value::List(list) => list,
        // A single caption may be given without a list.
        Value::Text(text) => vec![Value::Text(text)],
        _ => return Err(Invalid("\"captions\" must be a list of strings or of objects".into())),
    };
    if list.len() > MAX_CAPTIONS {
        return Err(Invalid(format!(
            "\"captions\" has {} captions, and at most {} are allowed",
            list.len(),
            MAX_CAPTIONS
        )));
    }
    let strings = list.iter().filter(|item| matches!(**item, Value::Text(_))).count();
    if strings == 0 {
        return list.into_iter().enumerate().map(|(i, item)| caption(i, item, look_of_all)).collect();
    }
    if strings < list.len() {
        return Err(Invalid("\"captions\" must be all strings or all objects, not a mix of them".into()));
    }
    let places: &[VAlign] = match strings {
        1 => &[VAlign::Bottom],
        2 => &[VAlign::Top, VAlign::Bottom],
        3 => &VAlign::ALL,
        _ => {
            return Err(Invalid(format!(
                "\"captions\" has {} strings, and at most 3 are allowed: write objects, as in \
                 {{\"text\": \"hi\", \"valign\": \"top\"}}",
                strings
            )))
        }
    };
    let named = list.into_iter().zip(places).enumerate();
    named
        .map(|(i, (item, &valign))| {
            let text = text(&format!("captions[{}]", i), item)?;
            Ok(look_of_all.copy().caption(text, valign))
        })
        .collect()
}

/// One object of `captions`.
fn caption(index: usize, value: Value, look_of_all: &Look) -> Result<Caption, Invalid> {
    let object = format!("captions[{}]", index);
    let mut fields = match value {
        Value::Fields(fields) => fields,
        _ => return Err(Invalid(format!("\"{}\" must be a string or an object", object))),
    };
    let prefix = object.clone() + ".";
    let (text_value, valign) = (fields.take("text"), fields.take("valign"));
    // Names in an object have no prefix, but in errors they have one.
    let mut prefixed = Fields::default();
    for name in &["align", "halign", "font", "color", "outline", "size"] {
        if let Some(value) = fields.take(name) {
            prefixed.put(prefix.clone() + name, value);
        }
    }
    known_only(&fields, Some(&object))?;
    let missing = |field: &str| Invalid(format!("\"{}{}\" is missing", prefix, field));
    let text = text(&(prefix.clone() + "text"), text_value.ok_or_else(|| missing("text"))?)?;
    let bands = "top, middle or bottom";
    let valign = valign.ok_or_else(|| Invalid(format!("\"{}valign\" is missing: {}", prefix, bands)))?;
    let valign = choice(&(prefix.clone() + "valign"), valign, VAlign::parse, bands)?;
    let look = look(&mut prefixed, &prefix, look_of_all.copy())?;
    Ok(look.caption(text, valign))
}

/// Takes the fields `{prefix}align` (or `{prefix}halign`), `{prefix}font`, …; what is not given is the default's.
fn look(fields: &mut Fields, prefix: &str, default: Look) -> Result<Look, Invalid> {
    let mut look = default;
    let mut take = |name: &str| {
        let field = format!("{}{}", prefix, name);
        fields.take(&field).map(|value| (field, value))
    };
    let align = match (take("align"), take("halign")) {
        (Some((field, _)), Some((other, _))) => {
            return Err(Invalid(format!("\"{}\" contradicts \"{}\": give one or the other", field, other)))
        }
        (align, halign) => align.or(halign),
    };
    if let Some((field, value)) = align {
        look.halign = choice(&field, value, HAlign::parse, "left, center or right")?;
    }
    if let Some((field, value)) = take("font") {
        look.font = name(&field, value)?;
    }
    if let Some((field, value)) = take("color") {
        look.color = color(&field, value)?;
    }
    if let Some((field, value)) = take("outline") {
        look.outline = outline(&field, value)?;
    }
    if let Some((field, value)) = take("size") {
        look.size = size(&field, value)?;
    }
    Ok(look)
}

impl Look {
    fn copy(&self) -> Look {
        Look { font: self.font.clone(), ..*self }
    }

    fn caption(self, text: String, valign: VAlign) -> Caption {
        let Look { halign, font, color, outline, size } = self;
        Caption { text, valign, halign, font, color, outline, size }
    }
}

fn known_only(fields: &Fields, object: Option<&str>) -> Result<(), Invalid> {
    let unknown = match fields.leftover() {
        None => return Ok(()),
        Some(name) => shortened(name),
    };
    Err(Invalid(match object {
        Some(object) => format!(
            "{:?} is not a field of \"{}\": it has text, valign, align, font, color, outline, size",
            unknown, object
        ),
        None => format!(
            "{:?} is not a field: there are template, width, height, format, captions, top_text, middle_text, \
             bottom_text (each also with _align, _font, _color, _outline, _size instead of _text), and \
             align, font, color, outline, size for all captions",
            unknown
        ),
    }))
}

// One function for each type of value. `field` is the name of the field in an error.

fn name(field: &str, value: Value) -> Result<String, Invalid> {
    let written = match value {
        Value::Text(name) => name,
        _ => return Err(Invalid(format!("\"{}\" must be a string", field))),
    };
    let name = normal_name(&written);
    match name.chars().count() {
        0 => Err(Invalid(format!("\"{}\" is empty", field))),
        1..=MAX_NAME => Ok(name),
        _ => Err(Invalid(format!("\"{}\" is longer than {} characters", field, MAX_NAME))),
    }
}

/// The form in which the name of a template or font is looked up: trimmed, in NFC.
pub fn normal_name(written: &str) -> String {
    written.trim().nfc().collect()
}

fn text(field: &str, value: Value) -> Result<String, Invalid> {
    let written = match value {
        Value::Text(text) => text,
        _ => return Err(Invalid(format!("\"{}\" must be a string", field))),
    };
    // Every kind of line end becomes `\n`. Other control characters have no glyph and become spaces.
    let lines = written.replace("\r\n", "\n").replace('\r', "\n");
    let shown = lines.chars().map(|c| if c != '\n' && c.is_control() { ' ' } else { c });
    let text: String = shown.nfc().collect();
    match text.chars().count() {
        0..=MAX_TEXT => Ok(text),
        length => Err(Invalid(format!(
            "\"{}\" has {} characters, and at most {} are allowed",
            field, length, MAX_TEXT
        ))),
    }
}

fn choice<T>(field: &str, value: Value, parse: fn(&str) -> Option<T>, allowed: &str) -> Result<T, Invalid> {
    match value {
        Value::Text(ref text) => parse(text).ok_or_else(|| quoted(text)),
        ref other => Err(other.to_string()),
    }
    .map_err(|written| Invalid(format!("\"{}\" is {}, and must be {}", field, written, allowed)))
}

fn color(field: &str, value: Value) -> Result<Color, Invalid> {
    let parsed = match value {
        Value::Text(ref text) => Color::parse(text),
        Value::List(ref list) if list.len() == 3 => channels(list),
        Value::Fields(ref given) => {
            let mut fields = given.clone();
            let list: Vec<_> = ["r", "g", "b"].iter().filter_map(|name| fields.take(name)).collect();
            if list.len() == 3 && fields.leftover().is_none() {
                channels(&list)
            } else {
                None
            }
        }
        _ => None,
    };
    parsed.ok_or_else(|| {
        Invalid(format!(
            "\"{}\" is {}, and must be an opaque color: a CSS color such as \"red\" or \"rgb(255 0 0)\", \
             \"#f00\", \"#ff0000\", \"0xff0000\", \"$ff0000\", or in JSON [255, 0, 0] or \
             {{\"r\": 255, \"g\": 0, \"b\": 0}}; in a URL, \"#\" is written %23",
            field, value
        ))
    })
}

fn channels(list: &[Value]) -> Option<Color> {
    let channel = |value: &Value| match *value {
        Value::Number(number) if number.fract() == 0.0 && (0.0..=255.0).contains(&number) => {
            Some(number as u8)
        }
        Value::Text(ref text) => text.trim().parse().ok(),
        _ => None,
    };
    Some(Color { r: channel(&list[0])?, g: channel(&list[1])?, b: channel(&list[2])? })
}

fn outline(field: &str, value: Value) -> Result<Option<Color>, Invalid> {
    let none = match value {
        Value::Null => true,
        Value::Text(ref text) => text.trim().is_empty() || text.trim().eq_ignore_ascii_case("none"),
        _ => false,
    };
    if none {
        return Ok(None);
    }
    color(field, value)
        .map(Some)
        .map_err(|Invalid(sentence)| Invalid(sentence + "; for no outline, null, \"\" or \"none\""))
}

fn size(field: &str, value: Value) -> Result<Size, Invalid> {
    let parsed = match value {
        Value::Text(ref text) => Size::parse(text),
        Value::Number(number) => Size::pixels(number),
        _ => None,
    };
    parsed.ok_or_else(|| {
        Invalid(format!(
            "\"{}\" is {}, and must be \"fit\", \"shrink\", or a number of pixels above 0 and up to {}",
            field, value, MAX_SIZE
        ))
    })
}

fn side(fields: &mut Fields, field: &str) -> Result<Option<u32>, Invalid> {
    let value = match fields.take(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let parsed = match value {
        Value::Text(ref text) => text.trim().parse().ok(),
        Value::Number(number) if number.fract() == 0.0 => Some(number as u32),
        _ => None,
    };
    match parsed {
        Some(pixels) if (1..=MAX_SIDE).contains(&pixels) => Ok(Some(pixels)),
        _ => Err(Invalid(format!(
            "\"{}\" is {}, and must be a whole number of pixels from 1 to {}",
            field, value, MAX_SIDE
        ))),
    }
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}
