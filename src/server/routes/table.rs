//! The route table: a pure function from a request's method and path to its route.

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

/// The paths there are, for the sentence of a 404.
pub const PATHS: &str =
    "/, /caption, /caption.jpg, /caption.png, /caption.gif, /images/{template}/{top}/{bottom}.jpg, \
     /templates, /templates/{name}, /fonts, /stats, /metrics, /health and /openapi.json";

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
        let (first, second, third) = (segments.next(), segments.next(), segments.next());
        let (route, allowed) = match (first.as_deref(), second.as_deref(), third) {
            (Some("caption"), None, None) if *method == Method::Post => (Route::PostCaption, READ_OR_POST),
            (Some("caption"), None, None) => (Route::Caption { format: None }, READ_OR_POST),
            (Some("caption"), Some(file), None) => match format_of(file) {
                Some(format) => (Route::Caption { format: Some(format) }, READ),
                None => return Route::NotFound,
            },
            // Its segments are decoded by what knows what they mean.
            (Some("images"), Some(_), _) => (Route::Image, READ),
            (Some("templates"), None, None) => (Route::Templates, READ),
            (Some("templates"), Some(name), None) if !name.is_empty() => {
                (Route::Template { name: name.to_string() }, READ)
            }
            (Some("fonts"), None, None) => (Route::Fonts, READ),
            (Some("stats"), None, None) => (Route::Stats, READ),
            (Some("metrics"), None, None) => (Route::Metrics, READ),
            (Some("health"), None, None) => (Route::Health, READ),
            (Some(file), None, None) if file.starts_with("caption.") => match format_of(file) {
                Some(format) if file.split('.').count() == 2 => {
                    (Route::Caption { format: Some(format) }, READ)
                }
                _ => return Route::NotFound,
            },
            (Some("openapi.json"), None, None) => (Route::OpenApi, READ),
            (Some("favicon.ico"), None, None) => (Route::Favicon, READ),
            (Some(file), None, None) => match web::find(file) {
                Some(asset) => (Route::Web(asset), READ),
                None => return Route::NotFound,
            },
            _ => return Route::NotFound,
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

    use super::{web, Format, Route, READ, READ_OR_POST};

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
