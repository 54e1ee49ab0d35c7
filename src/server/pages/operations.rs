//! The operations of the OpenAPI document: what one can ask for on which path, with which parameters, and what is answered.

use hyper::Method;
use serde_json::{Map, Value};

use image_macro::schema::{self, About};
use image_macro::{Format, MAX_QUERY, MAX_TEXT};

/// What a method of a path is, but for the errors that all have.
pub struct Operation {
    /// As the table of routes has it.
    pub path: &'static str,
    /// Not HEAD: where there is a GET, there is that.
    pub method: Method,
    /// What generators of clients call it. That of a HEAD follows from that of its GET.
    pub id: &'static str,
    /// In a line.
    pub summary: &'static str,
    /// What cannot be said in another way.
    pub description: Option<&'static str>,
    /// Of the path and the query.
    pub parameters: Vec<Value>,
    /// A request's.
    pub body: Option<Value>,
    /// By their status.
    pub responses: Vec<(&'static str, Value)>,
}

/// A GET.
fn get_of(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: Vec<Value>,
    responses: Vec<(&'static str, Value)>,
) -> Operation {
    Operation { path, method: Method::Get, id, summary, description: None, parameters, body: None, responses }
}

/// All of them.
pub fn operations() -> Vec<Operation> {
    let (any, names) =
        (json!({ "type": "object" }), json!({ "type": "array", "items": { "type": "string" } }));
    let template = json!({ "$ref": "#/components/schemas/Template" });
    let templates = json!({ "type": "array", "items": { "anyOf": [{ "type": "string" }, template] } });
    let none = Vec::new;
    let mut operations = vec![
        get_of(
            "/caption",
            "getCaption",
            "A template with captions.",
            schema::of_query(About::Template),
            pictures(),
        ),
        Operation {
            path: "/caption",
            method: Method::Post,
            id: "postCaption",
            summary: "A template, or a picture that is sent, with captions.",
            description: Some(
                "The query parameters are for a body that is a picture (`image/…`). With any other body, the query \
                 must be empty: JSON and forms have the fields in them.",
            ),
            parameters: schema::of_query(About::Picture),
            body: Some(json!({ "required": true, "content": bodies() })),
            responses: pictures(),
        },
        get_of("/templates", "getTemplates", "The templates there are.", searching(), vec![ok(templates)]),
        get_of(
            "/templates/{name}",
            "getTemplate",
            "What a template is.",
            vec![in_path("name")],
            vec![ok(template)],
        ),
        get_of("/fonts", "getFonts", "The names of the fonts there are.", none(), vec![ok(names)]),
        get_of(
            "/stats",
            "getStats",
            "Caches, queue, drawings, refusals and latencies.",
            none(),
            vec![ok(any.clone())],
        ),
        get_of("/metrics", "getMetrics", "The same for Prometheus.", none(), vec![metrics()]),
        get_of("/health", "getHealth", "Whether the server takes requests.", none(), vec![ok(any.clone())]),
        get_of("/openapi.json", "getOpenApi", "This document.", none(), vec![ok(any)]),
    ];
    operations.extend(captions_in_a_format());
    operations.extend(links());
    operations
}

/// `/caption` with the extension of a format.
fn captions_in_a_format() -> Vec<Operation> {
    let is_other = |parameter: &Value| parameter["name"] != "format";
    let mut parameters = vec![extension()];
    parameters.extend(schema::of_query(About::Template).into_iter().filter(is_other));
    let mut name = in_path("name");
    name["description"] = json!("has no meaning: some programs want a file's name at the end of a URL");
    let with_name = Some(name).into_iter().chain(parameters.iter().cloned()).collect();
    let summary = "A template with captions, in that format.";
    vec![
        get_of("/caption.{extension}", "getCaptionInFormat", summary, parameters, pictures()),
        get_of("/caption/{name}.{extension}", "getNamedCaptionInFormat", summary, with_name, pictures()),
    ]
}

/// `/images/…`, for each number of texts.
fn links() -> Vec<Operation> {
    let links: [(_, _, &[&str]); 4] = [
        ("/images/{template}.{extension}", "getImage", &[]),
        ("/images/{template}/{top}.{extension}", "getImageWithTop", &["top"]),
        ("/images/{template}/{top}/{bottom}.{extension}", "getImageWithTopAndBottom", &["top", "bottom"]),
        (
            "/images/{template}/{top}/{middle}/{bottom}.{extension}",
            "getImageWithTopMiddleAndBottom",
            &["top", "middle", "bottom"],
        ),
    ];
    let moved = json!({
        "description": "the link in its normal form is in Location",
        "headers": { "Location": { "schema": { "type": "string" } } },
    });
    let link = |&(path, id, texts): &(&'static str, &'static str, &[&str])| {
        let mut parameters = vec![in_path("template")];
        parameters.extend(texts.iter().map(|text| in_path(text)));
        parameters.push(extension());
        parameters.extend(schema::of_link());
        let mut responses = pictures();
        responses.push(("301", moved.clone()));
        get_of(path, id, "A template with captions, by a link.", parameters, responses)
    };
    links.iter().map(link).collect()
}

/// The extension at the end of a path.
fn extension() -> Value {
    let extensions: Vec<_> = Format::ALL.iter().map(|format| format.extension()).collect();
    json!({ "name": "extension", "in": "path", "required": true, "schema": { "enum": extensions } })
}

/// A segment of the path.
fn in_path(name: &str) -> Value {
    let schema = match name {
        "template" | "name" => schema::of_name(),
        _ => json!({ "type": "string", "minLength": 1, "maxLength": MAX_TEXT }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema, "example": "cat" })
}

fn searching() -> Vec<Value> {
    vec![
        json!({
            "name": "details", "in": "query", "description": "whether objects are asked for, and not names",
            "schema": { "enum": ["", "true", "false", "1", "0"] },
        }),
        json!({
            "name": "q", "in": "query", "description": "words, all of which must be in the name or the keywords",
            "schema": { "type": "string", "maxLength": MAX_QUERY },
        }),
    ]
}

/// The kinds of body that a POST can have.
fn bodies() -> Value {
    let picture =
        json!({ "type": "string", "format": "picture", "contentMediaType": "application/octet-stream" });
    let with_picture = [("picture", picture.clone())];
    let mut of_form = schema::of_form(About::Picture, &with_picture);
    of_form["required"] = json!(["picture"]);
    let mut bodies = json!({
        "application/json": { "schema": schema::of_json(About::Template) },
        "application/x-www-form-urlencoded": { "schema": schema::of_form(About::Template, &[]) },
        "multipart/form-data": { "schema": of_form },
    });
    for format in &Format::ALL {
        bodies[format!("image/{}", format.name())] = json!({ "schema": picture });
    }
    bodies
}

fn ok(schema: Value) -> (&'static str, Value) {
    ("200", json!({ "description": "OK", "content": { "application/json": { "schema": schema } } }))
}

fn metrics() -> (&'static str, Value) {
    let content = json!({ "application/openmetrics-text": { "schema": { "type": "string" } } });
    ("200", json!({ "description": "OpenMetrics text", "content": content }))
}

fn pictures() -> Vec<(&'static str, Value)> {
    let of_format = |format: &Format| (format!("image/{}", format.name()), json!({}));
    let content: Map<String, Value> = Format::ALL.iter().map(of_format).collect();
    let header = |description| json!({ "description": description, "schema": { "type": "string" } });
    let headers = json!({
        "ETag": header("changes whenever the bytes do; not of a picture that was sent"),
        "Content-Disposition": header("the name to save it under"),
        "Memed-Warning": header("which captions are too small to read"),
    });
    let mut responses =
        vec![("200", json!({ "description": "the picture", "headers": headers, "content": content }))];
    responses.push(("206", json!({ "description": "the part that Range asks for", "content": content })));
    responses.push(("304", json!({ "description": "the client has the picture that If-None-Match names" })));
    responses
}
