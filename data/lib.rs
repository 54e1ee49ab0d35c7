//! The templates and fonts that are compiled into the program, so that it runs from anywhere.
//!
//! A crate of its own, for two reasons: the program is compiled sooner when its 18 MB have not changed, and memed forbids
//! `unsafe`, of which the compiler takes `link_section` for a kind.

macro_rules! built_in {
    ($folder:literal: $($file:literal),* $(,)?) => {
        &[$(BuiltIn {
            file_name: $file,
            content: {
                const FILE: &[u8] = include_bytes!(concat!($folder, "/", $file));
                // In a section of its own: whenever the program reads a constant, Linux maps 64 KiB around it. If the
                // files lay between the other constants, most of that would be parts of files that nobody reads.
                #[cfg_attr(target_os = "linux", link_section = "built_in_files")]
                static CONTENT: [u8; FILE.len()] = *include_bytes!(concat!($folder, "/", $file));
                &CONTENT
            },
        }),*]
    };
}

/// One file of `data/`.
pub struct BuiltIn {
    /// Without its folder.
    pub file_name: &'static str,
    /// All of it.
    pub content: &'static [u8],
}

/// Every picture of `data/templates/`.
pub const TEMPLATES: &[BuiltIn] = built_in!("templates":
    "astronaut.png", "cat.png", "coffee.jpg", "deal-with-it.gif",
    "dramatic-raccoon.gif", "raccoon.jpg", "rocket.jpg", "screen.jpg", "sign.jpg", "space.jpg",
);

/// What is noted of each of them, in the form that memed reads beside templates. In the same order.
pub const NOTES: &[BuiltIn] = built_in!("templates":
    "astronaut.toml", "cat.toml", "coffee.toml", "deal-with-it.toml",
    "dramatic-raccoon.toml", "raccoon.toml", "rocket.toml", "screen.toml", "sign.toml", "space.toml",
);

/// Every file of `data/fonts/`.
pub const FONTS: &[BuiltIn] = built_in!("fonts":
    "Anton.ttf", "BebasNeue.ttf", "ComicNeue.otf", "DejaVuSans.ttf", "PermanentMarker.ttf",
);

/// Every file of `data/fonts/fallback/`: the fonts that lend glyphs, in the order in which they are asked. Chinese and
/// Japanese come early, because some fonts of one script have their punctuation too; regular symbols come after the bold
/// ones, and the emoji last.
pub const FALLBACK_FONTS: &[BuiltIn] = built_in!("fonts/fallback":
    "NotoSans-Bold.ttf", "NotoSansCJK-Bold-subset.otf",
    "NotoSansArabic-Bold.ttf", "NotoSansArmenian-Bold.ttf", "NotoSansBengali-Bold.ttf",
    "NotoSansCanadianAboriginal-Bold.ttf", "NotoSansCherokee-Bold.ttf", "NotoSansDevanagari-Bold.ttf",
    "NotoSansEthiopic-Bold.ttf", "NotoSansGeorgian-Bold.ttf", "NotoSansGujarati-Bold.ttf",
    "NotoSansGurmukhi-Bold.ttf", "NotoSansHebrew-Bold.ttf", "NotoSansKannada-Bold.ttf", "NotoSansKhmer-Bold.ttf",
    "NotoSansLao-Bold.ttf", "NotoSansMalayalam-Bold.ttf", "NotoSansMongolian-Regular.ttf",
    "NotoSansMyanmar-Bold.ttf", "NotoSansOriya-Bold.ttf", "NotoSansSinhala-Bold.ttf", "NotoSansTamil-Bold.ttf",
    "NotoSansTelugu-Bold.ttf", "NotoSansThaana-Bold.ttf", "NotoSansThai-Bold.ttf", "NotoSerifTibetan-Bold.ttf",
    "NotoSansSymbols-Bold.ttf", "NotoSansSymbols2-Regular.ttf",
    "NotoSansMath-Regular.ttf", "TwemojiMozilla.ttf",
);

#[cfg(test)]
mod tests {
    use super::{NOTES, TEMPLATES};

    #[test]
    fn every_template_has_notes() {
        let names = |files: &'static [super::BuiltIn]| {
            files.iter().filter_map(|file| file.file_name.rsplit_once('.')).map(|name| name.0)
        };
        assert!(names(TEMPLATES).eq(names(NOTES)));
    }
}
