//! Tests what is preloaded, and that requests do not wait for preloading.

use image::{Rgba, RgbaImage};
use memed::captioner::Settings;
use memed::config::{Config, Preload};

use picture_util::png_of;
use util::{config, until, Folder, Serve};

/// Enough to take seconds, one after the other.
const TEMPLATES: usize = 60;

fn folder() -> Folder {
    let folder = Folder::new();
    let noise = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) as u8;
    let picture = RgbaImage::from_fn(700, 700, |x, y| Rgba([noise(x, y), noise(y, x), noise(x + 7, y), 255]));
    let file = png_of(&picture);
    for index in 0..TEMPLATES {
        folder.put(&format!("t{}.png", index), &file);
    }
    folder
}

fn preloading(folder: &Folder, queue: usize) -> Serve {
    let templates = Some(folder.path().to_path_buf());
    let captioner = Settings { templates, template_cache: 1 << 30, ..Settings::default() };
    Serve::with(Config { render_threads: 1, queue, preload: Preload::Templates, captioner, ..config() })
}

/// All of them were sent to the pool at once, past the gate, and the first picture had to wait for the last of them.
#[test]
fn a_request_waits_for_one_preloaded_template_at_most() {
    let folder = folder();
    let serve = preloading(&folder, 4);
    let mut client = serve.connect();
    let loaded =
        |client: &mut ::util::Client| client.get("/stats").json()["cache"]["templates"]["misses"].as_u64();
    for text in 0..3 {
        let before = loaded(&mut client).unwrap();
        client.get(&format!("/caption?template=cat&top_text={}", text)).picture("png");
        let after = loaded(&mut client).unwrap();
        // Its own template, the one that is loaded when it comes, and one before and after the looks.
        assert!(after - before <= 4, "{} to {}", before, after);
        assert!(client.get("/stats").json()["queue"]["waiting"].as_u64() <= Some(1));
    }
    assert!(loaded(&mut client) < Some(TEMPLATES as u64 / 2), "it loads too fast for this test");
}

/// Preloading takes no client's place: with one thread and no queue there is always a place for one request.
#[test]
fn no_request_is_refused_because_of_preloading_and_everything_is_loaded_in_the_end() {
    let folder = folder();
    let serve = preloading(&folder, 0);
    let mut client = serve.connect();
    let mut text = 0;
    until(|| {
        text += 1;
        client.get(&format!("/caption?template=cat&top_text={}", text)).picture("png");
        client.get("/stats").json()["cache"]["templates"]["misses"].as_u64() > Some(TEMPLATES as u64)
    });
}
