//! Tests how requests are framed: where heads and bodies end, and what is refused. The server and a proxy in front of
//! it must never disagree on that.

use util::{Client, Serve};

/// Where one request ends and the next begins, and where a connection ends.
mod connections;

const GET: &str = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
/// A POST but for how its body is framed.
const POST: &str = "POST /caption HTTP/1.1\r\nHost: test\r\n";
const CHUNKED: &str = "POST /caption HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
const BODY: &str = "{\"template\":\"cat\",\"top_text\":\"ok\"}";
/// `BODY`, in two chunks.
const CHUNKS: &str = "A\r\n{\"template\r\n18\r\n\":\"cat\",\"top_text\":\"ok\"}\r\n0\r\n\r\n";

/// The example of a good request with a length.
fn post() -> String {
    format!("{}Content-Length: {}\r\n\r\n{}", POST, BODY.len(), BODY)
}

/// Fails unless the next response is an error of that status with that part in its sentence, says that the
/// connection ends, and is the last.
fn assert_last(client: &mut Client, status: u16, part: &str, sent: &str) {
    let sent: String = sent.chars().take(200).collect();
    let response = client.response();
    assert_eq!(response.status, status, "{:?}: {}", sent, String::from_utf8_lossy(&response.body));
    assert!(response.error().contains(part), "{:?}: {:?} does not say {:?}", sent, response.error(), part);
    assert_eq!(response.headers.get("connection").map(String::as_str), Some("close"), "{:?}", sent);
    assert!(client.is_closed(), "{:?}", sent);
}

/// Each row is what is sent, the status and a part of the sentence. A good request follows it and must not be
/// answered, because its bytes may have been meant as a part of the bad one.
fn refused(rows: &[(&str, u16, &str)]) {
    let serve = Serve::start();
    for &(sent, status, part) in rows {
        let mut client = serve.connect();
        // The server may stop reading before the end of a very long request.
        let _ = client.try_send(format!("{}{}", sent, GET).as_bytes());
        assert_last(&mut client, status, part, sent);
        assert_eq!(serve.get("/health").status, 200);
    }
    serve.get("/caption?template=cat&top_text=ok").picture("png");
}

/// Sends the pieces, each once the server has read the one before: it has one thread, so by the time that it
/// has answered others twice it has.
fn send_apart<'a, P: IntoIterator<Item = &'a [u8]>>(serve: &Serve, client: &mut Client, pieces: P) {
    let mut other = serve.connect();
    client.socket.set_nodelay(true).unwrap();
    for piece in pieces {
        client.send(piece);
        assert_eq!((other.get("/health").status, other.get("/health").status), (200, 200));
    }
}

// ===== Lengths =====

#[test]
fn a_content_length_is_digits_and_there_is_one() {
    let digits = "Content-Length must be digits and nothing else";
    let head = |value: &str| format!("{}Content-Length: {}\r\n\r\nhello", POST, value);
    refused(&[
        (&head("+5"), 400, digits),
        (&head("-5"), 400, digits),
        (&head("5, 5"), 400, digits),
        (&head("5,6"), 400, digits),
        (&head("5 5"), 400, digits),
        (&head("0x5"), 400, digits),
        (&head("5.0"), 400, digits),
        (&head("five"), 400, digits),
        (&head(""), 400, digits),
        (&head("٥"), 400, digits),
        (&head("5\r\nContent-Length: 5"), 400, "one Content-Length field, not several"),
        (&head("5\r\ncontent-length: 6"), 400, "one Content-Length field, not several"),
        (&head("5\r\nTransfer-Encoding: chunked"), 400, "contradict each other"),
        (&head("0\r\nTransfer-Encoding: identity"), 400, "contradict each other"),
        (&head("99999999999999999999"), 413, "larger than any body can be"),
        (&head(&"9".repeat(1000)), 413, "larger than any body can be"),
        (&head("18446744073709551615"), 413, "the body is larger than 16777216 bytes"),
        (&head("131073\r\nContent-Type: application/json"), 413, "the body is larger than 131072 bytes"),
    ]);
    let serve = Serve::start();
    let mut client = serve.connect();
    for length in &[format!("  {} ", BODY.len()), format!("\t00{}", BODY.len())] {
        client.send(format!("{}Content-Length:{}\r\n\r\n{}", POST, length, BODY).as_bytes());
        client.response().picture("png");
    }
}

#[test]
fn the_only_transfer_encoding_is_chunked_once() {
    let only = "the only Transfer-Encoding supported is \"chunked\", once";
    let head = |value: &str| format!("{}Transfer-Encoding: {}\r\n\r\n{}", POST, value, CHUNKS);
    refused(&[
        (&head("gzip"), 400, only),
        (&head("identity"), 400, only),
        (&head("gzip, chunked"), 501, only),
        (&head("gzip\r\nTransfer-Encoding: chunked"), 501, only),
        (&head("chunked, chunked"), 400, only),
        (&head("chunked\r\nTransfer-Encoding: chunked"), 400, only),
        (&head("chunked;q=1"), 400, only),
        (&head("xchunked"), 400, only),
        (&head(""), 400, only),
        (&head("chunked").replace("1.1", "1.0"), 400, "HTTP/1.0 has no Transfer-Encoding"),
        (&head("chunked").replace("Encoding:", "Encoding :"), 400, "the name of a header field"),
    ]);
    let serve = Serve::start();
    let mut client = serve.connect();
    client.send(head("\t chunked ").as_bytes());
    client.response().picture("png");
}

#[test]
fn the_case_of_a_transfer_encoding_does_not_matter() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for value in &["Chunked", "CHUNKED"] {
        client.send(CHUNKED.replace("chunked", value).as_bytes());
        client.send(CHUNKS.as_bytes());
        client.response().picture("png");
    }
}

// ===== Chunks =====

#[test]
fn a_chunk_size_of_17_digits_is_refused_and_the_server_lives() {
    let many = "a chunk size has too many digits";
    refused(&[
        (&format!("{}{}\r\n", CHUNKED, "f".repeat(17)), 400, many),
        (&format!("{}1{}\r\n", CHUNKED, "0".repeat(16)), 400, many),
        (&format!("{}{}5\r\nhello\r\n0\r\n\r\n", CHUNKED, "0".repeat(16)), 400, many),
        (&format!("{}{}\r\n", CHUNKED, "f".repeat(16)), 400, many),
        (&format!("{}{}\r\n", CHUNKED, "F".repeat(100_000)), 400, many),
        (&format!("{}2\r\n{{}}\r\n{}\r\n", CHUNKED, "f".repeat(17)), 400, many),
    ]);
    // Fifteen digits are still a valid size.
    let serve = Serve::start();
    let mut client = serve.connect();
    client.send(format!("{}{}\r\n{}", CHUNKED, "f".repeat(15), BODY).as_bytes());
    client.finish();
    assert_last(&mut client, 400, "the body ended before it was complete", "15 digits");
}

#[test]
fn chunks_that_are_not_framed_well_are_refused() {
    let chunks = |chunks: &str| format!("{}{}", CHUNKED, chunks);
    let begin = "a chunk does not begin with its size";
    let size = "a chunk size is not hexadecimal digits and CR LF";
    let length = "a chunk is not as long as its size says";
    let endless = format!("5;{}", "a".repeat(100_000));
    let absurd = format!("1;{}\r\n \r\n", "a".repeat(200)).repeat(500);
    refused(&[
        (&chunks("\r\n"), 400, begin),
        (&chunks("g\r\n"), 400, begin),
        (&chunks("-5\r\nhello\r\n0\r\n\r\n"), 400, begin),
        (&chunks("+5\r\nhello\r\n0\r\n\r\n"), 400, begin),
        (&chunks(" 5\r\nhello\r\n0\r\n\r\n"), 400, begin),
        (&chunks(";a\r\nhello\r\n0\r\n\r\n"), 400, begin),
        (&chunks("0x5\r\nhello\r\n0\r\n\r\n"), 400, size),
        (&chunks("5\nhello\n0\n\n"), 400, size),
        (&chunks("5\r\r\nhello\r\n0\r\n\r\n"), 400, size),
        (&chunks("5;a\nhello\r\n0\r\n\r\n"), 400, "a chunk size does not end with CR LF"),
        (&chunks("5\r\nhello!\r\n0\r\n\r\n"), 400, length),
        (&chunks("5\r\nhello\n0\r\n\r\n"), 400, length),
        (&chunks("5\r\nhello0\r\n\r\n"), 400, length),
        (&chunks("2\r\n{}\r\n0\r\nX y\r\n\r\n"), 400, "a trailer is not"),
        (&chunks("2\r\n{}\r\n0\r\n"), 400, "a trailer is not"),
        (&chunks("2;a=\0\r\n{}\r\n0\r\n\r\n"), 400, "a chunk extension has a byte"),
        (&chunks(&absurd), 400, "more framing than data"),
        (&chunks(&endless), 400, "a chunk extension is too long"),
    ]);
}

#[test]
fn a_good_chunked_body_is_understood_however_it_is_cut() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let whole = serve.post(BODY);
    let request = format!("{}{}", CHUNKED, CHUNKS);
    send_apart(&serve, &mut client, request.as_bytes().chunks(1));
    assert_eq!(client.response().picture("png"), whole.picture("png"));
    for &length in &[2, 3, 7, 64, 100, request.len()] {
        send_apart(&serve, &mut client, request.as_bytes().chunks(length));
        assert_eq!(client.response().picture("png"), whole.picture("png"));
    }
    let extended =
        CHUNKS.replace("A\r\n", "a;x=y\r\n").replace("18\r\n", "0018 \r\n").replace("0\r\n\r", "00\r\n\r");
    client.send(format!("{}{}", CHUNKED, extended).as_bytes());
    assert_eq!(client.response().picture("png"), whole.picture("png"));
    client.send(GET.as_bytes());
    assert_eq!(client.response().status, 200);
}

// ===== Heads =====

#[test]
fn a_head_is_understood_however_it_is_cut() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for request in &[GET.to_string(), post(), GET.replace("\r\n", "\n"), format!("\r\n\r\n{}", GET)] {
        send_apart(&serve, &mut client, request.as_bytes().chunks(1));
        assert_eq!(client.response().status, 200, "{:?}", request);
        client.send(request.as_bytes());
        assert_eq!(client.response().status, 200, "{:?}", request);
    }
    for (cut, _) in GET.char_indices() {
        send_apart(&serve, &mut client, vec![&GET.as_bytes()[..cut], &GET.as_bytes()[cut..]]);
        assert_eq!(client.response().status, 200, "cut at {}", cut);
    }
}

#[test]
fn the_end_of_a_head_is_seen_however_it_is_cut() {
    let serve = Serve::start();
    let head = "GET /health HTTP/1.1\r\nHost: test\r\n\r\r\r\r\r\n";
    let sentence = "a line of the head does not end with CR LF";
    let mut client = serve.connect();
    client.send(head.as_bytes());
    assert_last(&mut client, 400, sentence, head);
    let mut client = serve.connect();
    send_apart(&serve, &mut client, head.as_bytes().chunks(1));
    // So that the server answers even if it waits for more bytes.
    client.finish();
    assert_last(&mut client, 400, sentence, "the same, byte by byte");
}

#[test]
fn a_head_that_is_malformed_is_refused() {
    let first_line = "the first line must be a method, a URL and HTTP/1.1";
    let version = "only HTTP/1.1 and HTTP/1.0 are supported";
    let name = "the name of a header field has a byte";
    let value = "the value of a header field has a byte";
    let target = "the request target is neither a path nor a URL";
    let get = |fields: &str| format!("GET /health HTTP/1.1\r\nHost: test\r\n{}\r\n", fields);
    refused(&[
        ("GET /health HTTP/1.1\r\n\r\n", 400, "one Host field"),
        ("GET /health HTTP/1.1\r\nX-Host: test\r\n\r\n", 400, "one Host field"),
        (&get("host: test\r\n"), 400, "one Host field"),
        ("GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "one Host field"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, version),
        ("GET /health HTTP/2.0\r\nHost: test\r\n\r\n", 505, version),
        ("GET /health HTTP/x\r\nHost: test\r\n\r\n", 400, "the first line must be"),
        ("GET /health HTTP/0.9\r\nHost: test\r\n\r\n", 505, version),
        (
            "GET /health http/1.1\r\nHost: test\r\n\r\n",
            400,
            "the first line must be a method, a URL and HTTP/1.1",
        ),
        ("GET /a b HTTP/1.1\r\nHost: test\r\n\r\n", 400, "a space in the URL must be escaped as %20"),
        ("hello, is anybody there?\r\n\r\n", 400, first_line),
        ("garbage\r\n\r\n", 400, first_line),
        ("get\r\n\r\n", 400, first_line),
        ("GET /health\r\n\r\n", 400, first_line),
        ("GET\t/health HTTP/1.1\r\nHost: test\r\n\r\n", 400, first_line),
        ("G@T /health HTTP/1.1\r\nHost: test\r\n\r\n", 400, first_line),
        ("GET /he\0alth HTTP/1.1\r\nHost: test\r\n\r\n", 400, first_line),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{3}\u{3}aaaaaaaa\n\n", 400, first_line),
        ("GET health HTTP/1.1\r\nHost: test\r\n\r\n", 400, target),
        ("GET http:// HTTP/1.1\r\nHost: test\r\n\r\n", 400, target),
        ("CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n", 501, "CONNECT is for proxies"),
        ("GET /health HTTP/1.1\r\nHost: te\0st\r\n\r\n", 400, value),
        ("GET /health HTTP/1.1\r\nHost: test\rX: y\r\n\r\n", 400, value),
        (&get("X: \u{1}\r\n"), 400, value),
        (&get("X\0: y\r\n"), 400, name),
        (&get("X : y\r\n"), 400, name),
        (&get("X Y: z\r\n"), 400, name),
        (&get("X: y\r\n z\r\n"), 400, name),
        (&get(": y\r\n"), 400, name),
        (&get("X\r\n"), 400, name),
        (&get(&"A: b\r\n".repeat(100)), 431, "more than 100 header fields"),
        (&get(&"A: b\r\n".repeat(10_000)), 431, "more than 100 header fields"),
    ]);
    let serve = Serve::start();
    let mut client = serve.connect();
    for request in &[
        get(&"A: b\r\n".repeat(99)),
        get("X: \t é \r\nY:\r\n"),
        "GET http://test/health?x HTTP/1.1\r\nHost: other\r\n\r\n".to_string(),
        "GET /health HTTP/1.1\r\nHost:\r\n\r\n".to_string(),
    ] {
        client.send(request.as_bytes());
        assert_eq!(client.response().status, 200, "{:?}", request);
    }
}

#[test]
fn what_is_not_http_is_refused_at_once() {
    let serve = Serve::start();
    // The beginning of a TLS connection, which has no line end.
    let mut client = serve.connect();
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    let response = client.response();
    assert_eq!(response.status, 400);
    assert!(response.error().contains("is it https?"), "{}", response.error());
}
