//! Tests that each invalid field is refused with a sentence that names it and says what is allowed.
//!
//! In the tables `'` stands for `"`: JSON and the sentences are full of them.

use super::{assert_error, assert_serves, JSON};
use util::{escaped, Serve};

/// Each row is some fields in a query string, the same ones in JSON, and what the sentence must say. One of
/// the two is empty where it cannot say the same. All are a 400, and leave the connection usable.
fn refused(rows: &[(&str, &str, &str)]) {
    let serve = Serve::start();
    for &(query, json, parts) in rows {
        let parts = parts.replace('\'', "\"");
        let mut client = serve.connect();
        if !query.is_empty() {
            let response = client.get(&format!("/caption?template=cat&{}", query));
            assert_error(&response, 400, &parts, query);
        }
        if !json.is_empty() {
            assert_error(&client.post("/caption", JSON, &of_cat(json)), 400, &parts, json);
        }
        assert_eq!(client.get("/health").status, 200, "{} {}: the same connection", query, json);
        assert_eq!(serve.get("/health").status, 200, "{} {}: another connection", query, json);
    }
    assert_serves(&serve);
}

/// Rows as those of [`refused`], all of which give a picture.
fn drawn(rows: &[(&str, &str)]) {
    let serve = Serve::start();
    let mut client = serve.connect();
    for &(query, json) in rows {
        if !query.is_empty() {
            client.get(&format!("/caption?template=cat&{}", query)).picture("png");
        }
        if !json.is_empty() {
            client.post("/caption", JSON, &of_cat(json)).picture("png");
        }
    }
}

fn of_cat(json: &str) -> Vec<u8> {
    format!("{{'template': 'cat', {}}}", json).replace('\'', "\"").into_bytes()
}

/// Owned rows, borrowed.
fn borrowed(rows: &[(String, String, String)]) -> Vec<(&str, &str, &str)> {
    rows.iter().map(|row| (&*row.0, &*row.1, &*row.2)).collect()
}

#[test]
fn a_template_must_be_named() {
    let serve = Serve::start();
    let mut client = serve.connect();
    let missing = "'template' is missing: GET /templates";
    let wrong_type = "'template' must be a string";
    for &(query, json, status, parts) in &[
        ("", "{}", 400, missing),
        ("?", "{'top_text': 'ok'}", 400, missing),
        ("?top_text=ok", "{'captions': ['ok']}", 400, missing),
        ("?template=", "{'template': ''}", 400, missing),
        ("?template", "{'template': '\\t'}", 400, missing),
        ("?template=+", "{'template': null}", 400, missing),
        ("?template[]=cat", "{'template': ['cat']}", 400, wrong_type),
        ("?template[a]=cat", "{'template': false}", 400, wrong_type),
        ("?template=dog", "{'template': 'dog'}", 404, "there is no template 'dog'|GET /templates"),
        ("?template=CAT", "{'template': 'CAT'}", 404, "there is no template 'CAT'"),
    ] {
        let parts = parts.replace('\'', "\"");
        assert_error(&client.get(&format!("/caption{}", query)), status, &parts, query);
        let json = json.replace('\'', "\"");
        assert_error(&client.post("/caption", JSON, json.as_bytes()), status, &parts, &json);
        assert_eq!(serve.get("/health").status, 200, "{}", query);
    }
    client.get("/caption?template=cat&top_text=ok").picture("png");
    assert_serves(&serve);
}

#[test]
fn a_font_must_be_one_that_there_is() {
    refused(&[
        ("font[]=Anton", "'font': ['Anton']", "'font' must be a string"),
        ("", "'font': 7", "'font' must be a string"),
    ]);
    let serve = Serve::start();
    let mut client = serve.connect();
    for font in ["Arial", "anton", "../fonts/Anton", "Anton.ttf", "*"].iter() {
        let parts = format!("there is no font {:?}|GET /fonts", font);
        let query = format!("/caption?template=cat&top_text=ok&font={}", escaped(font));
        assert_error(&client.get(&query), 404, &parts, font);
        let json = format!("'captions': ['ok'], 'font': '{}'", font);
        assert_error(&client.post("/caption", JSON, &of_cat(&json)), 404, &parts, font);
    }
    client.get("/caption?template=cat&top_text=ok").picture("png");
    assert_serves(&serve);
}

#[test]
fn a_field_that_is_unknown_is_named() {
    let long = "x".repeat(10_000);
    let (query, json) = (format!("{}=1", long), format!("'{}': 1", long));
    let shown = format!("'{}…' is not a field: there are template,", &long[..60]);
    refused(&[
        ("tpo_text=a", "'tpo_text': 'a'", "'tpo_text' is not a field|top_text, middle_text"),
        ("+Tpo_Text=a", "' TPO_text ': 'a'", "'tpo_text' is not a field"),
        ("__proto__=1", "'__proto__': {'template': 'cat'}", "'__proto__' is not a field"),
        ("__proto__[x]=1", "'__proto__': null", "'__proto__' is not a field"),
        ("=1", "'': 1", "'' is not a field"),
        ("top_valign=top", "'top_valign': 'top'", "'top_valign' is not a field"),
        (&query, &json, &shown),
        (
            "captions[0][text]=a&captions[0][valign]=top&captions[0][x]=1",
            "'captions': [{'text': 'a', 'valign': 'top', 'x': 1}]",
            "'x' is not a field of 'captions[0]': it has text, valign",
        ),
        ("a[b][c][d][e]=1", "", "'a[b][c][d][e]' has too many brackets"),
        ("captions[=a", "", "'captions[' has brackets that do not match"),
        ("captions]=a", "", "'captions]' has brackets that do not match"),
    ]);
}

#[test]
fn a_field_that_is_doubled_is_named() {
    refused(&[
        ("template=cat", "'template': 'cat'", "'template' is given twice"),
        ("top_text=a&top_text=a", "'top_text': 'a', 'top_text': 'a'", "'top_text' is given twice"),
        ("top_text=a&TOP_Text=b", "'top_text': 'a', 'TOP_Text': 1", "'top_text' is given twice"),
        ("top_text=a&+top_text=b", "'top_text': 'a', ' top_text ': 1", "'top_text' is given twice"),
        ("captions[0]=a&captions[0]=b", "", "'captions[0]' is given twice"),
        (
            "captions[0][text]=a&captions[0][valign]=top&captions[0][text]=b",
            "",
            "'captions[0][text]' is given twice",
        ),
        ("", "'captions': [{'text': 'a', 'valign': 'top', 'Text': 1}]", "'text' is given twice"),
        ("color[r]=1&color[g]=2&color[b]=3&color[R]=1", "", "'color[r]' is given twice"),
        ("", "'color': {'r': 1, 'g': 1, 'b': 1, 'R': 1}", "'r' is given twice"),
        ("color=red&color[r]=1", "", "'color[r]' contradicts another"),
    ]);
}

#[test]
fn fields_that_contradict_each_other_are_both_named() {
    let captions = "'captions' contradicts 'top_text': give one";
    let aligns = "'captions': [{'text': 'a', 'valign': 'top', 'align': 'left', 'halign': 'left'}]";
    refused(&[
        ("captions[]=a&top_text=a", "'captions': ['a'], 'top_text': 'a'", captions),
        (
            "captions[]=a&color=red&top_color=red",
            "'captions': [], 'top_color': 'red'",
            "'captions' contradicts 'top_color'",
        ),
        ("align=left&halign=left", "'align': 'left', 'halign': 'left'", "'align' contradicts 'halign'"),
        ("top_align=left&top_halign=left", "", "'top_align' contradicts 'top_halign'"),
        ("", aligns, "'captions[0].align' contradicts 'captions[0].halign'"),
    ]);
}

#[test]
fn a_color_must_be_a_color_and_opaque() {
    let rgba = "'color': {'r': 1, 'g': 1, 'b': 1, 'a': 1}";
    refused(&[
        ("color=blurple", "'color': 'blurple'", "'color' is 'blurple', and must be an opaque color|0xff0000"),
        ("color=none", "'color': 'none'", "'color' is 'none', and must"),
        ("color=%2312345", "'color': '#12345'", "'color' is '#12345'"),
        ("color=%23gggggg", "'color': '#gggggg'", "'color' is '#gggggg'"),
        ("color=0xf00", "'color': '0xf00'", "'color' is '0xf00'"),
        ("color=0xff00000", "'color': '0xff00000'", "'color' is '0xff00000'"),
        ("color=$ff00", "'color': '$ff00'", "'color' is '$ff00'"),
        ("color=transparent", "'color': 'transparent'", "'color' is 'transparent'"),
        ("color=%23ff000080", "'color': '#ff000080'", "must be an opaque color"),
        ("color=rgba(1,2,3,0.5)", "'color': 'rgba(1,2,3,0.5)'", "must be an opaque color"),
        ("color=rgb(1,2)", "'color': 'rgb(1,2)'", "'color' is 'rgb(1,2)'"),
        ("color[]=1&color[]=2", "'color': [1, 2]", "'color' is a list of 2, and must"),
        ("color[]=1&color[]=2&color[]=3&color[]=4", "'color': [1, 2, 3, 4]", "'color' is a list of 4"),
        ("color[]=256&color[]=0&color[]=0", "'color': [256, 0, 0]", "'color' is a list of 3|[255, 0, 0]"),
        ("color[]=-1&color[]=0&color[]=0", "'color': [-1, 0, 0]", "'color' is a list of 3"),
        ("color[]=1.5&color[]=0&color[]=0", "'color': [1.5, 0, 0]", "'color' is a list of 3"),
        ("color[]=&color[]=0&color[]=0", "'color': [null, 0, 0]", "'color' is a list of 3"),
        ("color[r]=1", "'color': {'r': 1}", "'color' is an object, and must"),
        ("color[r]=1&color[g]=1&color[b]=1&color[a]=1", rgba, "'color' is an object"),
        ("", "'color': []", "'color' is an empty list"),
        ("", "'color': true", "'color' is true"),
        ("", "'color': 16711680", "'color' is 16711680"),
        (
            "color[r]=1&color[green]=1&color[b]=1",
            "'color': {'red': 1, 'g': 1, 'blue': 1}",
            "'color' is an object",
        ),
        ("", "'color': {'red': 1, 'green': 1, 'blue': 1, 'b': 1}", "'color' is an object"),
        ("", "'color': {'red': 1, 'green': 1}", "'color' is an object"),
        ("color[red]=1&color[Red]=1", "'color': {'red': 1, 'RED': 1}", "is given twice"),
        ("bottom_color=no", "'bottom_color': 'no'", "'bottom_color' is 'no', and must be an opaque color"),
        ("outline=no", "'outline': 'no'", "'outline' is 'no'|for no outline, null"),
        ("outline=transparent", "'outline': 'transparent'", "'outline' is 'transparent'"),
        ("", "'outline': false", "'outline' is false"),
    ]);
    drawn(&[
        ("color=%23F00", "'color': 'RED', 'outline': null"),
        ("color=0xFF0000", "'color': [255, 0, 0], 'outline': 'None'"),
        ("color=$ff0000&outline=", "'color': {'b': 0, 'G': 0, 'r': 255}"),
        ("color=%23ff0000ff", "'color': 'rgba(1, 2, 3, 1)'"),
        ("color[red]=1&color[green]=2&color[BLUE]=3", "'outline': {'Blue': 0, 'green': 0, 'red': 255}"),
        // Digits alone are a color, too: in a URL the # before them would need an escape.
        ("color=f00", "'color': 'ff0000'"),
    ]);
}

#[test]
fn an_alignment_must_be_one_of_three() {
    refused(&[
        ("align=up", "'align': 'up'", "'align' is 'up', and must be left, center or right"),
        ("top_align=middle", "'top_align': 1", "'top_align' is|must be left, center or right"),
        (
            "captions[0][text]=a&captions[0][valign]=up",
            "'captions': [{'text': 'a', 'valign': 'up'}]",
            "'captions[0].valign' is 'up', and must be top, middle or bottom",
        ),
        ("captions[0][text]=a", "'captions': [{'text': 'a'}]", "'captions[0].valign' is missing"),
        ("captions[0][valign]=top", "'captions': [{'valign': 'top'}]", "'captions[0].text' is missing"),
        ("", "'captions': [{'valign': 'top', 'text': null}]", "'captions[0].text' is missing"),
        (
            "captions[0][text]=a&captions[0][valign]=",
            "'captions': [{'text': 'a', 'valign': null}]",
            "'captions[0].valign' is missing",
        ),
    ]);
    drawn(&[("top_text=a&align=+LEFT", "'top_text': 'a', 'halign': 'Right'")]);
}

#[test]
fn a_size_must_be_a_word_or_within_its_limits() {
    let allowed = ", and must be 'fit', 'shrink', or a number of pixels above 0 and up to 512";
    let mut rows = Vec::new();
    for size in &["0", "-0", "-1", "513", "512.001", "1e30", "nan", "NaN", "inf", "-inf", "big", "1px", "1,5"]
    {
        let (query, json) = (format!("size={}", escaped(size)), format!("'size': '{}'", size));
        rows.push((query, json, format!("'size' is '{}'{}", size, allowed)));
    }
    for &(json, shown) in &[
        ("0", "0"),
        ("-1", "-1"),
        ("513", "513"),
        ("1e30", "1000000000000000000000000000000"),
        ("true", "true"),
        ("[20]", "a list of 1"),
    ] {
        rows.push((
            String::new(),
            format!("'top_size': {}", json),
            format!("'top_size' is {}{}", shown, allowed),
        ));
    }
    refused(&borrowed(&rows));
    let malformed = "the body is not the JSON that is needed";
    refused(&[
        ("", "'size': NaN", malformed),
        ("", "'size': -Infinity", malformed),
        ("", "'size': 1e999", malformed),
    ]);
    drawn(&[
        ("top_text=ok&size=1", "'top_text': 'ok', 'size': 1"),
        ("top_text=ok&size=0.001", "'top_text': 'ok', 'size': 0.001"),
        ("top_text=ok&size=512", "'top_text': 'ok', 'size': 512"),
        ("top_text=ok&size=Shrink", "'top_text': 'ok', 'top_size': ' FIT '"),
    ]);
}

#[test]
fn a_side_must_be_within_its_limits() {
    let allowed = "|and must be a whole number of pixels from 1 to 4096";
    let mut rows = Vec::new();
    for side in &["0", "4097", "-1", "1.5", "4294967297", "99999999999999999999", "1e30", "-1e30"] {
        for field in &["width", "height"] {
            let (query, json) = (format!("{}={}", field, side), format!("'{}': {}", field, side));
            rows.push((query, json, format!("'{}' is{}", field, allowed)));
        }
    }
    for side in &["x", "nan", "1px", "0x10", "١"] {
        let (query, json) = (format!("width={}", escaped(side)), format!("'width': '{}'", side));
        rows.push((query, json, format!("'width' is '{}'{}", side, allowed)));
    }
    for &(json, shown) in &[("true", "true"), ("[1]", "a list of 1"), ("{}", "an object")] {
        rows.push((String::new(), format!("'width': {}", json), format!("'width' is {}{}", shown, allowed)));
    }
    refused(&borrowed(&rows));
    drawn(&[
        ("top_text=ok&width=1", "'top_text': 'ok', 'height': 1"),
        ("top_text=ok&height=1&width=1", "'width': '1', 'height': 4096.0"),
        ("top_text=ok&width=4096&height=4096", "'width': 4096, 'height': null"),
    ]);
}

#[test]
fn captions_are_at_most_16_and_all_of_one_kind() {
    let json = |count: usize| {
        let one = |i| format!("{{'text': '{}', 'valign': 'top'}}", i);
        format!("'captions': [{}]", (0..count).map(one).collect::<Vec<_>>().join(","))
    };
    let query = |count: usize| {
        let one = |i| format!("captions[{}][text]={}&captions[{}][valign]=top", i, i, i);
        (0..count).map(one).collect::<Vec<_>>().join("&")
    };
    refused(&[
        (&query(17), &json(17), "'captions' has 17 captions, and at most 16 are allowed"),
        ("captions[99999]=a", "", "'captions[99999]' is out of order"),
        ("captions[1]=a", "", "'captions[1]' is out of order: number the items of a list 0, 1, 2"),
        (
            "captions[0]=a&captions[1][text]=b",
            "'captions': ['a', {'text': 'b', 'valign': 'top'}]",
            "'captions' must be all strings or all objects",
        ),
        ("captions[text]=a", "'captions': {'text': 'a'}", "'captions' must be a list"),
        ("", "'captions': 7", "'captions' must be a list of strings or of objects"),
        ("", "'captions': [7]", "'captions[0]' must be a string or an object"),
        ("", "'captions': [null]", "'captions[0]' must be a string or an object"),
        ("", "'captions': [[]]", "'captions[0]' must be a string or an object"),
        ("", "'captions': [{'text': 1, 'valign': 'top'}]", "'captions[0].text' must be a string"),
        ("top_text[]=a", "'top_text': ['a']", "'top_text' must be a string"),
    ]);
    drawn(&[
        (&query(16), &json(16)),
        // A list of nothing is no caption; one string needs no list around it; null counts as no field.
        ("captions=a", "'captions': []"),
        ("captions[]=a&captions[]=b&captions[]=c", "'captions': null, 'top_text': 'a'"),
    ]);
}

#[test]
fn a_text_is_at_most_256_characters() {
    let query = |text: &str, count: usize| format!("top_text={}", escaped(&text.repeat(count)));
    let json = |text: &str, count: usize| format!("'bottom_text': '{}'", text.repeat(count));
    for text in &["a", "é", "\u{4e00}", "😀"] {
        refused(&[(
            &query(text, 257),
            &json(text, 257),
            "_text' has 257 characters, and at most 256 are allowed",
        )]);
        drawn(&[(&query(text, 256), &json(text, 256))]);
    }
    // A letter and its accent are one character.
    drawn(&[(&query("e\u{301}", 256), &json("e\u{301}", 256))]);
    let captions = format!("'captions': ['a', '{}']", "b".repeat(257));
    refused(&[("", &captions, "'captions[1]' has 257 characters")]);
}

#[test]
fn an_error_is_short_however_long_what_it_is_about() {
    let serve = Serve::start();
    let long = "x".repeat(10_000);
    for json in &[
        format!("'{}': 1, '{}': 1", long, long),
        format!("'top_text': 'a', 'font': '{}'", long),
        "'size': 1e300".to_string(),
        "'size': -1e-300".to_string(),
    ] {
        let response = serve.post(&String::from_utf8(of_cat(json)).unwrap());
        assert!(
            response.status >= 400 && response.body.len() < 700,
            "{}: {:?}",
            &json[..15],
            response.body.len()
        );
    }
    let target = format!("/caption?template={}", long);
    assert!(serve.get(&target).body.len() < 700);
    assert!(serve.connect().request(&long.to_uppercase(), "/caption").body.len() < 700);
}
