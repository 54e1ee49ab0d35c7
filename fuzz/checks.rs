//! The properties that must hold for every input. The fuzz targets call [`run`] with generated inputs, and
//! `tests/corpus.rs` calls it with the stored corpus, so this file must compile in the editions of both.

use std::env;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use gif::DecodeOptions;
use image::{load_from_memory_with_format, ImageFormat, ImageReader};
use memed::captioner::{Cancel, CaptionError, Captioner, Format, Settings};
use memed::image_macro::{edit_from_query, from_form, from_json, from_query, normal_name};
use memed::image_macro::{Boundary, Caption, Edit, Form, ImageMacro, Invalid, Size};
use memed::image_macro::{MAX_CAPTIONS, MAX_NAME, MAX_SIDE, MAX_SIZE, MAX_TEXT};

/// The most pixels of a template. Larger ones take the fuzzer seconds and exercise the same code.
const MAX_AREA: u64 = 1 << 18;
/// The width of the smaller picture that is asked for.
const NARROW: u32 = 24;
/// The most bytes of an error sentence for a client.
const MAX_SENTENCE: usize = 2000;

/// Runs the check of a fuzz target.
///
/// # Panics
/// If a property does not hold.
pub fn run(target: &str, input: &[u8]) {
    match target {
        "query" => understood(from_query(&String::from_utf8_lossy(input))),
        "json" => understood(from_json(input)),
        "text" => text(input),
        "upload" => upload(input),
        "gif" | "jpeg" | "png" => template(&with_checksums(input)),
        _ => panic!("there is no target {:?}", target),
    }
}

// ===== Requests =====

/// Parsing gives either a sentence that can be sent back, or an image macro within the documented limits.
fn understood(asked: Result<ImageMacro, Invalid>) {
    match asked {
        Ok(image_macro) => assert_within_limits(&image_macro),
        Err(Invalid(sentence)) => {
            assert!(!sentence.is_empty());
            assert!(sentence.len() <= MAX_SENTENCE, "{} bytes: {}", sentence.len(), sentence);
        }
    }
}

fn assert_within_limits(asked: &ImageMacro) {
    assert_is_name(&asked.template);
    for side in asked.width.iter().chain(&asked.height) {
        assert!((1..=MAX_SIDE).contains(side), "{}", side);
    }
    assert!(asked.captions.len() <= MAX_CAPTIONS, "{} captions", asked.captions.len());
    asked.captions.iter().for_each(assert_caption_is_within_limits);
}

fn assert_caption_is_within_limits(caption: &Caption) {
    let text = &caption.text;
    assert!(text.chars().count() <= MAX_TEXT && !text.trim().is_empty(), "{:?}", text);
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{:?}", text);
    assert!(normal_name(text) == text.trim(), "{:?} is not in NFC", text);
    caption.look.font.iter().for_each(|font| assert_is_name(font));
    if let Some(Size::Pixels(pixels)) = caption.look.size {
        assert!(pixels > 0.0 && pixels <= MAX_SIZE, "{}", pixels);
    }
}

fn assert_is_name(name: &str) {
    assert!((1..=MAX_NAME).contains(&name.chars().count()), "{:?}", name);
    assert!(normal_name(name) == name, "{:?}", name);
}

// ===== Text =====

/// Any text can be drawn, in any font. The first byte chooses the font and the width of the picture.
fn text(input: &[u8]) {
    const FONTS: [&str; 5] = ["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"];
    thread_local! {
        static CAPTIONER: Captioner = Captioner::new(Settings::default());
    }
    let (choice, text) = match input.split_first() {
        Some((&choice, text)) => (usize::from(choice), String::from_utf8_lossy(text)),
        None => return,
    };
    let text: String = text.chars().take(MAX_TEXT).collect();
    let width = 8 << (choice / FONTS.len() % 6);
    let request = format!(
        r#"{{"template": "cat", "width": {}, "font": "{}", "top_text": "{}"}}"#,
        width,
        FONTS[choice % FONTS.len()],
        text.chars().map(escaped).collect::<String>(),
    );
    // A text may be refused: one that is blank, or that grows in NFC.
    if let Ok(image_macro) = from_json(request.as_bytes()) {
        let picture = CAPTIONER.with(|captioner| captioner.caption(&image_macro, &Cancel::new()));
        let picture = picture.unwrap_or_else(|error| panic!("{:?} in {:?}", error, text));
        let (size, _) = size_and_frames(picture.format, &picture.bytes);
        assert!(size.0 <= width && size.1 > 0, "{:?} in {:?}", size, text);
    }
}

/// A character as JSON.
fn escaped(character: char) -> String {
    let mut units = [0; 2];
    character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{:04x}", unit)).collect()
}

// ===== Templates =====

/// A folder that is gone when the check is done.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("memed-checks-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Either the file is rejected as unusable, or there are pictures of it: at its own size and at
/// a smaller one, in its own format and in another.
fn template(file: &[u8]) {
    let size =
        ImageReader::new(Cursor::new(file)).with_guessed_format().map(|reader| reader.into_dimensions());
    if let Ok(Ok((width, height))) = size {
        if u64::from(width) * u64::from(height) > MAX_AREA {
            return;
        }
    }
    let folder = Folder::new();
    // The extension does not matter: the format is detected from the content.
    fs::write(folder.0.join("template.png"), file).expect("the folder can be written");
    let captioner = Captioner::new(Settings { templates: Some(folder.0.clone()), ..Settings::default() });
    let info = match captioner.template_info("template", &Cancel::new()) {
        Ok(info) => info,
        Err(CaptionError::BadFile { .. }) => return,
        Err(error) => panic!("{:?}", error),
    };
    // The other two take turns, as the files come.
    let mut others = vec![Format::Gif, Format::Jpeg, Format::Png];
    others.retain(|&format| format != info.format);
    for &format in &[info.format, others[file.len() % 2]] {
        for &width in &[None, Some(NARROW)] {
            let mut asked =
                from_query("template=template&top_text=Nothing&bottom_text=holds").expect("it is right");
            asked.width = width;
            asked.format = Some(format);
            let picture = match captioner.caption(&asked, &Cancel::new()) {
                Ok(picture) => picture,
                // Only a PNG can have such a side.
                Err(CaptionError::Encode(_))
                    if format != Format::Png && info.width.max(info.height) > 65_535 =>
                {
                    continue
                }
                Err(error) => panic!("{:?} of {:?}: {:?}", format, info, error),
            };
            assert_eq!(picture.format, format);
            let (size, frames) = size_and_frames(format, &picture.bytes);
            assert_eq!(size, info.fitting_size(width, None), "{:?} of {:?}", format, info);
            assert_eq!(frames, if format == Format::Gif { info.frames } else { 1 }, "{:?}", info);
        }
    }
}

// ===== Uploads =====

/// What begins with two dashes is a form, whose boundary its first line is; anything else is a picture.
fn upload(input: &[u8]) {
    if !input.starts_with(b"--") {
        let edit = edit_from_query("top_text=Nothing&bottom_text=holds&width=64").expect("it is right");
        return own_picture(&with_checksums(input), &edit);
    }
    let line = input[2..].split(|&byte| byte == b'\r').next().unwrap_or(b"");
    let content_type = [b"multipart/form-data; boundary=\"", line, b"\""].concat();
    let boundary = match Boundary::of(&content_type).expect("it is the type of a form") {
        Ok(boundary) => boundary,
        Err(Invalid(sentence)) => return assert!(sentence.len() <= MAX_SENTENCE),
    };
    match from_form(input, &boundary) {
        Ok(Form::Template(image_macro)) => assert_within_limits(&image_macro),
        Ok(Form::Picture(picture, edit)) => {
            assert!(input.as_ptr_range().contains(&picture.as_ptr()), "the picture was copied");
            edit.captions.iter().for_each(assert_caption_is_within_limits);
            own_picture(picture, &edit);
        }
        Err(invalid) => understood(Err(invalid)),
    }
}

/// Either it is refused as unusable, or there is a whole picture of it within the size that is asked for.
fn own_picture(file: &[u8], edit: &Edit) {
    thread_local! {
        static CAPTIONER: Captioner = Captioner::new(Settings::default());
    }
    let size =
        ImageReader::new(Cursor::new(file)).with_guessed_format().map(|reader| reader.into_dimensions());
    if let Ok(Ok((width, height))) = size {
        if u64::from(width) * u64::from(height) > MAX_AREA {
            return;
        }
    }
    let drawn = CAPTIONER.with(|captioner| {
        let drawn = captioner.caption_picture(file, edit, &Cancel::new());
        assert_eq!(captioner.stats().templates.used, 0, "an upload is cached");
        drawn
    });
    match drawn {
        Ok(picture) => {
            let (size, frames) = size_and_frames(picture.format, &picture.bytes);
            assert!(size.0 <= edit.width.unwrap_or(size.0) && size.1 > 0 && frames > 0, "{:?}", size);
        }
        Err(CaptionError::BadPicture { .. })
        | Err(CaptionError::UnknownFont(_))
        | Err(CaptionError::TooManyTexts { .. }) => {}
        Err(error) => panic!("{:?}", error),
    }
}

/// Decodes all of a picture.
fn size_and_frames(format: Format, file: &[u8]) -> ((u32, u32), usize) {
    let still = |format| {
        let image = load_from_memory_with_format(file, format).expect("the picture is whole");
        ((image.width(), image.height()), 1)
    };
    match format {
        Format::Jpeg => still(ImageFormat::Jpeg),
        Format::Png => still(ImageFormat::Png),
        Format::Gif => {
            let mut decoder = DecodeOptions::new().read_info(file).expect("the picture is a GIF");
            let mut frames = 0;
            while decoder.read_next_frame().expect("the frame is whole").is_some() {
                frames += 1;
            }
            ((u32::from(decoder.width()), u32::from(decoder.height())), frames)
        }
    }
}

/// A PNG with the checksums that its chunks should have: the fuzzer does not hit upon them, and its build of the
/// decoder does not look at them. Other files stay as they are.
fn with_checksums(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    if !file.starts_with(b"\x89PNG\r\n\x1a\n") {
        return file;
    }
    let mut start = 8;
    while let Some(head) = file.get(start..start + 4) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = start + 8 + length;
        if end + 4 > file.len() {
            break;
        }
        let checksum = file[start + 4..end].iter().fold(!0, |crc: u32, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
        });
        file[end..end + 4].copy_from_slice(&(!checksum).to_be_bytes());
        start = end + 4;
    }
    file
}
