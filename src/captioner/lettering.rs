//! [`Lettering`]: a caption with everything decided that a request may leave open, by the template or by default.

use icu_casemap::CaseMapper;
use icu_locale_core::LanguageIdentifier;
use unicode_normalization::UnicodeNormalization;

use captioner::error::CaptionError;
use image_macro::{
    Bar, BarSide, Caption, Case, Color, HAlign, Look, Moment, Size, Spot, TemplateNotes, TextBox, VAlign,
    DEFAULT_FONT,
};

/// A caption as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Lettering {
    /// In its case; not blank.
    pub text: String,
    /// Where it stands.
    pub spot: LetteringSpot,
    /// How its lines are aligned there.
    pub halign: HAlign,
    /// Name of the font.
    pub font: String,
    /// Color of the letters.
    pub color: Color,
    /// Color of the line around the letters; `None` for no line.
    pub outline: Option<Color>,
    /// How large the letters are.
    pub size: Size,
    /// When in an animation it appears and disappears; `None` is its start or its end.
    pub time: [Option<Moment>; 2],
}

/// Where a lettering stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LetteringSpot {
    /// In a band, which it shares with the others there.
    Band(VAlign),
    /// In a box of its own.
    Box(TextBox),
    /// In the bar above the picture.
    Above,
    /// In the bar below it.
    Below,
}

/// What captions leave open, and who decides it.
pub struct Places<'a> {
    /// The template, for errors; `None` is a client's own picture.
    pub template: Option<&'a str>,
    /// What is noted of it.
    pub notes: &'a TemplateNotes,
    /// Whether there is a font of that name. A template can name one that there is no longer.
    pub has_font: &'a dyn Fn(&str) -> bool,
}

impl<'a> Places<'a> {
    /// Those of a client's own picture, which has no notes.
    pub fn of_own(notes: &'a TemplateNotes) -> Places<'a> {
        Places { template: None, notes, has_font: &|_| true }
    }

    /// Decides what is left open. `bar` takes the first of the captions, the last, or both. Where it may take both and there
    /// is only one, it goes to the side that it stands on.
    ///
    /// # Errors
    /// [`CaptionError::TooManyTexts`].
    pub fn letterings(&self, captions: &[Caption], bar: Option<Bar>) -> Result<Vec<Lettering>, CaptionError> {
        let last = captions.len().saturating_sub(1);
        let is_for_below = match *captions {
            [Caption { spot: Spot::Band(band), .. }] => band == VAlign::Bottom,
            // The last of several texts; the others are blank. A text that has always been alone is the first.
            [Caption { spot: Spot::Numbered(number, _), .. }] => number > 0,
            _ => false,
        };
        let in_bar = |index: usize| match bar?.side {
            BarSide::Both if is_for_below => Some(LetteringSpot::Below),
            BarSide::Top | BarSide::Both if index == 0 => Some(LetteringSpot::Above),
            BarSide::Bottom | BarSide::Both if index == last => Some(LetteringSpot::Below),
            _ => None,
        };
        let letterings = captions.iter().enumerate().map(|(index, caption)| match (in_bar(index), bar) {
            (Some(spot), Some(bar)) => {
                let own =
                    Look { color: Some(readable_on(bar.color)), outline: Some(None), ..Look::default() };
                Ok(lettering(
                    &caption.text,
                    spot,
                    self.over_noted(&caption.look.clone().or(&own), &self.notes.look),
                ))
            }
            // The boxes are for the texts that are not above them.
            _ => self.lettering(caption, usize::from(index > 0 && in_bar(0).is_some())),
        });
        letterings.collect()
    }

    /// A caption that is in no bar. `taken`: so many texts before it are.
    fn lettering(&self, caption: &Caption, taken: usize) -> Result<Lettering, CaptionError> {
        let boxes = &self.notes.boxes;
        let (spot, of_box) = match caption.spot {
            Spot::Band(valign) => (LetteringSpot::Band(valign), None),
            Spot::Box(text_box) => (LetteringSpot::Box(text_box), None),
            Spot::Numbered(number, band) => match (boxes.get(number - taken), band) {
                (Some(of_template), _) => (LetteringSpot::Box(of_template.text_box), Some(&of_template.look)),
                (None, Some(band)) if boxes.is_empty() => (LetteringSpot::Band(band), None),
                _ => return Err(CaptionError::too_many_texts(self.template, boxes.len())),
            },
        };
        Ok(lettering(&caption.text, spot, self.over_noted(&caption.look, of_box.unwrap_or(&self.notes.look))))
    }

    /// A request's look, and what is noted of the template where it says nothing. A font that is not there does not count,
    /// nor does a time with which a text would disappear before it appears when the request wants it.
    fn over_noted(&self, own: &Look, noted: &Look) -> Look {
        let mut noted = noted.clone();
        noted.font = noted.font.filter(|font| (self.has_font)(font));
        let look = own.clone().or(&noted);
        match (look.from, look.to) {
            (Some(from), Some(to)) if from >= to => Look { from: own.from, to: own.to, ..look },
            _ => look,
        }
    }
}

/// What nobody has said is as it is by default.
fn lettering(text: &str, spot: LetteringSpot, look: Look) -> Lettering {
    let Look { halign, font, color, outline, size, case, lang, from, to } = look;
    Lettering {
        text: in_case(text, case.unwrap_or(Case::AsIs), lang.as_ref()),
        spot,
        halign: halign.unwrap_or(HAlign::Center),
        font: font.unwrap_or_else(|| DEFAULT_FONT.to_string()),
        color: color.unwrap_or(Color::WHITE),
        outline: outline.unwrap_or(Some(Color::BLACK)),
        size: size.unwrap_or(Size::Fit),
        time: [from, to],
    }
}

/// Black on what is bright, and white on what is dark.
fn readable_on(Color { r, g, b }: Color) -> Color {
    // As the eye weighs them.
    let brightness = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
    if brightness >= 128 * 1000 {
        Color::BLACK
    } else {
        Color::WHITE
    }
}

/// A text in a case, by Unicode's full mappings, which may change its length (ß becomes SS). Some depend on the language.
fn in_case(text: &str, case: Case, lang: Option<&LanguageIdentifier>) -> String {
    let unknown = LanguageIdentifier::UNKNOWN;
    let lang = lang.unwrap_or(&unknown);
    let mapped = match case {
        Case::Upper => CaseMapper::new().uppercase_to_string(text, lang),
        Case::Lower => CaseMapper::new().lowercase_to_string(text, lang),
        Case::AsIs => return text.to_string(),
    };
    // Some mappings decompose.
    mapped.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::{in_case, Lettering, LetteringSpot, Places};
    use image_macro::{from_query, Case, Color, ImageMacro, Look, Moment, TemplateNotes};

    fn letterings(asked: &ImageMacro) -> Vec<Lettering> {
        Places::of_own(&TemplateNotes::default()).letterings(&asked.captions, asked.bar).unwrap()
    }

    #[test]
    fn case_is_unicode_s_and_depends_on_the_language() {
        for (text, lang, upper, lower) in [
            ("Straße", None, "STRASSE", "straße"),
            ("ﬁ ŉ ΐ", None, "FI ʼN Ϊ́", "ﬁ ŉ ΐ"),
            ("Ιδιός", None, "ΙΔΙΌΣ", "ιδιός"),
            ("Ιδιός", Some("el"), "ΙΔΙΟΣ", "ιδιός"),
            ("Iıİi", None, "IIİI", "iıi̇i"),
            ("Iıİi", Some("tr"), "IIİİ", "ııii"),
            ("Iıİi", Some("az-AZ"), "IIİİ", "ııii"),
            ("i̇", Some("lt"), "I", "i̇"),
            ("ΟΔΟΣ", None, "ΟΔΟΣ", "οδος"),
            ("你好 مرحبا", None, "你好 مرحبا", "你好 مرحبا"),
        ] {
            let lang = lang.map(|lang| lang.parse().unwrap());
            assert_eq!(in_case(text, Case::Upper, lang.as_ref()), upper, "{:?} {:?}", text, lang);
            assert_eq!(in_case(text, Case::Lower, lang.as_ref()), lower, "{:?} {:?}", text, lang);
            assert_eq!(in_case(text, Case::AsIs, lang.as_ref()), text);
        }
    }

    #[test]
    fn a_bar_takes_the_first_caption_or_the_last_or_both() {
        let spots = |query: &str| {
            let asked = from_query(&format!("template=cat&layout=bar&{}", query)).unwrap();
            let letterings = letterings(&asked);
            let in_bar = letterings.iter().map(|lettering| match lettering.spot {
                LetteringSpot::Above => 'a',
                LetteringSpot::Below => 'b',
                _ => '-',
            });
            in_bar.collect::<String>()
        };
        let three = "captions[]=1&captions[]=2&captions[]=3";
        assert_eq!(spots(three), "a--");
        assert_eq!(spots(&format!("bar=bottom&{}", three)), "--b");
        assert_eq!(spots(&format!("bar=both&{}", three)), "a-b");
        assert_eq!(spots("bar=both&bottom_text=1"), "b");
        assert_eq!(spots("bar=both&top_text=1"), "a");
        assert_eq!(spots("bar=both&captions[]=1"), "a");
        assert_eq!(spots("bar=both&captions[]=&captions[]=2"), "b");
        assert_eq!(spots("bottom_text=1"), "a");
        assert_eq!(spots("bar=bottom&top_text=1"), "b");
        assert_eq!(spots("bar=both"), "");
        // None of them need say where it would stand.
        assert_eq!(spots("bar=both&captions[0][text]=1&captions[1][text]=2&captions[2][text]=3"), "a-b");
    }

    #[test]
    fn what_a_request_says_of_times_is_not_undone_by_what_is_noted() {
        let seconds = |number| Some(Moment::Seconds(number));
        for (noted, asked, time) in [
            ((Some(1.0), Some(2.0)), "", [seconds(1.0), seconds(2.0)]),
            ((Some(1.0), Some(2.0)), "from=1.5", [seconds(1.5), seconds(2.0)]),
            ((None, Some(2.0)), "from=3", [seconds(3.0), None]),
            ((Some(1.0), None), "to=0.5", [None, seconds(0.5)]),
            ((Some(1.0), Some(2.0)), "from=3&to=4", [seconds(3.0), seconds(4.0)]),
            ((None, Some(2.0)), "from=50%25", [Some(Moment::Share(0.5)), seconds(2.0)]),
        ] {
            let (from, to) = (noted.0.map(Moment::Seconds), noted.1.map(Moment::Seconds));
            let notes =
                TemplateNotes { look: Look { from, to, ..Look::default() }, ..TemplateNotes::default() };
            let query = format!("template=cat&top_text=hi&{}", asked);
            let captions = from_query(&query).unwrap().captions;
            let lettering = Places::of_own(&notes).letterings(&captions, None).unwrap().remove(0);
            assert_eq!(lettering.time, time, "{:?} {}", noted, asked);
        }
    }

    #[test]
    fn text_in_a_bar_is_black_or_white_and_has_no_outline_unless_the_request_says_so() {
        let look = |query: &str| {
            let asked = from_query(&format!("template=cat&layout=bar&top_text=hi&{}", query)).unwrap();
            let lettering = letterings(&asked).remove(0);
            (lettering.color, lettering.outline)
        };
        let red = Color { r: 255, g: 0, b: 0 };
        assert_eq!(look(""), (Color::BLACK, None));
        assert_eq!(look("bar_color=yellow"), (Color::BLACK, None));
        assert_eq!(look("bar_color=navy"), (Color::WHITE, None));
        assert_eq!(look("bar_color=black&color=red"), (red, None));
        assert_eq!(look("outline=red"), (Color::BLACK, Some(red)));
    }
}
