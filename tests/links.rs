//! Tests links: `/images/…`, which embed, and `/caption.png?…`; where they redirect, and the name that a picture is saved
//! under.

use image;
use memed::config::Config;
use util::{config, Folder, Response, Serve};

fn assert_refused(response: &Response, part: &str) {
    assert_eq!(response.status, 400, "{}", String::from_utf8_lossy(&response.body));
    assert!(response.error().contains(part), "{:?} does not say {:?}", response.error(), part);
}

fn counted(serve: &Serve, pointer: &str) -> u64 {
    serve.get("/stats").json().pointer(pointer).and_then(|count| count.as_u64()).unwrap()
}

#[test]
fn a_link_is_the_picture_that_the_same_fields_are() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for (link, query, format) in [
        ("cat/hello.png", "top_text=hello", "png"),
        ("cat/hello/world.png", "top_text=hello&bottom_text=world", "png"),
        ("cat/a/b/c.png", "top_text=a&middle_text=b&bottom_text=c", "png"),
        ("cat/_/world.png", "bottom_text=world", "png"),
        ("cat/_/b/_.png", "middle_text=b", "png"),
        ("cat.gif", "", "gif"),
        ("cat.jpg?width=240", "width=240", "jpeg"),
        (
            "raccoon/one_does~n''not''/100~p~q.jpg",
            "top_text=one+does%0A%22not%22&bottom_text=100%25%3F",
            "jpeg",
        ),
        ("cat/%C3%A9~s~h.png?color=ff0000", "top_text=%C3%A9/%23&color=red&bottom_size=9", "png"),
        (
            "cat/a/b.png?align=left&top_outline=none",
            "top_text=a&bottom_text=b&top_outline=&align=left",
            "png",
        ),
    ] {
        let template = link.split(['/', '.']).next().unwrap();
        let expected = client.get(&format!("/caption?template={}&{}&format={}", template, query, format));
        let response = client.get(&format!("/images/{}", link));
        assert!(response.picture(format) == expected.picture(format), "{}", link);
        assert_eq!(response.headers["etag"], expected.headers["etag"], "{}", link);
        let extension = if format == "jpeg" { "jpg" } else { format };
        let disposition = format!("inline; filename=\"{}.{}\"", template, extension);
        assert_eq!(response.headers["content-disposition"], disposition);
    }
}

#[test]
fn a_link_that_is_not_in_its_normal_form_moves_there_once() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for (link, normal) in [
        ("cat/hello-world.PNG", "cat/hello_world.png"),
        ("cat/hello%20world.jpeg", "cat/hello_world.jpg"),
        ("cat/why%3F/_.jpg", "cat/why~q.jpg"),
        ("cat/a/_/_.jpg", "cat/a.jpg"),
        ("cat//b.jpg", "cat/_/b.jpg"),
        ("cat/_.jpg", "cat.jpg"),
        ("%20cat%20/a.jpg", "cat/a.jpg"),
        ("cat/a.jpg?utm_source=x&size=9&font=&width=100&_=7", "cat/a.jpg?width=100&size=9"),
        ("cat/a.jpg?Color=%23F00&halign=left", "cat/a.jpg?align=left&color=ff0000"),
        ("cat/a.jpg?outline", "cat/a.jpg?outline=none"),
        ("cat/a.jpg?color=RED", "cat/a.jpg?color=ff0000"),
        ("cat/a.jpg?color=FF0000", "cat/a.jpg?color=ff0000"),
        ("cat/a.jpg?color[r]=255&color[g]=0&color[b]=0", "cat/a.jpg?color=ff0000"),
        ("cat/a.jpg?size=flex", "cat/a.jpg?size=shrink"),
        ("cat/a.jpg?width=0300", "cat/a.jpg?width=300"),
        // What is given is kept, even if it is what holds by default: a template may have another look.
        (
            "cat/a.jpg?size=fit&color=white&outline=black&font=Anton&align=center",
            "cat/a.jpg?align=center&font=Anton&color=ffffff&outline=000000&size=fit",
        ),
        ("cat/a.jpg?bar=both&layout=bar&case=UPPER", "cat/a.jpg?layout=bar&bar=both&case=upper"),
        ("cat/a/b.jpg?size=9&top_size=9.0&bottom_size=12", "cat/a/b.jpg?size=9&bottom_size=12"),
        ("cat/a.jpg?bottom_color=red&top_color=blue", "cat/a.jpg?color=0000ff"),
        ("cat.jpg?color=red&width=30", "cat.jpg?width=30"),
        // What comes after it is never taken for another host.
        ("%2F%2Fexample.com/a.jpg?v=1", "%2F%2Fexample.com/a.jpg"),
    ] {
        let response = client.get(&format!("/images/{}", link));
        assert_eq!((response.status, response.body.len()), (301, 0), "{}", link);
        let location = response.headers["location"].clone();
        assert_eq!(location, format!("/images/{}", normal));
        assert_eq!(response.headers["cache-control"], "public, max-age=300");
        assert!(client.get(&location).status != 301, "{}", location);
        let head = client.request("HEAD", &format!("/images/{}", link));
        assert_eq!((head.status, &head.headers["location"]), (301, &location));
    }
    // Three texts are not two, although the last is none.
    client.get("/images/cat/a/b/_.jpg").picture("jpeg");
    // A proxy may encode and decode what it likes.
    for link in
        ["cat/caf%c3%a9.jpg", "c%61t/%61_%61.jp%67", "cat/a.jpg?color=%66f%3000%30", "cat/a%27%28b%29.jpg"]
    {
        client.get(&format!("/images/{}", link)).picture("jpeg");
    }
    client.get("/%69mages/cat/a.jpg").picture("jpeg");
}

#[test]
fn what_is_wrong_with_a_link_is_said() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for (link, part) in [
        ("cat", "must end in .jpg, .png or .gif, as in /images/cat/top_text/bottom_text.jpg"),
        ("cat/a.webp", "the link ends in \"a.webp\""),
        ("", "must end in .jpg"),
        ("cat/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q.jpg", "the link has 17 texts, and at most 16 are allowed"),
        (".jpg", "\"template\" is missing"),
        ("/a.jpg", "\"template\" is missing"),
        ("cat/%ff.jpg", "\"%ff.jpg\" in the path is not UTF-8"),
        ("cat/a.jpg?top_text=b", "\"top_text\" cannot be in the query string of a link"),
        ("cat/a.jpg?format=png", "\"format\" cannot be in the query string of a link"),
        ("cat/a.jpg?captions[]=b", "\"captions\" cannot be"),
        ("cat/a.jpg?template=b", "\"template\" cannot be"),
        ("cat/a.jpg?style=b", "\"style\" is not a field"),
        ("cat/a.jpg?color=b&color=c", "\"color\" is given twice"),
        ("cat/a.jpg?align=left&halign=left", "\"align\" contradicts \"halign\""),
        ("cat/a.jpg?width=0", "\"width\" is \"0\", and must be"),
    ] {
        assert_refused(&client.get(&format!("/images/{}", link)), part);
    }
    let long = format!("/images/cat/{}.jpg", "a".repeat(257));
    assert_refused(&client.get(&long), "\"top_text\" has 257 characters");
    let unknown = client.get("/images/dog/a.jpg");
    assert_eq!(unknown.status, 404);
    assert!(unknown.error().contains("there is no template \"dog\""), "{}", unknown.error());
    assert_eq!(client.request("POST", "/images/cat.jpg").status, 405);
    assert_eq!(client.get("/images").status, 404);
}

#[test]
fn a_path_that_ends_in_a_format_is_a_caption_in_that_format() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let query = "template=cat&top_text=hi";
    for (extension, format) in [("jpg", "jpeg"), ("JPEG", "jpeg"), ("png", "png"), ("gif", "gif")] {
        let expected = client.get(&format!("/caption?{}&format={}", query, format));
        for path in ["/caption.", "/caption/cat.", "/caption/what%20is%2Fthis.gif."] {
            let target = format!("{}{}?{}", path, extension, query);
            let response = client.get(&target);
            assert!(response.picture(format) == expected.picture(format), "{}", target);
            assert_eq!(
                image::guess_format(&response.body).unwrap().to_mime_type(),
                format!("image/{}", format)
            );
            let tag = format!("If-None-Match: {}", expected.headers["etag"]);
            assert_eq!(client.request_with("GET", &target, &[&tag]).status, 304);
            let head = client.request("HEAD", &target);
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(head.headers["content-length"], expected.body.len().to_string());
        }
        client.get(&format!("/caption.{}?{}&format={}", extension, query, format)).picture(format);
    }
    let other = client.get(&format!("/caption.png?{}&format=gif", query));
    assert_refused(&other, "\"format\" is \"gif\", which contradicts the path: it ends in \".png\"");
    assert_refused(&client.get("/caption.png"), "\"template\" is missing");
    for path in
        ["/caption.webp", "/caption/", "/caption/png", "/caption/.png", "/caption.a.png", "/caption/a/b.png"]
    {
        assert_eq!(client.get(&format!("{}?{}", path, query)).status, 404, "{}", path);
    }
    let response = client.post("/caption.png", "application/json", b"{\"template\": \"cat\"}");
    assert_eq!((response.status, response.headers["allow"].as_str()), (405, "GET, HEAD, OPTIONS"));
}

#[test]
fn urls_that_mean_one_picture_share_its_drawing_and_those_that_look_alike_do_not() {
    let serve = Serve::start();
    let mut client = serve.connect();
    for _ in 0..2 {
        for target in [
            "/caption?template=cat&top_text=one&format=png",
            "/caption.png?template=cat&top_text=one",
            "/caption/a.png?template=cat&top_text=one",
            "/caption/b.png?top_text=one&template=cat&v=2",
            "/images/cat/one.png",
        ] {
            client.get(target).picture("png");
        }
    }
    assert_eq!(counted(&serve, "/drawn/count"), 1);
    // A picture is known by all of its URL: a query string that looks like the path of another is not one.
    assert_eq!(client.get("/caption?/images/cat/one.png?").status, 400);
    assert_eq!(client.get("/caption?png?template=cat&top_text=one").status, 400);
    client.get("/caption.gif?template=cat&top_text=one").picture("gif");
    client.get("/caption.png?template=cat&top_text=one").picture("png");
}

#[test]
fn a_picture_has_a_name_to_be_saved_under() {
    let folder = Folder::new();
    for name in ["caf\u{e9}.png", "two words.png", "50%.png"] {
        folder.put(name, include_bytes!("../data/templates/cat.png"));
    }
    let serve = folder.serve();
    let mut client = serve.connect();
    for (target, expected) in [
        ("/caption?template=cat&format=jpeg", "inline; filename=\"cat.jpg\""),
        ("/images/deal-with-it.gif?width=30", "inline; filename=\"deal-with-it.gif\""),
        ("/images/two%20words.png", "inline; filename=\"two words.png\""),
        ("/images/caf%C3%A9/hi.png", "inline; filename=\"caf_.png\"; filename*=UTF-8''caf%C3%A9.png"),
        ("/images/50%25.png", "inline; filename=\"50_.png\"; filename*=UTF-8''50%25.png"),
    ] {
        // Drawn, and from the cache; whole, and a part.
        for fields in [&[][..], &["Range: bytes=0-9"]] {
            let response = client.request_with("GET", target, fields);
            assert!(response.status == 200 || response.status == 206, "{}: {}", target, response.status);
            assert_eq!(response.headers["content-disposition"], expected, "{}", target);
        }
    }
    let own = client.post("/caption", "image/png", include_bytes!("../data/templates/cat.png"));
    assert_eq!(own.headers["content-disposition"], "inline; filename=\"memed.png\"");
    assert!(!client.get("/templates").headers.contains_key("content-disposition"));
}

#[test]
fn without_a_cache_links_are_drawn_each_time() {
    let serve = Serve::with(Config { result_cache: 0, ..config() });
    let mut client = serve.connect();
    for _ in 0..2 {
        client.get("/images/cat/one.png").picture("png");
    }
    assert_eq!(counted(&serve, "/drawn/count"), 2);
}
