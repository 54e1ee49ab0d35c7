//! Which clusters are emoji, by Unicode's UTS #51.

use unicode_properties::{EmojiStatus, UnicodeEmoji};

/// Asks for the text style of the character before it.
const TEXT_STYLE: char = '\u{fe0e}';
/// Asks for the emoji style of the character before it.
const EMOJI_STYLE: char = '\u{fe0f}';
/// Joins emoji to one.
const JOINER: char = '\u{200d}';
/// Puts the digit before it on a key.
const KEYCAP: char = '\u{20e3}';

/// Whether a grapheme cluster is to be shown as a picture.
///
/// It is if its first character is one by default, or is asked to be one: by the variation selector, by a skin tone, as
/// a flag, as a key, or as the first of several that are joined.
pub fn is_emoji(cluster: &str) -> bool {
    let mut rest = cluster.chars();
    let first = match rest.next() {
        // By far the most are letters.
        Some(first) if first.is_ascii_alphabetic() || !first.is_emoji_char() => return false,
        Some(first) => first,
        None => return false,
    };
    let second = rest.next();
    if second == Some(TEXT_STYLE) {
        return false;
    }
    if first.is_ascii() {
        return cluster.contains(KEYCAP);
    }
    let is_asked_for = |next: char| next == EMOJI_STYLE || next == JOINER || is_skin_tone(next);
    is_by_default(first) || second.is_some_and(is_asked_for)
}

/// An emoji with the variation selectors that its sequence has in full, as fonts want it. Keyboards leave some out.
pub fn qualified(cluster: &str) -> String {
    let mut full = String::with_capacity(cluster.len() + 6);
    let mut characters = cluster.chars().peekable();
    while let Some(character) = characters.next() {
        full.push(character);
        let next = characters.peek().copied().unwrap_or(' ');
        let is_styled = next == TEXT_STYLE || next == EMOJI_STYLE || is_skin_tone(next);
        if character.is_emoji_char() && !is_by_default(character) && !is_styled {
            full.push(EMOJI_STYLE);
        }
    }
    full
}

fn is_by_default(character: char) -> bool {
    matches!(
        character.emoji_status(),
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
    )
}

fn is_skin_tone(character: char) -> bool {
    character.emoji_status() == EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
}

#[cfg(test)]
mod tests {
    use super::{is_emoji, qualified};

    #[test]
    fn missing_variation_selectors_are_added() {
        for &(short, full) in &[
            ("1\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("🏳\u{200d}🌈", "🏳\u{fe0f}\u{200d}🌈"),
            ("🤷🏽\u{200d}♂", "🤷🏽\u{200d}♂\u{fe0f}"),
            ("☝🏽", "☝🏽"),
            ("🇪🇺", "🇪🇺"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
        ] {
            assert_eq!(qualified(short), full);
        }
    }

    #[test]
    fn default_styles_and_variation_selectors_are_obeyed() {
        for emoji in
            &["😀", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}", "🇪🇺", "👩\u{200d}🚀", "☝🏽", "👍🏿", "❤\u{200d}🔥"]
        {
            assert!(is_emoji(emoji), "{}", emoji);
        }
        for text in &["a", "é", "1", "#", "❤", "™", "☝", "😀\u{fe0e}", "1\u{fe0f}", "ツ", "字", ""]
        {
            assert!(!is_emoji(text), "{}", text);
        }
    }
}
