//! Generates random captions.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{any, prop_oneof, Just};
use proptest::sample::select;
use proptest::strategy::Strategy;

use util::escaped;

/// What texts are put together from. No emoji: tests know captions by their colors.
const PIECES: &[&str] = &[
    "HI",
    "a",
    " ",
    "\n",
    "fj",
    "ONE DOES NOT ",
    "extraordinarily",
    "W",
    "(?!) ",
    "\u{c5}",
    "\u{436}",
    "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442} ",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} ",
    "e\u{301}",
    "x\u{301}\u{308}",
    "سلام ",
    "नमस्ते ",
    "你好。",
    "สวัสดี",
    "su\u{ad}per",
    "\u{10fffd}",
    "\u{200f}",
    "\u{3000}",
];

/// A caption as it is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub text: String,
    pub valign: &'static str,
    pub align: &'static str,
    pub font: &'static str,
    pub size: String,
    pub color: [u8; 3],
    pub outline: Option<[u8; 3]>,
}

impl Asked {
    /// Whether its letters or their outline are not gray.
    pub fn has_color(&self) -> bool {
        let is_gray = |[r, g, b]: [u8; 3]| r == g && g == b;
        !is_gray(self.color) || !self.outline.is_none_or(is_gray)
    }
}

/// Any text; may be empty.
pub fn texts() -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..8).prop_map(|pieces| pieces.concat())
}

/// `fit`, `shrink` and numbers.
pub fn sizes() -> impl Strategy<Value = String> {
    let number = (1..=2000u32).prop_map(|tenths| (f64::from(tenths) / 10.0).to_string());
    prop_oneof![4 => Just("fit".to_string()), 1 => Just("shrink".to_string()), 2 => number]
}

pub fn captions_of_sizes<S>(sizes: S) -> impl Strategy<Value = Asked>
where
    S: Strategy<Value = String>,
{
    let valign = select(&["top", "middle", "bottom"][..]);
    let align = select(&["center", "left", "right"][..]);
    let fonts = ["Anton", "BebasNeue", "ComicNeue", "DejaVuSans", "PermanentMarker"];
    let font = prop_oneof![2 => Just("Anton"), 1 => select(fonts.to_vec())];
    let look = (any::<[u8; 3]>(), option::of(any::<[u8; 3]>()));
    (texts(), valign, align, font, sizes, look).prop_map(
        |(text, valign, align, font, size, (color, outline))| Asked {
            text,
            valign,
            align,
            font,
            size,
            color,
            outline,
        },
    )
}

/// Any captions, a few of them.
pub fn captions() -> impl Strategy<Value = Vec<Asked>> {
    prop_oneof![9 => vec(captions_of_sizes(sizes()), 0..4), 1 => vec(captions_of_sizes(sizes()), 4..17)]
}

/// The query string that asks for them.
pub fn query_of(captions: &[Asked]) -> String {
    let hex = |color: [u8; 3]| format!("{:02x}{:02x}{:02x}", color[0], color[1], color[2]);
    let fields = captions.iter().enumerate().flat_map(|(index, asked)| {
        vec![
            ("text", escaped(&asked.text)),
            ("valign", asked.valign.to_string()),
            ("align", asked.align.to_string()),
            ("font", asked.font.to_string()),
            ("size", asked.size.clone()),
            ("color", hex(asked.color)),
            ("outline", asked.outline.map_or("none".to_string(), hex)),
        ]
        .into_iter()
        .map(move |(field, value)| format!("captions[{}][{}]={}", index, field, value))
    });
    fields.collect::<Vec<_>>().join("&")
}
