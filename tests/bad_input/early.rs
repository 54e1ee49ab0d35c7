//! Tests that a request is refused at the first thing in it that has no place there, and that what follows costs nothing.
//! Requests are decoded on the reactor, so each must take less than a millisecond.

use std::time::{Duration, Instant};

use memed::image_macro::{from_json, from_query, ImageMacro, Invalid};

/// Fails unless it is refused with that sentence. `'` stands for `"`.
fn assert_refused(asked: Result<ImageMacro, Invalid>, part: &str, written: &str) {
    let Invalid(sentence) = asked.expect_err(written);
    assert!(sentence.contains(&part.replace('\'', "\"")), "{}: {}", written, sentence);
}

/// None of these bodies is JSON: they end in the middle. A parser that reads on says so.
#[test]
fn a_body_is_not_read_beyond_what_has_no_place_in_it() {
    let captions = format!("{{'captions': [{}0", "0, ".repeat(17));
    for &(body, part) in &[
        ("{'tpo_text': ", "'tpo_text' is not a field: there are template,"),
        ("{'width': 1, 'text': ", "'text' is not a field: there are template,"),
        ("{'captions': [{'x': ", "'x' is not a field of 'captions[0]': it has text,"),
        ("{'size': 1, ' SIZE ': ", "the field 'size' is given twice"),
        ("{'captions': [{'text': 'a'}, {'text': 'a', 'text': ", "the field 'text' is given twice"),
        (&captions, "'captions' has more than 17 captions, and at most 16 are allowed"),
        ("{'captions': [[0", "'captions[0]' must be a string or an object"),
        ("{'captions': {'text': ", "'captions' must be a list of strings or of objects"),
        ("{'color': [0, 0, 0, 0, 0", "'color' is a list of more than 4, and must be an opaque color"),
        ("{'color': [0, [0", "'color' is nested too deep, and must be an opaque color"),
        ("{'color': {'r': 0, 'a': ", "'color' is an object, and must be an opaque color"),
        ("{'color': {'r': {'r': ", "'color' is an object, and must be an opaque color"),
        ("{'captions': [{'outline': [0, [0", "'captions[0].outline' is nested too deep|for no outline, null"),
        ("{'top_color': {'x': ", "'top_color' is an object, and must be an opaque color"),
        ("{'size': {'x': ", "'size' is an object, and must be 'fit', 'shrink'"),
        ("{'size': [0, 0, 0, 0, 0", "'size' is a list of more than 4, and must be 'fit'"),
        ("{'top_text': {'x': ", "'top_text' must be a string"),
        ("{'template': [[0", "'template' must be a string"),
        ("[[", "the body must be a JSON object"),
    ] {
        let body = body.replace('\'', "\"");
        part.split('|').for_each(|part| assert_refused(from_json(body.as_bytes()), part, &body));
    }
    assert_refused(from_json(b"{\"color\": [0, 0, 0, "), "is not the JSON that is needed", "an end");
}

/// All of these end in a name that is not UTF-8.
#[test]
fn a_query_string_is_not_read_beyond_what_has_no_place_in_it() {
    for &(query, part) in &[
        ("tpo_text=a", "'tpo_text' is not a field: there are template,"),
        ("captions[0][x]=a", "'x' is not a field of 'captions[0]': it has text,"),
        ("captions[0][0]=a", "'captions[0]' must be a string or an object"),
        ("captions[a]=a", "'captions' must be a list of strings or of objects"),
        (&"captions[]=a&".repeat(18), "'captions' has more than 17 captions, and at most 16 are allowed"),
        (&"color[]=0&".repeat(5), "'color' is a list of more than 4, and must be an opaque color"),
        ("color[r][r]=0", "'color' is an object, and must be an opaque color"),
        ("color[0][0]=0", "'color' is nested too deep, and must be an opaque color"),
        ("top_color[a]=0", "'top_color' is an object, and must be an opaque color"),
        ("template[a]=cat", "'template' must be a string"),
        ("color[r]=0&color[R]=0", "the field 'color[r]' is given twice"),
    ] {
        assert_refused(from_query(&format!("{}&%ff=", query)), part, query);
    }
    assert_refused(from_query("template=cat&%ff="), "is not UTF-8", "an end");
}

#[test]
fn a_text_that_nfc_can_shorten_is_counted_after_it() {
    // Four characters that NFC makes one: none decomposes into more.
    let letter = "\u{3b1}\u{313}\u{300}\u{345}";
    let asked = |text: &str| from_query(&format!("template=cat&top_text={}", text));
    assert_eq!(asked(&letter.repeat(256)).unwrap().captions[0].text, "\u{1f82}".repeat(256));
    assert_refused(asked(&letter.repeat(257)), "'top_text' has 1028 characters", "257 letters");
    assert_refused(asked(&"e\u{301}".repeat(257)), "'top_text' has 257 characters", "257 letters");
    assert_eq!(asked(&"a%0D%0A".repeat(128)).unwrap().captions[0].text, "a\n".repeat(128));
    assert_refused(asked(&("%0D%0A".repeat(1024) + "a")), "'top_text' has 1025 characters", "1025 lines");
    let font = |name: &str| from_query(&format!("template=cat&font={}&top_text=a", name));
    assert_eq!(font(&letter.repeat(200)).unwrap().captions[0].look.font, Some("\u{1f82}".repeat(200)));
    assert_refused(font(&letter.repeat(201)), "'font' is longer than 200 characters", "201 letters");
}

#[test]
fn a_word_that_is_too_long_is_not_parsed() {
    for field in &["color", "outline", "size", "align", "width", "format"] {
        let query = format!("template=cat&{}={}", field, "x".repeat(129));
        assert_refused(from_query(&query), &format!("'{}' is ", field), field);
    }
    let nested = format!("{}red{}", "rgb(from ".repeat(5000), " r g b)".repeat(5000));
    assert_refused(
        from_query(&format!("template=cat&color={}", nested)),
        "must be an opaque color",
        "nested",
    );
}

/// 64 times as large as bodies are by default, and a bound that a debug build on a busy machine meets.
#[test]
fn a_body_of_8_mib_is_refused_within_a_second() {
    const LENGTH: usize = 8 << 20;
    let fill = |start: &str, unit: &str, end: &str| {
        format!("{}{}{}", start, unit.repeat(LENGTH / unit.len()), end).replace('\'', "\"")
    };
    for body in &[
        fill("{", "'a':0,", "'b':0}"),
        fill("{'captions':[{", "'a':0,", "'b':0}]}"),
        fill("{'captions':[", "{'a':0},", "0]}"),
        fill("{'captions':[", "{},", "{}]}"),
        fill("{'color':[", "0,", "0]}"),
        fill("{'template':", "[", ""),
        fill("{'size':", "{'a':", ""),
        fill("{'color':'", "rgb(from ", "'}"),
        fill("{'top_text':'", "\u{301}\u{316}", "'}"),
        fill("{'font':'", "\u{301}\u{316}", "'}"),
        fill("{'", "\u{3a3}", "':1}"),
        fill("{'width':", "9", "}"),
    ] {
        let start = Instant::now();
        from_json(body.as_bytes()).expect_err("nothing of that is allowed");
        assert!(start.elapsed() < Duration::from_secs(1), "{:.40}: {:?}", body, start.elapsed());
    }
}
