//! Identifies a picture before it is drawn: two pictures with the same fingerprint have the same bytes.
//!
//! A fingerprint is a hash of everything that a picture depends on: the request, the settings of the encoders, the
//! version of the program (which stands for its code and its built-in files), and the contents of the files in the
//! folders. It is the same on every machine.

use std::{fmt, str};

use sha2::{Digest, Sha256};

use captioner::error::CaptionError;
use captioner::lettering::{Lettering, LetteringSpot, Places};
use captioner::library::Library;
use captioner::settings::Settings;
use image_macro::{Bar, Format, ImageMacro, Moment, Size, TextBox};

/// SHA-256. Two pictures with the same one have the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, &byte) in text.chunks_exact_mut(2).zip(&self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(str::from_utf8(&text).expect("digits are ASCII"))
    }
}

impl Fingerprint {
    /// The fingerprint of a picture. Reads a file only if it is new or has changed.
    ///
    /// # Errors
    /// [`CaptionError::UnknownTemplate`], [`CaptionError::UnknownFont`], [`CaptionError::TooManyTexts`],
    /// [`CaptionError::Io`].
    pub(super) fn of(
        image_macro: &ImageMacro,
        settings: &Settings,
        templates: &Library,
        fonts: &Library,
    ) -> Result<Fingerprint, CaptionError> {
        // Destructured field by field: a new field does not compile until it is hashed or ignored here.
        let ImageMacro { ref template, width, height, format, bar, ref captions } = *image_macro;
        let source = templates.find(template)?.ok_or_else(|| CaptionError::unknown_template(template))?;
        let notes = templates.notes(template, &source, fonts);
        let has_font = |name: &str| fonts.has(name);
        let places = Places { template: Some(template), notes: &notes, has_font: &has_font };
        let letterings = places.letterings(captions, bar)?;
        let Settings {
            templates: _,
            fonts: _,
            template_cache: _,
            font_cache: _,
            jpeg_quality,
            gif_quality,
            lenient,
        } = *settings;
        let mut hash = Hash(Sha256::new());
        hash.bytes(env!("CARGO_PKG_VERSION").as_bytes());
        hash.bytes(&[jpeg_quality, gif_quality, u8::from(lenient)]);
        hash.option(width.map(u64::from));
        hash.option(height.map(u64::from));
        hash.bytes(format.map_or("", Format::name).as_bytes());
        hash.bytes(bar.map_or("", |bar| bar.side.name()).as_bytes());
        if let Some(Bar { color, .. }) = bar {
            hash.bytes(&[color.r, color.g, color.b]);
        }
        hash.number(letterings.len() as u64);
        for lettering in &letterings {
            hash.lettering(lettering);
        }
        hash.bytes(template.as_bytes());
        hash.option_bytes(templates.digest(template, &source)?);
        hash.fonts(fonts, &letterings)?;
        Ok(Fingerprint(hash.0.finalize().into()))
    }
}

/// Hashes fields in a fixed order. Each has a fixed length or is preceded by its length, so no two sequences of fields
/// are the same bytes.
struct Hash(Sha256);

impl Hash {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn option(&mut self, number: Option<u64>) {
        self.number(number.is_some().into());
        self.number(number.unwrap_or(0));
    }

    fn option_bytes(&mut self, bytes: Option<[u8; 32]>) {
        self.bytes(bytes.as_ref().map_or(&[], |bytes| &bytes[..]));
    }

    fn float(&mut self, number: f32) {
        self.number(number.to_bits().into());
    }

    fn lettering(&mut self, lettering: &Lettering) {
        let Lettering { ref text, spot, halign, ref font, color, outline, size, time } = *lettering;
        self.bytes(text.as_bytes());
        match spot {
            LetteringSpot::Band(valign) => self.bytes(valign.name().as_bytes()),
            LetteringSpot::Above => self.bytes(b"above"),
            LetteringSpot::Below => self.bytes(b"below"),
            LetteringSpot::Box(TextBox { left, top, width, height, angle, padding, valign }) => {
                self.bytes(b"box");
                [left, top, width, height, angle, padding].iter().for_each(|&number| self.float(number));
                self.bytes(valign.name().as_bytes());
            }
        }
        for moment in &time {
            match *moment {
                None => self.number(0),
                Some(Moment::Seconds(seconds)) => {
                    self.number(1);
                    self.float(seconds);
                }
                Some(Moment::Share(share)) => {
                    self.number(2);
                    self.float(share);
                }
            }
        }
        self.bytes(halign.name().as_bytes());
        self.bytes(font.as_bytes());
        self.bytes(&[color.r, color.g, color.b]);
        self.option(outline.map(|color| u32::from_be_bytes([0, color.r, color.g, color.b]).into()));
        match size {
            Size::Fit => self.number(0),
            Size::Shrink => self.number(1),
            Size::Pixels(pixels) => {
                self.number(2);
                self.float(pixels);
            }
        }
    }

    /// Hashes all fonts, because any of them may lend a glyph. One that cannot be read lends none.
    fn fonts(&mut self, library: &Library, letterings: &[Lettering]) -> Result<(), CaptionError> {
        let sources = library.sources()?;
        if let Some(unknown) = letterings.iter().find(|lettering| !sources.contains_key(&lettering.font)) {
            return Err(CaptionError::unknown_font(&unknown.font));
        }
        for (name, source) in sources.iter().filter(|entry| !entry.1.is_built_in()) {
            self.bytes(name.as_bytes());
            self.option_bytes(library.digest(name, source).unwrap_or(None));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Fingerprint;
    use captioner::error::CaptionError;
    use captioner::library::Library;
    use captioner::settings::Settings;
    use image_macro::from_query;

    fn fingerprint_with(settings: &Settings, query: &str) -> Result<Fingerprint, CaptionError> {
        let image_macro = from_query(query).unwrap();
        Fingerprint::of(&image_macro, settings, &Library::templates(None), &Library::fonts(None))
    }

    fn fingerprint(query: &str) -> Fingerprint {
        fingerprint_with(&Settings::default(), query).unwrap()
    }

    #[test]
    fn whatever_changes_the_picture_changes_the_fingerprint() {
        let queries = [
            "template=cat",
            "template=space",
            "template=cat&width=100",
            "template=cat&height=100",
            "template=cat&format=gif",
            "template=cat&format=png",
            "template=cat&top_text=ab",
            "template=cat&bottom_text=ab",
            "template=cat&top_text=a&bottom_text=b",
            "template=cat&captions[]=a&captions[]=b&captions[]=c",
            "template=cat&top_text=ab&align=left",
            "template=cat&top_text=ab&font=BebasNeue",
            "template=cat&top_text=ab&color=red",
            "template=cat&top_text=ab&outline=red",
            "template=cat&top_text=ab&outline=none",
            "template=cat&top_text=ab&size=shrink",
            "template=cat&top_text=ab&size=20",
            "template=cat&top_text=ab&size=20.5",
            "template=cat&top_text=ab&case=upper",
            "template=cat&top_text=ab&from=1",
            "template=cat&top_text=ab&to=1",
            "template=cat&top_text=ab&to=50%",
            "template=cat&layout=bar&top_text=ab",
            "template=cat&layout=bar&bar=both&top_text=ab",
            "template=cat&layout=bar&bar_color=red&top_text=ab",
            "template=cat&captions[0][text]=ab&captions[0][left]=0",
            "template=cat&captions[0][text]=ab&captions[0][left]=0.1",
            "template=cat&captions[0][text]=ab&captions[0][top]=0.1",
            "template=cat&captions[0][text]=ab&captions[0][width]=0.1",
            "template=cat&captions[0][text]=ab&captions[0][height]=0.1",
            "template=cat&captions[0][text]=ab&captions[0][angle]=10",
            "template=cat&captions[0][text]=ab&captions[0][padding]=0.1",
            "template=cat&captions[0][text]=ab&captions[0][left]=0&captions[0][valign]=top",
        ];
        let fingerprints: HashSet<_> = queries.iter().map(|query| fingerprint(query)).collect();
        assert_eq!(fingerprints.len(), queries.len());
    }

    #[test]
    fn another_way_to_ask_for_the_same_is_the_same_fingerprint() {
        let expected = fingerprint("template=cat&top_text=hi");
        assert_eq!(
            fingerprint("captions[0][text]=hi&captions[0][valign]=TOP&color=%23fff&template=cat"),
            expected
        );
        assert_eq!(expected.to_string().len(), 64);
    }

    #[test]
    fn the_quality_of_the_encoders_changes_it_and_the_capacity_of_a_cache_does_not() {
        let of = |settings: Settings| fingerprint_with(&settings, "template=cat").unwrap();
        let expected = of(Settings::default());
        assert!(of(Settings { jpeg_quality: 84, ..Settings::default() }) != expected);
        assert!(of(Settings { gif_quality: 81, ..Settings::default() }) != expected);
        assert_eq!(of(Settings { template_cache: 0, font_cache: 0, ..Settings::default() }), expected);
    }

    #[test]
    fn an_unknown_template_or_font_is_an_error() {
        let error = |query: &str| fingerprint_with(&Settings::default(), query).unwrap_err();
        match error("template=none&top_text=hi&font=none") {
            CaptionError::UnknownTemplate(ref name) if name == "none" => {}
            other => panic!("{:?}", other),
        }
        match error("template=cat&top_text=hi&font=none") {
            CaptionError::UnknownFont(ref name) if name == "none" => {}
            other => panic!("{:?}", other),
        }
        let long = format!("template=cat&top_text=hi&font={}", "x".repeat(200));
        match error(&long) {
            CaptionError::UnknownFont(ref name) if name.len() < 100 => {}
            other => panic!("{:?}", other),
        }
    }
}
