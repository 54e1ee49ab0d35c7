//! The fonts of one picture's captions, and the choice of a font for each cluster of characters.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::lettering::Lettering;
use captioner::text::emoji::{is_emoji, qualified};
use captioner::text::fallback::{self, FallbackFont};
use captioner::text::font::{has, Font};
use captioner::text::fonts::{Fonts, Lender};

/// Shows where a word may be broken.
pub const SOFT_HYPHEN: char = '\u{ad}';

/// The fonts of some captions, and the others that lend them glyphs.
pub struct FontSet<'a> {
    fonts: &'a Fonts,
    cancel: &'a Cancel,
    /// Those that the captions name.
    named: BTreeMap<String, Arc<Font>>,
    /// Those that may lend glyphs, in the order in which they are asked: first the built-in ones without a name, then
    /// those that a caption could name.
    lenders: Vec<Lending<'a>>,
    /// What neither a caption's own font nor any other has, sorted.
    missing: Vec<char>,
}

/// A font that may lend glyphs, loaded when it lends its first one.
enum Lending<'a> {
    Fallback(&'static FallbackFont),
    /// `None` if it cannot be loaded.
    Listed(Lender, OnceLock<Option<Arc<Font>>>, &'a Fonts),
}

/// A cluster of characters and the font to draw it with.
#[derive(Clone)]
pub struct Choice<'a> {
    /// Where it is in the text, in bytes.
    pub range: Range<usize>,
    /// The font.
    pub font: &'a Font,
    /// What is drawn, if it is not the text itself: what no font has is shown as something else.
    pub instead: Option<String>,
}

/// What is shown for a cluster.
struct Shown<'a> {
    font: &'a Font,
    instead: Option<String>,
}

impl<'a> FontSet<'a> {
    /// Loads the fonts that the captions name and, if these lack a character, finds out which others may lend it.
    ///
    /// # Errors
    /// As [`Fonts::load`] for the fonts named; [`CaptionError::Cancelled`].
    pub fn load(
        fonts: &'a Fonts,
        captions: &[Lettering],
        cancel: &'a Cancel,
    ) -> Result<FontSet<'a>, CaptionError> {
        let mut named = BTreeMap::new();
        let mut missing = Vec::new();
        for caption in captions {
            if !named.contains_key(&caption.font) {
                named.insert(caption.font.clone(), fonts.load(&caption.font)?);
            }
            let font: &Font = &named[&caption.font];
            let is_missing = |&character: &char| has_ink(character) && !font.has(character);
            for cluster in caption.text.graphemes(true).filter(|cluster| emoji_font(cluster, font).is_none())
            {
                missing.extend(cluster.chars().filter(is_missing));
                // It may be shown in its compatibility form, which may have to be lent too.
                missing.extend(cluster.chars().filter(is_missing).nfkc().filter(is_missing));
            }
        }
        missing.sort_unstable();
        missing.dedup();
        let mut set = FontSet { fonts, cancel, named, lenders: Vec::new(), missing };
        set.find_lenders()?;
        Ok(set)
    }

    fn find_lenders(&mut self) -> Result<(), CaptionError> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let (emoji, others) = match fallback::all().split_last() {
            Some(fonts) => fonts,
            None => return Ok(()),
        };
        for fallback in others {
            self.cancel.check()?;
            if self.missing.iter().any(|&character| fallback.has(character)) {
                self.lenders.push(Lending::Fallback(fallback));
            }
        }
        let has_been_found = |lenders: &[Lending], character| lenders.iter().any(|font| font.has(character));
        let lenders = &self.lenders;
        self.missing.retain(|&character| !has_been_found(lenders, character));
        let fonts = self.fonts;
        let listed = fonts.lenders(&mut self.missing, self.cancel)?;
        self.lenders.extend(listed.into_iter().map(|lender| Lending::Listed(lender, OnceLock::new(), fonts)));
        // An emoji that is asked to be a letter (U+FE0E) is a picture only if no font has the letter.
        self.missing.retain(|&character| !emoji.has(character));
        self.lenders.push(Lending::Fallback(emoji));
        Ok(())
    }

    /// The font that a caption names.
    pub fn named(&self, name: &str) -> &Font {
        &self.named[name]
    }

    /// What to draw each grapheme cluster of a text with, where `own` is the caption's font.
    ///
    /// A word is not a mix of fonts: if `own` lacks one of its letters, all of them come from the first font that has
    /// them all. (Many a Latin font has a π and no other Greek letter.) A word ends where the script changes.
    pub fn choose<'s>(&'s self, own: &'s Font, text: &str) -> Vec<Choice<'s>> {
        let clusters: Vec<(usize, &str)> = text.grapheme_indices(true).collect();
        let mut choices: Vec<Choice<'s>> = Vec::with_capacity(clusters.len());
        let mut rest = &clusters[..];
        while let Some(&(start, first)) = rest.first() {
            let (word, after) = rest.split_at(word_length(rest));
            rest = after;
            if let Some(font) = emoji_font(first, own) {
                let instead = Some(qualified(first)).filter(|full| full != first);
                choices.push(Choice { range: start..start + first.len(), font, instead });
                continue;
            }
            let length: usize = word.iter().map(|(_, cluster)| cluster.len()).sum();
            let all = self.font_of(own, &text[start..start + length]);
            let previous = choices.last().map(|choice| choice.font);
            choices.extend(word.iter().map(|&(start, cluster)| {
                let Shown { font, instead } = match all {
                    _ if is_space(cluster) => Shown::as_it_is(font_of_space(previous, own)),
                    // Shapers take it for a letter that the font lacks. People write it where they want nothing.
                    _ if cluster.chars().all(is_filler) => {
                        Shown { font: font_of_space(previous, own), instead: Some(" ".to_string()) }
                    }
                    Some(font) => Shown::as_it_is(font),
                    None => self.shown(own, cluster),
                };
                Choice { range: start..start + cluster.len(), font, instead }
            }));
        }
        choices
    }

    /// The first font that has all of a text.
    fn font_of<'s>(&'s self, own: &'s Font, text: &str) -> Option<&'s Font> {
        if has_all(text, |character| own.has(character)) {
            return Some(own);
        }
        if text.chars().any(|character| self.is_missing(character)) {
            return None;
        }
        let mut able = self.lenders.iter().filter(|font| has_all(text, |character| font.has(character)));
        able.find_map(|lending| match *lending {
            Lending::Fallback(fallback) => fallback.font(),
            Lending::Listed(ref lender, ref font, fonts) => font
                .get_or_init(|| match self.named.get(&lender.name) {
                    Some(font) => Some(font.clone()),
                    // The captioner looks at the flag again before a picture is done.
                    None if self.cancel.check().is_err() => None,
                    None => fonts.load(&lender.name).ok(),
                })
                .as_deref(),
        })
    }

    /// What to show for a cluster. If no font has all of it, these are tried: its compatibility form (`ﬃ` is ffi, `ⓒ`
    /// is c), the cluster without the marks that no font has, and at last one box.
    fn shown<'s>(&'s self, own: &'s Font, cluster: &str) -> Shown<'s> {
        if let Some(font) = self.font_of(own, cluster) {
            return Shown::as_it_is(font);
        }
        let compatible: String = cluster.nfkc().collect();
        let mut candidates = vec![compatible];
        for form in &[cluster.to_string(), candidates[0].clone()] {
            let mut characters = form.chars();
            if let Some(base) = characters.next().filter(|&base| !is_combining_mark(base)) {
                let has_base = self.font_of(own, base.encode_utf8(&mut [0; 4]));
                let is_kept = |&mark: &char| has_base.is_some_and(|font| !has_ink(mark) || font.has(mark));
                candidates.push(iter::once(base).chain(characters.filter(is_kept)).collect());
            }
        }
        for candidate in candidates {
            if let Some(font) = self.font_of(own, &candidate) {
                return Shown { font, instead: Some(candidate) };
            }
        }
        let boxed = cluster.chars().find(|&character| has_ink(character) && !is_combining_mark(character));
        Shown { font: own, instead: Some(boxed.map(String::from).unwrap_or_default()) }
    }

    fn is_missing(&self, character: char) -> bool {
        self.missing.binary_search(&character).is_ok()
    }
}

impl<'a> Shown<'a> {
    fn as_it_is(font: &'a Font) -> Shown<'a> {
        Shown { font, instead: None }
    }
}

impl<'a> Lending<'a> {
    fn has(&self, character: char) -> bool {
        match *self {
            Lending::Fallback(fallback) => fallback.has(character),
            Lending::Listed(ref lender, ..) => {
                has(character, |character| lender.characters.contains(character))
            }
        }
    }
}

/// Whether there is all that is to be seen of a text.
fn has_all<F: Fn(char) -> bool>(text: &str, has: F) -> bool {
    text.chars().all(|character| !has_ink(character) || has(character))
}

/// A space is as wide as in the font of the word before it, so that one font has as much in a row as can be: not that
/// of an emoji, whose space is as wide as it is.
fn font_of_space<'a>(previous: Option<&'a Font>, own: &'a Font) -> &'a Font {
    previous.filter(|font| !font.has_color() && font.has(' ')).unwrap_or(own)
}

/// The fillers of Hangul.
fn is_filler(character: char) -> bool {
    matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

fn is_space(cluster: &str) -> bool {
    cluster.chars().all(char::is_whitespace)
}

/// The font that shows a cluster as a picture, if it is to be one: not if the caption's own font is in color.
fn emoji_font(cluster: &str, own: &Font) -> Option<&'static Font> {
    if !is_emoji(cluster) || own.has_color() {
        return None;
    }
    let emoji = fallback::emoji().filter(|emoji| has_all(cluster, |character| emoji.has(character)))?;
    emoji.font()
}

/// How many of these clusters are the first word: letters of one script, with what steers them, or else one cluster.
fn word_length(clusters: &[(usize, &str)]) -> usize {
    let mut word: Option<Script> = None;
    for (count, (_, cluster)) in clusters.iter().enumerate() {
        let first = cluster.chars().next().unwrap_or(' ');
        if matches!(first, SOFT_HYPHEN | '\u{2060}') && count > 0 {
            continue;
        }
        let is_letter = first.is_alphabetic() || is_combining_mark(first);
        let script = first.script();
        let is_any = script == Script::Common || script == Script::Inherited;
        if !is_letter || is_emoji(cluster) || !is_any && word.is_some_and(|word| word != script) {
            return count.max(1);
        }
        if !is_any {
            word = Some(script);
        }
    }
    clusters.len()
}

/// Whether a character has something to show: white space has not, nor have the marks that only steer how
/// their neighbours are shown (Unicode's Default_Ignorable_Code_Point). A font need not have them.
pub fn has_ink(character: char) -> bool {
    let ignorable = matches!(
        u32::from(character),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFF8 | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF
    );
    !character.is_whitespace() && !ignorable
}
