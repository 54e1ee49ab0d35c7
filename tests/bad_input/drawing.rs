//! Tests drawings that panic, fail, take too long or are too many, and templates that are damaged.

use std::fs;
use std::io;
use std::sync::{mpsc, Arc, Mutex};
use std::time::{Duration, Instant};

use super::{assert_error, assert_serves};
use memed::captioner::{Cancel, CaptionError, Captioner, Picture, Settings};
use memed::config::Config;
use memed::image_macro::ImageMacro;
use util::{config, escaped, End, Folder, Held, Serve, LONG};

/// A server that draws the pictures that say `boom` in its own way, and all others as ever.
fn drawing<F>(config: Config, boom: F) -> Serve
where
    F: Fn(&Cancel) -> Result<Picture, CaptionError> + Send + Sync + 'static,
{
    let captioner = Captioner::new(config.captioner.clone());
    Serve::drawing(
        config,
        Arc::new(move |image_macro: &ImageMacro, cancel: &Cancel| {
            match image_macro.captions.first().map(|caption| &*caption.text) {
                Some("boom") => boom(cancel),
                _ => captioner.caption(image_macro, cancel),
            }
        }),
    )
}

#[test]
fn a_caption_that_panics_is_a_500_and_the_server_lives() {
    // One thread: if the panic ended it, the next picture could not be drawn.
    let serve = drawing(Config { render_threads: 1, ..config() }, |_| panic!("a secret"));
    let mut client = serve.connect();
    for _ in 0..3 {
        let response = client.get("/caption?template=cat&top_text=boom");
        assert_error(&response, 500, "something went wrong on our side", "boom");
        assert!(!response.error().contains("secret"));
        client.get("/caption?template=cat&top_text=ok").picture("png");
        assert_serves(&serve);
    }
    let stats = client.get("/stats").json();
    assert_eq!((stats["rendering"].as_u64(), stats["queue"]["waiting"].as_u64()), (Some(0), Some(0)));
}

#[test]
fn a_drawing_that_fails_is_a_500_that_does_not_tell_the_cause() {
    let cause = || io::Error::new(io::ErrorKind::PermissionDenied, "/home/secret");
    let serve = drawing(config(), move |_| Err(CaptionError::Io(cause())));
    let mut client = serve.connect();
    let response = client.get("/caption?template=cat&top_text=boom");
    assert_error(&response, 500, "the templates or fonts cannot be read: it is not your fault", "Io");
    assert!(!response.error().contains("secret"));
    let serve = drawing(config(), move |_| Err(CaptionError::Encode(Box::new(cause()))));
    let mut client = serve.connect();
    let response = client.get("/caption?template=cat&top_text=boom");
    assert_error(&response, 500, "the picture cannot be encoded: it is not your fault", "Encode");
    assert!(!response.error().contains("secret"));
    client.get("/caption?template=cat&top_text=ok").picture("png");
}

#[test]
fn a_drawing_that_takes_too_long_is_a_504_and_its_thread_is_free_again() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let timeout = Duration::from_millis(50);
    let serve = drawing(Config { render_threads: 1, request_timeout: timeout, ..config() }, move |cancel| {
        let start = Instant::now();
        while cancel.check().is_ok() && start.elapsed() < LONG {}
        tell.lock().unwrap().send(cancel.check().is_err()).unwrap();
        Err(CaptionError::Cancelled)
    });
    let mut client = serve.connect();
    let start = Instant::now();
    let response = client.get("/caption?template=cat&top_text=boom");
    assert!(start.elapsed() >= timeout);
    assert_error(&response, 504, "the picture was not done in time", "boom");
    assert!(told.recv_timeout(LONG).unwrap(), "the drawing was not cancelled");
    assert_eq!(client.get("/health").status, 200);
    assert_eq!(client.get("/stats").json()["timed_out"], 1);
    // 50 ms are not much on a machine that is busy with other tests, so a late picture is no failure.
    while serve.get("/caption?template=cat&width=8").status != 200 {
        assert!(start.elapsed() < LONG);
    }
}

#[test]
fn a_full_queue_is_a_503_and_whoever_was_first_is_served() {
    let held = Held::with(Config { render_threads: 1, queue: 0, ..config() });
    let mut first = held.first();
    let mut second = held.serve.connect();
    for target in &["/caption?template=cat", "/templates/cat"] {
        let response = second.get(target);
        assert_error(&response, 503, "the queue is full", target);
        assert_eq!(response.headers["retry-after"], "1");
    }
    // What draws nothing is answered all the same.
    for target in &["/health", "/templates", "/fonts", "/metrics"] {
        assert_eq!(second.get(target).status, 200, "{}", target);
    }
    let stats = second.get("/stats").json();
    assert_eq!((stats["refused"].as_u64(), stats["rendering"].as_u64()), (Some(2), Some(1)));
    held.end(End::Failed(CaptionError::UnknownTemplate("boom was drawn".to_string())));
    assert_error(&first.response(), 404, "boom was drawn", "the first");
    // A request that has been answered has left the queue.
    second.get("/caption?template=cat").picture("png");
    first.get("/caption?template=cat&top_text=ok").picture("png");
}

// ===== Templates on a disk =====

const CAT: &[u8] = include_bytes!("../../data/templates/cat.png");
const ASTRONAUT: &[u8] = include_bytes!("../../data/templates/astronaut.png");
const RACCOON: &[u8] = include_bytes!("../../data/templates/raccoon.jpg");
const DEAL: &[u8] = include_bytes!("../../data/templates/deal-with-it.gif");

/// A PNG that is whole but for its size, which is a claim.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut png = CAT.to_vec();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    // With its checksum right, for it is not to be refused for that.
    let crc = png[12..29].iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[test]
fn a_damaged_template_is_a_500_that_names_it_and_the_others_are_served() {
    let folder = Folder::new();
    let mut huge_gif = DEAL.to_vec();
    huge_gif[6..10].copy_from_slice(&[0xff; 4]);
    let half = |file: &[u8]| file[..file.len() / 2].to_vec();
    let damaged = [
        ("half-png", "png", half(CAT)),
        ("half-gif", "gif", half(DEAL)),
        ("head-png", "png", CAT[..40].to_vec()),
        ("head-jpeg", "jpg", RACCOON[..40].to_vec()),
        ("head-gif", "gif", DEAL[..12].to_vec()),
        ("empty", "png", Vec::new()),
        ("text", "png", b"not a picture".to_vec()),
        ("huge-png", "png", png_that_claims(60_000, 60_000)),
        ("flat-png", "png", png_that_claims(0, 300)),
        ("huge-gif", "gif", huge_gif),
    ];
    for &(name, extension, ref content) in &damaged {
        folder.put(&format!("{}.{}", name, extension), content);
    }
    folder.put("own.png", &png_that_claims(451, 300));
    let serve = folder.serve();
    let mut client = serve.connect();
    for &(name, ..) in &damaged {
        let flaw = match name {
            "empty" | "text" => "it is neither a JPEG, a PNG nor a GIF",
            "huge-png" | "huge-gif" => "it is too large: ",
            _ => "it is damaged",
        };
        let parts = format!("the file of {:?} cannot be used: {}|: it is not your fault", name, flaw);
        // The second time it could come from a cache.
        for _ in 0..2 {
            let target = format!("/caption?template={}&top_text=ok", name);
            assert_error(&client.get(&target), 500, &parts, name);
            assert_error(&client.get(&format!("/templates/{}", name)), 500, &parts, name);
        }
        assert_eq!(serve.get("/health").status, 200);
    }
    client.get("/caption?template=own&top_text=ok").picture("png");
    let names = client.get("/templates").json();
    assert!(names.as_array().unwrap().iter().any(|name| name == "half-gif"), "{}", names);
    assert_serves(&serve);
}

#[test]
fn a_jpeg_that_ends_early_is_a_damaged_template() {
    let folder = Folder::new();
    folder.put("half.jpg", &RACCOON[..RACCOON.len() / 2]);
    let serve = folder.serve();
    let response = serve.get("/templates/half");
    assert_error(&response, 500, "the file of \"half\" cannot be used", "half a JPEG");
    assert_serves(&serve);
}

#[test]
fn a_template_that_is_replaced_or_deleted_is_seen_by_the_next_request() {
    let folder = Folder::new();
    folder.put("own.png", CAT);
    let serve = folder.serve();
    let mut client = serve.connect();
    let cat = client.get("/caption?template=own").picture("png").to_vec();
    let cat_info = client.get("/templates/own").json();
    folder.put("own.png", ASTRONAUT);
    assert!(client.get("/caption?template=own").picture("png") != &cat[..]);
    assert!(client.get("/templates/own").json() != cat_info);
    folder.put("own.png", &CAT[..100]);
    assert_error(&client.get("/caption?template=own"), 500, "the file of \"own\"", "damaged");
    folder.put("own.png", CAT);
    assert_eq!(client.get("/caption?template=own").picture("png"), &cat[..]);
    // One of the folder's hides the one that is built in.
    folder.put("cat.png", ASTRONAUT);
    assert!(client.get("/caption?template=cat").picture("png") != &cat[..]);
    folder.remove("cat.png");
    assert_eq!(client.get("/caption?template=cat").picture("png"), &cat[..]);
    folder.remove("own.png");
    assert_error(&client.get("/caption?template=own"), 404, "there is no template \"own\"", "deleted");
    assert_error(&client.get("/templates/own"), 404, "there is no template \"own\"", "deleted");
    assert_serves(&serve);
}

#[test]
fn a_template_name_is_never_a_path() {
    let folder = Folder::new();
    folder.put("secret.png", CAT);
    fs::create_dir(folder.path().join("inner")).unwrap();
    folder.put("inner/own.png", CAT);
    fs::create_dir(folder.path().join("inner/folder.png")).unwrap();
    let captioner = Settings { templates: Some(folder.path().join("inner")), ..Settings::default() };
    let serve = Serve::with(Config { captioner, ..config() });
    let mut client = serve.connect();
    client.get("/caption?template=own").picture("png");
    let absolute = folder.path().join("secret").to_string_lossy().into_owned();
    let long = "x".repeat(5_000);
    for name in &[
        "../secret",
        "../secret.png",
        "..\\secret",
        "own/../../secret",
        &absolute,
        ".",
        "..",
        "/",
        "own/",
        "./own",
        "inner/own",
        "own.png",
        "folder",
        "../../etc/passwd",
        "/etc/passwd",
        "*",
        "o*",
        "own\0",
        "own\0.png",
        "\0",
        "%6Fwn",
        "..%2Fsecret",
        "file:///etc/passwd",
        "\u{202e}nwo",
        "own;ls",
    ] {
        let parts = format!("there is no template {:?}", name);
        assert_error(&client.get(&format!("/templates/{}", escaped(name))), 404, &parts, name);
        let target = format!("/caption?template={}", escaped(name));
        assert_error(&client.get(&target), 404, &parts, name);
        assert_eq!(serve.get("/health").status, 200);
    }
    assert_error(&client.get(&format!("/templates/{}", long)), 404, "there is no template \"xxx", "long");
    let target = format!("/caption?template={}", long);
    assert_error(&client.get(&target), 400, "\"template\" is longer than 200 characters", "long");
    assert_error(&client.get("/templates/%ff"), 404, "there is no template \"\u{fffd}\"", "%ff");
    for path in &["/templates/../../etc/passwd", "/templates/../secret", "/templates//", "/templates/own/"] {
        assert_error(&client.get(path), 404, &format!("there is nothing at {:?}", path), path);
    }
    assert_serves(&serve);
}
