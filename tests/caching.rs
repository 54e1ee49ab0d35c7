//! Tests the result cache, shared drawings, entity tags and ranges: what is not drawn twice, and not sent twice.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use memed::captioner::{Cancel, Captioner, Settings};
use memed::config::Config;
use memed::image_macro::ImageMacro;
use util::{config, Client, Folder, Response, Serve};

mod in_flight;
mod ranges;

const CAPTION: &str = "/caption?template=cat&top_text=I%20can%20haz&bottom_text=futures";
const OTHER: &str = "/caption?template=cat&top_text=another";

const CAT: &[u8] = include_bytes!("../data/templates/cat.png");
const ASTRONAUT: &[u8] = include_bytes!("../data/templates/astronaut.png");

/// A server, and how often it has drawn.
struct Counted {
    serve: Serve,
    drawn: Arc<AtomicUsize>,
}

impl Counted {
    fn with(config: Config) -> Counted {
        let captioner = Captioner::new(config.captioner.clone());
        let drawn = Arc::new(AtomicUsize::new(0));
        let count = drawn.clone();
        let draw = move |image_macro: &ImageMacro, cancel: &Cancel| {
            count.fetch_add(1, Ordering::SeqCst);
            captioner.caption(image_macro, cancel)
        };
        Counted { serve: Serve::drawing(config, Arc::new(draw)), drawn }
    }

    fn drawn(&self) -> usize {
        self.drawn.load(Ordering::SeqCst)
    }
}

fn if_none_match(client: &mut Client, target: &str, tags: &str) -> Response {
    client.request_with("GET", target, &[&format!("If-None-Match: {}", tags)])
}

// ===== Headers =====

#[test]
fn a_picture_has_a_strong_tag_says_how_long_it_keeps_and_what_it_took() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let response = client.get(CAPTION);
    let tag = &response.headers["etag"];
    assert_eq!(tag.len(), 66);
    assert!(tag.starts_with('"') && tag[1..65].bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", tag);
    assert_eq!(response.headers["cache-control"], "public, max-age=300");
    assert_eq!(response.headers["accept-ranges"], "bytes");
    let timing: Vec<_> = response.headers["server-timing"].split(", ").collect();
    assert_eq!(timing.len(), 3);
    for (timing, name) in timing.iter().zip(&["queue;dur=", "draw;dur=", "encode;dur="]) {
        assert!(timing.starts_with(name), "{}", timing);
        let milliseconds: f64 = timing[name.len()..].parse().unwrap();
        assert!((0.0..20_000.0).contains(&milliseconds), "{}", timing);
    }
    let stats = client.get("/stats").json();
    assert_eq!(stats["drawn"]["count"], 1);
    assert!(stats["drawn"]["encode_seconds"].as_f64().unwrap() > 0.0);
    // A page of another origin may read them.
    let exposed = &response.headers["access-control-expose-headers"];
    for name in &["ETag", "Server-Timing", "Content-Range", "Accept-Ranges", "Retry-After"] {
        assert!(exposed.split(", ").any(|exposed| exposed == *name), "{} is not in {}", name, exposed);
    }
}

#[test]
fn what_is_not_a_picture_is_not_to_be_kept() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for target in &["/caption", "/caption?template=none", "/nothing", "/stats", "/health", "/templates"] {
        let response = client.get(target);
        assert_eq!(response.headers["cache-control"], "no-store", "{}", target);
        for name in &["etag", "accept-ranges", "server-timing"] {
            assert!(!response.headers.contains_key(*name), "{} has {}", target, name);
        }
    }
}

#[test]
fn a_head_has_the_headers_of_the_get_drawn_or_not() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let head = client.request("HEAD", CAPTION);
    assert!(head.headers["server-timing"].starts_with("queue;dur="));
    let got = client.get(CAPTION);
    let again = client.request("HEAD", CAPTION);
    assert_eq!(again.headers["server-timing"], got.headers["server-timing"]);
    for name in &["etag", "cache-control", "accept-ranges", "content-length", "content-type"] {
        assert_eq!(head.headers[*name], got.headers[*name], "{}", name);
        assert_eq!(again.headers[*name], got.headers[*name], "{}", name);
    }
    assert_eq!(head.body.len() + again.body.len(), 0);
    got.picture("png");
}

#[test]
fn the_tag_is_the_same_on_every_server_and_however_the_picture_is_asked_for() {
    let tag = Serve::start().get(CAPTION).headers["etag"].clone();
    let serve = Serve::start();
    assert_eq!(serve.get(CAPTION).headers["etag"], tag);
    let posted = serve.post(r#"{"captions": ["I can haz", "futures"], "template": "cat"}"#);
    assert_eq!(posted.headers["etag"], tag);
    assert_eq!(posted.headers["server-timing"], "cache;desc=\"hit\"");
    assert!(serve.get(OTHER).headers["etag"] != tag);
}

// ===== If-None-Match =====

#[test]
fn whoever_has_the_picture_gets_a_304_and_nothing_is_drawn() {
    let tag = Serve::start().get(CAPTION).headers["etag"].clone();
    let counted = Counted::with(config());
    let mut client = counted.serve.connect();
    for tags in &[
        tag.clone(),
        format!("W/{}", tag),
        format!("\"other\", {}", tag),
        format!("\"a,b\",W/\"c\" , W/{} ,\"d\"", tag),
        "*".to_string(),
    ] {
        let response = if_none_match(&mut client, CAPTION, tags);
        assert_eq!((response.status, response.body.len()), (304, 0), "{}", tags);
        assert_eq!(response.headers["etag"], tag);
        assert_eq!(response.headers["cache-control"], "public, max-age=300");
        assert!(!response.headers.contains_key("content-type"));
    }
    let fields = [&*format!("If-None-Match: {}", tag), "Range: bytes=0-1"];
    assert_eq!(client.request_with("GET", CAPTION, &fields).status, 304);
    assert_eq!(client.request_with("HEAD", CAPTION, &fields[..1]).status, 304);
    let two_lines = ["If-None-Match: \"other\"", fields[0]];
    assert_eq!(client.request_with("GET", CAPTION, &two_lines).status, 304);
    let stats = client.get("/stats").json();
    assert_eq!((counted.drawn(), &stats["not_modified"]), (0, &8.into()));
    assert_eq!(stats["cache"]["results"]["misses"], 0);
}

#[test]
fn whoever_has_another_picture_gets_this_one() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let tag = client.get(OTHER).headers["etag"].clone();
    for tags in &[&*tag, &tag.to_uppercase(), "\"\"", "\"*\"", "x", tag.trim_matches('"'), "w/*"] {
        if_none_match(&mut client, CAPTION, tags).picture("png");
    }
}

#[test]
fn what_does_not_exist_is_not_unmodified() {
    let serve = Serve::start();
    let mut client = serve.connect();
    assert_eq!(if_none_match(&mut client, "/caption?template=none", "*").status, 404);
    assert_eq!(if_none_match(&mut client, "/caption?template=cat&top_text=a&font=none", "*").status, 404);
    assert_eq!(if_none_match(&mut client, "/caption", "*").status, 400);
}

#[test]
fn a_post_has_no_conditions() {
    let serve = Serve::start();
    let body = r#"{"template": "cat"}"#;
    let head = format!(
        "POST /caption HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\nIf-None-Match: *\r\nRange: bytes=0-1\r\n\r\n",
        body.len()
    );
    let mut client = serve.connect();
    client.send((head + body).as_bytes());
    client.response().picture("png");
}

// ===== The result cache =====

#[test]
fn a_picture_is_drawn_once_and_then_comes_from_the_cache() {
    let counted = Counted::with(config());
    let mut client = counted.serve.connect();
    let first = client.get(CAPTION);
    let used = client.get("/stats").json()["cache"]["results"]["used"].as_u64().unwrap();
    assert!(used > first.body.len() as u64 && used < first.body.len() as u64 + 1000, "{}", used);
    for _ in 0..3 {
        let again = client.get(CAPTION);
        assert_eq!(again.picture("png"), first.picture("png"));
        assert_eq!(again.headers["etag"], first.headers["etag"]);
        assert_eq!(again.headers["server-timing"], "cache;desc=\"hit\"");
    }
    client.get(OTHER).picture("png");
    assert_eq!(counted.drawn(), 2);
    let results = &client.get("/stats").json()["cache"]["results"];
    assert_eq!((&results["hits"], &results["misses"]), (&3.into(), &2.into()));
    assert_eq!(results["capacity"], 64 << 20);
}

#[test]
fn the_cache_is_bounded() {
    let length = Serve::start().get(CAPTION).body.len();
    // Four of them fit, with the overhead of each entry; five do not.
    let counted = Counted::with(Config { result_cache: 4 * length + 10_000, ..config() });
    let mut client = counted.serve.connect();
    for number in 0..12 {
        client.get(&format!("/caption?template=cat&top_text={}", number)).picture("png");
        let results = &client.get("/stats").json()["cache"]["results"];
        assert!(results["used"].as_u64() <= results["capacity"].as_u64(), "{}", results);
    }
    // The first one is long gone.
    client.get("/caption?template=cat&top_text=0").picture("png");
    assert_eq!(counted.drawn(), 13);
}

#[test]
fn a_cache_of_0_keeps_nothing_and_a_304_needs_none() {
    let counted = Counted::with(Config { result_cache: 0, ..config() });
    let mut client = counted.serve.connect();
    let first = client.get(CAPTION);
    let second = client.get(CAPTION);
    assert_eq!((counted.drawn(), second.picture("png")), (2, first.picture("png")));
    assert_eq!(if_none_match(&mut client, CAPTION, &first.headers["etag"]).status, 304);
    assert_eq!(client.get("/stats").json()["cache"]["results"]["used"], 0);
}

// ===== Files =====

#[test]
fn a_template_that_changes_has_another_tag_at_the_next_request() {
    let folder = Folder::new();
    folder.put("own.png", CAT);
    let serve = Serve::with(folder.config());
    let mut client = serve.connect();
    let target = "/caption?template=own&top_text=hi";
    let cat = client.get(target);
    assert_eq!(if_none_match(&mut client, target, &cat.headers["etag"]).status, 304);
    folder.put("own.png", ASTRONAUT);
    let astronaut = if_none_match(&mut client, target, &cat.headers["etag"]);
    assert!(astronaut.picture("png") != cat.picture("png"));
    assert!(astronaut.headers["etag"] != cat.headers["etag"]);
    // What counts is the content: this one is known.
    folder.put("own.png", CAT);
    let again = client.get(target);
    assert_eq!(again.headers["etag"], cat.headers["etag"]);
    assert_eq!(again.headers["server-timing"], "cache;desc=\"hit\"");
    assert_eq!(again.picture("png"), cat.picture("png"));
    folder.remove("own.png");
    assert_eq!(if_none_match(&mut client, target, &cat.headers["etag"]).status, 404);
}

#[test]
fn a_font_that_comes_or_goes_changes_the_tag_for_it_may_lend_a_glyph() {
    let folder = Folder::new();
    let captioner = Settings { fonts: Some(folder.path().to_path_buf()), ..Settings::default() };
    let serve = Serve::with(Config { captioner, ..config() });
    let before = serve.get(CAPTION).headers["etag"].clone();
    folder.put("Mine.ttf", include_bytes!("../data/fonts/BebasNeue.ttf"));
    assert!(serve.get(CAPTION).headers["etag"] != before);
    folder.remove("Mine.ttf");
    assert_eq!(serve.get(CAPTION).headers["etag"], before);
}

#[test]
fn a_picture_whose_template_changed_while_it_was_drawn_has_no_tag_and_is_not_kept() {
    let folder = Folder::new();
    folder.put("own.png", CAT);
    let captioner = Captioner::new(folder.config().captioner);
    let path = folder.path().join("own.png");
    let changes = Mutex::new(vec![ASTRONAUT]);
    let draw = move |image_macro: &ImageMacro, cancel: &Cancel| {
        let drawing = captioner.caption(image_macro, cancel);
        if let Some(change) = changes.lock().unwrap().pop() {
            fs::write(&path, change).unwrap();
        }
        drawing
    };
    let serve = Serve::drawing(folder.config(), Arc::new(draw));
    let torn = serve.connect().request_with("GET", "/caption?template=own", &["Range: bytes=0-1"]);
    torn.picture("png");
    assert!(!torn.headers.contains_key("etag"));
    assert_eq!(torn.headers["cache-control"], "no-store");
    let next = serve.get("/caption?template=own");
    assert!(next.picture("png") != torn.picture("png"));
    assert!(next.headers["server-timing"].starts_with("queue;dur="));
    assert_eq!(serve.get("/caption?template=own").headers["etag"], next.headers["etag"]);
}
