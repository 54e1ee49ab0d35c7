//! Turns the fields of a request into an [`ImageMacro`], or an [`Edit`] of a picture that comes with them: the short form
//! (`top_text=…`) and the long form (`captions=[…]`). Every error is a sentence for the client.

use super::align::{HAlign, VAlign};
use super::caption::{Caption, Edit, ImageMacro, MAX_CAPTIONS};
use super::color::Color;
use super::error::Invalid;
use super::fields::{Fields, Given, Value};
use super::format::Format;
use super::json;
use super::place::too_many_captions;
use super::query;
use super::size::Size;

/// Decodes a query string: what follows the `?`, still escaped.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn from_query(query: &str) -> Result<ImageMacro, Invalid> {
    query::from_query(query).and_then(image_macro)
}

/// Decodes the body of a form, `application/x-www-form-urlencoded`: a query string.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn from_urlencoded(body: &[u8]) -> Result<ImageMacro, Invalid> {
    query::from_body(body).and_then(image_macro)
}

/// Decodes the query string of a request whose body is a picture.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn edit_from_query(query: &str) -> Result<Edit, Invalid> {
    let mut fields = query::from_query(query)?;
    if fields.take_given(None, "template").is_some() {
        // The query string is decoded before the body is there, which need not be a picture.
        return Err(Invalid(
            "\"template\" contradicts the picture that a POST with fields in its query string has as its body: send a \
             GET, or put all fields into the body"
                .into(),
        ));
    }
    edit(fields)
}

/// Decodes a JSON object.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn from_json(body: &[u8]) -> Result<ImageMacro, Invalid> {
    json::from_json(body).and_then(image_macro)
}

/// Decodes the JSON object of a request that brings its own picture.
///
/// # Errors
/// [`Invalid`], with the sentence for the client.
pub fn edit_from_json(body: &[u8]) -> Result<Edit, Invalid> {
    json::from_json(body).and_then(edit_of_own)
}

/// How a caption looks.
struct Look {
    halign: HAlign,
    font: String,
    color: Color,
    outline: Option<Color>,
    size: Size,
}

/// The fields of a request for a template.
pub fn image_macro(mut fields: Fields) -> Result<ImageMacro, Invalid> {
    let template = fields.take_given(None, "template");
    let Edit { width, height, format, captions } = edit(fields)?;
    let template = match template {
        Some(given) => given.name()?,
        None => return Err(Invalid("the field \"template\" is missing: GET /templates lists them".into())),
    };
    Ok(ImageMacro { template, width, height, format, captions })
}

/// The fields of a request that brings its own picture.
pub fn edit_of_own(mut fields: Fields) -> Result<Edit, Invalid> {
    if fields.take_given(None, "template").is_some() {
        let sentence = "\"template\" contradicts the picture that is sent: give one or the other";
        return Err(Invalid(sentence.into()));
    }
    edit(fields)
}

/// All fields but the template.
fn edit(mut fields: Fields) -> Result<Edit, Invalid> {
    let width = fields.take_given(None, "width").map(Given::side).transpose()?;
    let height = fields.take_given(None, "height").map(Given::side).transpose()?;
    let format = fields.take_given(None, "format");
    let format = format.map(|given| given.choice(Format::parse)).transpose()?;

    let Caption { halign, font, color, outline, size, .. } = Caption::default();
    let look = look(&mut fields, None, Look { halign, font, color, outline, size })?;
    let mut captions = match fields.take_given(None, "captions") {
        Some(given) => {
            if let Some(other) = fields.rest().iter().find(|other| !other.value.is_blank()) {
                let sentence = format!("\"captions\" contradicts \"{}\": give one or the other", other.place);
                return Err(Invalid(sentence));
            }
            long_form(given, &look)?
        }
        None => {
            let captions = short_form(&mut fields, &look)?;
            debug_assert!(fields.rest().is_empty(), "every name that has a place is taken");
            captions
        }
    };

    captions.retain(|caption| !caption.text.trim().is_empty());
    Ok(Edit { width, height, format, captions })
}

/// `top_text`, `middle_text` and `bottom_text`, each with its look.
fn short_form(fields: &mut Fields, look_of_all: &Look) -> Result<Vec<Caption>, Invalid> {
    let mut captions = Vec::new();
    for &valign in &VAlign::ALL {
        let text = fields.take_given(Some(valign), "text").map(Given::text).transpose()?;
        let look = look(fields, Some(valign), look_of_all.copy())?;
        captions.extend(text.map(|text| look.caption(text, valign)));
    }
    Ok(captions)
}

/// `captions`: up to three strings, or objects.
fn long_form(captions: Given, look_of_all: &Look) -> Result<Vec<Caption>, Invalid> {
    let Given { place, value } = captions;
    let list = match value {
        Value::List(list) => list,
        // A single caption may be given without a list.
        Value::Text(text) => vec![Value::Text(text)],
        other => return Err(place.refuse(&other)),
    };
    if list.len() > MAX_CAPTIONS {
        return Err(too_many_captions(&list.len()));
    }
    let strings = list.iter().filter(|item| matches!(**item, Value::Text(_))).count();
    let items = list.into_iter().enumerate();
    let items = items.map(|(index, value)| Ok(Given { place: place.item(index)?, value }));
    if strings == 0 {
        return items.map(|item| caption(item?, look_of_all)).collect();
    }
    if strings < items.len() {
        return Err(Invalid("\"captions\" must be all strings or all objects, not a mix of them".into()));
    }
    let bands: &[VAlign] = match strings {
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
    items.zip(bands).map(|(item, &valign)| Ok(look_of_all.copy().caption(item?.text()?, valign))).collect()
}

/// One object of `captions`.
fn caption(item: Given, look_of_all: &Look) -> Result<Caption, Invalid> {
    let Given { place, value } = item;
    let mut fields = match value {
        Value::Fields(fields) => fields,
        other => return Err(place.refuse(&other)),
    };
    // A text of nothing is one: it is there so that the fields of all captions can be the same.
    let text = fields.take(None, "text").filter(|given| given.value != Value::Null);
    let text = text.ok_or_else(|| Invalid(format!("\"{}.text\" is missing", place)))?.text()?;
    let valign = fields.take_given(None, "valign");
    let missing = || Invalid(format!("\"{}.valign\" is missing: top, middle or bottom", place));
    let valign = valign.ok_or_else(missing)?.choice(VAlign::parse)?;
    let look = look(&mut fields, None, look_of_all.copy())?;
    debug_assert!(fields.rest().is_empty(), "every name that has a place is taken");
    Ok(look.caption(text, valign))
}

/// Takes `align` (or `halign`), `font`, … of that band; what is not given is the default's.
fn look(fields: &mut Fields, band: Option<VAlign>, default: Look) -> Result<Look, Invalid> {
    let mut look = default;
    // `null` and a text of nothing are values of this one.
    if let Some(given) = fields.take(band, "outline") {
        look.outline = given.outline()?;
    }
    let mut take = |name: &str| fields.take_given(band, name);
    let align = match (take("align"), take("halign")) {
        (Some(align), Some(halign)) => {
            let sentence =
                format!("\"{}\" contradicts \"{}\": give one or the other", align.place, halign.place);
            return Err(Invalid(sentence));
        }
        (align, halign) => align.or(halign),
    };
    if let Some(given) = align {
        look.halign = given.choice(HAlign::parse)?;
    }
    if let Some(given) = take("font") {
        look.font = given.name()?;
    }
    if let Some(given) = take("color") {
        look.color = given.color()?;
    }
    if let Some(given) = take("size") {
        look.size = given.size()?;
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
