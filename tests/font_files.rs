//! Tests the fonts of a folder: damaged ones, collections, and what they lend.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use memed::captioner::{Cancel, CaptionError, Captioner, Settings};

use picture_util::{asked, look};
use util::{Folder, Program};

fn font(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/fonts").join(name)).unwrap()
}

fn with_fonts(folder: &Folder) -> Captioner {
    Captioner::new(Settings { fonts: Some(folder.path().to_path_buf()), ..Settings::default() })
}

fn number(font: &[u8], at: usize) -> usize {
    u32::from_be_bytes([font[at], font[at + 1], font[at + 2], font[at + 3]]) as usize
}

/// The tables of a font file: where their records are, and where their content is.
fn tables(font: &[u8]) -> HashMap<String, (usize, std::ops::Range<usize>)> {
    let count = usize::from(u16::from_be_bytes([font[4], font[5]]));
    let records = (0..count).map(|index| 12 + 16 * index);
    let table = |record: usize| {
        let tag = String::from_utf8_lossy(&font[record..record + 4]).into_owned();
        let start = number(font, record + 8);
        (tag, (record, start..start + number(font, record + 12)))
    };
    records.map(table).collect()
}

fn caption(captioner: &Captioner, query: &str) -> Result<Vec<u8>, CaptionError> {
    captioner.caption(&asked(query), &Cancel::new()).map(|picture| picture.bytes)
}

/// The reasons why a font cannot be used, from the first to the last.
fn reasons(error: &CaptionError) -> String {
    let mut reasons = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reasons = format!("{}: {}", reasons, error);
        cause = error.source();
    }
    reasons
}

#[test]
fn a_font_whose_table_is_cut_off_is_refused_by_name_and_table() {
    for &(file, tag) in &[
        ("fallback/NotoSansArabic-Bold.ttf", "GSUB"),
        ("fallback/NotoSansArabic-Bold.ttf", "GPOS"),
        ("fallback/NotoSansArabic-Bold.ttf", "GDEF"),
        ("fallback/TwemojiMozilla.ttf", "COLR"),
        ("fallback/TwemojiMozilla.ttf", "CPAL"),
    ] {
        let folder = Folder::new();
        let mut bytes = font(file);
        let (record, content) = tables(&bytes)[tag].clone();
        let half = (content.len() / 2).min(20) as u32;
        bytes[record + 12..record + 16].copy_from_slice(&half.to_be_bytes());
        folder.put("Mine.ttf", &bytes);
        let drawn = caption(&with_fonts(&folder), "template=cat&width=50&top_text=a&font=Mine");
        let error = drawn.map(drop).expect_err(tag);
        let reasons = reasons(&error);
        // Without its palette a font has no colors.
        let table = if tag == "CPAL" { "COLR" } else { tag };
        assert!(reasons.contains("\"Mine\"") && reasons.contains(table), "{}", reasons);
    }
}

#[test]
fn a_font_that_is_cut_off_is_refused_and_lends_nothing() {
    let original = font("Anton.ttf");
    for &part in &[10, 35, 60, 90] {
        let folder = Folder::new();
        folder.put("Mine.ttf", &original[..original.len() * part / 100]);
        let captioner = with_fonts(&folder);
        let drawn = caption(&captioner, "template=cat&width=50&top_text=a&font=Mine");
        let error = drawn.map(drop).expect_err("it is cut off");
        assert!(reasons(&error).contains("\"Mine\""), "{}", reasons(&error));
        let boxed = look(&captioner, "template=cat&width=50&top_text=%F4%8F%BF%BD");
        let without = Captioner::new(Settings::default());
        assert!(boxed == look(&without, "template=cat&width=50&top_text=%F4%8F%BF%BD"));
    }
}

#[test]
fn a_damaged_font_lends_nothing_and_the_log_names_it_once() {
    let folder = Folder::new();
    let mut bytes = font("DejaVuSans.ttf");
    let (record, _) = tables(&bytes)["GSUB"].clone();
    bytes[record + 12..record + 16].copy_from_slice(&9u32.to_be_bytes());
    folder.put("Damaged.ttf", &bytes);
    let mut program = Program::start(&["-q", "--fonts", folder.path().to_str().unwrap()]);
    let mut client = program.connect();
    for width in &[50, 51, 52] {
        // In no font, so that every font is asked.
        let target = format!("/caption?template=cat&top_text=%F4%8F%BF%BD&width={}", width);
        assert_eq!(client.get(&target).status, 200);
    }
    program.signal(::libc::SIGTERM);
    let log = program.rest_of_log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("\"Damaged\"")).collect();
    assert_eq!(lines.len(), 1, "{}", log);
    assert!(lines[0].starts_with("memed: error: ") && lines[0].contains("GSUB"), "{}", lines[0]);
}

/// Bytes of the tables that shape and color text are changed. A picture may look odd then, but there is one, or an
/// error that names the font.
#[test]
fn fonts_with_changed_bytes_are_used_or_refused() {
    let mut random = ::fastrand::Rng::with_seed(13);
    let texts = [
        (
            "fallback/NotoSansArabic-Bold.ttf",
            &["GSUB", "GPOS", "GDEF"][..],
            "%D8%A3%D9%87%D9%84%D8%A7%D9%8B%20%D8%A8%DA%A9",
        ),
        (
            "fallback/NotoSansDevanagari-Bold.ttf",
            &["GSUB", "GPOS"][..],
            "%E0%A4%95%E0%A5%8D%E0%A4%B7%E0%A4%A4%E0%A5%8D%E0%A4%B0%E0%A4%BF",
        ),
        ("fallback/TwemojiMozilla.ttf", &["COLR", "CPAL", "GSUB"][..], "%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80"),
        ("Anton.ttf", &["glyf", "loca", "hmtx", "cmap", "head", "maxp", "GPOS"][..], "AVATAR%20fi"),
    ];
    let (mut used, mut refused) = (0, 0);
    for &(file, tags, text) in &texts {
        let original = font(file);
        let tables = tables(&original);
        for &tag in tags {
            let content = tables[tag].1.clone();
            for round in 0..25 {
                let mut bytes = original.clone();
                for _ in 0..1 + round % 8 {
                    // Most of the structure is at the beginning.
                    let reach = if round % 2 == 0 { content.len().min(200) } else { content.len() };
                    bytes[content.start + random.usize(..reach)] = random.u8(..);
                }
                let folder = Folder::new();
                folder.put("Mine.ttf", &bytes);
                let query = format!("template=cat&width=80&font=Mine&size=20&top_text={}", text);
                match caption(&with_fonts(&folder), &query) {
                    Ok(_) => used += 1,
                    Err(error) => {
                        refused += 1;
                        assert!(reasons(&error).contains("\"Mine\""), "{}", reasons(&error));
                    }
                }
            }
        }
    }
    assert!(used > 50 && refused > 20, "{} {}", used, refused);
}

#[test]
fn of_a_collection_the_first_font_is_used() {
    let original = font("BebasNeue.ttf");
    // A header with one font, and the font moved after it.
    let mut collection = b"ttcf\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10".to_vec();
    let start = collection.len();
    collection.extend_from_slice(&original);
    for (record, content) in tables(&original).values() {
        let moved = (content.start + start) as u32;
        collection[start + record + 8..start + record + 12].copy_from_slice(&moved.to_be_bytes());
    }
    let folder = Folder::new();
    folder.put("Mine.ttc", &collection);
    folder.put("Same.otf", &collection);
    let captioner = with_fonts(&folder);
    assert!(captioner.font_names().contains(&"Mine".to_string()));
    let bebas = look(&captioner, "template=cat&top_text=Hamburg&font=BebasNeue");
    for name in &["Mine", "Same"] {
        assert!(look(&captioner, &format!("template=cat&top_text=Hamburg&font={}", name)) == bebas);
    }
}

#[test]
fn the_fonts_that_lend_are_not_listed_and_have_no_names() {
    let captioner = Captioner::new(Settings::default());
    let expected = ["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"];
    assert_eq!(captioner.font_names().iter().map(String::as_str).collect::<Vec<_>>(), expected);
    match caption(&captioner, "template=cat&top_text=a&font=NotoSansArabic-Bold") {
        Err(CaptionError::UnknownFont(_)) => {}
        _ => panic!("it has a name"),
    }
}

#[test]
fn a_font_of_the_folder_may_have_the_file_name_of_one_that_lends() {
    let folder = Folder::new();
    folder.put("NotoSansArabic-Bold.ttf", &font("BebasNeue.ttf"));
    let captioner = with_fonts(&folder);
    let arabic = "template=cat&top_text=%D8%B3%D9%84%D8%A7%D9%85";
    let without = look(&Captioner::new(Settings::default()), arabic);
    assert!(look(&captioner, arabic) == without);
    let named = look(&captioner, "template=cat&top_text=Hamburg&font=NotoSansArabic-Bold");
    assert!(named == look(&captioner, "template=cat&top_text=Hamburg&font=BebasNeue"));
}
