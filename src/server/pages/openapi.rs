//! `GET /openapi.json`: the HTTP interface for generators of clients, in OpenAPI 3.1.
//!
//! What can be in a request comes from the tables that decode it (`image_macro::schema`), and which methods a path has from
//! the table that routes it, so neither is written twice.

use std::sync::OnceLock;

use hyper::server::Request;
use hyper::Method;
use serde_json::{Map, Value};

use image_macro::schema::{self, About};
use image_macro::{Format, MAX_QUERY, MAX_TEXT};
use server::http::reply::Reply;
use server::pages::web;

/// Which methods a path has, other than OPTIONS.
type Methods = fn(&str) -> Vec<Method>;

/// What a method of a path is, but for the errors that all have.
struct Operation {
    path: &'static str,
    method: Method,
    summary: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Vec<(&'static str, Value)>,
}

/// The document and its tag: made when it is first asked for, and kept, because that takes the reactor milliseconds.
static DOCUMENT: OnceLock<(Vec<u8>, String)> = OnceLock::new();

/// `GET /openapi.json`.
pub fn get(request: &Request, methods: Methods) -> Reply {
    let (content, tag) = DOCUMENT.get_or_init(|| {
        let content = document(methods).to_string().into_bytes();
        let tag = web::tag_of(&content);
        (content, tag)
    });
    web::file(request, content, "application/json", tag)
}

/// The whole document.
pub fn document(methods: Methods) -> Value {
    let mut paths = Map::new();
    for operation in operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        let is_head_too = operation.method == Method::Get && methods(operation.path).contains(&Method::Head);
        let method = operation.method.as_ref().to_lowercase();
        let written = written(operation);
        if is_head_too {
            path["head"] = without_content(written.clone());
        }
        path[method] = written;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "memed",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Puts text on pictures.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "properties": { "error": { "type": "string", "description": "what is wrong, and what is allowed" } },
                    "required": ["error"],
                },
                "Template": template(),
            },
        },
    })
}

fn operations() -> Vec<Operation> {
    let get = |path, summary, parameters, responses| Operation {
        path,
        method: Method::Get,
        summary,
        parameters,
        body: None,
        responses,
    };
    let mut operations = vec![
        get("/caption", "A template with captions.", schema::of_query(About::Template), pictures()),
        Operation {
            path: "/caption",
            method: Method::Post,
            summary: "A template, or a picture that is sent, with captions.",
            parameters: Vec::new(),
            body: Some(json!({ "required": true, "content": bodies() })),
            responses: pictures(),
        },
        get(
            "/templates/{name}",
            "What a template is.",
            vec![in_path("name")],
            vec![ok(json!({ "$ref": "#/components/schemas/Template" }))],
        ),
        get(
            "/templates",
            "The templates there are.",
            searching(),
            vec![ok(json!({ "type": "array", "items": {
            "anyOf": [{ "type": "string" }, { "$ref": "#/components/schemas/Template" }],
        } }))],
        ),
        get(
            "/fonts",
            "The names of the fonts there are.",
            Vec::new(),
            vec![ok(json!({ "type": "array", "items": { "type": "string" } }))],
        ),
        get(
            "/stats",
            "Caches, queue, drawings, refusals and latencies.",
            Vec::new(),
            vec![ok(json!({ "type": "object" }))],
        ),
        get(
            "/metrics",
            "The same for Prometheus.",
            Vec::new(),
            vec![(
                "200",
                json!({
                    "description": "OpenMetrics text",
                    "content": { "application/openmetrics-text": { "schema": { "type": "string" } } },
                }),
            )],
        ),
        get(
            "/health",
            "Whether the server takes requests.",
            Vec::new(),
            vec![ok(json!({ "type": "object" }))],
        ),
        get("/openapi.json", "This document.", Vec::new(), vec![ok(json!({ "type": "object" }))]),
    ];
    for path in ["/caption.jpg", "/caption.png", "/caption.gif"] {
        let is_other = |parameter: &Value| parameter["name"] != "format";
        let parameters = schema::of_query(About::Template).into_iter().filter(is_other).collect();
        operations.push(get(path, "A template with captions, in that format.", parameters, pictures()));
    }
    for (path, texts) in [
        ("/images/{template}.{extension}", 0),
        ("/images/{template}/{top}.{extension}", 1),
        ("/images/{template}/{top}/{bottom}.{extension}", 2),
        ("/images/{template}/{top}/{middle}/{bottom}.{extension}", 3),
    ] {
        let names: &[&str] = [&[][..], &["top"], &["top", "bottom"], &["top", "middle", "bottom"]][texts];
        let mut parameters = vec![in_path("template")];
        parameters.extend(names.iter().map(|name| in_path(name)));
        parameters.push(json!({
            "name": "extension", "in": "path", "required": true, "schema": { "enum": extensions() },
        }));
        parameters.extend(schema::of_link());
        let mut responses = pictures();
        responses.push((
            "301",
            json!({
                "description": "the link in its normal form is in Location",
                "headers": { "Location": { "schema": { "type": "string" } } },
            }),
        ));
        operations.push(get(path, "A template with captions, by a link.", parameters, responses));
    }
    operations
}

fn extensions() -> Vec<&'static str> {
    Format::ALL.iter().map(|format| format.extension()).collect()
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

fn template() -> Value {
    let count = json!({ "type": "integer", "minimum": 1 });
    let formats: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "format": { "enum": formats },
            "width": count,
            "height": count,
            "frames": count,
            "thumbnail": { "type": "string", "format": "uri-reference" },
            "keywords": { "type": "array", "items": { "type": "string" } },
        },
        "required": ["name", "format", "width", "height", "frames", "thumbnail", "keywords"],
        "additionalProperties": false,
    })
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

/// The errors that any request can get, and what they mean.
const ERRORS: &[(&str, &str)] = &[
    ("400", "the request is malformed"),
    ("404", "there is no such template, font or path"),
    ("405", "the method is not allowed on this path"),
    ("408", "the request came too slowly"),
    ("412", "If-Match names another picture"),
    ("413", "the body or the picture in it is too large"),
    ("414", "the URL is too long"),
    ("415", "the body is of no kind that is taken"),
    ("416", "Range begins after the end of the picture"),
    ("431", "the head of the request is too large"),
    ("500", "a file of the server's is damaged, or memed has a bug"),
    ("501", "the method or the transfer coding is not known"),
    ("503", "the queue is full, or the server is stopping: try again after Retry-After seconds"),
    ("504", "the picture was not done in time"),
];

fn written(operation: Operation) -> Value {
    let Operation { summary, parameters, body, responses, .. } = operation;
    let schema = json!({ "$ref": "#/components/schemas/Error" });
    let mut all: Map<String, Value> = ERRORS
        .iter()
        .map(|&(status, meaning)| {
            let content = json!({ "application/json": { "schema": schema } });
            (status.to_string(), json!({ "description": meaning, "content": content }))
        })
        .collect();
    all.extend(responses.into_iter().map(|(status, response)| (status.to_string(), response)));
    let mut operation = json!({ "summary": summary, "parameters": parameters, "responses": all });
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation
}

/// What a HEAD has: the same, without bodies.
fn without_content(mut operation: Value) -> Value {
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        response.as_object_mut().map(|response| response.remove("content"));
    }
    operation
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::document;
    use server::routes::table::Route;

    /// What is described is there, and what is there is described, but for the page.
    #[test]
    fn every_path_is_routed_and_every_route_has_a_path() {
        let document = document(|_| vec![Method::Get, Method::Head]);
        let paths = document["paths"].as_object().unwrap();
        for (path, operations) in paths {
            let path = path.replace("{extension}", "png").replace(['{', '}'], "");
            for method in operations.as_object().unwrap().keys() {
                let route = Route::find(&method.to_uppercase().parse().unwrap(), &path);
                let is_there = !matches!(route, Route::NotFound | Route::MethodNotAllowed(_));
                assert!(is_there, "{} {}: {:?}", method, path, route);
            }
        }
        for path in ["/caption", "/caption.gif", "/templates", "/fonts", "/stats", "/metrics", "/health"] {
            assert!(paths.contains_key(path), "{}", path);
        }
    }
}
