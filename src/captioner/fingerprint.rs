//! A picture's fingerprint: known before anything is drawn, and equal only if the pictures are.
//!
//! It is a hash of everything that the bytes of a picture depend on: what is asked for, the settings of the
//! encoders, the version of the program (which stands for its code and for the files built into it), and the
//! content of the files of the folders. The same on every machine.

use std::fmt;

use sha2::{Digest, Sha256};

use super::library::Library;
use super::{CaptionError, Captioner, Settings};
use image_macro::{shortened, Caption, Format, ImageMacro, Size};

/// SHA-256. Two pictures with the same one have the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(64);
        for &byte in &self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        f.write_str(&text)
    }
}

impl Captioner {
    /// Whether [`Captioner::fingerprint`] lists folders and reads files, and so may block. Without folders it
    /// takes microseconds.
    pub fn needs_files(&self) -> bool {
        self.settings.templates.is_some() || self.settings.fonts.is_some()
    }

    /// The fingerprint of the picture that is asked for. Draws and decodes nothing. A file is read when it is
    /// new or has changed.
    ///
    /// # Errors
    /// [`CaptionError::UnknownTemplate`], [`CaptionError::UnknownFont`], [`CaptionError::Io`].
    pub fn fingerprint(&self, image_macro: &ImageMacro) -> Result<Fingerprint, CaptionError> {
        // Taken apart by name, so that a field that is added must be thought of here.
        let ImageMacro { ref template, width, height, format, ref captions } = *image_macro;
        let Settings { templates: _, fonts: _, template_cache: _, font_cache: _, jpeg_quality, gif_quality } =
            self.settings;
        let mut hash = Hash(Sha256::new());
        hash.bytes(env!("CARGO_PKG_VERSION").as_bytes());
        hash.bytes(&[jpeg_quality, gif_quality]);
        hash.option(width.map(u64::from));
        hash.option(height.map(u64::from));
        hash.bytes(format.map_or("", Format::name).as_bytes());
        hash.number(captions.len() as u64);
        for caption in captions {
            hash.caption(caption);
        }
        hash.bytes(template.as_bytes());
        let source = self.template_library.find(template)?;
        let source = source.ok_or_else(|| CaptionError::UnknownTemplate(shortened(template)))?;
        hash.option_bytes(self.template_library.digest(template, &source)?);
        hash.fonts(&self.font_library, captions)?;
        Ok(Fingerprint(hash.0.finalize().into()))
    }
}

/// Fields in a fixed order, each as long as its type or preceded by its length: no two sequences of fields
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

    fn caption(&mut self, caption: &Caption) {
        let Caption { ref text, valign, halign, ref font, color, outline, size } = *caption;
        self.bytes(text.as_bytes());
        self.bytes(valign.name().as_bytes());
        self.bytes(halign.name().as_bytes());
        self.bytes(font.as_bytes());
        self.bytes(&[color.r, color.g, color.b]);
        self.option(outline.map(|color| u32::from_be_bytes([0, color.r, color.g, color.b]).into()));
        match size {
            Size::Fit => self.number(0),
            Size::Shrink => self.number(1),
            Size::Pixels(pixels) => {
                self.number(2);
                self.number(pixels.to_bits().into());
            }
        }
    }

    /// All fonts, for any of them may lend a glyph. One that cannot be read lends none.
    fn fonts(&mut self, library: &Library, captions: &[Caption]) -> Result<(), CaptionError> {
        let sources = library.sources()?;
        if let Some(unknown) = captions.iter().find(|caption| !sources.contains_key(&caption.font)) {
            return Err(CaptionError::UnknownFont(unknown.font.clone()));
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

    use super::{Captioner, Fingerprint};
    use captioner::{CaptionError, Settings};
    use image_macro::from_query;

    fn fingerprint(query: &str) -> Fingerprint {
        Captioner::new(Settings::default()).fingerprint(&from_query(query).unwrap()).unwrap()
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
    fn what_the_encoders_are_told_is_part_of_it_and_the_size_of_a_cache_is_not() {
        let of = |settings: Settings| {
            let asked = from_query("template=cat").unwrap();
            Captioner::new(settings).fingerprint(&asked).unwrap()
        };
        let expected = of(Settings::default());
        assert!(of(Settings { jpeg_quality: 84, ..Settings::default() }) != expected);
        assert!(of(Settings { gif_quality: 81, ..Settings::default() }) != expected);
        assert_eq!(of(Settings { template_cache: 0, font_cache: 0, ..Settings::default() }), expected);
    }

    #[test]
    fn what_there_is_not_has_none() {
        let captioner = Captioner::new(Settings::default());
        let error = |query: &str| captioner.fingerprint(&from_query(query).unwrap()).unwrap_err();
        match error("template=none&top_text=hi&font=none") {
            CaptionError::UnknownTemplate(ref name) if name == "none" => {}
            other => panic!("{:?}", other),
        }
        match error("template=cat&top_text=hi&font=none") {
            CaptionError::UnknownFont(ref name) if name == "none" => {}
            other => panic!("{:?}", other),
        }
    }
}
