//! The real programs give the same answers: pictures to the byte, refusals to the word.

mod util;

use std::collections::BTreeSet;

use util::{
    ASYNC_AWAIT, ASYNC_AWAIT_ONE, Contestant, FUTURES, GO, NODE, PROCESSES, Response, THREADS, there,
};

/// Bytes of a body, at most.
const MAX_BODY: &str = "1000";

const PICTURES: &[&str] = &[
    "template=cat&top_text=top&bottom_text=bottom",
    "template=coffee&bottom_text=a+JPEG",
    "template=coffee&middle_text=as+PNG&format=png",
    "template=deal-with-it&bottom_text=frames",
    "template=deal-with-it&bottom_text=small&width=120",
    "template=space&top_text=%D1%8F+%CE%B1+%D7%A9&width=300&font=DejaVuSans",
    "template=rocket&top_text=colors&color=%23ff0000&outline=none&size=shrink",
    "template=astronaut&height=100&format=gif",
];

const REFUSED: &[&str] = &[
    "/caption",
    "/caption?template=no-such&top_text=a",
    "/caption?template=cat&top_text=a&font=no-such",
    "/caption?template=cat&color=bluish",
    "/caption?template=cat&width=0",
    "/caption?template=cat&template=cat",
    "/caption?template=cat&hue=3",
    "/caption?template=%ff",
    "/templates/no-such",
];

/// A file of a template, which everybody may send as a picture of their own.
macro_rules! template {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/templates/", $name)).as_slice()
    };
}

/// Pictures of a client's own, with a type and a query string. A type that is another format's is no mistake.
const OWN: &[(&str, &str, &[u8])] = &[
    ("image/jpeg", "top_text=of+my&bottom_text=own", template!("coffee.jpg")),
    ("IMAGE/JPEG; a=b", "bottom_text=as+PNG&format=png&width=300", template!("rocket.jpg")),
    ("image/png", "middle_text=small&width=120", template!("cat.png")),
    ("image/gif", "bottom_text=frames", template!("deal-with-it.gif")),
    ("image/gif", "top_text=a+JPEG", template!("sign.jpg")),
    ("image/jpeg", "", template!("screen.jpg")),
    ("image/png", "utm_source=elsewhere", template!("astronaut.png")),
];

/// With the types of pictures, but none that can be used.
const NO_PICTURES: &[(u16, &str, &[u8])] = &[
    (415, "top_text=a", b"hello"),
    (415, "top_text=a", b"<svg/>"),
    (415, "", b"{}"),
    (415, "utm_source=elsewhere", b"a=b"),
    (400, "top_text=a", b"{}"),
    (400, "top_text=a", b"\xef\xbb\xbf [1]"),
    (400, "top_text=a", b"bottom_text=b&a=b"),
    (400, "top_text=a", b""),
    (400, "", b" \r\n"),
    (400, "top_text=a", b"\xff\xd8\xff\xe0"),
    (400, "top_text=a", b"\x89PNG\r\n\x1a\n"),
    (400, "", b"GIF89a"),
];

/// What is asked for on a picture is no less checked than what is asked for on a template.
const NO_EDITS: &[&str] =
    &["template=cat&top_text=a", "hue=3", "width=0", "color=bluish", "top_text=%ff", "top_text=a&top_text=b"];

fn all() -> Vec<Contestant> {
    start(&[FUTURES, THREADS, ASYNC_AWAIT, GO, NODE])
}

fn start(names: &[&'static str]) -> Vec<Contestant> {
    start_with(names, &[])
}

fn start_with(names: &[&'static str], knobs: &[&str]) -> Vec<Contestant> {
    let knobs = [&["--render-threads", "2", "--max-body", MAX_BODY], knobs].concat();
    there(names).into_iter().map(|name| Contestant::start(name, &knobs)).collect()
}

/// Header fields that only memed has: `src/lib.rs` says what they are of.
const OF_MEMED: &[&str] = &["accept-ranges", "content-disposition", "server-timing", "x-request-id"];

/// Node has its keep-alive timeout in each answer, and says what HTTP/1.1 means anyway.
const OF_NODE: (&str, &str) = ("keep-alive", "keep-alive");

/// What must be the same: the status, what some header fields say, which others there are, the body.
fn essence(response: &Response) -> (u16, [Option<&str>; 7], BTreeSet<&str>, &[u8]) {
    let told = [
        "content-type",
        "cache-control",
        "etag",
        "retry-after",
        "content-length",
        "connection",
        "access-control-allow-origin",
    ];
    let is_of_node =
        |name: &str| name == OF_NODE.0 || name == "connection" && response.header(name) == Some(OF_NODE.1);
    let value = |name| response.header(name).filter(|_| !is_of_node(name));
    let names = response.headers.keys().map(String::as_str);
    let names = names.filter(|name| !OF_MEMED.contains(name) && !is_of_node(name)).collect();
    (response.status, told.map(value), names, &response.body)
}

/// Asks all of them, and gives one of the answers, if all are the same.
#[track_caller]
fn same(contestants: &[Contestant], method: &str, target: &str, fields: &[&str], body: &[u8]) -> Response {
    let ask = |contestant: &Contestant| contestant.connect().request(method, target, fields, body);
    let expected = ask(&contestants[0]);
    for contestant in &contestants[1..] {
        let (is, must_be) = (ask(contestant), essence(&expected));
        let text = |body: &[u8]| String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let message = format!("{}, {method} {target}: {}", contestant.name, text(&is.body));
        assert!(essence(&is) == must_be, "{message}\n{:?}\n{:?}", is.headers, expected.headers);
    }
    expected
}

#[test]
fn pictures_are_the_same_to_the_byte_drawn_and_kept() {
    let contestants = all();
    for query in PICTURES {
        let target = format!("/caption?{query}");
        let drawn = same(&contestants, "GET", &target, &[], b"");
        assert_eq!(drawn.status, 200, "{query}");
        assert!(drawn.header("content-type").unwrap().starts_with("image/") && drawn.body.len() > 1000);
        assert_eq!(same(&contestants, "GET", &target, &[], b"").body, drawn.body);
        let head = same(&contestants, "HEAD", &target, &[], b"");
        assert_eq!((head.header("content-length"), head.body.len()), (drawn.header("content-length"), 0));
        let field = format!("If-None-Match: {}", drawn.header("etag").unwrap());
        assert_eq!(same(&contestants, "GET", &target, &[&field], b"").status, 304);
    }
}

/// They are the same programs otherwise.
#[test]
fn one_thread_and_several_processes_give_the_same_pictures() {
    let contestants = start(&[FUTURES, ASYNC_AWAIT_ONE, PROCESSES]);
    for query in &PICTURES[..2] {
        assert_eq!(same(&contestants, "GET", &format!("/caption?{query}"), &[], b"").status, 200);
    }
    same(&contestants, "GET", "/templates", &[], b"");
}

#[test]
fn json_is_as_good_as_a_query_string() {
    let contestants = all();
    let json = r##"{"template": "cat", "captions": [{"text": "été ☕", "valign": "top", "color": "#0f0"}]}"##
        .as_bytes();
    let fields = ["Content-Type: application/json; charset=utf-8"];
    assert_eq!(same(&contestants, "POST", "/caption", &fields, json).status, 200);
    assert_eq!(same(&contestants, "POST", "/caption", &[], json).status, 200);
    assert_eq!(same(&contestants, "POST", "/caption", &fields, b"{\"template\": ").status, 400);
    assert_eq!(same(&contestants, "POST", "/caption", &fields, b"").status, 400);
    assert_eq!(same(&contestants, "POST", "/caption?template=cat", &fields, json).status, 400);
    // memed's sentence names the forms that only it takes.
    for contestant in &contestants {
        let plain = contestant.connect().request("POST", "/caption", &["Content-Type: text/html"], json);
        assert_eq!(plain.status, 415, "{}", contestant.name);
    }
    let large = [b' '; 1200];
    assert_eq!(same(&contestants, "POST", "/caption", &fields, &large).status, 413);
}

/// Posts a body in chunks, which have their frames.
fn post_chunked(contestant: &Contestant, content_type: &str, chunks: &[u8]) -> Response {
    let mut client = contestant.connect();
    let content_type = format!("Content-Type: {content_type}");
    // The body is no part of what `send` frames.
    client.send("POST", "/caption", &[&content_type, "Transfer-Encoding: chunked"], b"");
    client.send_raw(chunks);
    client.response("POST")
}

#[test]
fn a_chunked_body_is_read_up_to_the_limit() {
    let contestants = all();
    let post = |contestant: &Contestant, chunks: &str| {
        post_chunked(contestant, "application/json", chunks.as_bytes())
    };
    let json = "12\r\n{\"template\": \"cat\"\r\n1\r\n}\r\n0\r\n\r\n";
    let expected = post(&contestants[0], json);
    assert_eq!(expected.status, 200);
    for contestant in &contestants[1..] {
        assert!(essence(&post(contestant, json)) == essence(&expected), "{}", contestant.name);
    }
    let large = format!("4b0\r\n{}\r\n0\r\n\r\n", " ".repeat(1200));
    for contestant in &contestants {
        assert_eq!(post(contestant, &large).status, 413, "{}", contestant.name);
    }
}

#[test]
fn own_pictures_are_the_same_to_the_byte_and_never_kept() {
    let contestants = all();
    for (content_type, query, own) in OWN {
        // Larger than JSON may be.
        assert!(own.len() > MAX_BODY.parse().unwrap());
        let (field, target) = (format!("Content-Type: {content_type}"), format!("/caption?{query}"));
        let drawn = same(&contestants, "POST", &target, &[&field], own);
        assert_eq!(drawn.status, 200, "{content_type}, {query}");
        assert!(drawn.header("content-type").unwrap().starts_with("image/") && drawn.body.len() > 1000);
        assert_eq!((drawn.header("etag"), drawn.header("cache-control")), (None, Some("no-store")));
        let fields = [field.as_str(), "If-None-Match: *"];
        assert_eq!(same(&contestants, "POST", &target, &fields, own).body, drawn.body);
    }
}

/// And the connection goes on, where the body has been read.
#[test]
fn what_is_no_picture_is_refused_with_the_same_words() {
    let contestants = all();
    for (status, query, body) in NO_PICTURES {
        let target = format!("/caption?{query}");
        let refused = same(&contestants, "POST", &target, &["Content-Type: image/png"], body);
        let text = String::from_utf8_lossy(&refused.body);
        assert_eq!(refused.status, *status, "{query}, {body:?}: {text}");
    }
    let cut = &template!("cat.png")[..10_000];
    assert_eq!(same(&contestants, "POST", "/caption", &["Content-Type: image/png"], cut).status, 400);
}

#[test]
fn what_cannot_be_asked_for_on_a_picture_is_refused_with_the_same_words() {
    let contestants = all();
    let field = "Content-Type: image/jpeg";
    for query in NO_EDITS {
        // memed knows it from the head, and closes the connection; the others read the body first.
        let told = contestants.iter().map(|contestant| {
            let mut client = contestant.connect();
            let target = format!("/caption?{query}");
            let answer = client.request("POST", &target, &[field], b"\xff\xd8\xff");
            (answer.status, String::from_utf8(answer.body).expect("it is JSON"))
        });
        let told: Vec<_> = told.collect();
        assert!(told[0].0 == 400 && told.iter().all(|other| *other == told[0]), "{query}: {told:?}");
    }
    let no_font = "/caption?top_text=a&font=no-such";
    assert_eq!(same(&contestants, "POST", no_font, &[field], template!("screen.jpg")).status, 404);
}

#[test]
fn an_own_picture_has_a_limit_of_its_own() {
    let contestants = start_with(&[FUTURES, THREADS, ASYNC_AWAIT, GO, NODE], &["--max-upload", "40000"]);
    let (small, field) = (template!("screen.jpg"), "Content-Type: image/jpeg");
    assert_eq!(same(&contestants, "POST", "/caption", &[field], small).status, 200);
    // Refused before it is sent.
    let announced = ["Content-Length: 40001", field];
    assert_eq!(same(&contestants, "POST", "/caption", &announced, b"").status, 413);

    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let chunks = small.chunks(9_000).map(chunk).collect::<Vec<_>>().concat();
    let whole = [&chunks[..], b"0\r\n\r\n"].concat();
    let expected = post_chunked(&contestants[0], "image/jpeg", &whole);
    assert_eq!(expected.status, 200);
    for contestant in &contestants {
        let drawn = post_chunked(contestant, "image/jpeg", &whole);
        assert!(essence(&drawn) == essence(&expected), "{}", contestant.name);
        let large = [&chunks[..], &chunk(&[0; 9_000]), b"0\r\n\r\n"].concat();
        assert_eq!(post_chunked(contestant, "image/jpeg", &large).status, 413, "{}", contestant.name);
    }
}

#[test]
fn refusals_are_the_same_to_the_word() {
    let contestants = all();
    for target in REFUSED {
        let response = same(&contestants, "GET", target, &[], b"");
        assert!((400..500).contains(&response.status), "{target}: {}", response.status);
        assert!(response.json()["error"].as_str().is_some_and(|sentence| !sentence.is_empty()));
    }
    let long = format!("/caption?template=cat&top_text={}", "a".repeat(33 << 10));
    assert_eq!(same(&contestants, "GET", &long, &[], b"").status, 414);
}

#[test]
fn methods_are_refused_and_told_alike() {
    let contestants = all();
    for (method, target, status) in [
        ("DELETE", "/caption?template=cat", 405),
        ("PUT", "/templates/cat", 405),
        ("POST", "/fonts", 405),
        ("OPTIONS", "/caption", 204),
    ] {
        for contestant in &contestants {
            let response = contestant.connect().request(method, target, &[], b"");
            assert_eq!(response.status, status, "{}, {method} {target}", contestant.name);
            let must_be = if target.starts_with("/caption") {
                "GET, HEAD, POST, OPTIONS"
            } else {
                "GET, HEAD, OPTIONS"
            };
            assert_eq!(response.header("allow"), Some(must_be), "{}", contestant.name);
            let for_pages = response.header("access-control-allow-methods");
            assert_eq!(for_pages, Some(must_be), "{}", contestant.name);
        }
        same(&contestants, method, target, &[], b"");
    }
}

#[test]
fn what_there_is_is_listed_alike_and_a_path_that_is_not_there_is_refused() {
    let contestants = all();
    for target in ["/templates", "/fonts", "/templates/deal-with-it", "/templates/c%61t", "/health"] {
        assert_eq!(same(&contestants, "GET", target, &[], b"").status, 200, "{target}");
    }
    for target in ["/captions", "/templates/a/b", "/x%2F%22"] {
        // memed has more paths to name.
        let told = contestants.iter().map(|contestant| {
            let answer = contestant.get(target);
            let sentence = answer.json()["error"].as_str().unwrap().to_string();
            (answer.status, sentence.split(": the paths are ").next().unwrap().to_string())
        });
        let told: Vec<_> = told.collect();
        assert!(told[0].0 == 404 && told[0].1.starts_with("there is nothing at"), "{told:?}");
        assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
    }
}
