//! The templates and fonts that are compiled into the program, so that it runs from anywhere.

macro_rules! built_in {
    ($folder:literal: $($file:literal),* $(,)?) => {
        &[$(BuiltIn {
            file_name: $file,
            content: include_bytes!(concat!("../../../data/", $folder, "/", $file)),
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

/// Every file of `data/templates/`.
pub const TEMPLATES: &[BuiltIn] = built_in!("templates":
    "astronaut.png", "cat.png", "coffee.jpg", "deal-with-it.gif",
    "dramatic-raccoon.gif", "raccoon.jpg", "rocket.jpg", "space.jpg",
);

/// Every file of `data/fonts/`.
pub const FONTS: &[BuiltIn] = built_in!("fonts":
    "Anton.ttf", "BebasNeue.ttf", "ComicNeue.otf", "DejaVuSans.ttf", "PermanentMarker.ttf",
);
