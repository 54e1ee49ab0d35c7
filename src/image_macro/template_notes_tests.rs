//! Tests of `template_notes.rs`.

use super::template_notes::{Mistake, TemplateBox, TemplateNotes, MAX_BOXES, MAX_NOTES};
use image_macro::{Case, Color, HAlign, Look, Moment, Size, TextBox, VAlign};

fn parse(text: &str) -> (TemplateNotes, Vec<(usize, String)>) {
    let (notes, mistakes) = TemplateNotes::parse(text.as_bytes(), &|font| font != "Antno");
    let told = |mistake: Mistake| (mistake.line.unwrap_or(0), mistake.sentence);
    (notes, mistakes.into_iter().map(told).collect())
}

/// Asserts that it has just these mistakes: their lines, and the beginnings of their sentences.
fn assert_mistakes(text: &str, expected: &[(usize, &str)]) -> TemplateNotes {
    let (notes, mistakes) = parse(text);
    assert_eq!(mistakes.len(), expected.len(), "{:#?}", mistakes);
    for ((line, sentence), &(expected_line, part)) in mistakes.iter().zip(expected) {
        assert_eq!(*line, expected_line, "{}", sentence);
        assert!(sentence.starts_with(part), "{:?} is not {:?}", sentence, part);
    }
    notes
}

#[test]
fn all_that_can_be_noted_is_read() {
    let notes = assert_mistakes(
        "source = ' https://example.com/ '\nkeywords = ['Sign', ' man ', '']\nexample = ['e\u{301}', 'b']\n\
         font = 'Anton'\ncolor = [255, 0, 0]\ncase = 'upper'\nfrom = '10%'\nsize = 20\n\
         [[boxes]]\nleft = 0.1\ntop = 0.2\nwidth = 0.5\nheight = 0.3\nangle = -12\npadding = 0.05\n\
         VAlign = 'bottom'\nColor = { r = 0, g = 0, b = 0 }\noutline = 'none'\nalign = 'left'\nto = 2.5\n\
         [[boxes]]\nleft = '0.25'\n[[boxes]]\n",
        &[],
    );
    assert_eq!(notes.source.as_deref(), Some("https://example.com/"));
    assert_eq!((notes.keywords, notes.example), (strings(&["Sign", "man"]), strings(&["\u{e9}", "b"])));
    let of_all = Look {
        font: Some("Anton".to_string()),
        color: Some(Color { r: 255, g: 0, b: 0 }),
        case: Some(Case::Upper),
        from: Some(Moment::Share(0.1)),
        size: Some(Size::Pixels(20.0)),
        ..Look::default()
    };
    assert_eq!(notes.look, of_all);
    let first = TextBox {
        left: 0.1,
        top: 0.2,
        width: 0.5,
        height: 0.3,
        angle: -12.0,
        padding: 0.05,
        valign: VAlign::Bottom,
    };
    let look = Look {
        color: Some(Color::BLACK),
        outline: Some(None),
        halign: Some(HAlign::Left),
        to: Some(Moment::Seconds(2.5)),
        ..of_all.clone()
    };
    let second = TextBox { left: 0.25, width: 0.75, ..TextBox::WHOLE };
    assert_eq!(
        notes.boxes,
        [
            TemplateBox { text_box: first, look },
            TemplateBox { text_box: second, look: of_all.clone() },
            TemplateBox { text_box: TextBox::WHOLE, look: of_all },
        ]
    );
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

#[test]
fn every_mistake_is_told_with_its_line_and_the_rest_is_used() {
    let notes = assert_mistakes(
        "keywords = ['a', 7,\n 'b']\ncolour = 'red'\nfont = 'Antno'\nsource = 1\nalign = 'left'\nhalign = 'right'\n\
         [[boxes]]\nleft = nan\ntop = 0.2\nwidth = 1.5\ncolor = 'blurple'\ntext = 'x'\nTop = 0.3\n\
         [[boxes]]\nleft = 0.6\nwidth = 0.5\nheight = 1e999\nangle = 99999999999999999999999\n\
         size = 1979-05-27\noutline = [1, 2, [3]]\npadding = -inf\nvalign = true\n",
        &[
            (1, "\"keywords[1]\" must be a string"),
            (3, "\"colour\" is not a field: there are source, keywords, example, boxes, align, font,"),
            (4, "\"font\" is \"Antno\", and there is no such font"),
            (5, "\"source\" must be a string"),
            (7, "\"align\" contradicts \"halign\""),
            (9, "\"boxes[0].left\" is NaN, and must be a share of the picture, at least 0 and below 1"),
            (11, "\"boxes[0].width\" is 1.5, and must be a share"),
            (12, "\"boxes[0].color\" is \"blurple\", and must be an opaque color"),
            (13, "\"text\" is not a field of \"boxes[0]\": it has valign, left, top, width, height, angle,"),
            (14, "the field \"top\" is given twice"),
            (17, "\"boxes[1].left\" is 0.6 and \"boxes[1].width\" is 0.5: together they are more than 1"),
            (18, "\"boxes[1].height\" is inf, and must be"),
            (19, "\"boxes[1].angle\" is inf, and must be a number of degrees from -180 to 180"),
            (20, "\"boxes[1].size\" is 1979-05-27, and must be \"fit\", \"shrink\""),
            (21, "\"boxes[1].outline\" is nested too deep"),
            (22, "\"boxes[1].padding\" is -inf, and must be"),
            (23, "\"boxes[1].valign\" is true, and must be top, middle or bottom"),
        ],
    );
    assert_eq!((notes.keywords, notes.boxes.len()), (strings(&["a", "b"]), 2));
    // The font may be there later.
    let look = Look { halign: Some(HAlign::Left), font: Some("Antno".to_string()), ..Look::default() };
    assert_eq!(notes.boxes[0].look, look);
    assert_eq!(notes.boxes[0].text_box, TextBox { top: 0.2, height: 0.8, ..TextBox::WHOLE });
    assert_eq!(notes.boxes[1].text_box, TextBox { left: 0.6, width: 1.0 - 0.6, ..TextBox::WHOLE });
}

#[test]
fn times_that_contradict_each_other_are_told_when_both_are_known() {
    let notes = assert_mistakes(
        "to = 2\n[[boxes]]\nfrom = 3\nto = 5\n[[boxes]]\nfrom = 2\n[[boxes]]\nto = '10%'\nfrom = '10%'\n[[boxes]]\n\
         from = '50%'\n",
        &[
            (6, "\"boxes[1].from\" is 2 and \"to\" is 2: the text would disappear before it appears"),
            (9, "\"boxes[2].from\" is 10% and \"boxes[2].to\" is 10%: the text would"),
        ],
    );
    let times: Vec<_> = notes.boxes.iter().map(|one| (one.look.from, one.look.to)).collect();
    let (seconds, share) = (|number| Some(Moment::Seconds(number)), |number| Some(Moment::Share(number)));
    let expected =
        [(seconds(3.0), seconds(5.0)), (seconds(2.0), None), (share(0.1), None), (share(0.5), seconds(2.0))];
    assert_eq!(times, expected);
    // A mistake of all boxes is told once.
    assert_mistakes("from = 2\nto = 1\n[[boxes]]\n[[boxes]]\n", &[(2, "\"from\" is 2 and \"to\" is 1")]);
}

#[test]
fn lists_of_another_kind_or_too_long_are_told() {
    let notes = assert_mistakes(
        "boxes = [1, { left = 0.5 }, [2]]\nkeywords = 'a'\nexample = [['a']]\n",
        &[
            (1, "\"boxes[0]\" must be a table"),
            (1, "\"boxes[2]\" must be a table"),
            (2, "\"keywords\" must be a list of strings"),
            (3, "\"example[0]\" must be a string"),
        ],
    );
    assert_eq!(notes.boxes.len(), 1);
    assert_mistakes("[boxes]\nleft = 0.1\n", &[(1, "\"boxes\" must be a list of tables, as in [[boxes]]")]);
    assert_mistakes("captions = ['a']\n", &[(1, "\"captions\" is not a field")]);
    let notes = assert_mistakes(
        &"[[boxes]]\n".repeat(MAX_BOXES + 1),
        &[(1, "\"boxes\" has 17 items, and at most 16 are allowed: the others are ignored")],
    );
    assert_eq!(notes.boxes.len(), MAX_BOXES);
    assert_mistakes(&format!("example = ['{}']\n", "a".repeat(257)), &[(1, "\"example[0]\" has 257")]);
    assert_mistakes(&format!("source = '{}'\n", "a".repeat(2049)), &[(1, "\"source\" is longer than")]);
}

#[test]
fn what_is_no_toml_is_as_if_it_were_not_there() {
    for (text, line, part) in [
        ("font = 'Anton'\ncolor = red\n", 2, "it is not TOML: string values must be quoted"),
        ("font = 'Anton'\nfont = 'Anton'\n", 2, "it is not TOML: duplicate key"),
        ("a = [\n", 1, "it is not TOML: unclosed array"),
        (&format!("a = {}", "[".repeat(60_000)), 1, "it is not TOML: cannot recurse further"),
        (&format!("a = {}", "{a=".repeat(20_000)), 1, "it is not TOML: cannot recurse further"),
        (&format!("{} = 1", ["a"; 30_000].join(".")), 0, "it is not TOML: recursion limit"),
        (&format!("[{}]", ["a"; 30_000].join(".")), 0, "it is not TOML: recursion limit"),
    ] {
        let (notes, mistakes) = parse(text);
        assert_eq!(notes, TemplateNotes::default());
        let is_told = mistakes.iter().any(|told| told.0 == line && told.1.starts_with(part));
        assert!(is_told && mistakes.len() <= 21, "{:#?}", mistakes);
    }
    for (file, line, part) in [
        (&b"font = 'A'\n# \xff\n"[..], Some(2), "it is not UTF-8"),
        (&[b' '; MAX_NOTES + 1][..], None, "it is larger than 64 KiB"),
        (b"\0\0", Some(1), "it is not TOML"),
    ] {
        let (notes, mistakes) = TemplateNotes::parse(file, &|_| true);
        assert_eq!((notes, mistakes[0].line), (TemplateNotes::default(), line));
        assert!(mistakes[0].sentence.starts_with(part), "{:?}", mistakes);
    }
    assert_mistakes("", &[]);
    assert_mistakes("\u{feff}font = 'Anton'\r\n", &[]);
}

#[test]
fn of_very_many_mistakes_the_first_are_told_and_the_others_counted() {
    let unknown: String = (0..5000).map(|number| format!("a{} = 1\n", number)).collect();
    let (_, mistakes) = parse(&unknown);
    assert_eq!(mistakes.len(), 21);
    assert_eq!(mistakes[20], (0, "there are 4980 more mistakes".to_string()));
}
