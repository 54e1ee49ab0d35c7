//! Property: every frame of a captioned animation looks like the template's frame with the text over it.

use image::{Rgba, RgbaImage};
use proptest::strategy::Strategy;

use super::asked::{captions, query_of, Asked};
use super::check;
use super::templates::{animations, stills, Animated, Pattern, Still};
use gif_oracle::{assert_captioned, play, Bench, Ink, Inked, FILL, OUTLINE};
use picture_util::{draw, png_of};
use util::Folder;

/// In the two colors that the oracle knows.
fn captions_in_its_colors() -> impl Strategy<Value = Vec<Asked>> {
    captions().prop_map(|captions| {
        captions.into_iter().map(|asked| Asked { color: FILL, outline: Some(OUTLINE), ..asked }).collect()
    })
}

#[test]
fn every_frame_is_the_template_s_with_the_text_over_it() {
    let bench = Bench::new();
    check(300, &(animations(), captions_in_its_colors()), |(animated, mut captions)| {
        // Where one caption's soft edge lies over another, a full palette may have a color as near as theirs.
        captions.truncate(if animated.is_full { 1 } else { 16 });
        // A full palette gives some colors up for their neighbours.
        let tolerance = if animated.is_full { 6.0 } else { 0.0 };
        // A table that lacks the color below a soft edge has none that is near to both.
        let file = animated.with_one_table().file();
        let template = play(&file);
        let query = query_of(&captions);
        let captioned = bench.draw(&file, &query);
        assert!(captioned == bench.draw(&file, &query), "the second time it is another");
        let ink = Ink::of(template.size, &query);
        assert_captioned("it", &template, &play(&captioned), &ink, tolerance);
    });
}

#[test]
fn letters_are_on_every_frame_and_nothing_around_them_changes_whatever_the_color_tables() {
    let bench = Bench::new();
    let cases = (animations(), captions_in_its_colors());
    check(120, &cases, |(animated, captions): (Animated, Vec<Asked>)| {
        let file = Animated { is_full: false, ..animated }.file();
        let template = play(&file);
        let bare: Vec<_> = captions.into_iter().map(|asked| Asked { outline: None, ..asked }).collect();
        let query = query_of(&bare);
        let captioned = play(&bench.draw(&file, &query));
        let ink = Ink::of(template.size, &query);
        for (index, (before, after)) in template.frames.iter().zip(&captioned.frames).enumerate() {
            for (x, y, pixel) in after.enumerate_pixels() {
                let is_right = match ink.at(x, y) {
                    Inked::Not => *pixel == before[(x, y)],
                    Inked::Solid(color) => pixel.0 == [color[0], color[1], color[2], 255],
                    Inked::Partly(..) => pixel[3] >= before[(x, y)][3],
                };
                assert!(is_right, "frame {} at {} {}: {:?}", index, x, y, pixel);
            }
        }
    });
}

#[test]
fn a_still_picture_of_few_colors_becomes_a_gif_that_looks_like_it() {
    check(120, &(stills(), captions_in_its_colors()), |(still, captions)| {
        let folder = Folder::new();
        let painted = Still { pattern: Pattern::Blocks, ..still }.painted();
        folder.put("still.png", &png_of(&painted));
        let draw = |query: &str| {
            let look = "color=lime&outline=blue";
            play(&draw(&folder.captioner(), &format!("template=still&format=gif&{}&{}", look, query)))
        };
        let template = draw("");
        let clear =
            |pixel: Rgba<u8>| if pixel[3] < 128 { [0; 4] } else { [pixel[0], pixel[1], pixel[2], 255] };
        let (width, height) = painted.dimensions();
        let expected = RgbaImage::from_fn(width, height, |x, y| Rgba(clear(painted[(x, y)])));
        assert!(template.frames == [expected], "without text it is another picture");
        let query = query_of(&captions);
        assert_captioned("it", &template, &draw(&query), &Ink::of(template.size, &query), 0.0);
    });
}
