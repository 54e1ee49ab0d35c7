//! Tests of a client's own picture: as the body of a POST, and in a form.

use std::thread;
use std::time::{Duration, Instant};

use image::RgbaImage;
use memed::config::Config;
use picture_util::{decoded, png, png_of, png_of_scanlines, shipped};
use util::{config, until, Client, Response, Serve};

/// Two thousand pictures and forms that are damaged on purpose.
mod hostile;

/// What curl calls a body of `--data-binary`.
const CURL: &str = "application/x-www-form-urlencoded";
const FORM: &str = "multipart/form-data; boundary=----b";
const MINE: &str = "/caption?top_text=mine";

/// A form as a browser sends it, with that picture. `fields` are names and values.
fn form(picture: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for &(name, value) in fields {
        let part =
            format!("------b\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", name, value);
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(
        b"------b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"IMG 1.jpg\"\r\n\
          Content-Type: image/jpeg\r\n\r\n",
    );
    body.extend_from_slice(picture);
    body.extend_from_slice(b"\r\n------b--\r\n");
    body
}

fn upload(serve: &Serve, body: &[u8]) -> Response {
    serve.connect().post(MINE, CURL, body)
}

fn assert_refused(response: &Response, status: u16, part: &str) {
    assert_eq!(response.status, status, "{}", String::from_utf8_lossy(&response.body));
    assert!(response.error().contains(part), "{:?} does not say {:?}", response.error(), part);
}

/// A number of `/stats`.
fn counted(serve: &Serve, pointer: &str) -> u64 {
    serve.get("/stats").json().pointer(pointer).and_then(|count| count.as_u64()).unwrap()
}

// ===== What is drawn =====

#[test]
fn a_picture_in_the_body_is_captioned_whatever_its_type_says() {
    let serve = Serve::start();
    for (file, format) in [("raccoon.jpg", "jpeg"), ("cat.png", "png"), ("deal-with-it.gif", "gif")] {
        let template = file.split('.').next().unwrap();
        let expected = serve.get(&format!("{}&template={}", MINE, template)).picture(format).to_vec();
        for content_type in [CURL, "image/jpeg", "image/png", "application/octet-stream", "text/plain"] {
            let mut client = serve.connect();
            let response = client.post(MINE, content_type, &shipped(file));
            assert!(response.picture(format) == &expected[..], "{} as {}", file, content_type);
            assert_eq!(response.headers["cache-control"], "no-store");
            assert!(!response.headers.contains_key("etag"));
            assert_eq!(client.get("/health").status, 200, "the connection goes on");
        }
    }
    let small =
        serve.connect().post("/caption?width=100&format=gif&top_text=mine", CURL, &shipped("cat.png"));
    assert_eq!(decoded(small.picture("gif")).width(), 100);
    // Without fields it is the picture as it is.
    let plain = serve.connect().post("/caption", "image/png", &shipped("cat.png"));
    assert!(decoded(plain.picture("png")) == decoded(&shipped("cat.png")));
}

#[test]
fn a_form_of_a_browser_is_captioned_and_its_empty_fields_are_not_given() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let expected = serve.get("/caption?template=raccoon&top_text=%C3%A9&color=red&width=300").body;
    let empty = [("template", ""), ("font", ""), ("bottom_text", " "), ("_", "1"), ("format", "")];
    let fields = [&empty[..], &[("top_text", "é"), ("color", "red"), ("width", "300")]].concat();
    let response = client.post("/caption", FORM, &form(&shipped("raccoon.jpg"), &fields));
    assert!(response.picture("jpeg") == &expected[..]);
    // Without a file it is about a template, and that picture is cached.
    let of_template =
        form(b"", &[("template", "raccoon"), ("top_text", "é"), ("color", "red"), ("width", "300")]);
    let response = client.post("/caption", FORM, &of_template);
    assert!(response.picture("jpeg") == &expected[..]);
    assert!(response.headers.contains_key("etag"));
}

#[test]
fn an_empty_outline_is_none_in_every_encoding() {
    let serve = Serve::start();
    let query = "template=raccoon&top_text=hi&outline=";
    let expected = serve.get("/caption?template=raccoon&top_text=hi&outline=none").body;
    assert!(serve.get("/caption?template=raccoon&top_text=hi").body != expected);
    assert!(serve.get(&format!("/caption?{}", query)).body == expected);
    assert!(serve.connect().post("/caption", CURL, query.as_bytes()).body == expected);
    let fields = [("top_text", "hi"), ("outline", "")];
    let own = form(&shipped("raccoon.jpg"), &fields);
    assert!(serve.connect().post("/caption", FORM, &own).body == expected);
    let of_template = form(b"", &[&fields[..], &[("template", "raccoon")]].concat());
    assert!(serve.connect().post("/caption", FORM, &of_template).body == expected);
}

#[test]
fn nothing_of_an_upload_is_cached() {
    let serve = Serve::start();
    for _ in 0..3 {
        upload(&serve, &shipped("cat.png")).picture("png");
        serve.connect().post("/caption", FORM, &form(&shipped("raccoon.jpg"), &[])).picture("jpeg");
    }
    for cache in ["templates", "results"] {
        assert_eq!(counted(&serve, &format!("/cache/{}/used", cache)), 0, "{}", cache);
    }
    assert_eq!(counted(&serve, "/drawn/count"), 6);
    assert_eq!(counted(&serve, "/buffers/used"), 0);
}

#[test]
fn the_picture_is_upright_and_its_metadata_is_not_passed_on() {
    const SECRET: &[u8] = b"48.8584N 2.2945E";
    let has = |file: &[u8], part: &[u8]| file.windows(part.len()).any(|window| window == part);
    let serve = Serve::start();
    // An entry for the orientation (to be turned by 90 degrees) and one for the place, big-endian.
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x88\x25\0\x02\0\0\0\x10\0\0\0\x26\0\0\0\0".to_vec();
    exif.extend_from_slice(SECRET);
    let segment = |marker: u8, content: &[u8]| {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    };
    let jpeg = shipped("raccoon.jpg");
    let jpeg = [&jpeg[..2], &segment(0xe1, &exif), &segment(0xfe, SECRET), &jpeg[2..]].concat();
    let gif = shipped("deal-with-it.gif");
    let comment = [&[0x21, 0xfe, SECRET.len() as u8], SECRET, &[0, 0x3b]].concat();
    let gif = [&gif[..gif.len() - 1], &comment].concat();
    let text = [b"Location\0", SECRET].concat();
    let rows = [0; 4 * 12];
    let png = png((4, 4), 8, 2, &[("tEXt", &text), ("eXIf", &exif[6..])], &rows[..]);
    for (file, format) in [(&jpeg, "jpeg"), (&png, "png"), (&gif, "gif")] {
        assert!(has(file, SECRET));
        let response = upload(&serve, file);
        let captioned = response.picture(format);
        for part in [SECRET, b"Exif", b"eXIf", b"tEXt"] {
            assert!(!has(captioned, part), "{} has {:?}", format, String::from_utf8_lossy(part));
        }
        if format == "jpeg" {
            let upright = decoded(captioned);
            assert_eq!((upright.width(), upright.height()), (768, 1024));
        }
    }
}

// ===== What is refused =====

#[test]
fn what_is_wrong_with_a_picture_is_said() {
    let serve = Serve::start();
    let jpeg = shipped("raccoon.jpg");
    let lying = png_of_scanlines((100_000, 100_000), &[8, 2, 0, 0, 0], &[], &[0; 100]);
    let not_a_picture = "the picture cannot be used, because it is neither a JPEG, a PNG nor a GIF";
    let damaged = "the picture cannot be used, because it is damaged";
    let claims =
        "the picture cannot be used, because it is too large: 100000x100000 is more than 40000000 pixels";
    let wide = png((70_000, 1), 1, 0, &[], &[0; 8750]);
    for &(body, status, part) in &[
        (&b"RIFF....WEBPVP8 "[..], 415, not_a_picture),
        (b"<svg/>", 415, not_a_picture),
        (&jpeg[1..], 415, not_a_picture),
        (&jpeg[..3], 400, damaged),
        (&jpeg[..jpeg.len() / 2], 400, damaged),
        (&shipped("cat.png")[..1000], 400, damaged),
        (&shipped("deal-with-it.gif")[..1000], 400, damaged),
        (&lying, 413, claims),
    ] {
        assert_refused(&upload(&serve, body), status, part);
        assert_refused(&serve.connect().post("/caption", FORM, &form(body, &[])), status, part);
    }
    let response = serve.connect().post("/caption?format=jpeg&top_text=mine", CURL, &wide);
    assert_refused(&response, 413, "70000x1 has a side of more than 65535 pixels");
    let response = serve.connect().post("/caption?font=None&top_text=mine", CURL, &jpeg);
    assert_refused(&response, 404, "there is no font \"None\"");
    upload(&serve, &jpeg).picture("jpeg");
}

#[test]
fn fields_that_contradict_a_picture_are_refused() {
    let serve = Serve::start();
    let cat = shipped("cat.png");
    let post =
        |target: &str, content_type: &str, body: &[u8]| serve.connect().post(target, content_type, body);
    let contradicts = "\"template\" contradicts the picture";
    assert_refused(&post("/caption?template=cat", CURL, &cat), 400, contradicts);
    assert_refused(&post("/caption", FORM, &form(&cat, &[("template", "cat")])), 400, contradicts);
    assert_refused(&post("/caption?tpo_text=a", CURL, &cat), 400, "\"tpo_text\" is not a field");
    assert_refused(&post("/caption?top_text=a", FORM, &form(&cat, &[])), 400, "leave the query string empty");
    assert_refused(&post("/caption", "multipart/form-data", &form(&cat, &[])), 400, "boundary");
    assert_refused(&post("/caption", FORM, &cat), 400, "the form is malformed: it has no boundary");
    let body = form(&cat, &[]);
    assert_refused(&post("/caption", FORM, &body[..body.len() - 8]), 400, "its last boundary is missing");
    let empty = "\"picture\" has no file in it, and the field \"template\" is missing";
    assert_refused(&post("/caption", FORM, &form(b"", &[("top_text", "a")])), 400, empty);
}

/// With fields in the query string the body is a picture. What it is instead, its first bytes tell.
#[test]
fn fields_in_the_query_string_and_a_body_that_is_no_picture_are_named() {
    let serve = Serve::start();
    let json = "there are fields in the query string and a body that is JSON: put all of them into the body";
    let of_form =
        "there are fields in the query string and a body that is a form: put all of them into the form";
    for content_type in [CURL, "text/plain", "application/octet-stream", "image/png", "text/html", "nonsense"]
    {
        for &(body, part) in &[
            (&b"{\"template\": \"cat\"}"[..], json),
            (b" \n[\"cat\"]", json),
            (b"\xef\xbb\xbf{}", json),
            (b"template=cat&bottom_text=hi", of_form),
            (b"captions%5B%5D=a", of_form),
            (b"", "the body is empty, and must be a picture"),
            (b"\r\n", "the body is empty, and must be a picture"),
        ] {
            assert_refused(&serve.connect().post(MINE, content_type, body), 400, part);
        }
    }
    let mut client = serve.connect();
    // Without a body, and without a type.
    assert_refused(&client.request("POST", MINE), 400, "the body is empty, and must be a picture");
    let with_template = client.request("POST", "/caption?template=cat&top_text=hi");
    assert_refused(&with_template, 400, "\"template\" contradicts the picture that a POST with fields");
    let json = serve.connect().post(MINE, "application/json", b"{}");
    assert_refused(&json, 400, "leave the query string empty");
    // What is announced as a picture is one, with fields or without; an urlencoded form may be empty.
    let not_a_picture = "it is neither a JPEG, a PNG nor a GIF";
    for body in [&b"{}"[..], b"a=b", b"hello"] {
        assert_refused(&client.post("/caption", "image/png", body), 415, not_a_picture);
    }
    assert_refused(
        &client.post("/caption", "image/png", b""),
        400,
        "the body is empty, and must be a picture",
    );
    assert_refused(&client.post("/caption", "application/octet-stream", b""), 400, "the body is empty");
}

/// Sixteen bits a channel take twice the memory.
#[test]
fn a_picture_of_sixteen_bits_has_half_as_many_pixels_at_most() {
    let serve = Serve::start();
    for (bits, height, part) in
        [(8, 4_001, "damaged"), (16, 4_000, "damaged"), (16, 4_001, "5000x4001 of 16 bits a channel")]
    {
        // Of no size is there enough data in it.
        let picture = png_of_scanlines((5_000, height), &[bits, 2, 0, 0, 0], &[], &[0; 1000]);
        let status = if part == "damaged" { 400 } else { 413 };
        assert_refused(&upload(&serve, &picture), status, part);
    }
}

#[test]
fn a_picture_is_too_large_by_its_length_or_by_its_bytes() {
    let cat = shipped("cat.png");
    let serve = Serve::with(Config { max_upload: cat.len(), max_body: 100, ..config() });
    upload(&serve, &cat).picture("png");
    let sentence = format!("the body is larger than {} bytes", cat.len());
    let mut client = serve.connect();
    let length = cat.len() + 1;
    // It waits to be asked, and is not.
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        MINE, length
    );
    client.send(head.as_bytes());
    assert_refused(&client.response(), 413, &sentence);
    assert!(client.is_closed());
    for (more, status) in [("", 200), ("1\r\nx\r\n", 413)] {
        let mut client = serve.connect();
        let head = format!("POST {} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n", MINE);
        client.send(head.as_bytes());
        for piece in cat.chunks(10_000) {
            client.send(format!("{:x}\r\n", piece.len()).as_bytes());
            client.send(piece);
            client.send(b"\r\n");
        }
        client.send(format!("{}0\r\n\r\n", more).as_bytes());
        let response = client.response();
        assert_eq!(response.status, status, "{}", String::from_utf8_lossy(&response.body));
    }
}

// ===== Slow, gone, and many at once =====

/// A POST that announces a picture of so many bytes, and sends fewer.
fn begun(client: &mut Client, announced: usize, sent: usize) {
    let head = format!("POST {} HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", MINE, announced);
    client.send(head.as_bytes());
    let mut body = shipped("cat.png");
    body.resize(sent, 0);
    let _ = client.try_send(&body);
}

#[test]
fn a_slow_upload_is_a_408_and_one_that_hangs_up_gives_its_bytes_back() {
    const SHORT: Duration = Duration::from_millis(300);
    let serve = Serve::with(Config { request_timeout: SHORT, ..config() });
    let mut slow = serve.connect();
    let start = Instant::now();
    begun(&mut slow, 5_000_000, 1_000_000);
    assert_refused(&slow.response(), 408, "the body took too long");
    assert!(start.elapsed() >= SHORT);
    let serve = Serve::start();
    let mut gone = serve.connect();
    begun(&mut gone, 5_000_000, 1_000_000);
    until(|| counted(&serve, "/buffers/used") > 900_000);
    // What is announced and not sent costs nothing.
    assert!(counted(&serve, "/buffers/used") < 1_100_000);
    drop(gone);
    until(|| counted(&serve, "/buffers/used") == 0);
}

#[test]
fn uploads_of_one_client_fill_the_budget_and_those_of_another_have_room() {
    let serve = Serve::with(Config { buffers: 4 << 20, result_cache: 0, ..config() });
    let begin = || {
        let mut client = Client::from(2, serve.address);
        begun(&mut client, 16 << 20, 1_000_000);
        client
    };
    let open: Vec<_> = (0..4).map(|_| begin()).collect();
    until(|| counted(&serve, "/buffers/used") > 3_900_000);
    let refused = begin().response();
    assert_refused(&refused, 503, "no room");
    assert_eq!(refused.headers["retry-after"], "1");
    Client::from(3, serve.address).post(MINE, CURL, &shipped("cat.png")).picture("png");
    drop(open);
    until(|| counted(&serve, "/buffers/used") == 0);
}

#[test]
fn a_client_that_hangs_up_or_waits_too_long_has_its_drawing_cancelled() {
    // It takes seconds to decode and compress.
    let large = png_of(&RgbaImage::new(6_000, 6_000));
    let serve = Serve::start();
    let mut client = serve.connect();
    let head = format!("POST {} HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n\r\n", MINE, large.len());
    client.send(head.as_bytes());
    client.send(&large);
    until(|| counted(&serve, "/rendering") == 1);
    drop(client);
    until(|| counted(&serve, "/hung_up") == 1 && counted(&serve, "/rendering") == 0);
    let serve = Serve::with(Config { request_timeout: Duration::from_millis(100), ..config() });
    assert_refused(&upload(&serve, &large), 504, "the picture was not done in time");
    until(|| counted(&serve, "/rendering") == 0);
}

#[test]
fn uploads_in_parallel_do_not_keep_others_waiting() {
    let serve = Serve::start();
    let raccoon = shipped("raccoon.jpg");
    let address = serve.address;
    let uploads: Vec<_> = (0..8)
        .map(|_| {
            let body = raccoon.clone();
            thread::spawn(move || {
                for _ in 0..5 {
                    Client::connect(address).post(MINE, CURL, &body).picture("jpeg");
                }
            })
        })
        .collect();
    let mut client = serve.connect();
    while uploads.iter().any(|upload| !upload.is_finished()) {
        let start = Instant::now();
        assert_eq!(client.get("/health").status, 200);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    uploads.into_iter().for_each(|upload| upload.join().unwrap());
}
