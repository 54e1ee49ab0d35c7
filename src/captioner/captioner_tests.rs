//! Tests of [`super::Captioner`] with folders that change.

use std::env;
use std::fs;
use std::process;

use image::{ImageFormat, RgbImage};

use super::{Cancel, Captioner, FileKey, Settings};
use image_macro::from_query;

#[test]
fn a_template_replaced_after_its_look_up_is_cached_as_what_was_read() {
    let folder = env::temp_dir().join(format!("memed-replaced-template-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let put = |side: u32| {
        RgbImage::new(side, side).save_with_format(folder.join("one.png"), ImageFormat::Png).unwrap();
    };
    let captioner = Captioner::new(Settings { templates: Some(folder.clone()), ..Settings::default() });
    put(10);
    let old = captioner.template_source("one").unwrap();
    put(200);
    let decoded = captioner.decode("one", &old, None, &Cancel::new()).unwrap();
    let new = captioner.template_source("one").unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_ne!(old.version, new.version);
    assert_eq!((decoded.info.width, decoded.version), (200, Some(new.version)));
    assert_eq!(captioner.infos.get(&FileKey::new("one", old.version)), None);
    assert_eq!(captioner.infos.get(&FileKey::new("one", new.version)).unwrap().width, 200);
}

#[test]
fn only_the_fonts_that_lend_a_glyph_are_loaded() {
    let folder = env::temp_dir().join(format!("memed-many-fonts-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    for number in 0..20 {
        let content = include_bytes!("../../data/fonts/BebasNeue.ttf");
        fs::write(folder.join(format!("Font{}.ttf", number)), &content[..]).unwrap();
    }
    let captioner = Captioner::new(Settings { fonts: Some(folder.clone()), ..Settings::default() });
    // N'Ko is in DejaVuSans only, and the last character in no font, so every font is asked for it.
    let asked = from_query("template=cat&top_text=A \u{7ca} \u{10fffd}").unwrap();
    captioner.caption(&asked, &Cancel::new()).unwrap();
    captioner.caption(&asked, &Cancel::new()).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let stats = captioner.stats().fonts;
    assert_eq!((stats.misses, stats.hits), (2, 2), "Anton and DejaVuSans, each loaded once");
}
