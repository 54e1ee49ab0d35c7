//! The route table: from a method and a path to a [`Route`].

use percent_encoding::percent_decode_str;

use super::{MAX_TARGET, Reply};

/// What a request's head says, as far as anybody here reads it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// In upper case.
    pub method: &'a str,
    /// Path and query, as they were sent.
    pub target: &'a str,
    /// The `If-None-Match` field.
    pub if_none_match: Option<&'a str>,
    /// The `Content-Type` field; what is not text is `""`.
    pub content_type: Option<&'a str>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// The picture of a query string.
    Caption(String),
    /// The picture of the JSON in the body.
    PostedCaption,
    /// The picture in the body, with the captions of the query string.
    PostedPicture(String),
    /// The names of all templates.
    Templates,
    /// What kind of picture the template of that name is.
    Template(String),
    /// The names of all fonts.
    Fonts,
    /// The counts.
    Stats,
    /// Whether requests are welcome.
    Health,
}

/// What a client may call a picture of its own. Of which format it is, its first bytes say.
const PICTURES: &[&str] = &["image/jpeg", "image/png", "image/gif"];
const READ: &[&str] = &["GET", "HEAD", "OPTIONS"];
const READ_OR_POST: &[&str] = &["GET", "HEAD", "POST", "OPTIONS"];

/// Finds the route of a request.
///
/// # Errors
/// The reply if no handler is needed: 204 (OPTIONS), 400, 404, 405, 414 or 415.
pub fn route(asked: &Asked) -> Result<Route, Reply> {
    if asked.target.len() > MAX_TARGET {
        return Err(Reply::long_target());
    }
    let (path, query) = asked.target.split_once('?').unwrap_or((asked.target, ""));
    // Split before it is unescaped: an escaped slash is part of a name.
    let segments: Vec<_> =
        path.split('/').skip(1).map(|segment| percent_decode_str(segment).decode_utf8_lossy()).collect();
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let (allowed, route) = match segments[..] {
        ["caption"] => (READ_OR_POST, Route::Caption(query.to_string())),
        ["templates"] => (READ, Route::Templates),
        ["templates", name] if !name.is_empty() => (READ, Route::Template(name.to_string())),
        ["fonts"] => (READ, Route::Fonts),
        ["stats"] => (READ, Route::Stats),
        ["health"] => (READ, Route::Health),
        _ => return Err(not_found(path)),
    };
    match asked.method {
        "OPTIONS" => Err(Reply::options(&allowed.join(", "))),
        method if !allowed.contains(&method) => Err(Reply::method_not_allowed(method, &allowed.join(", "))),
        "POST" => posted(query, asked.content_type),
        _ => Ok(route),
    }
}

fn not_found(path: &str) -> Reply {
    let shown: String = path.chars().take(60).collect();
    let sentence = format!(
        "there is nothing at {shown:?}: the paths are /caption, /templates, /templates/{{name}}, /fonts, /stats \
         and /health"
    );
    Reply::error(404, &sentence)
}

fn posted(query: &str, content_type: Option<&str>) -> Result<Route, Reply> {
    // A missing type counts as JSON.
    let mime = content_type.map_or("application/json", |field| field.split(';').next().unwrap_or("").trim());
    if PICTURES.iter().any(|picture| mime.eq_ignore_ascii_case(picture)) {
        return Ok(Route::PostedPicture(query.to_string()));
    }
    if !query.is_empty() {
        let sentence =
            "POST takes its fields from the JSON body: leave the query string empty, or send a GET";
        return Err(Reply::error(400, sentence).closing());
    }
    if mime.eq_ignore_ascii_case("application/json") {
        return Ok(Route::PostedCaption);
    }
    let sentence = "the body must be JSON, with \"Content-Type: application/json\", or a picture: a JPEG, a PNG or a \
                    GIF, with \"image/jpeg\", \"image/png\" or \"image/gif\"";
    Err(Reply::error(415, sentence).closing())
}

#[cfg(test)]
mod tests {
    use super::{Asked, Route, route};

    fn asked(method: &str, target: &str) -> Result<Route, u16> {
        let asked = Asked { method, target, if_none_match: None, content_type: None };
        route(&asked).map_err(|reply| reply.status)
    }

    #[test]
    fn each_path_has_its_methods() {
        assert_eq!(asked("GET", "/caption?a=b?c"), Ok(Route::Caption("a=b?c".to_string())));
        assert_eq!(asked("HEAD", "/caption"), Ok(Route::Caption(String::new())));
        assert_eq!(asked("POST", "/caption"), Ok(Route::PostedCaption));
        assert_eq!(asked("POST", "/caption?a=b"), Err(400));
        assert_eq!(asked("POST", "/templates"), Err(405));
        assert_eq!(asked("OPTIONS", "/fonts"), Err(204));
        assert_eq!(asked("DELETE", "/nowhere"), Err(404));
    }

    #[test]
    fn a_post_is_json_or_a_picture_by_its_type() {
        let posted = |target, content_type| {
            let asked =
                Asked { method: "POST", target, if_none_match: None, content_type: Some(content_type) };
            route(&asked).map_err(|reply| (reply.status, reply.closes))
        };
        for mime in ["image/jpeg", "IMAGE/PNG", " image/gif ; a=b"] {
            assert_eq!(posted("/caption?a=b", mime), Ok(Route::PostedPicture("a=b".to_string())), "{mime}");
        }
        assert_eq!(posted("/caption", "image/jpeg"), Ok(Route::PostedPicture(String::new())));
        assert_eq!(posted("/caption", "Application/JSON; charset=utf-8"), Ok(Route::PostedCaption));
        assert_eq!(posted("/caption?a=b", "application/json"), Err((400, true)));
        assert_eq!(posted("/caption", "image/webp"), Err((415, true)));
        assert_eq!(posted("/fonts", "image/png"), Err((405, false)));
    }

    #[test]
    fn an_escaped_slash_is_part_of_a_name() {
        assert_eq!(asked("GET", "/templates/a%2Fb"), Ok(Route::Template("a/b".to_string())));
        assert_eq!(asked("GET", "/templates/a/b"), Err(404));
        assert_eq!(asked("GET", "/templates/"), Err(404));
    }
}
