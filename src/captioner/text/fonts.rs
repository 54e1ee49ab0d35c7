//! Loads fonts by name, and knows which characters each font has.
//!
//! Any font may lend a glyph to a caption whose own font lacks it, after those of `fallback`. Choosing the lender takes only the fonts'
//! [`Characters`], which are small: they are kept for as long as the font's file stays the same, while the fonts
//! themselves are in a cache that need not hold all of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use captioner::cache::{Cache, CacheStats};
use captioner::cancel::Cancel;
use captioner::error::{CaptionError, Flaw};
use captioner::library::{FileKey, Library, Version};
use captioner::text::characters::Characters;
use captioner::text::font::{has, Font};

/// The font of a name that is asked first for a glyph: the one with the most characters.
const BROADEST: &str = "DejaVuSans";

/// All fonts, by name.
pub struct Fonts {
    library: Library,
    loaded: Cache<FileKey, Font>,
    /// By name.
    known: Mutex<HashMap<String, Known>>,
}

/// What is known of the font of one name.
#[derive(Clone)]
struct Known {
    version: Version,
    lends: Lends,
}

/// What a font can lend.
#[derive(Clone)]
enum Lends {
    /// Glyphs for these characters.
    Characters(Arc<Characters<'static>>),
    /// Nothing, for the file is not a font.
    Nothing,
    /// Nothing for now, for the file cannot be read.
    Unreadable,
}

/// A font that may lend glyphs, not necessarily loaded.
pub struct Lender {
    /// Its name.
    pub name: String,
    /// What it has.
    pub characters: Arc<Characters<'static>>,
}

impl Fonts {
    /// The built-in fonts and those of a folder, with a cache of `capacity` bytes. Reads no file yet.
    pub fn new(folder: Option<PathBuf>, capacity: usize) -> Fonts {
        Fonts { library: Library::fonts(folder), loaded: Cache::new(capacity), known: Mutex::default() }
    }

    /// The files.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Hits, misses and size of the cache of fonts.
    pub fn stats(&self) -> CacheStats {
        self.loaded.stats()
    }

    /// The font of that name, from the cache if it is there.
    ///
    /// # Errors
    /// [`CaptionError::UnknownFont`], [`CaptionError::BadFile`], [`CaptionError::Io`].
    pub fn load(&self, name: &str) -> Result<Arc<Font>, CaptionError> {
        let source = self.library.find(name)?.ok_or_else(|| CaptionError::unknown_font(name))?;
        if let Some(font) = self.loaded.get(&FileKey::new(name, source.version)) {
            return Ok(font);
        }
        let content = source.read()?;
        let weight = content.bytes.len();
        let characters = Characters::of(&content.bytes).into_owned();
        let parsed = Font::parse(content.bytes);
        let bad = |error| CaptionError::bad_file(name, Flaw::Damaged, Some(Box::new(error)));
        let font = Arc::new(parsed.map_err(bad)?);
        if let Some(version) = content.version {
            self.loaded.insert(FileKey::new(name, version), &font, weight);
            self.remember(name, version, Lends::Characters(Arc::new(characters)));
        }
        Ok(font)
    }

    /// The fonts that are asked, one after the other, for `missing` characters, until all of these are found. Those
    /// that no font has are left in `missing`.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`]. A font that cannot be used lends nothing.
    pub fn lenders(&self, missing: &mut Vec<char>, cancel: &Cancel) -> Result<Vec<Lender>, CaptionError> {
        let mut lenders = Vec::new();
        if missing.is_empty() {
            return Ok(lenders);
        }
        let names = self.library.names();
        self.forget_all_but(&names);
        let broadest = names.iter().filter(|name| *name == BROADEST);
        for name in broadest.chain(names.iter().filter(|name| *name != BROADEST)) {
            if missing.is_empty() {
                break;
            }
            cancel.check()?;
            if let Some(characters) = self.characters(name) {
                missing.retain(|&character| !has(character, |character| characters.contains(character)));
                lenders.push(Lender { name: name.clone(), characters });
            }
        }
        Ok(lenders)
    }

    /// The characters of a font. Its file is read if that version of it was not read before. `None` if it cannot be
    /// used.
    fn characters(&self, name: &str) -> Option<Arc<Characters<'static>>> {
        let source = self.library.find(name).ok()??;
        let known = self.known().get(name).filter(|known| known.version == source.version).cloned();
        let was_unreadable = match known.map(|known| known.lends) {
            Some(Lends::Characters(characters)) => return Some(characters),
            Some(Lends::Nothing) => return None,
            Some(Lends::Unreadable) => true,
            None => false,
        };
        let (version, lends) = match source.read() {
            Ok(content) => (content.version, lends(name, content.bytes)),
            Err(error) => {
                if !was_unreadable {
                    warn!("the font {:?} lends no glyphs: {}", name, error);
                }
                (Some(source.version), Lends::Unreadable)
            }
        };
        if let Some(version) = version {
            self.remember(name, version, lends.clone());
        }
        match lends {
            Lends::Characters(characters) => Some(characters),
            Lends::Nothing | Lends::Unreadable => None,
        }
    }

    fn remember(&self, name: &str, version: Version, lends: Lends) {
        self.known().insert(name.to_string(), Known { version, lends });
    }

    /// Drops what is known of fonts that no longer exist.
    fn forget_all_but(&self, names: &[String]) {
        let mut known = self.known();
        if known.len() > names.len() {
            known.retain(|name, _| names.binary_search(name).is_ok());
        }
    }

    /// Nothing panics while the map is half changed, so a poisoned lock is ignored.
    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What the font in a file can lend. A broken one is logged; as that is remembered, only once.
fn lends(name: &str, file: Cow<'static, [u8]>) -> Lends {
    let characters = Characters::of(&file).into_owned();
    match Font::parse(file) {
        Ok(_) => Lends::Characters(Arc::new(characters)),
        Err(error) => {
            error!("the font {:?} lends no glyphs: {}", name, error);
            Lends::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs;
    use std::path::PathBuf;
    use std::process;
    use std::sync::Arc;

    use super::{Fonts, Lends};
    use captioner::cancel::Cancel;
    use captioner::error::CaptionError;

    /// In no font.
    const UNKNOWN: char = '\u{10_fffd}';

    /// Fonts of a folder that is removed at the end of the test.
    struct Folder {
        path: PathBuf,
        fonts: Fonts,
    }

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = env::temp_dir().join(format!("memed-fonts-{}-{}", name, process::id()));
            fs::create_dir_all(&path).unwrap();
            Folder { fonts: Fonts::new(Some(path.clone()), 0), path }
        }

        fn put(&self, file_name: &str, content: &[u8]) {
            fs::write(self.path.join(file_name), content).unwrap();
        }

        /// The names of the fonts that are asked for a character, and whether one has it.
        fn ask(&self, character: char) -> (Vec<String>, bool) {
            let mut missing = vec![character];
            let lenders = self.fonts.lenders(&mut missing, &Cancel::new()).unwrap();
            (lenders.into_iter().map(|lender| lender.name).collect(), missing.is_empty())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.path);
        }
    }

    #[test]
    fn fonts_are_asked_in_their_order_until_a_character_is_found() {
        let folder = Folder::new("order");
        assert_eq!(folder.ask('\u{5d0}'), (vec!["DejaVuSans".to_string()], true));
        let (names, is_found) = folder.ask(UNKNOWN);
        assert_eq!(names, ["DejaVuSans", "Anton", "BebasNeue", "ComicNeue", "PermanentMarker"]);
        assert!(!is_found);
        assert_eq!(folder.fonts.stats().misses, 0);
    }

    #[test]
    fn a_font_is_read_once_for_its_characters_and_again_when_it_has_changed() {
        let folder = Folder::new("once");
        folder.put("Mine.ttf", include_bytes!("../../../data/fonts/BebasNeue.ttf"));
        folder.ask(UNKNOWN);
        let first = folder.fonts.characters("Mine").unwrap();
        folder.ask(UNKNOWN);
        assert!(Arc::ptr_eq(&first, &folder.fonts.characters("Mine").unwrap()));
        folder.put("Mine.ttf", include_bytes!("../../../data/fonts/Anton.ttf"));
        let second = folder.fonts.characters("Mine").unwrap();
        assert_eq!(second, folder.fonts.characters("Anton").unwrap());
        assert_ne!(second, first);
    }

    #[test]
    fn a_broken_font_lends_nothing_and_is_known_to_be_broken() {
        let folder = Folder::new("broken");
        folder.put("Broken.ttf", b"this is no font");
        for _ in 0..2 {
            assert!(!folder.ask(UNKNOWN).0.contains(&"Broken".to_string()));
            match folder.fonts.known().get("Broken").map(|known| &known.lends) {
                Some(&Lends::Nothing) => {}
                _ => panic!("it would be read and logged again"),
            }
        }
    }

    #[test]
    fn what_is_known_of_a_font_goes_with_it() {
        let folder = Folder::new("gone");
        folder.put("Mine.ttf", include_bytes!("../../../data/fonts/BebasNeue.ttf"));
        folder.ask(UNKNOWN);
        assert_eq!(folder.fonts.known().len(), 6);
        fs::remove_file(folder.path.join("Mine.ttf")).unwrap();
        folder.ask(UNKNOWN);
        assert_eq!(folder.fonts.known().len(), 5);
    }

    #[test]
    fn a_cancel_is_seen_between_two_fonts() {
        let cancel = Cancel::new();
        cancel.cancel();
        match Fonts::new(None, 0).lenders(&mut vec![UNKNOWN], &cancel) {
            Err(CaptionError::Cancelled) => {}
            _ => panic!("it looked into a font"),
        }
    }
}
