//! The route table: a pure function from a request's method and path to its route.
//!
//! A route is found by a row of [`TABLE`], which has its paths in writing too. So there is no route that the 404 or the
//! OpenAPI document does not know of.

use std::borrow::Cow;

use hyper::Method;
use percent_encoding::percent_decode;

use image_macro::Format;
use server::pages::web::{self, Asset};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// `GET /caption?…`, and HEAD.
    Caption {
        /// That of `/caption.png?…` or `/caption/anything.png?…`.
        format: Option<Format>,
    },
    /// `GET /images/…`.
    Image,
    /// `POST /caption`.
    PostCaption,
    /// `GET /templates`.
    Templates,
    /// `GET /templates/{name}`.
    Template {
        /// Percent-decoded.
        name: String,
    },
    /// `GET /fonts`.
    Fonts,
    /// `GET /stats`.
    Stats,
    /// `GET /metrics`.
    Metrics,
    /// `GET /health`.
    Health,
    /// `GET /`, and the other files of the page.
    Web(&'static Asset),
    /// `GET /favicon.ico`.
    Favicon,
    /// `GET /openapi.json`.
    OpenApi,
    /// `OPTIONS` of a path.
    Options(&'static [Method]),
    /// `OPTIONS *`: of the server as a whole.
    ServerOptions(&'static [Method]),
    /// The path exists, and another method is needed.
    MethodNotAllowed(&'static [Method]),
    /// There is no such path.
    NotFound,
    /// There is no such method: not even for another path.
    NotImplemented,
}

/// A row of the table: paths that lead to routes of one kind, and their methods.
pub struct Row {
    /// As they are written for people and in the OpenAPI document: what is in braces is any text. The first stands for
    /// all.
    pub paths: &'static [&'static str],
    /// Whether they are for programs: all but the page.
    pub is_described: bool,
    /// Their methods.
    pub allowed: &'static [Method],
    /// The route, if the path is one of this row.
    route: fn(&Method, Segments) -> Option<Route>,
}

/// The first three segments of a path, decoded.
type Segments<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// The methods of RFC 9110 and RFC 5789; `QUERY` is one, too, and has no name in hyper 0.11. Any other is not one that is
/// not allowed, but one that is not known.
const KNOWN: &[Method] = &[
    Method::Get,
    Method::Head,
    Method::Post,
    Method::Put,
    Method::Delete,
    Method::Connect,
    Method::Options,
    Method::Trace,
    Method::Patch,
];
const READ: &[Method] = &[Method::Get, Method::Head, Method::Options];
const READ_OR_POST: &[Method] = &[Method::Get, Method::Head, Method::Post, Method::Options];

/// The table. At most one row has a given path.
pub static TABLE: &[Row] = &[
    Row {
        paths: &["/", "/favicon.ico"],
        is_described: false,
        allowed: READ,
        route: |_, path| match path {
            ("favicon.ico", None, None) => Some(Route::Favicon),
            (file, None, None) => web::find(file).map(Route::Web),
            _ => None,
        },
    },
    Row {
        paths: &["/caption"],
        is_described: true,
        allowed: READ_OR_POST,
        route: |method, path| match path {
            ("caption", None, None) if *method == Method::Post => Some(Route::PostCaption),
            ("caption", None, None) => Some(Route::Caption { format: None }),
            _ => None,
        },
    },
    read(&["/caption.{extension}", "/caption/{name}.{extension}"], |_, path| {
        let format = match path {
            (file, None, None) => Format::of_extension(file.strip_prefix("caption.")?)?,
            ("caption", Some(file), None) => format_of(file)?,
            _ => return None,
        };
        Some(Route::Caption { format: Some(format) })
    }),
    read(
        &[
            "/images/{template}/{top}/{bottom}.{extension}",
            "/images/{template}.{extension}",
            "/images/{template}/{top}.{extension}",
            "/images/{template}/{top}/{middle}/{bottom}.{extension}",
        ],
        // Its segments are decoded by what knows what they mean.
        |_, path| Some(Route::Image).filter(|_| path.0 == "images" && path.1.is_some()),
    ),
    read(&["/templates"], |_, path| alone(path, "templates", Route::Templates)),
    read(&["/templates/{name}"], |_, path| match path {
        ("templates", Some(name), None) if !name.is_empty() => {
            Some(Route::Template { name: name.to_string() })
        }
        _ => None,
    }),
    read(&["/fonts"], |_, path| alone(path, "fonts", Route::Fonts)),
    read(&["/stats"], |_, path| alone(path, "stats", Route::Stats)),
    read(&["/metrics"], |_, path| alone(path, "metrics", Route::Metrics)),
    read(&["/health"], |_, path| alone(path, "health", Route::Health)),
    read(&["/openapi.json"], |_, path| alone(path, "openapi.json", Route::OpenApi)),
];

const fn read(paths: &'static [&'static str], route: fn(&Method, Segments) -> Option<Route>) -> Row {
    Row { paths, is_described: true, allowed: READ, route }
}

/// The route, if the path is only this segment.
fn alone(path: Segments, segment: &str, route: Route) -> Option<Route> {
    Some(route).filter(|_| path == (segment, None, None))
}

/// The paths there are, for the sentence of a 404.
pub fn paths() -> String {
    let paths: Vec<_> = TABLE.iter().filter_map(|row| row.paths.first().cloned()).collect();
    match paths.split_last() {
        Some((last, others)) => format!("{} and {}", others.join(", "), last),
        None => String::new(),
    }
}

/// The methods of a path for programs, as it is written in the table.
pub fn methods(path: &str) -> &'static [Method] {
    let row = TABLE.iter().find(|row| row.is_described && row.paths.contains(&path));
    row.map_or(&[], |row| row.allowed)
}

impl Route {
    /// Finds the route. `path` is the path as it was sent, percent-encoded, without the query.
    pub fn find(method: &Method, path: &str) -> Route {
        if !KNOWN.contains(method) && method.as_ref() != "QUERY" {
            return Route::NotImplemented;
        }
        if path == "*" {
            return match *method {
                Method::Options => Route::ServerOptions(READ_OR_POST),
                _ => Route::NotFound,
            };
        }
        // Split before it is decoded: an encoded slash is part of a name.
        let mut segments = path.split('/').skip(1).map(decoded);
        let (first, second, third) = match segments.next() {
            Some(first) => (first, segments.next(), segments.next()),
            None => return Route::NotFound,
        };
        let path = (&*first, second.as_deref(), third.as_deref());
        let found = TABLE.iter().find_map(|row| Some(((row.route)(method, path)?, row.allowed)));
        let (route, allowed) = match found {
            Some(found) => found,
            None => return Route::NotFound,
        };
        match *method {
            Method::Options => Route::Options(allowed),
            _ if allowed.contains(method) => route,
            _ => Route::MethodNotAllowed(allowed),
        }
    }

    /// Whether pages of other origins may read the answer: any but those about the operator's numbers, errors included.
    /// `path` is the one that it was found by.
    pub fn is_public(&self, path: &str) -> bool {
        match *self {
            Route::Stats | Route::Metrics => false,
            // Of any path, so it says nothing of this one.
            Route::Options(_) | Route::MethodNotAllowed(_) | Route::NotImplemented => {
                Route::find(&Method::Get, path).is_public(path)
            }
            _ => true,
        }
    }

    /// Whether its handler reads the body of the request. After any other route, hyper closes the connection if there
    /// is a body, because it would have to read it to find the next request.
    pub fn reads_body(&self) -> bool {
        *self == Route::PostCaption
    }
}

/// The format of a picture's file, by the end of its name.
fn format_of(file: &str) -> Option<Format> {
    let (name, extension) = file.rsplit_once('.')?;
    Format::of_extension(extension).filter(|_| !name.is_empty())
}

/// A segment that is not UTF-8 becomes a name that nothing has.
fn decoded(segment: &str) -> Cow<'_, str> {
    percent_decode(segment.as_bytes()).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use hyper::Method;

    use super::{decoded, paths, web, Format, Route, READ, READ_OR_POST, TABLE};

    #[test]
    fn a_path_is_decoded_segment_by_segment() {
        let template = |name: &str| Route::Template { name: name.to_string() };
        for (path, route) in vec![
            ("/caption", Route::Caption { format: None }),
            ("/%63aption", Route::Caption { format: None }),
            ("/templates", Route::Templates),
            ("/templates/cat", template("cat")),
            ("/templates/a%2Fb", template("a/b")),
            ("/templates/%C3%A9", template("é")),
            ("/templates/%FF", template("\u{fffd}")),
            ("/templates/", Route::NotFound),
            ("/templates/a/b", Route::NotFound),
            ("/caption/", Route::NotFound),
            ("//caption", Route::NotFound),
            ("/caption/a/b/c/d", Route::NotFound),
            ("/images/cat.png", Route::Image),
            ("/images/cat/a/b/c/d/e.jpg", Route::Image),
            ("/images/", Route::Image),
            ("/images", Route::NotFound),
            ("/caption.png", Route::Caption { format: Some(Format::Png) }),
            ("/caption.JPEG", Route::Caption { format: Some(Format::Jpeg) }),
            ("/caption.a.jpg", Route::NotFound),
            ("/caption.webp", Route::NotFound),
            ("/caption.", Route::NotFound),
            ("/captions.png", Route::NotFound),
            ("/caption/%E2%98%83.a.gif", Route::Caption { format: Some(Format::Gif) }),
            ("/caption/a%2Fb.jpg", Route::Caption { format: Some(Format::Jpeg) }),
            ("/caption/.jpg", Route::NotFound),
            ("/caption/jpg", Route::NotFound),
            ("/caption/a.jpg%20", Route::NotFound),
            ("/caption/a/b.jpg", Route::NotFound),
            ("/", Route::Web(web::find("").unwrap())),
            ("/page.js", Route::Web(web::find("page.js").unwrap())),
            ("/web.rs", Route::NotFound),
            ("/web/page.js", Route::NotFound),
            ("/favicon.ico", Route::Favicon),
            ("*", Route::NotFound),
            ("", Route::NotFound),
        ] {
            assert_eq!(Route::find(&Method::Get, path), route, "{:?}", path);
        }
    }

    #[test]
    fn every_path_in_writing_is_found_by_its_row_and_no_other() {
        for (index, row) in TABLE.iter().enumerate() {
            assert!(!row.paths.is_empty());
            for path in row.paths {
                let sample = path.replace("{extension}", "png").replace(['{', '}'], "");
                let segments: Vec<_> = sample.split('/').skip(1).map(decoded).collect();
                let segment = |index: usize| segments.get(index).map(|segment| &**segment);
                let segments = (segment(0).unwrap(), segment(1), segment(2));
                for method in row.allowed {
                    let finds =
                        TABLE.iter().enumerate().filter(|(_, row)| (row.route)(method, segments).is_some());
                    assert_eq!(finds.map(|(index, _)| index).collect::<Vec<_>>(), [index], "{}", path);
                    let route = Route::find(method, &sample);
                    assert!(!matches!(route, Route::NotFound | Route::MethodNotAllowed(_)), "{}", path);
                }
            }
        }
    }

    #[test]
    fn the_sentence_of_a_404_names_each_kind_of_path_once() {
        assert_eq!(
            paths(),
            "/, /caption, /caption.{extension}, /images/{template}/{top}/{bottom}.{extension}, /templates, \
             /templates/{name}, /fonts, /stats, /metrics, /health and /openapi.json"
        );
    }

    #[test]
    fn methods() {
        let unknown = |method: &str| method.parse::<Method>().unwrap();
        for (method, path, route) in vec![
            (Method::Head, "/caption", Route::Caption { format: None }),
            (Method::Post, "/caption", Route::PostCaption),
            (Method::Post, "/%63aption", Route::PostCaption),
            (Method::Post, "/caption.png", Route::MethodNotAllowed(READ)),
            (Method::Put, "/caption", Route::MethodNotAllowed(READ_OR_POST)),
            (Method::Post, "/health", Route::MethodNotAllowed(READ)),
            (Method::Patch, "/health", Route::MethodNotAllowed(READ)),
            (unknown("BREW"), "/health", Route::NotImplemented),
            (unknown("get"), "/health", Route::NotImplemented),
            (unknown("BREW"), "/nothing", Route::NotImplemented),
            (Method::Post, "/nothing", Route::NotFound),
            (Method::Options, "/caption", Route::Options(READ_OR_POST)),
            (Method::Options, "/fonts", Route::Options(READ)),
            (Method::Options, "/nothing", Route::NotFound),
            (Method::Options, "*", Route::ServerOptions(READ_OR_POST)),
        ] {
            assert_eq!(Route::find(&method, path), route, "{} {:?}", method, path);
        }
    }

    #[test]
    fn the_numbers_are_the_operators() {
        let is_public =
            |method: &str, path: &str| Route::find(&method.parse().unwrap(), path).is_public(path);
        for method in &["GET", "HEAD", "POST", "OPTIONS", "BREW"] {
            assert!(
                is_public(method, "/caption")
                    && is_public(method, "/nothing")
                    && is_public(method, "/health")
            );
            assert!(!is_public(method, "/stats") && !is_public(method, "/%6detrics"), "{}", method);
        }
    }

    #[test]
    fn only_a_posted_caption_has_a_body_that_is_read() {
        assert!(Route::find(&Method::Post, "/%63aption").reads_body());
        assert!(!Route::find(&Method::Get, "/caption").reads_body());
        assert!(!Route::find(&Method::Post, "/health").reads_body());
    }
}
