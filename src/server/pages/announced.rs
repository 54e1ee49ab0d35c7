//! What the head of a POST says of its body: where the fields are, and what kinds of body it can be.
//!
//! `Content-Type` is taken with care, because many programs set it without knowing: curl calls a photo, a form and JSON
//! all `application/x-www-form-urlencoded`, others call none of them anything. So a type that says little leaves it to the
//! first bytes of the body; one that names something else (`text/html`) is refused before the body is read.

use hyper::header::ContentType;
use hyper::mime::{
    Mime, APPLICATION, CHARSET, IMAGE, JSON, OCTET_STREAM, PLAIN, TEXT, UTF_8, WWW_FORM_URLENCODED,
};
use hyper::server::Request;
use hyper::StatusCode;

use image_macro::{edit_from_query, is_ignored, Boundary};
use server::http::reply::Reply;
use server::pages::upload::Upload;

/// What a body can be, as its head says.
#[derive(Debug)]
pub enum Announced {
    /// JSON.
    Json,
    /// A picture, or a form that may have one in it.
    Upload(Upload),
    /// A picture, JSON, or a form: its first bytes will say.
    Any {
        /// Whether what is neither a picture nor JSON is a form.
        may_be_form: bool,
    },
}

impl Announced {
    /// What a POST announces.
    ///
    /// # Errors
    /// The answer, if its body is none that can be taken, or its fields are wrong.
    pub fn of(request: &Request) -> Result<Announced, Reply> {
        let headers = request.headers();
        if let Some(coding) = headers.get_raw("Content-Encoding") {
            if !coding.one().unwrap_or(b"").trim_ascii().eq_ignore_ascii_case(b"identity") {
                return Err(unsupported("the body must not be compressed: leave out Content-Encoding"));
            }
        }
        let query = request.query().unwrap_or("");
        let has_fields = !is_ignored(query);
        let boundary = headers.get_raw("Content-Type").and_then(|raw| raw.one()).and_then(Boundary::of);
        if let Some(boundary) = boundary {
            let boundary = boundary.map_err(Reply::from)?;
            return if has_fields {
                Err(bad_request("a form has its fields in its body: leave the query string empty"))
            } else {
                Ok(Announced::Upload(Upload::Form(boundary)))
            };
        }
        let kind = match headers.get::<ContentType>() {
            Some(mime) => Kind::of(mime),
            None if headers.has::<ContentType>() => Kind::Unknown,
            None => Kind::Any { may_be_form: true },
        };
        match kind {
            Kind::Json | Kind::Text if !has_utf_8(headers.get::<ContentType>()) => {
                Err(unsupported("the body must be JSON in UTF-8, as all JSON is"))
            }
            Kind::Json if has_fields => Err(bad_request(
                "POST takes its fields from the JSON body: leave the query string empty, or send a GET",
            )),
            Kind::Json => Ok(Announced::Json),
            Kind::Text if !has_fields => Ok(Announced::Json),
            Kind::Any { may_be_form } if !has_fields => {
                if may_be_form && !has_utf_8(headers.get::<ContentType>()) {
                    return Err(unsupported("the form must be in UTF-8"));
                }
                Ok(Announced::Any { may_be_form })
            }
            Kind::Unknown if !has_fields => Err(unsupported(ALLOWED)),
            // Whatever its type, there is nothing else that comes with fields in the query string. If it is something else,
            // its first bytes tell what is wrong.
            Kind::Picture | Kind::Text | Kind::Any { .. } | Kind::Unknown => {
                let edit = edit_from_query(query).map_err(Reply::from)?;
                Ok(Announced::Upload(Upload::Picture { edit, has_fields }))
            }
        }
    }
}

const ALLOWED: &str = "the body must be JSON, with \"Content-Type: application/json\", a form, with \
                       \"application/x-www-form-urlencoded\" or \"multipart/form-data\", or a picture: a JPEG, a PNG or \
                       a GIF, with \"image/jpeg\", \"image/png\" or \"image/gif\"";

/// What a type can mean.
enum Kind {
    Json,
    /// JSON, unless the fields are in the query string: then a picture is called so.
    Text,
    Picture,
    Any {
        may_be_form: bool,
    },
    Unknown,
}

impl Kind {
    fn of(mime: &Mime) -> Kind {
        match (mime.type_(), mime.subtype()) {
            (APPLICATION, JSON) | (TEXT, JSON) => Kind::Json,
            (APPLICATION, _) if mime.suffix() == Some(JSON) => Kind::Json,
            (TEXT, PLAIN) => Kind::Text,
            (APPLICATION, WWW_FORM_URLENCODED) => Kind::Any { may_be_form: true },
            (APPLICATION, OCTET_STREAM) => Kind::Any { may_be_form: false },
            (IMAGE, _) => Kind::Picture,
            _ => Kind::Unknown,
        }
    }
}

/// Whether nothing else than UTF-8 is announced, of which ASCII is a part.
fn has_utf_8(content_type: Option<&ContentType>) -> bool {
    let charset = content_type.and_then(|mime| mime.get_param(CHARSET));
    charset.is_none_or(|charset| charset == UTF_8 || charset == "us-ascii")
}

fn unsupported(sentence: &str) -> Reply {
    Reply::error(StatusCode::UnsupportedMediaType, sentence)
}

fn bad_request(sentence: &str) -> Reply {
    Reply::error(StatusCode::BadRequest, sentence)
}
