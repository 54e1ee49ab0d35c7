//! The JSON Schema of a request, made from the names and kinds in `place`, so that it describes what `decode` takes.
//!
//! A schema cannot say all that is true: which names there are, every way to write a color, that two fields contradict each
//! other. Where it must choose, it allows less than the service does.

use serde_json::{Map, Value};

use super::align::{HAlign, VAlign};
use super::caption::{MAX_CAPTIONS, MAX_NAME, MAX_SIDE, MAX_SOURCE, MAX_TEXT};
use super::format::Format;
use super::look::{Case, MAX_SECONDS};
use super::place::{Kind, CHANNELS, OF_BOX, OF_LONG_FORM, OF_LOOK, OF_NOTES, OF_REQUEST, OF_SHORT_FORM};
use super::size::MAX_SIZE;
use super::spot::{BarSide, MAX_ANGLE, MAX_PADDING};
use super::template_notes::{told, MAX_BOXES};

/// Whether a request is for a template, or brings its picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum About {
    /// It has the field `template`, which is required.
    Template,
    /// It has no such field.
    Picture,
}

/// Where fields are written.
#[derive(Clone, Copy, PartialEq)]
enum Written {
    Json,
    Text,
}

/// The schema of a JSON body.
pub fn of_json(about: About) -> Value {
    let form = |fields: Vec<(String, Kind)>| object(&fields, &[(about == About::Template, "template")]);
    let (mut short, mut long) = (of_all(about), of_all(about));
    short.extend(of_bands());
    long.push(("captions".to_string(), Kind::Captions));
    json!({ "anyOf": [form(short), form(long)] })
}

/// The schema of a form: the short form of a request, each field a text.
pub fn of_form(about: About, more: &[(&str, Value)]) -> Value {
    let mut properties = Map::new();
    for (name, kind) in of_all(about).into_iter().chain(of_bands()) {
        properties.insert(name.clone(), optional(&name, kind, Written::Text));
    }
    properties.extend(more.iter().map(|(name, schema)| (name.to_string(), schema.clone())));
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if about == About::Template {
        schema["required"] = json!(["template"]);
    }
    schema
}

/// The parameters of a query string: the short form of a request.
pub fn of_query(about: About) -> Vec<Value> {
    of_all(about).into_iter().chain(of_bands()).map(|(name, kind)| parameter(&name, kind)).collect()
}

/// The parameters of the query string of a link: how its texts look.
pub fn of_link() -> Vec<Value> {
    let is_in_link = |field: &(String, Kind)| !matches!(field.1, Kind::Name if field.0 == "template");
    let fields = of_all(About::Picture).into_iter().filter(is_in_link).filter(|field| field.0 != "format");
    let of_bands = of_bands().into_iter().filter(|field| field.1 != Kind::Text);
    fields.chain(of_bands).map(|(name, kind)| parameter(&name, kind)).collect()
}

/// The schemas of what is noted of a template, by name, as it is told.
pub fn of_notes() -> Map<String, Value> {
    OF_NOTES.iter().map(|&(name, kind)| (name.to_string(), of_kind(kind, Written::Json))).collect()
}

/// The schema of a name that must be given: there is something in it that is no white space.
pub fn of_name() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": "\\S" })
}

fn parameter(name: &str, kind: Kind) -> Value {
    json!({
        "name": name,
        "in": "query",
        "required": name == "template",
        "schema": optional(name, kind, Written::Text),
    })
}

/// The fields of a request that are no captions, and how all captions look. An alias is left out: with both names the request
/// would contradict itself.
fn of_all(about: About) -> Vec<(String, Kind)> {
    let of_request = OF_REQUEST.iter().filter(|field| field.1 != Kind::Captions);
    let of_request = of_request.filter(|field| about == About::Template || field.0 != "template");
    of_request.chain(look()).map(|&(name, kind)| (name.to_string(), kind)).collect()
}

/// The captions of the short form, and how each of them looks.
fn of_bands() -> Vec<(String, Kind)> {
    let of_band = |band: &VAlign| {
        let fields = OF_SHORT_FORM.iter().chain(look());
        fields.map(|&(name, kind)| (format!("{}_{}", band.name(), name), kind)).collect::<Vec<_>>()
    };
    VAlign::ALL.iter().flat_map(of_band).collect()
}

fn look() -> impl Iterator<Item = &'static (&'static str, Kind)> {
    OF_LOOK.iter().filter(|field| field.0 != "halign")
}

fn object(fields: &[(String, Kind)], required: &[(bool, &str)]) -> Value {
    let required: Vec<_> = required.iter().filter(|field| field.0).map(|field| field.1).collect();
    let mut properties = Map::new();
    for (name, kind) in fields {
        let schema = match required.contains(&&**name) {
            true if *kind == Kind::Name => of_name(),
            true => of_kind(*kind, Written::Json),
            false => optional(name, *kind, Written::Json),
        };
        properties.insert(name.clone(), schema);
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// What is empty or `null` is not given.
fn optional(name: &str, kind: Kind, written: Written) -> Value {
    let mut schema = of_kind(kind, written);
    if kind == Kind::Moment && name.ends_with("to") {
        // Nothing is seen before the start.
        schema = json!({ "anyOf": [
            { "type": "number", "exclusiveMinimum": 0, "maximum": MAX_SECONDS },
            { "type": "string", "pattern": "^([1-9][0-9]?([.][0-9]{1,3})?|0[.][0-9]{0,2}[1-9]|100)%$" },
        ] });
    }
    match (kind, written) {
        _ if name == "template" => of_name(),
        // Empty is one already.
        (Kind::Text, Written::Text) | (Kind::Name, Written::Text) => schema,
        (_, Written::Text) => json!({ "anyOf": [schema, { "const": "" }] }),
        (_, Written::Json) => json!({ "anyOf": [schema, { "enum": ["", null] }] }),
    }
}

fn of_kind(kind: Kind, written: Written) -> Value {
    let names = |names: Vec<&str>| json!({ "enum": names });
    match kind {
        Kind::Name => json!({ "type": "string", "maxLength": MAX_NAME }),
        Kind::Text => json!({ "type": "string", "maxLength": MAX_TEXT }),
        Kind::Side => json!({ "type": "integer", "minimum": 1, "maximum": MAX_SIDE }),
        Kind::Format => names(Format::ALL.iter().map(|format| format.name()).collect()),
        Kind::VAlign => names(VAlign::ALL.iter().map(|align| align.name()).collect()),
        Kind::HAlign => names(HAlign::ALL.iter().map(|align| align.name()).collect()),
        Kind::Color => color(written, &[]),
        Kind::Outline => color(written, &["none", "null"]),
        Kind::Size => json!({ "anyOf": [
            { "enum": ["fit", "shrink"] },
            { "type": "number", "exclusiveMinimum": 0, "maximum": MAX_SIZE },
        ] }),
        Kind::Case => names(Case::ALL.iter().map(|case| case.name()).collect()),
        Kind::Lang => {
            json!({ "type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$" })
        }
        Kind::Moment => json!({ "anyOf": [
            { "type": "number", "minimum": 0, "maximum": MAX_SECONDS },
            { "type": "string", "pattern": "^([1-9]?[0-9]([.][0-9]{1,3})?|100)%$" },
        ] }),
        Kind::Layout => names(vec!["over", "bar"]),
        Kind::BarSide => names(BarSide::ALL.iter().map(|side| side.name()).collect()),
        // Some parsers of JSON round what is next to 1.
        Kind::Start => json!({ "type": "number", "minimum": 0, "maximum": 0.999 }),
        Kind::Share => json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
        Kind::Angle => json!({ "type": "number", "minimum": -MAX_ANGLE, "maximum": MAX_ANGLE }),
        Kind::Padding => json!({ "type": "number", "minimum": 0, "maximum": told(MAX_PADDING) }),
        Kind::Captions => json!({ "anyOf": [
            { "type": "array", "items": of_kind(Kind::Text, written), "maxItems": VAlign::ALL.len() },
            { "type": "array", "items": of_kind(Kind::Caption, written), "maxItems": MAX_CAPTIONS },
        ] }),
        Kind::Caption => {
            let fields = OF_LONG_FORM.iter().chain(look());
            let fields: Vec<_> = fields.map(|&(name, kind)| (name.to_string(), kind)).collect();
            let required = |place| [(true, "text"), (true, place)];
            // In a band, or in a box.
            let of_band = fields.iter().filter(|field| !is_of_box(field.1)).cloned().collect::<Vec<_>>();
            json!({ "anyOf": [object(&of_band, &required("valign")), object(&fields, &required("left"))] })
        }
        Kind::Request | Kind::Notes => json!({ "type": "object" }),
        Kind::Source => json!({ "type": "string", "maxLength": MAX_SOURCE }),
        Kind::Texts => json!({ "type": "array", "items": of_kind(Kind::Text, written) }),
        Kind::Boxes => {
            json!({ "type": "array", "items": of_kind(Kind::Box, written), "maxItems": MAX_BOXES })
        }
        // Where it is only told, all of it is.
        Kind::Box => {
            let told_of = |kind| match kind {
                Kind::Start => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
                other => of_kind(other, written),
            };
            let properties: Map<_, _> =
                OF_BOX.iter().map(|&(name, kind)| (name.to_string(), told_of(kind))).collect();
            let names: Vec<_> = OF_BOX.iter().map(|field| field.0).collect();
            json!({
                "type": "object", "properties": properties, "required": names, "additionalProperties": false,
            })
        }
    }
}

/// Whether it describes a box.
fn is_of_box(kind: Kind) -> bool {
    matches!(kind, Kind::Start | Kind::Share | Kind::Angle | Kind::Padding)
}

/// Any CSS color will do, of which a schema can only show the notation in digits and a few names.
fn color(written: Written, more: &[&str]) -> Value {
    let mut names = vec!["white", "black", "red", "yellow", "lime", "blue"];
    names.extend(more);
    let digits = "^(#?([0-9a-fA-F]{3}[fF]?|[0-9a-fA-F]{6}([fF]{2})?)|(0x|0X|\\$)[0-9a-fA-F]{6})$";
    let mut ways = vec![json!({ "enum": names }), json!({ "type": "string", "pattern": digits })];
    if written == Written::Json {
        let channel = json!({ "type": "integer", "minimum": 0, "maximum": 255 });
        ways.push(json!({ "type": "array", "items": channel, "minItems": 3, "maxItems": 3 }));
        ways.extend(CHANNELS.iter().map(|names| {
            let channels: Map<_, _> = names.iter().map(|name| (name.to_string(), channel.clone())).collect();
            json!({
                "type": "object", "properties": channels, "required": names, "additionalProperties": false,
            })
        }));
    }
    json!({ "description": "an opaque CSS color", "anyOf": ways })
}
