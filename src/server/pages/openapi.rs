//! `GET /openapi.json`: the HTTP interface for generators of clients, in OpenAPI 3.1.
//!
//! What can be in a request comes from the tables that decode it (`image_macro::schema`), and which methods a path has from
//! the table that routes it, so neither is written twice.

use std::sync::OnceLock;

use hyper::server::Request;
use hyper::Method;
use serde_json::{Map, Value};

use image_macro::{schema, Format};
use server::http::reply::Reply;
use server::http::trace::REQUEST_ID;
use server::pages::operations::{operations, Operation};
use server::pages::web;

/// Which methods a path has.
type Methods = fn(&str) -> &'static [Method];

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
            path["head"] = of_head(written.clone());
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
            "headers": {
                "RequestId": {
                    "description": "names the request in the log: the one that it came with, or a new one",
                    "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9._:+/=@-]+$" },
                },
            },
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

fn template() -> Value {
    let count = json!({ "type": "integer", "minimum": 1 });
    let formats: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
    let mut template = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "format": { "enum": formats },
            "width": count,
            "height": count,
            "frames": count,
            "thumbnail": { "type": "string", "format": "uri-reference" },
        },
        "required": ["name", "format", "width", "height", "frames", "thumbnail"],
        "additionalProperties": false,
    });
    for (name, mut schema) in schema::of_notes() {
        if name == "source" {
            schema = json!({ "anyOf": [schema, { "type": "null" }] });
        }
        template["properties"][&*name] = schema;
        template["required"].as_array_mut().expect("it is one").push(json!(name));
    }
    template
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
    let Operation { id, summary, description, parameters, body, responses, .. } = operation;
    let schema = json!({ "$ref": "#/components/schemas/Error" });
    let mut all: Map<String, Value> = ERRORS
        .iter()
        .map(|&(status, meaning)| {
            let content = json!({ "application/json": { "schema": schema } });
            (status.to_string(), json!({ "description": meaning, "content": content }))
        })
        .collect();
    all.extend(responses.into_iter().map(|(status, response)| (status.to_string(), response)));
    for response in all.values_mut() {
        response["headers"][REQUEST_ID] = json!({ "$ref": "#/components/headers/RequestId" });
    }
    let mut operation =
        json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": all });
    if let Some(description) = description {
        operation["description"] = json!(description);
    }
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation
}

/// What a HEAD has: the same as a GET, without bodies, and a name of its own.
fn of_head(mut operation: Value) -> Value {
    let id = operation["operationId"].as_str().map(|id| id.replacen("get", "head", 1));
    operation["operationId"] = json!(id);
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        response.as_object_mut().map(|response| response.remove("content"));
    }
    operation
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hyper::Method;
    use serde_json::Value;

    use super::document;
    use server::routes::table::{self, TABLE};

    /// Path and method of each operation, with the operation.
    fn operations() -> BTreeMap<(String, String), Value> {
        let document = document(table::methods);
        let paths = document["paths"].as_object().unwrap();
        let of_path = |(path, operations): (&String, &Value)| {
            let operations = operations.as_object().unwrap().clone();
            let path = path.clone();
            operations.into_iter().map(move |(method, operation)| ((path.clone(), method), operation))
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// The rows are all that is routed, so what is described is there, and what is there is described.
    #[test]
    fn the_operations_are_those_of_the_table_of_routes() {
        let mut expected = Vec::new();
        for row in TABLE.iter().filter(|row| row.is_described) {
            for path in row.paths {
                let methods = row.allowed.iter().filter(|method| **method != Method::Options);
                expected.extend(methods.map(|method| (path.to_string(), method.as_ref().to_lowercase())));
            }
        }
        expected.sort();
        assert_eq!(operations().into_keys().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_response_names_its_request() {
        for (key, operation) in operations() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let header = &response["headers"]["X-Request-Id"]["$ref"];
                assert_eq!(header, "#/components/headers/RequestId", "{} of {:?}", status, key);
            }
        }
        assert!(document(table::methods)["components"]["headers"]["RequestId"]["schema"].is_object());
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_that_any_language_can_have() {
        let operations = operations();
        let mut names = BTreeMap::new();
        for (key, operation) in &operations {
            let name = operation["operationId"].as_str().unwrap();
            assert!(name.starts_with(&*key.1) && name.chars().all(|c| c.is_ascii_alphabetic()), "{}", name);
            assert_eq!(names.insert(name, key), None, "{}", name);
        }
        assert!(names.contains_key("headImageWithTopAndBottom") && names.contains_key("postCaption"));
    }

    /// A generator of clients needs each parameter in braces, and no other, among those of the path.
    #[test]
    fn the_parameters_of_a_path_are_those_in_its_braces() {
        for ((path, _), operation) in operations() {
            let in_braces: Vec<_> =
                path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            let mut in_path: Vec<_> = in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            let mut sorted = in_braces;
            sorted.sort();
            in_path.sort();
            assert_eq!(in_path, sorted, "{}", path);
        }
    }
}
