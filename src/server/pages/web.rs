//! `/`: the page on which a person makes a meme, and the files that it consists of. They are compiled into the program,
//! and need nothing from elsewhere.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use hyper::server::Request;
use server::http::conditional::{Conditions, Precondition};
use server::http::reply::Reply;

/// What the page may do: run and load what is here, and nothing else. The pictures of a person's own are blobs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A file of the page.
#[derive(Debug, PartialEq)]
pub struct Asset {
    /// Its path, without the slash at its beginning.
    pub name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $file:literal, $content_type:literal;)*) => {
        /// All of them.
        static ASSETS: &[Asset] = &[$(Asset {
            name: $name,
            content_type: $content_type,
            content: include_bytes!(concat!("web/", $file)),
        }),*];
    };
}

assets! {
    "": "index.html", "text/html; charset=utf-8";
    "page.css": "page.css", "text/css; charset=utf-8";
    "page.js": "page.js", "text/javascript; charset=utf-8";
    "ask.js": "ask.js", "text/javascript; charset=utf-8";
    "boxes.js": "boxes.js", "text/javascript; charset=utf-8";
    "links.js": "links.js", "text/javascript; charset=utf-8";
    "look.js": "look.js", "text/javascript; charset=utf-8";
    "texts.js": "texts.js", "text/javascript; charset=utf-8";
    "tiles.js": "tiles.js", "text/javascript; charset=utf-8";
    "favicon.svg": "favicon.svg", "image/svg+xml";
}

/// The tag of each, in their order.
static TAGS: LazyLock<Vec<String>> =
    LazyLock::new(|| ASSETS.iter().map(|asset| tag_of(asset.content)).collect());

/// The entity tag of a file, as it is sent.
pub fn tag_of(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let digits: String = hash.iter().take(16).map(|byte| format!("{:02x}", byte)).collect();
    format!("\"{}\"", digits)
}

/// The file with that path, which has no slash at its beginning.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// `GET` and HEAD of a file: browsers ask each time whether it is still the same.
pub fn get(request: &Request, asset: &'static Asset) -> Reply {
    let index = ASSETS.iter().position(|one| one.name == asset.name);
    let tag = &TAGS[index.expect("it is one of them")];
    file(request, asset.content, asset.content_type, tag)
}

/// The answer with a file that is always the same, unless the client has the one of that tag.
pub fn file(request: &Request, content: &'static [u8], content_type: &'static str, tag: &str) -> Reply {
    match Conditions::of(request).check_tag(tag) {
        Precondition::Holds => Reply::asset(content, content_type, tag, POLICY),
        Precondition::Unmodified => Reply::asset_not_modified(tag),
        Precondition::Failed => Reply::precondition_failed(),
    }
}

/// `GET /favicon.ico`, which browsers ask for at pages that name no icon, such as a picture.
pub fn favicon() -> Reply {
    Reply::moved("/favicon.svg".to_string())
}
