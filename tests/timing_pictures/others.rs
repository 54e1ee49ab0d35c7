//! What is not a GIF of a template: a client's own picture, and an animated PNG.

use image::RgbaImage;
use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro::edit_from_query;

use super::{assert_timed, pair, query_of};
use gif_oracle::{play, LOOK};
use picture_util::{draw, shipped};
use util::Folder;

#[test]
fn a_picture_of_one_s_own_is_timed_like_a_template() {
    let file = shipped("deal-with-it.gif");
    let query = "width=120&top_text=HI&from=20%25&to=60%25";
    let captioner = Captioner::new(Settings::default());
    let edit = edit_from_query(query).unwrap();
    let own = captioner.caption_picture(&file, &edit, &Cancel::new()).unwrap().bytes;
    assert!(own == draw(&captioner, &format!("template=deal-with-it&{}", query)));
}

/// An animated PNG: squares that wander, the canvas transparent around them.
fn animated_png() -> Vec<u8> {
    let mut file = Vec::new();
    {
        let mut encoder = ::png::Encoder::new(&mut file, 80, 60);
        encoder.set_color(::png::ColorType::Rgba);
        encoder.set_animated(6, 0).unwrap();
        encoder.set_frame_delay(1, 10).unwrap();
        let mut writer = encoder.write_header().unwrap();
        for i in 0..6 {
            let pixels = RgbaImage::from_fn(80, 60, |x, y| {
                let is_square = (x / 10 + i) % 3 == 0 && y / 20 != 2;
                ::image::Rgba(if is_square { [200, 30 * i as u8, 30, 255] } else { [0; 4] })
            });
            writer.write_image_data(pixels.as_raw()).unwrap();
        }
        writer.finish().unwrap();
    }
    file
}

#[test]
fn an_animated_png_is_timed_as_a_gif() {
    let folder = Folder::new();
    folder.put("animation.png", &animated_png());
    let captioner = folder.captioner();
    let of =
        |query: &str| play(&draw(&captioner, &format!("template=animation&format=gif&{}&{}", query, LOOK)));
    let captions = pair();
    assert_timed("squares", &of(""), &of(&query_of(captions.iter(), true)), &captions, 0.0);
}
