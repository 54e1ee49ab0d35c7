//! `links.js`, which writes the links that the page offers, against the tables of the server, which read them. Run by
//! Node, which is skipped where there is none; `.ci/run` installs it.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::thread;

use fastrand::Rng;
use memed::image_macro::{from_query, path_of, schema, Format, Link, Spot, TextBox, VAlign, MAX_CAPTIONS};
use serde_json::{json, Value};

const SCRIPT: &str = include_str!("../../src/server/pages/web/links.js");
/// What has an escape, is one after `~`, or would end a segment.
const SPECIAL: &str = "-_~'\" ?&%#/\\\n<>.qaphsbnlgx";

/// What an expression of JavaScript is, with the functions and constants of `links.js` and with `given`. `None` without
/// Node.
fn evaluated(expression: &str, given: &Value) -> Option<Value> {
    let script = format!(
        "{}\nimport {{ readFileSync }} from 'node:fs';\nconst given = JSON.parse(readFileSync(0, 'utf8'));\n\
         process.stdout.write(JSON.stringify({}));",
        SCRIPT, expression
    );
    let mut command = Command::new("node");
    let command = command.args(["--input-type=module", "-e", &script]);
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(ref error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("links.js is not tested: there is no node");
            return None;
        }
        Err(error) => panic!("{}", error),
    };
    let (mut stdin, given) = (child.stdin.take().unwrap(), given.to_string());
    let writing = thread::spawn(move || stdin.write_all(given.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    writing.join().unwrap();
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// All texts of up to three special characters, each of ASCII on either side of an escape, and longer ones at random.
fn texts() -> BTreeSet<String> {
    let mut texts: BTreeSet<_> = Some(String::new()).into_iter().collect();
    for _ in 0..3 {
        let longer = texts.iter().flat_map(|text| SPECIAL.chars().map(move |c| format!("{}{}", text, c)));
        let longer: Vec<_> = longer.collect();
        texts.extend(longer);
    }
    for c in (0..=127u8).map(char::from) {
        texts.extend([format!("{}", c), format!("~{}", c), format!("{}~", c), format!("_{}-", c)]);
    }
    let mut rng = Rng::with_seed(2017);
    let special: Vec<_> = SPECIAL.chars().collect();
    for _ in 0..4000 {
        texts.insert((0..rng.usize(4..12)).map(|_| *rng.choice(&special).unwrap()).collect());
        texts.insert((0..rng.usize(1..8)).map(|_| rng.char(..)).collect());
    }
    texts
}

/// The link that the server has instead of one: texts as they are drawn, without control characters.
fn normal(path: String) -> String {
    let link = Link::parse(&path, "").unwrap();
    link.moved.unwrap_or(path)
}

#[test]
fn the_page_writes_the_path_that_the_server_has_for_any_texts() {
    let texts: Vec<_> = texts().into_iter().collect();
    let mut rng = Rng::with_seed(17);
    let mut asked = Vec::new();
    for text in &texts {
        let others = [rng.choice(&texts).unwrap(), rng.choice(&texts).unwrap()];
        let format = *rng.choice(&Format::ALL).unwrap();
        let template = *rng.choice(&["cat", "a b", "é(1)", "_x'~s"]).unwrap();
        asked.push((template, ["", "", text], format));
        asked.push((template, [text, "", ""], format));
        asked.push((template, [others[0], text, others[1]], format));
    }
    let given: Vec<_> = asked
        .iter()
        .map(|&(template, [top, middle, bottom], format)| {
            let fields = json!({
                "template": template, "top_text": top, "middle_text": middle, "bottom_text": bottom,
            });
            json!([fields, format.name()])
        })
        .collect();
    let links = match evaluated("given.map(([fields, format]) => linkOf(fields, format))", &json!(given)) {
        Some(links) => links,
        None => return,
    };
    let links = links.as_array().unwrap();
    assert_eq!(links.len(), asked.len());
    for (link, &(template, texts, format)) in links.iter().zip(&asked) {
        // Without a middle text, two are top and bottom.
        let [top, middle, bottom] = texts;
        let is_blank = middle.chars().all(|c| c.is_whitespace() || c.is_control());
        let texts = if is_blank { vec![top, bottom] } else { vec![top, middle, bottom] };
        assert_eq!(link, &normal(path_of(template, &texts, format)), "{:?}", texts);
    }
}

/// Of a template that has places for its texts, however many these are and whichever of them are blank.
#[test]
fn the_page_writes_the_path_that_the_server_has_for_numbered_texts() {
    let texts: Vec<_> = texts().into_iter().collect();
    let mut rng = Rng::with_seed(18);
    let mut text = || if rng.bool() { "" } else { rng.choice(&texts).unwrap() };
    let asked: Vec<Vec<&str>> =
        (0..2000).map(|number| (0..=number % MAX_CAPTIONS).map(|_| text()).collect()).collect();
    let written = "given.map((texts) => linkOf(Object.fromEntries([\
                   ['template', 'cat'], ...texts.map((text, number) => [`captions[${number}]`, text]),\
                   ]), 'png'))";
    let links = match evaluated(written, &json!(asked)) {
        Some(links) => links,
        None => return,
    };
    for (link, texts) in links.as_array().unwrap().iter().zip(&asked) {
        assert_eq!(link, &normal(path_of("cat", texts, Format::Png)), "{:?}", texts);
    }
}

/// Brackets in it are escaped, so a program that finds URLs in a text finds all of it.
#[test]
fn the_page_writes_a_request_for_texts_with_boxes_and_leaves_out_those_without_text() {
    let fields = json!({
        "template": "cat", "color": "ff0000", "format": "gif", "width": "300",
        "captions[0][text]": " ", "captions[0][left]": "0.9",
        "captions[1][text]": "on [the] sign & more", "captions[1][left]": "0.125", "captions[1][top]": "0.25",
        "captions[1][width]": "0.5", "captions[1][height]": "0.3", "captions[1][angle]": "-15",
        "captions[2][text]": "below", "captions[2][left]": "0", "captions[2][top]": "0.7", "captions[2][width]": "1",
        "captions[2][height]": "0.3", "captions[2][valign]": "bottom", "captions[2][from]": "1.5",
    });
    let link = match evaluated("linkOf(given, 'gif')", &fields) {
        Some(link) => link,
        None => return,
    };
    let (path, query) = link.as_str().unwrap().split_once('?').unwrap();
    assert_eq!(path, "/caption.gif");
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~%=&".contains(c);
    assert!(query.chars().all(is_plain), "{}", query);
    let image_macro = from_query(query).unwrap();
    assert_eq!((&*image_macro.template, image_macro.width, image_macro.format), ("cat", Some(300), None));
    let captions: Vec<_> =
        image_macro.captions.iter().map(|caption| (&*caption.text, caption.spot)).collect();
    let sign = TextBox { left: 0.125, top: 0.25, width: 0.5, height: 0.3, angle: -15.0, ..TextBox::WHOLE };
    let below = TextBox { top: 0.7, height: 0.3, valign: VAlign::Bottom, ..TextBox::WHOLE };
    assert_eq!(captions, [("on [the] sign & more", Spot::Box(sign)), ("below", Spot::Box(below))]);
    assert_eq!(evaluated("textsOf(given)", &fields).unwrap(), json!(["", "on [the] sign & more", "below"]));

    let blank = json!({ "template": "cat", "captions[0][text]": "", "captions[0][left]": "0.5" });
    assert_eq!(evaluated("linkOf(given, 'png')", &blank).unwrap(), "/images/cat.png");
}

/// A template may have a look of its own, so what is said is not the same as what is not, even if the service has that
/// for other templates.
#[test]
fn the_page_writes_an_option_that_is_given_and_no_other() {
    let written = |options: &Value| {
        let mut fields = json!({ "template": "cat", "top_text": "a" });
        fields.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        evaluated("linkOf(given, 'png')", &fields)
    };
    for (options, query) in [
        (json!({}), ""),
        (json!({ "color": "ffffff" }), "?color=ffffff"),
        (
            json!({ "size": "fit", "outline": "000000", "font": "Anton", "align": "center" }),
            "?align=center&font=Anton&outline=000000&size=fit",
        ),
        (json!({ "layout": "bar", "bar": "top", "bar_color": "ffffff" }), "?layout=bar"),
        (json!({ "layout": "over" }), ""),
    ] {
        let link = match written(&options) {
            Some(link) => link,
            None => return,
        };
        assert_eq!(link, format!("/images/cat/a.png{}", query), "{}", options);
        let (path, query) = link.as_str().unwrap().split_once('?').unwrap_or((link.as_str().unwrap(), ""));
        assert_eq!(Link::parse(path, query).unwrap().moved, None, "{}", link);
    }
}

/// The names of the options, their order in a link, and how their values are written.
#[test]
fn the_page_writes_links_with_options_that_are_in_the_normal_form_of_the_server() {
    let parameters = schema::of_link();
    let names: Vec<_> = parameters.iter().map(|parameter| parameter["name"].as_str().unwrap()).collect();
    let bands = ["top_", "middle_", "bottom_"];
    let names: BTreeSet<_> =
        names.into_iter().filter(|name| !bands.iter().any(|band| name.starts_with(band))).collect();
    let of_page = match evaluated("OPTIONS", &Value::Null) {
        Some(of_page) => of_page,
        None => return,
    };
    let of_page: BTreeSet<_> =
        of_page.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(of_page, names);

    let fields = json!({
        "template": "cat", "top_text": "a?", "outline": "#0f0", "font": "Bebas Neue (é)!*'", "width": "320", "height": "200",
        "size": "12.5", "color": "#010203", "align": "left", "case": "UPPER", "lang": "tr_tr", "from": "+1.50s", "to": "050%",
        "layout": "bar", "bar": "both", "bar_color": "FFE600",
    });
    assert_eq!(fields.as_object().unwrap().len(), names.len() + 2);
    for format in &Format::ALL {
        let link = evaluated("linkOf(...given)", &json!([fields, format.name()])).unwrap();
        let (path, query) = link.as_str().unwrap().split_once('?').unwrap();
        let Link { mut image_macro, moved } = Link::parse(path, query).unwrap();
        assert_eq!(moved, None, "{}", link);
        // A link numbers its texts, for the places that a template may have for them.
        assert_eq!(image_macro.captions[0].spot, Spot::Numbered(0, Some(VAlign::Top)));
        image_macro.captions[0].spot = Spot::Band(VAlign::Top);
        // The same as a query, which the page sends for a picture of one's own.
        let pairs = "given.map((fields) => queryOf(Object.entries(fields)))";
        let queries = evaluated(pairs, &json!([fields])).unwrap();
        let asked = from_query(queries[0].as_str().unwrap()).unwrap().in_format(*format).unwrap();
        assert_eq!(image_macro, asked);
    }
    let formats = evaluated("EXTENSIONS", &Value::Null).unwrap();
    let expected: serde_json::Map<_, _> =
        Format::ALL.iter().map(|format| (format.name().to_string(), json!(format.extension()))).collect();
    assert_eq!(formats, Value::Object(expected));
}
