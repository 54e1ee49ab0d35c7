//! Tests what the page is made of, as a client without a browser sees it: its files, and the templates in one answer.
//! `tests/browser/page.py` uses it in a browser.

/// The links that it offers.
mod links_of_page;

use image::RgbaImage;

use memed::config::Config;
use picture_util::png_of;
use util::{until, Client, Folder, Serve};

#[test]
fn the_page_and_its_files_are_served() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ] {
        let response = client.get(path);
        assert_eq!((response.status, &*response.headers["content-type"]), (200, content_type), "{}", path);
        assert_eq!(response.headers["cache-control"], "no-cache");
        assert_eq!(response.headers["x-content-type-options"], "nosniff");
        assert!(
            response.headers["content-security-policy"].starts_with("default-src 'none'; script-src 'self'")
        );
        let tag = format!("If-None-Match: {}", response.headers["etag"]);
        let again = client.request_with("GET", path, &[&tag]);
        assert_eq!((again.status, again.body.len()), (304, 0));
        let head = client.request("HEAD", path);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.headers["content-length"], response.body.len().to_string());
    }
    let icon = client.get("/favicon.ico");
    assert_eq!((icon.status, &*icon.headers["location"]), (301, "/favicon.svg"));
    assert_eq!(client.request("POST", "/").status, 405);
}

/// What a browser would load for the page is here: it would be blocked anywhere else.
#[test]
fn every_file_that_the_page_names_is_there() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let mut text = |path: &str| String::from_utf8(client.get(path).body).unwrap();
    let page = text("/");
    let scripts = ["/page.js", "/texts.js", "/boxes.js", "/look.js", "/tiles.js"].map(&mut text).concat();
    let of_page = page.split('"').filter(|part| part.starts_with('/') && part.contains('.'));
    let of_script =
        scripts.split('\'').filter_map(|part| part.strip_prefix('.')).filter(|part| part.ends_with(".js"));
    let mut named: Vec<_> = of_page.chain(of_script).filter(|path| !path.ends_with(".json")).collect();
    named.sort();
    named.dedup();
    assert!(named.len() >= 9, "{:?}", named);
    for path in named {
        assert_eq!(serve.get(path).status, 200, "{}", path);
    }
}

#[test]
fn all_templates_are_described_in_one_answer() {
    let folder = Folder::new();
    folder.put("aardvark.png", include_bytes!("../data/templates/cat.png"));
    folder.put("broken.png", b"\x89PNG\r\n\x1a\nand nothing more");
    for serve in [Serve::start(), folder.serve()] {
        let mut client = serve.connect();
        let names = client.get("/templates").json();
        let details = client.get("/templates?details").json();
        let details = details.as_array().unwrap();
        let described: Vec<_> = details.iter().map(|one| &one["name"]).collect();
        let expected: Vec<_> = names.as_array().unwrap().iter().filter(|name| *name != "broken").collect();
        assert_eq!(described, expected);
        for one in details {
            let name = one["name"].as_str().unwrap();
            assert_eq!(*one, client.get(&format!("/templates/{}", name)).json());
            let format = one["format"].as_str().unwrap();
            let thumbnail = client.get(one["thumbnail"].as_str().unwrap());
            assert_eq!(thumbnail.headers["content-type"], format!("image/{}", format));
            assert_eq!(one["keywords"].as_array().unwrap().is_empty(), name == "aardvark");
        }
    }
}

#[test]
fn templates_are_searched_by_name_and_keyword() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for (query, names) in [
        ("q=raccoon", vec!["dramatic-raccoon", "raccoon"]),
        ("q=ANIMATED", vec!["deal-with-it", "dramatic-raccoon"]),
        ("q=animal+surprise", vec!["dramatic-raccoon"]),
        ("q=nothing", vec![]),
    ] {
        let found = client.get(&format!("/templates?{}", query)).json();
        assert_eq!(*found.as_array().unwrap(), names, "{}", query);
        let details = client.get(&format!("/templates?details&{}", query)).json();
        let described: Vec<_> = details.as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(described, names);
    }
    let wrong = client.get("/templates?search=cat");
    assert_eq!(wrong.status, 400);
    assert!(wrong.error().contains("\"search\" is not known here"), "{}", wrong.error());
}

/// The page asks for them when it opens, and may open while every thread draws.
#[test]
fn what_is_known_of_templates_needs_no_render_thread() {
    // One that cannot be decoded is not tried again and again.
    let folder = Folder::new();
    folder.put("broken.png", b"\x89PNG\r\n\x1a\nand nothing more");
    let serve = Serve::with(Config { render_threads: 1, queue: 1, ..folder.config() });
    let details = serve.get("/templates?details").json();
    assert!(details.as_array().unwrap().len() > 5);
    let target = |number| format!("/caption?template=dramatic-raccoon&width={}&top_text=busy", number);
    let busy: Vec<_> = (200..210)
        .map(|number| {
            let mut client = serve.connect();
            client.send(format!("GET {} HTTP/1.1\r\nHost: t\r\n\r\n", target(number)).as_bytes());
            client
        })
        .collect();
    let is_full = (0..50).any(|number| serve.get(&target(100 + number)).status == 503);
    assert!(is_full, "the queue takes everything");
    assert!(serve.get("/templates?details").json() == details);
    drop(busy);
}

/// A list of very many templates is made of jobs of one template each, so others are not kept waiting by it.
#[test]
fn who_asks_for_all_templates_lets_others_draw_in_between() {
    let folder = Folder::new();
    for number in 0..60 {
        folder.put(&format!("one{}.gif", number), include_bytes!("../data/templates/deal-with-it.gif"));
    }
    // Read quickly, even by a slow build.
    folder.put("small.png", &png_of(&RgbaImage::new(40, 40)));
    let serve = Serve::with(Config { render_threads: 1, ..folder.config() });
    let mut client = Client::from(2, serve.address);
    client.ask("GET", "/templates?details", &[]);
    until(|| serve.get("/stats").json()["rendering"] == 1);
    serve.get("/caption?template=small&top_text=meanwhile").picture("png");
    // A single job would have ended, and been answered, before the picture was begun. The order is looked at, not the
    // time, which depends on how busy the machine is.
    assert!(!client.has_bytes(), "the picture has waited for all templates");
    // With the ten that are built in.
    assert_eq!(client.response().json().as_array().unwrap().len(), 71);
}
