//! A text as a segment of a path, readable: `I_can_haz~q` for `I can haz?`. The escapes are memegen's, so its links work
//! here; what it cannot write has an escape of our own, so that every text can be written.
//!
//! | written | read |
//! |---|---|
//! | `_`, `-` | a space; a segment that is only `_` is no text |
//! | `__`, `--`, `''` | `_`, `-`, `"` |
//! | `~q` `~a` `~p` `~h` `~s` `~b` `~n` `~l` `~g` | `?` `&` `%` `#` `/` `\`, a line break, `<` `>` |
//! | `~'`, `~~q`, `~.` | `'` beside another quote, `~q`, and `.` where it would be a step in the path: ours |
//!
//! Of an odd number of `_`, the first is the space; of an odd number of `-`, the last one. So memegen reads what it writes
//! itself. What it never writes it may read otherwise: `a_-b` as `a-b`, and `_-_` as `- `. Here each of their characters is a
//! space, so that several spaces can be written. Both functions are about segments that are not percent-encoded: a proxy
//! may decode `%5F` before we see it, so to encode it must not change its meaning.

/// Letters that are an escape after `~`, and what they stand for.
const ESCAPES: [(char, char); 9] = [
    ('q', '?'),
    ('a', '&'),
    ('p', '%'),
    ('h', '#'),
    ('s', '/'),
    ('b', '\\'),
    ('n', '\n'),
    ('l', '<'),
    ('g', '>'),
];

/// The text of a segment. Every segment has one.
pub fn text_of(segment: &str) -> String {
    if segment == "_" {
        return String::new();
    }
    if is_dots(segment) && segment.starts_with('~') {
        return segment[1..].to_string();
    }
    let mut text = String::new();
    let mut rest = segment;
    while let Some(first) = rest.chars().next() {
        let after = rest.trim_start_matches(first);
        let count = (rest.len() - after.len()) / first.len_utf8();
        rest = after;
        let mut put = |c: char, count: usize| text.extend(std::iter::repeat_n(c, count));
        match first {
            '_' => {
                put(' ', count % 2);
                put('_', count / 2);
            }
            '-' => {
                put('-', count / 2);
                put(' ', count % 2);
            }
            '\'' => {
                put('"', count / 2);
                put('\'', count % 2);
            }
            '~' => match after.chars().next().and_then(|next| Some((next, escaped(next)?))) {
                Some((next, meant)) => {
                    put('~', count - 1);
                    put(if count == 1 { meant } else { next }, 1);
                    rest = &after[1..];
                }
                None => put('~', count),
            },
            other => put(other, count),
        }
    }
    text
}

/// The segment that is written for a text.
pub fn segment_of(text: &str) -> String {
    match text {
        "" => return "_".to_string(),
        " " => return "-".to_string(),
        _ if is_dots(text) => return format!("~{}", text),
        _ => {}
    }
    let mut segment = String::new();
    let mut last = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, last) {
            // Two beside each other would be an underscore, and so would be one after an underscore.
            (' ', _) if !segment.ends_with('_') => segment.push('_'),
            (' ', _) if rest.peek() != Some(&'-') => segment.push('-'),
            ('_', _) => segment.push_str("__"),
            ('-', _) => segment.push_str("--"),
            ('\'', Some('\'')) | ('\'', Some('"')) => segment.push_str("~'"),
            ('"', last) if last != Some('\'') && last != Some('~') => segment.push_str("''"),
            (c, Some('~')) if escaped(c).is_some() => segment.extend(['~', c].iter()),
            (c, last) => match ESCAPES.iter().find(|escape| escape.1 == c) {
                Some(&(letter, _)) if last != Some('~') => segment.extend(['~', letter].iter()),
                // As it is: it will be percent-encoded.
                _ => segment.push(c),
            },
        }
        last = Some(c);
    }
    segment
}

/// What `~` and this character stand for, if they are an escape.
fn escaped(letter: char) -> Option<char> {
    let known = ESCAPES.iter().find(|escape| escape.0 == letter).map(|escape| escape.1);
    known.or(Some('\'').filter(|_| letter == '\''))
}

/// Whether a segment is, but for tildes at its beginning, one that programs take for a step in the path.
fn is_dots(segment: &str) -> bool {
    let dots = segment.trim_start_matches('~');
    dots == "." || dots == ".."
}

#[cfg(test)]
mod tests {
    extern crate proptest;

    use self::proptest::prelude::{any, prop_oneof, proptest, ProptestConfig, Strategy};
    use super::{segment_of, text_of};

    /// Each row is a text and its segment, as memegen's documents and tests have them.
    #[test]
    fn segments_of_memegen_have_the_same_text() {
        for &(text, segment) in &[
            ("", "_"),
            ("hello world", "hello_world"),
            ("a/b", "a~sb"),
            ("why not both?", "why_not_both~q"),
            ("#special characters?", "~hspecial_characters~q"),
            ("underscore_ dash-", "underscore__-dash--"),
            ("100% & more", "100~p_~a_more"),
            ("a \\ b\nc", "a_~b_b~nc"),
            ("<html>", "~lhtml~g"),
            ("say \"hi\"", "say_''hi''"),
            ("it's", "it's"),
            ("a -b", "a_--b"),
            ("a --b", "a_----b"),
            ("a -> b", "a_--~g_b"),
            ("a _b", "a___b"),
            ("a- b", "a--_b"),
            ("~ 5", "~_5"),
            ("::)", "::)"),
        ] {
            assert_eq!(text_of(segment), text, "{:?}", segment);
            assert_eq!(segment_of(text), segment, "{:?}", text);
        }
        // It reads these, too, and writes them otherwise.
        for &(text, segment) in &[("hello world", "hello-world"), ("a_ b", "a__-b"), (" ", "-")] {
            assert_eq!(text_of(segment), text, "{:?}", segment);
        }
    }

    #[test]
    fn what_memegen_cannot_write_has_a_segment() {
        for &(text, segment) in &[
            (" ", "-"),
            ("a  b", "a_-b"),
            ("a   b", "a_-_b"),
            ("_ -", "__ --"),
            ("~q", "~~q"),
            ("~~q", "~~~q"),
            ("~~", "~~"),
            ("~?", "~?"),
            ("''", "'~'"),
            ("'\"'", "'\"~'"),
            ("~'", "~~'"),
            (".", "~."),
            ("..", "~.."),
            ("~..", "~~.."),
            ("...", "..."),
        ] {
            assert_eq!(segment_of(text), segment, "{:?}", text);
            assert_eq!(text_of(segment), text, "{:?}", segment);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_text_has_a_segment_that_is_read_as_it(
            text in prop_oneof![4 => "[-_~'\"?&%#/\\\\\n<>. qaphsbnlgx]{0,12}", 1 => any::<String>().boxed()]
        ) {
            let segment = segment_of(&text);
            assert_eq!(text_of(&segment), text, "{:?}", segment);
            assert!(!segment.is_empty() && segment != "." && segment != "..");
        }

        #[test]
        fn every_segment_has_a_text(segment in "[-_~'\"?. qanx]{0,12}") {
            let normal = segment_of(&text_of(&segment));
            assert_eq!(segment_of(&text_of(&normal)), normal);
        }
    }
}
