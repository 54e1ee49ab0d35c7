//! Turns the fields of a request into an [`ImageMacro`], or an [`Edit`] of a picture that comes with them: the short form
//! (`top_text=…`) and the long form (`captions=[…]`). Every error is a sentence for the client.

use super::align::{HAlign, VAlign};
use super::caption::{Caption, Edit, ImageMacro, MAX_CAPTIONS};
use super::color::Color;
use super::error::Invalid;
use super::fields::{Fields, Given, Value};
use super::format::Format;
use super::json;
use super::look::{Case, Look, Moment};
use super::place::too_many_captions;
use super::query;
use super::spot::{Bar, BarSide, Spot, TextBox};

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

/// The fields of a request for a template.
pub fn image_macro(mut fields: Fields) -> Result<ImageMacro, Invalid> {
    let template = fields.take_given(None, "template");
    let Edit { width, height, format, bar, captions } = edit(fields)?;
    let template = match template {
        Some(given) => given.name()?,
        None => return Err(Invalid("the field \"template\" is missing: GET /templates lists them".into())),
    };
    Ok(ImageMacro { template, width, height, format, bar, captions })
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

    let bar = bar(&mut fields)?;
    let look = look(&mut fields, None)?;
    let mut captions = match fields.take_given(None, "captions") {
        Some(given) => {
            if let Some(other) = fields.rest().iter().find(|other| !other.value.is_blank()) {
                let sentence = format!("\"captions\" contradicts \"{}\": give one or the other", other.place);
                return Err(Invalid(sentence));
            }
            long_form(given, &look, bar.is_some())?
        }
        None => {
            let captions = short_form(&mut fields, &look)?;
            debug_assert!(fields.rest().is_empty(), "every name that has a place is taken");
            captions
        }
    };

    captions.retain(|caption| !caption.text.trim().is_empty());
    Ok(Edit { width, height, format, bar, captions })
}

/// `layout`, and what goes with it.
fn bar(fields: &mut Fields) -> Result<Option<Bar>, Invalid> {
    let layout = fields.take_given(None, "layout");
    let has_bar = layout.map(|given| given.choice(parse_layout)).transpose()?.unwrap_or(false);
    let (side, color) = (fields.take_given(None, "bar"), fields.take_given(None, "bar_color"));
    if let Some(given) = side.iter().chain(&color).next().filter(|_| !has_bar) {
        return Err(Invalid(format!("\"{}\" is for \"layout\": \"bar\" only", given.place)));
    }
    let side = side.map(|given| given.choice(BarSide::parse)).transpose()?.unwrap_or(BarSide::Top);
    let color = color.map(Given::color).transpose()?.unwrap_or(Color::WHITE);
    Ok(Some(Bar { side, color }).filter(|_| has_bar))
}

/// Whether the layout is that with a bar.
fn parse_layout(word: &str) -> Option<bool> {
    let names = [("over", false), ("bar", true)];
    names.iter().find(|name| name.0.eq_ignore_ascii_case(word.trim())).map(|name| name.1)
}

/// `top_text`, `middle_text` and `bottom_text`, each with its look.
fn short_form(fields: &mut Fields, look_of_all: &Look) -> Result<Vec<Caption>, Invalid> {
    let mut captions = Vec::new();
    for &valign in &VAlign::ALL {
        let text = fields.take_given(Some(valign), "text").map(Given::text).transpose()?;
        let own = look(fields, Some(valign))?;
        if let Some(text) = text {
            let place = |is_own, name: &str| match is_own {
                true => format!("{}_{}", valign.name(), name),
                false => name.to_string(),
            };
            let look = complete(own, look_of_all, place)?;
            captions.push(Caption { text, spot: Spot::Band(valign), look });
        }
    }
    Ok(captions)
}

/// `captions`: strings, or objects. `has_bar`: some of them stand in a bar.
fn long_form(captions: Given, look_of_all: &Look, has_bar: bool) -> Result<Vec<Caption>, Invalid> {
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
        // Which of them are in a bar, only the captioner knows. So none need say where it would stand on the picture.
        let otherwise = |index: usize| if index == 0 { VAlign::Top } else { VAlign::Bottom };
        let items = items.enumerate().map(|(index, item)| (Some(otherwise(index)).filter(|_| has_bar), item));
        return items.map(|(otherwise, item)| caption(item?, otherwise, look_of_all)).collect();
    }
    if strings < items.len() {
        return Err(Invalid("\"captions\" must be all strings or all objects, not a mix of them".into()));
    }
    // One is at the bottom, as it was in rofld.
    let bands = if strings == 1 { &[VAlign::Bottom] } else { bands_of(strings) };
    let look_of_all = complete(Look::default(), look_of_all, |_, name| name.to_string())?;
    let captions = items.enumerate().map(|(number, item)| {
        let spot = Spot::Numbered(number, bands.get(number).cloned());
        Ok(Caption { text: item?.text()?, spot, look: look_of_all.clone() })
    });
    captions.collect()
}

/// The bands for so many texts, if the template has no boxes for them. None if there are more texts than bands.
pub fn bands_of(texts: usize) -> &'static [VAlign] {
    match texts {
        1 => &[VAlign::Top],
        2 => &[VAlign::Top, VAlign::Bottom],
        3 => &VAlign::ALL,
        _ => &[],
    }
}

/// Makes the captions in the bands of so many texts the texts of those numbers.
pub fn number(captions: &mut [Caption], texts: usize) {
    for caption in captions {
        if let Spot::Band(valign) = caption.spot {
            let number = bands_of(texts).iter().position(|&band| band == valign);
            caption.spot = number.map_or(caption.spot, |number| Spot::Numbered(number, Some(valign)));
        }
    }
}

/// One object of `captions`. `otherwise`: where it stands if it does not say so; none if it must.
fn caption(item: Given, otherwise: Option<VAlign>, look_of_all: &Look) -> Result<Caption, Invalid> {
    let Given { place, value } = item;
    let mut fields = match value {
        Value::Fields(fields) => fields,
        other => return Err(place.refuse(&other)),
    };
    // A text of nothing is one: it is there so that the fields of all captions can be the same.
    let text = fields.take(None, "text").filter(|given| given.value != Value::Null);
    let text = text.ok_or_else(|| Invalid(format!("\"{}.text\" is missing", place)))?.text()?;
    let valign = fields.take_given(None, "valign").map(|given| given.choice(VAlign::parse)).transpose()?;
    let spot = match (text_box(&mut fields)?, valign) {
        (Some(text_box), valign) => {
            Spot::Box(TextBox { valign: valign.unwrap_or(text_box.valign), ..text_box })
        }
        (None, valign) => Spot::Band(valign.or(otherwise).ok_or_else(|| {
            let sentence =
                "is missing: top, middle or bottom; or give a box, with left, top, width and height";
            Invalid(format!("\"{}.valign\" {}", place, sentence))
        })?),
    };
    let own = look(&mut fields, None)?;
    let look = complete(own, look_of_all, |is_own, name| match is_own {
        true => format!("{}.{}", place, name),
        false => name.to_string(),
    })?;
    debug_assert!(fields.rest().is_empty(), "every name that has a place is taken");
    Ok(Caption { text, spot, look })
}

/// Takes `left`, `top`, `width`, `height`, `angle` and `padding`. `None` if none of them is given; else what is not given is as
/// large as the picture leaves it.
pub fn text_box(fields: &mut Fields) -> Result<Option<TextBox>, Invalid> {
    let mut take = |name: &str| fields.take_given(None, name);
    let (left, top, width, height) = (take("left"), take("top"), take("width"), take("height"));
    let (angle, padding) = (take("angle"), take("padding"));
    let is_given = [&left, &top, &width, &height, &angle, &padding].iter().any(|given| given.is_some());
    let (left, width) = side(left, width)?;
    let (top, height) = side(top, height)?;
    let angle = angle.map(Given::angle).transpose()?.unwrap_or(0.0);
    let padding = padding.map(Given::padding).transpose()?.unwrap_or(0.0);
    Ok(Some(TextBox { left, top, width, height, angle, padding, ..TextBox::WHOLE }).filter(|_| is_given))
}

/// Where a box begins, and how long it is.
fn side(start: Option<Given>, length: Option<Given>) -> Result<(f32, f32), Invalid> {
    /// What a sum of decimal fractions may exceed 1 by.
    const ROUNDING: f32 = 1e-4;
    let places =
        start.as_ref().map(|given| given.place).and_then(|start| Some((start, length.as_ref()?.place)));
    let start = start.map(Given::start).transpose()?.unwrap_or(0.0);
    let length = length.map(Given::share).transpose()?.unwrap_or(1.0 - start);
    match places {
        Some((start_place, length_place)) if start + length > 1.0 + ROUNDING => Err(Invalid(format!(
            "\"{}\" is {} and \"{}\" is {}: together they are more than 1, so the box leaves the picture",
            start_place, start, length_place, length
        ))),
        _ => Ok((start, length.min(1.0 - start))),
    }
}

/// When a text disappears.
fn end(given: Given) -> Result<Moment, Invalid> {
    let place = given.place;
    let to = given.moment()?;
    if to.is_start() {
        let sentence = "is the start of the animation, so the text would never be seen";
        return Err(Invalid(format!("\"{}\" {}", place, sentence)));
    }
    Ok(to)
}

/// The look of a caption: its own, and that of all captions where it says nothing. `place` is how errors call one of its
/// fields, or one for all captions.
fn complete<P>(own: Look, look_of_all: &Look, place: P) -> Result<Look, Invalid>
where
    P: Fn(bool, &str) -> String,
{
    let (own_from, own_to) = (own.from.is_some(), own.to.is_some());
    let look = own.or(look_of_all);
    in_order(&look, || (place(own_from, "from"), place(own_to, "to")))?;
    Ok(look)
}

/// Checks that a text appears before it disappears. `places`: the names of its two fields.
pub fn in_order<P>(look: &Look, places: P) -> Result<(), Invalid>
where
    P: FnOnce() -> (String, String),
{
    match (look.from, look.to) {
        (Some(from), Some(to)) if from >= to => {
            let (from_place, to_place) = places();
            Err(Invalid(format!(
                "\"{}\" is {} and \"{}\" is {}: the text would disappear before it appears",
                from_place, from, to_place, to
            )))
        }
        _ => Ok(()),
    }
}

/// Takes `align` (or `halign`), `font`, … of that band.
pub fn look(fields: &mut Fields, band: Option<VAlign>) -> Result<Look, Invalid> {
    let mut look = Look::default();
    // `null` and a text of nothing are values of this one.
    if let Some(given) = fields.take(band, "outline") {
        look.outline = Some(given.outline()?);
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
    look.halign = align.map(|given| given.choice(HAlign::parse)).transpose()?;
    look.font = take("font").map(Given::name).transpose()?;
    look.color = take("color").map(Given::color).transpose()?;
    look.size = take("size").map(Given::size).transpose()?;
    look.case = take("case").map(|given| given.choice(Case::parse)).transpose()?;
    look.lang = take("lang").map(Given::lang).transpose()?;
    look.from = take("from").map(Given::moment).transpose()?;
    look.to = take("to").map(end).transpose()?;
    Ok(look)
}
