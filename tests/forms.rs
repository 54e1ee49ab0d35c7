//! Tests what programs and browsers send that were not written for this server: forms, JSON under any type, fields that
//! are left empty, keys that others add to a URL.

use memed::config::Config;
use picture_util::shipped;
use util::{config, Client, Response, Serve};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const CAT: &str = "/caption?template=cat&top_text=hi";

/// A POST with these header fields, each a whole line, sent in pieces of so many bytes.
fn post(serve: &Serve, fields: &str, body: &[u8], piece: usize) -> Response {
    let mut client = serve.connect();
    let head = format!("POST /caption HTTP/1.1\r\nHost: t\r\n{}Transfer-Encoding: chunked\r\n\r\n", fields);
    client.send(head.as_bytes());
    for piece in body.chunks(piece) {
        // It may have been refused by now.
        let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        if client.try_send(&chunk).is_err() {
            break;
        }
    }
    let _ = client.try_send(b"0\r\n\r\n");
    client.response()
}

fn assert_refused(response: &Response, status: u16, part: &str) {
    assert_eq!(response.status, status, "{}", String::from_utf8_lossy(&response.body));
    assert!(response.error().contains(part), "{:?} does not say {:?}", response.error(), part);
}

// ===== Fields that are not given =====

/// The pictures of a query string and of JSON that ask for the same.
fn assert_same(client: &mut Client, expected: &[u8], query: &str, json: &str) {
    let response = client.get(&format!("/caption?{}", query));
    assert!(response.picture("png") == expected, "{}", query);
    let response = client.post("/caption", FORM, query.as_bytes());
    assert!(response.picture("png") == expected, "{} in a form", query);
    let json = json.replace('\'', "\"");
    assert!(client.post("/caption", JSON, json.as_bytes()).picture("png") == expected, "{}", json);
}

#[test]
fn an_empty_field_and_null_are_a_field_that_is_not_given() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let expected = client.get(CAT).picture("png").to_vec();
    for field in [
        "width",
        "height",
        "format",
        "captions",
        "align",
        "halign",
        "font",
        "color",
        "size",
        "top_align",
        "top_halign",
        "top_font",
        "top_color",
        "top_size",
        "middle_text",
        "bottom_text",
        "bottom_font",
    ] {
        for value in ["", "+", "%09"] {
            let query = format!("template=cat&{}={}&top_text=hi", field, value);
            let json = format!(
                "{{'template': 'cat', '{}': '{}', 'top_text': 'hi'}}",
                field,
                if value.is_empty() { "" } else { " " }
            );
            assert_same(&mut client, &expected, &query, &json);
        }
        let json = format!("{{'top_text': 'hi', '{}': null, 'template': 'cat'}}", field);
        assert_same(&mut client, &expected, &format!("top_text=hi&template=cat&{}", field), &json);
    }
    // Such a field contradicts no other.
    let query = "template=cat&captions[]=hi&captions[]=&top_text=&halign=&align=center&bottom_color=";
    let json =
        "{'template': 'cat', 'captions': ['hi', ''], 'top_text': null, 'align': 'center', 'halign': ''}";
    assert_same(&mut client, &expected, query, json);
    // In the long form, too.
    let query =
        "template=cat&captions[0][text]=hi&captions[0][valign]=top&captions[0][font]=&captions[0][size]=";
    let json = "{'template': 'cat', 'captions': [{'text': 'hi', 'valign': 'top', 'font': null, 'color': '', 'size': null, \
                'align': ''}]}";
    assert_same(&mut client, &expected, query, json);
}

#[test]
fn an_outline_that_is_null_empty_or_none_is_none() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let expected = client.get(&format!("{}&outline=none", CAT)).picture("png").to_vec();
    assert!(client.get(CAT).picture("png") != &expected[..]);
    for (query, json) in [("none", "'none'"), ("", "''"), ("null", "null"), ("NULL", "'Null'"), ("+", "' '")]
    {
        for field in ["outline", "top_outline"] {
            let query = format!("template=cat&top_text=hi&{}={}", field, query);
            let json = format!("{{'template': 'cat', 'top_text': 'hi', '{}': {}}}", field, json);
            assert_same(&mut client, &expected, &query, &json);
        }
    }
}

#[test]
fn what_rofld_took_is_taken() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let long = "top_text=one+line+that+is+wider+than+the+picture+unless+it+is+shrunk+a+lot";
    let shrunk = client.get(&format!("/caption?template=cat&{}&size=shrink", long)).picture("png").to_vec();
    let flex = client.get(&format!("/caption?template=cat&{}&size=FLEX", long));
    assert!(flex.picture("png") == &shrunk[..]);
    let red = client.get(&format!("{}&color=rgb(255,+1,+2)", CAT)).picture("png").to_vec();
    let query = "template=cat&top_text=hi&color[red]=255&color[green]=1&color[blue]=2";
    let json = "{'template': 'cat', 'top_text': 'hi', 'color': {'blue': 2, 'red': 255, 'green': 1}}";
    assert_same(&mut client, &red, query, json);
}

// ===== Keys that others add =====

#[test]
fn keys_that_others_add_to_a_url_are_ignored_and_no_others() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let expected = client.get(CAT).picture("png").to_vec();
    for added in
        ["_=1490000000000", "v=2", "utm_source=chat&utm_medium=%ff", "fbclid=x&gclid", "V=1&_=1&_=2", "UTM_x"]
    {
        let response = client.get(&format!("/caption?{}&template=cat&top_text=hi", added));
        assert!(response.picture("png") == &expected[..], "{}", added);
        let response = client.get(&format!("{}&{}", CAT, added));
        assert!(response.picture("png") == &expected[..], "{}", added);
        // With a picture in the body, they are no fields either.
        let target = format!("/caption?{}", added);
        client.post(&target, FORM, &shipped("cat.png")).picture("png");
    }
    for other in ["utm=1", "__=1", "vv=1", "fbclid2=1", "ref=chat", "_[]=1"] {
        assert_refused(&client.get(&format!("{}&{}", CAT, other)), 400, "is not a field");
    }
    // JSON is written by those who know what is in it.
    let response = client.post("/caption", JSON, b"{\"template\": \"cat\", \"_\": 1}");
    assert_refused(&response, 400, "\"_\" is not a field");
}

// ===== Bodies =====

#[test]
fn a_form_is_a_query_string() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let target = "/caption?template=cat&top_text=a%26b+%C3%A9%0D%0A%2B&captions";
    let expected = client.get(target).picture("png").to_vec();
    let body = b"template=cat&top_text=a%26b+%C3%A9%0D%0A%2B";
    for content_type in
        [FORM, "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"]
    {
        let response = client.post("/caption", content_type, body);
        assert!(response.picture("png") == &expected[..], "{}", content_type);
        assert!(response.headers.contains_key("etag"));
    }
    // Some name no type.
    for piece in [1, 3, 100] {
        assert!(post(&serve, "", body, piece).picture("png") == &expected[..]);
    }
    assert_refused(
        &client.post("/caption", FORM, b"template=cat&tpo_text=a"),
        400,
        "\"tpo_text\" is not a field",
    );
    assert_refused(&client.post("/caption", FORM, b"top_text=a"), 400, "\"template\" is missing");
    assert_refused(&client.post("/caption", FORM, b""), 400, "\"template\" is missing");
    assert_refused(
        &client.post("/caption", FORM, b"template=cat&top_text=%ff"),
        400,
        "\"%ff\" in the form is not UTF-8 once unescaped: a browser sends a form in the encoding of its page",
    );
    assert_refused(
        &client.post("/caption", FORM, b"template=cat&top_text=\xff"),
        400,
        "the form is not UTF-8: a browser",
    );
    // A form with a file in it, from a page whose author has forgotten the encoding.
    let forgotten = "\"picture\" is not a field here: a picture is a part of a form that is sent as \"multipart/form-data\"";
    for picture in ["picture=", "picture=IMG+1.jpg", "Picture=cat.png"] {
        let body = format!("template=cat&top_text=a&{}", picture);
        assert_refused(&client.post("/caption", FORM, body.as_bytes()), 400, forgotten);
        assert_refused(&client.get(&format!("/caption?{}", body)), 400, forgotten);
        assert_refused(
            &serve.connect().post(&format!("/caption?{}", picture), FORM, &shipped("cat.png")),
            400,
            forgotten,
        );
    }
    let latin = "application/x-www-form-urlencoded; charset=iso-8859-1";
    assert_refused(&serve.connect().post("/caption", latin, body), 415, "the form must be in UTF-8");
    assert_eq!(client.get("/health").status, 200);
}

#[test]
fn a_body_that_begins_as_json_is_json_whatever_common_type_it_has() {
    let serve = Serve::start();
    let expected = serve.get(CAT).picture("png").to_vec();
    let body = b" \r\n\t{\"template\": \"cat\", \"top_text\": \"hi\"}\n";
    let with_mark = [b"\xef\xbb\xbf", &body[..]].concat();
    for content_type in
        ["", JSON, "text/json", "text/plain", FORM, "application/octet-stream", "application/hal+json"]
    {
        let field = match content_type {
            "" => String::new(),
            other => format!("Content-Type: {}\r\n", other),
        };
        for piece in [1, 20, 1000] {
            assert!(post(&serve, &field, body, piece).picture("png") == &expected[..], "{}", content_type);
            let response = post(&serve, &field, &with_mark, piece);
            assert!(response.picture("png") == &expected[..], "{} with a byte order mark", content_type);
        }
    }
    assert_refused(&post(&serve, "", b"{\"template\": ", 5), 400, "the body is not the JSON that is needed");
    assert_refused(&post(&serve, "", b"[\"cat\"]", 5), 400, "the body must be a JSON object");
    assert_refused(&post(&serve, "Content-Type: text/plain\r\n", b"template=cat", 5), 400, "is not the JSON");
    let field = "Content-Type: application/octet-stream\r\n";
    assert_refused(&post(&serve, field, b"template=cat", 5), 415, "neither a JPEG, a PNG nor a GIF");
}

#[test]
fn a_picture_without_fields_needs_no_type() {
    let serve = Serve::start();
    for (file, format) in [("raccoon.jpg", "jpeg"), ("cat.png", "png"), ("deal-with-it.gif", "gif")] {
        for fields in
            ["", "Content-Type: application/x-www-form-urlencoded\r\n", "Content-Type: image/x-none\r\n"]
        {
            post(&serve, fields, &shipped(file), 5000).picture(format);
        }
    }
}

#[test]
fn the_first_bytes_decide_how_large_a_body_may_be() {
    let picture = shipped("cat.png");
    let serve = Serve::with(Config { max_body: 1000, max_upload: picture.len(), ..config() });
    let text = |start: &str, length: usize| format!("{:1$}", start, length).into_bytes();
    for fields in ["", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        for piece in [1, 100_000] {
            post(&serve, fields, &text("{\"template\": \"cat\"}", 1000), piece).picture("png");
            let large = post(&serve, fields, &text("{\"template\": \"cat\"}", 1001), piece);
            assert_refused(&large, 413, "the body is larger than 1000 bytes");
            assert_refused(
                &post(&serve, fields, &text("template=cat", 1001), piece),
                413,
                "larger than 1000 bytes",
            );
        }
        post(&serve, fields, &picture, 3000).picture("png");
        let larger = [&picture[..], b"x"].concat();
        let sentence = format!("the body is larger than {} bytes", picture.len());
        assert_refused(&post(&serve, fields, &larger, 3000), 413, &sentence);
    }
    // What is announced counts as soon as the kind is known: no more than its first bytes are sent.
    let mut client = serve.connect();
    client.send(b"POST /caption HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n{\"template\": \"cat\"");
    assert_refused(&client.response(), 413, "the body is larger than 1000 bytes");
    assert!(client.is_closed());
    // With a limit below what tells a picture from a text, too.
    let serve = Serve::with(Config { max_body: 3, ..config() });
    assert_refused(&post(&serve, "", b"a=bc", 1), 413, "the body is larger than 3 bytes");
    post(&serve, "", &picture, 1000).picture("png");
}
