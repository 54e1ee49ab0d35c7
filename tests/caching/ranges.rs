//! Tests `Range` and `If-Range`: parts of a picture.

use super::{Counted, CAPTION};
use util::{config, Client, Response, Serve};

fn range(client: &mut Client, range: &str) -> Response {
    client.request_with("GET", CAPTION, &[&format!("Range: {}", range)])
}

#[test]
fn one_range_is_a_206_with_that_part() {
    let counted = Counted::with(config());
    let mut client = counted.serve.connect();
    let whole = client.get(CAPTION);
    let length = whole.body.len();
    for &(asked, first, last) in &[
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=100-", 100, length - 1),
        ("bytes=-100", length - 100, length - 1),
        ("bytes=0-", 0, length - 1),
        ("bytes=5-99999999999999999999", 5, length - 1),
        ("bytes=-99999999999999999999", 0, length - 1),
    ] {
        let part = range(&mut client, asked);
        assert_eq!(part.status, 206, "{}", asked);
        assert_eq!(part.headers["content-range"], format!("bytes {}-{}/{}", first, last, length));
        assert_eq!(part.body, &whole.body[first..last + 1], "{}", asked);
        for name in &["etag", "content-type", "cache-control", "accept-ranges"] {
            assert_eq!(part.headers[*name], whole.headers[*name], "{}", name);
        }
        assert_eq!(part.headers["server-timing"], "cache;desc=\"hit\"");
    }
    assert_eq!(counted.drawn(), 1);
}

#[test]
fn the_parts_make_the_picture_though_it_is_drawn_for_the_first_of_them() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let mut parts = Vec::new();
    for first in (0..).step_by(50_000) {
        let part = range(&mut client, &format!("bytes={}-{}", first, first + 49_999));
        if part.status == 416 {
            break;
        }
        parts.extend(part.body);
    }
    assert_eq!(client.get(CAPTION).picture("png"), &parts[..]);
}

#[test]
fn a_range_after_the_end_is_a_416_that_tells_the_length() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let length = client.get(CAPTION).body.len();
    for asked in &[format!("bytes={}-", length), "bytes=99999999999999999999-".into(), "bytes=-0".into()] {
        let response = range(&mut client, asked);
        assert_eq!(response.status, 416, "{}", asked);
        assert_eq!(response.headers["content-range"], format!("bytes */{}", length));
        assert!(response.error().contains(&format!("has {} bytes", length)), "{}", response.error());
        assert_eq!(response.headers["cache-control"], "no-store");
        assert!(!response.headers.contains_key("etag"));
    }
}

#[test]
fn several_ranges_other_units_and_nonsense_get_the_whole() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for asked in &["bytes=0-1,5-6", "bytes=0-1,x", "items=0-1", "bytes=2-1", "bytes=+0-+1", "bytes", "x"] {
        let response = range(&mut client, asked);
        response.picture("png");
        assert!(!response.headers.contains_key("content-range"), "{}", asked);
    }
    let twice = client.request_with("GET", CAPTION, &["Range: bytes=0-1", "Range: bytes=5-6"]);
    twice.picture("png");
}

#[test]
fn a_head_has_no_range() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let whole = client.get(CAPTION);
    let head = client.request_with("HEAD", CAPTION, &["Range: bytes=0-1"]);
    assert_eq!((head.status, &head.headers["content-length"]), (200, &whole.body.len().to_string()));
}

#[test]
fn if_range_gives_the_part_only_to_whoever_has_parts_of_this_very_picture() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let tag = client.get(CAPTION).headers["etag"].clone();
    let mut status = |if_range: &str| {
        let fields = ["Range: bytes=0-1", &*format!("If-Range: {}", if_range)];
        client.request_with("GET", CAPTION, &fields).status
    };
    assert_eq!(status(&tag), 206);
    for other in &[
        &*format!("W/{}", tag),
        "\"other\"",
        "Sat, 29 Oct 2033 19:43:31 GMT",
        "*",
        tag.trim_matches('"'),
        &format!("{0}, {0}", tag),
    ] {
        assert_eq!(status(other), 200, "{}", other);
    }
    // A range that cannot be satisfied is no error either, if the picture is another.
    let fields = ["Range: bytes=99999999-", "If-Range: \"other\""];
    client.request_with("GET", CAPTION, &fields).picture("png");
}
