//! Tests every route and header with valid requests.

use image;
use serde_json::Value;

use util::{escaped, Serve};

const CAPTION: &str = "/caption?template=cat&top_text=I%20can%20haz&bottom_text=futures";

#[test]
fn a_caption_is_a_picture_with_its_length_type_and_origin() {
    let serve = Serve::start();
    let response = serve.get(CAPTION);
    let picture = image::load_from_memory(response.picture("png")).unwrap();
    assert_eq!((picture.width(), picture.height()), (451, 300));
    assert_eq!(response.headers["content-length"], response.body.len().to_string());
    assert_eq!(response.headers["access-control-allow-origin"], "*");
    assert!(response.headers.contains_key("date"));
}

#[test]
fn each_format_comes_from_a_template_of_that_format() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for &(template, format) in &[("raccoon", "jpeg"), ("astronaut", "png"), ("deal-with-it", "gif")] {
        let response = client.get(&format!("/caption?template={}&top_text=hi", template));
        assert_eq!(
            image::guess_format(response.picture(format)).unwrap().to_mime_type(),
            format!("image/{}", format)
        );
    }
}

#[test]
fn a_head_has_the_headers_of_a_get_and_no_body_on_every_route() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for target in &[CAPTION, "/templates", "/templates/cat", "/fonts", "/health", "/nothing", "/caption"] {
        let got = client.get(target);
        // If there were a body, the next response would not begin where it does.
        let head = client.request("HEAD", target);
        assert_eq!((head.status, head.body.len()), (got.status, 0), "{}", target);
        assert_eq!(head.headers["content-length"], got.headers["content-length"]);
        assert_eq!(head.headers["content-type"], got.headers["content-type"]);
    }
}

#[test]
fn every_way_to_ask_for_the_same_picture_gives_the_same_bytes() {
    let serve = Serve::start();
    let expected = serve.get(CAPTION).picture("png").to_vec();
    let queries = [
        "/caption?bottom_text=futures&TOP_TEXT=I+can+haz&%20Template%20=cat",
        "/caption?template=cat&captions[]=I+can+haz&captions[]=futures",
        "/caption?template=cat&captions[0]=I+can+haz&captions[1]=futures",
        "/caption?template=cat&captions%5B%5D=I+can+haz&captions%5B%5D=futures",
        "/caption?template=cat&captions[0][text]=I+can+haz&captions[0][valign]=TOP&captions[1][text]=futures\
         &captions[1][valign]=bottom&captions[1][align]=center",
        "/caption?template=cat&top_text=I+can+haz&bottom_text=futures&middle_text=&font=Anton&color=white\
         &outline=%23000&size=fit&align=center&width=451",
    ];
    for query in &queries {
        assert_eq!(serve.get(query).picture("png"), &expected[..], "{}", query);
    }
    let bodies = [
        r#"{"template": "cat", "top_text": "I can haz", "bottom_text": "futures"}"#,
        r#"{"template": "cat", "captions": ["I can haz", "futures"]}"#,
        r#"{" TEMPLATE ": "cat", "captions": [{"text": "I can haz", "valign": "top", "outline": "0x000000"},
            {"text": "futures", "valign": "bottom", "color": {"r": 255, "g": 255, "b": 255}}],
            "width": null, "height": 300, "size": "fit"}"#,
        r#"{"template": "cat", "captions": [{"text": "I can haz", "valign": "top", "halign": "center"},
            {"text": "futures", "valign": "bottom", "color": [255, 255, 255], "outline": "$000000"}]}"#,
    ];
    for body in &bodies {
        assert_eq!(serve.post(body).picture("png"), &expected[..], "{}", body);
    }
    for content_type in &["application/json; charset=utf-8", "APPLICATION/JSON"] {
        let response = serve.connect().post("/caption", content_type, bodies[0].as_bytes());
        assert_eq!(response.picture("png"), &expected[..]);
    }
}

#[test]
fn looks_of_single_captions_and_of_all() {
    let serve = Serve::start();
    let picture =
        |query: &str| serve.get(&format!("/caption?template=cat&{}", query)).picture("png").to_vec();
    let plain = picture("top_text=hi&bottom_text=ho");
    assert_eq!(
        picture("top_text=hi&bottom_text=ho&size=40"),
        picture("top_text=hi&bottom_text=ho&top_size=40&bottom_size=40.0")
    );
    for look in &[
        "color=red",
        "outline=blue",
        "outline=none",
        "font=BebasNeue",
        "size=30",
        "size=shrink",
        "align=left",
    ] {
        let all = picture(&format!("top_text=hi&bottom_text=ho&{}", look));
        let top = picture(&format!("top_text=hi&bottom_text=ho&top_{}", look));
        assert!(all != top || *look == "size=shrink", "{}", look);
        assert!(top != plain || *look == "size=shrink", "{}", look);
        // A caption's own field overrides the field for all captions.
        let (name, value) = look.split_at(look.find('=').unwrap());
        let default = match name {
            "color" => "white",
            "outline" => "black",
            "font" => "Anton",
            "size" => "fit",
            _ => "center",
        };
        let over = picture(&format!(
            "top_text=hi&bottom_text=ho&{}={}&top_{}{}&bottom_{}{}",
            name, default, name, value, name, value
        ));
        assert_eq!(over, all, "{}", look);
    }
}

#[test]
fn the_listings() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let names = |value: Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_string()).collect()
    };
    let templates = names(client.get("/templates").json());
    assert_eq!(
        templates,
        [
            "astronaut",
            "cat",
            "coffee",
            "deal-with-it",
            "dramatic-raccoon",
            "raccoon",
            "rocket",
            "screen",
            "sign",
            "space"
        ]
    );
    let fonts = names(client.get("/fonts").json());
    assert_eq!(fonts, ["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"]);
    for font in fonts {
        client.get(&format!("/caption?template=cat&top_text=Ag&font={}", font)).picture("png");
    }
    for name in templates {
        let info = client.get(&format!("/templates/{}", escaped(&name))).json();
        assert_eq!(info["name"], name);
        let response = client.get(&format!("/caption?template={}&top_text=hi", name));
        let picture = image::load_from_memory(response.picture(info["format"].as_str().unwrap())).unwrap();
        assert_eq!(info["width"], picture.width());
        assert_eq!(info["height"], picture.height());
    }
    assert_eq!(client.get("/templates/deal-with-it").json()["frames"], 15);
    assert_eq!(client.get("/templates/cat").json()["frames"], 1);
}

#[test]
fn stats_count_what_happens_and_health_is_well() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let before = client.get("/stats").json();
    assert_eq!(before["cache"]["templates"]["misses"], 0);
    client.get(CAPTION);
    // Another picture: the same would come from the cache of finished ones.
    client.get("/caption?template=cat&top_text=other");
    let after = client.get("/stats").json();
    let templates = &after["cache"]["templates"];
    assert_eq!((&templates["hits"], &templates["misses"]), (&1.into(), &1.into()));
    assert_eq!(templates["capacity"], 64 << 20);
    // Its pixels, and the file that it is without text.
    let used = templates["used"].as_f64().unwrap();
    assert!((500_000.0..1_000_000.0).contains(&used), "{}", used);
    let fill_rate = templates["fill_rate"].as_f64().unwrap();
    assert!((fill_rate - used / f64::from(64 << 20)).abs() < 1e-9);
    assert_eq!(after["cache"]["fonts"]["hits"], 1);
    // The one that asks is in flight.
    assert_eq!(after["in_flight"], 1);
    assert_eq!(after["requests"], 4);
    assert_eq!((&after["rendering"], &after["queue"]["waiting"]), (&0.into(), &0.into()));
    assert_eq!((&after["refused"], &after["timed_out"]), (&0.into(), &0.into()));
    let health = client.get("/health");
    assert_eq!((health.status, &health.json()["status"]), (200, &"ok".into()));
}

/// A page of another origin may post JSON only if the server says so beforehand.
#[test]
fn a_browser_is_told_that_it_may_post() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let told = client.request("OPTIONS", "/caption");
    assert_eq!((told.status, told.body.len()), (204, 0));
    assert_eq!(told.headers["access-control-allow-origin"], "*");
    assert_eq!(told.headers["access-control-allow-methods"], "GET, HEAD, POST, OPTIONS");
    assert_eq!(
        told.headers["access-control-allow-headers"],
        "Content-Type, If-Match, If-None-Match, If-Range, Range, Traceparent, X-Request-Id"
    );
    let of_server = client.request("OPTIONS", "*");
    assert_eq!((of_server.status, of_server.body.len()), (200, 0));
    assert_eq!(of_server.headers["allow"], "GET, HEAD, POST, OPTIONS");
    assert_eq!(client.request("GET", "*").status, 404);
    assert_eq!(client.request("OPTIONS", "/nothing").status, 404);
    assert_eq!(client.get("/health").status, 200);
}

/// An escaped letter is the letter, also for what becomes of the connection.
#[test]
fn an_escaped_path_leaves_the_connection_as_the_path_does() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for path in &["/caption", "/%63aption", "/c%61ptio%6E"] {
        let response = client.post(path, "application/json", b"{\"template\": \"cat\"}");
        response.picture("png");
        assert!(!response.headers.contains_key("connection"), "{}", path);
    }
    let refused = client.post("/%66onts", "application/json", b"{}");
    assert_eq!((refused.status, refused.headers["connection"].as_str()), (405, "close"));
}
