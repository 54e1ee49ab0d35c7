//! The requests of the soak test, and their expected answers.

use std::net::SocketAddr;

use fastrand::Rng;

use util::{escaped, Client, Response};

/// A request that is refused.
pub struct Refused {
    pub request: &'static str,
    pub status: u16,
    /// Whether refusing it takes a place in the queue, so that a 503 is possible, too.
    pub is_drawn: bool,
}

const fn refused(status: u16, request: &'static str) -> Refused {
    Refused { request, status, is_drawn: false }
}

/// One of each kind.
pub const ERRORS: &[Refused] = &[
    refused(404, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(400, "GET /caption HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(400, "GET /caption?template=cat&size=huge HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(400, "GET /caption?template=cat HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    refused(405, "DELETE /caption HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(204, "OPTIONS /caption HTTP/1.1\r\nHost: a\r\n\r\n"),
    refused(
        415,
        "POST /caption HTTP/1.1\r\nHost: a\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
    ),
    refused(400, "POST /caption HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{]"),
    refused(413, "POST /caption HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"),
    refused(413, "POST /caption HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    refused(400, "POST /caption HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"),
    refused(
        400,
        "POST /caption HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: b\r\n\r\n",
    ),
    refused(
        400,
        "POST /caption HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
    ),
    Refused {
        request: "GET /caption?template=nobody HTTP/1.1\r\nHost: a\r\n\r\n",
        status: 404,
        is_drawn: true,
    },
    Refused { request: "GET /templates/nobody HTTP/1.1\r\nHost: a\r\n\r\n", status: 404, is_drawn: true },
];

const TEMPLATES: [&str; 8] =
    ["astronaut", "cat", "coffee", "deal-with-it", "dramatic-raccoon", "raccoon", "rocket", "space"];

/// What can be asked for, and, once it is drawn, what must come.
pub struct Pictures(Vec<Picture>);

struct Picture {
    query: String,
    json: String,
    /// Empty: not drawn yet.
    bytes: Vec<u8>,
}

impl Pictures {
    /// Every template, format and size, with several texts.
    pub fn many() -> Pictures {
        let texts = ["I can haz", "a text that is long enough to be broken into lines", "ὕβρις и שלום"];
        Pictures::all(&TEMPLATES, &[4096, 320, 64], &texts)
    }

    /// Quick ones, in every format.
    pub fn few() -> Pictures {
        Pictures::all(&["cat", "coffee", "deal-with-it"], &[4096, 100], &["I can haz"])
    }

    fn all(templates: &[&str], widths: &[u32], texts: &[&str]) -> Pictures {
        let mut pictures = Vec::new();
        for template in templates {
            for width in widths {
                for format in &["jpeg", "png", "gif"] {
                    pictures.extend(texts.iter().map(|text| Picture {
                        query: format!(
                            "template={}&width={}&format={}&top_text={}",
                            template,
                            width,
                            format,
                            escaped(text)
                        ),
                        json: format!(
                            r#"{{"template": "{}", "width": {}, "format": "{}", "top_text": "{}"}}"#,
                            template, width, format, text
                        ),
                        bytes: Vec::new(),
                    }));
                }
            }
        }
        Pictures(pictures)
    }

    /// The first drawing of each.
    pub fn drawn(&self, address: SocketAddr) -> Pictures {
        let mut client = Client::connect(address);
        let drawn = self.0.iter().map(|picture| {
            let response = client.get(&format!("/caption?{}", picture.query));
            assert_eq!(response.status, 200, "{}", picture.query);
            let (query, json) = (picture.query.clone(), picture.json.clone());
            Picture { query, json, bytes: response.body }
        });
        Pictures(drawn.collect())
    }

    /// One of them, asked for in one of the ways that there are.
    pub fn asked(&self, rng: &mut Rng) -> Asked<'_> {
        let picture = rng.choice(&self.0).expect("there are some");
        let get = |method| format!("{} /caption?{} HTTP/1.1\r\nHost: a\r\n\r\n", method, picture.query);
        let post = "POST /caption HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
        let (method, bytes) = match rng.u32(0..6) {
            0 => ("HEAD", get("HEAD").into_bytes()),
            1 => {
                let body = &picture.json;
                ("POST", format!("{}Content-Length: {}\r\n\r\n{}", post, body.len(), body).into_bytes())
            }
            2 => {
                let mut bytes = format!("{}Transfer-Encoding: chunked\r\n\r\n", post).into_bytes();
                for chunk in picture.json.as_bytes().chunks(rng.usize(1..100)) {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
                ("POST", bytes)
            }
            _ => ("GET", get("GET").into_bytes()),
        };
        Asked { method, bytes, picture }
    }
}

/// A request for a picture.
pub struct Asked<'a> {
    pub method: &'static str,
    pub bytes: Vec<u8>,
    picture: &'a Picture,
}

impl<'a> Asked<'a> {
    /// It is the picture, or there was no room.
    pub fn check(&self, response: &Response) {
        let query = &self.picture.query;
        if response.status == 503 {
            assert!(response.headers.contains_key("retry-after"), "{}", query);
            return;
        }
        assert_eq!(response.status, 200, "{}: {}", query, String::from_utf8_lossy(&response.body));
        let expected = &self.picture.bytes;
        assert_eq!(response.headers["content-length"], expected.len().to_string(), "{}", query);
        assert!(self.method == "HEAD" || response.body == *expected, "another picture for {}", query);
    }
}
