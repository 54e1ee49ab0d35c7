//! `links.js`, which writes the links that the page offers, against the tables of the server, which read them. Run by
//! Node, which is skipped where there is none; `.ci/run` installs it.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::thread;

use fastrand::Rng;
use memed::image_macro::{from_query, path_of, schema, Format, Link};
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
        let texts = if middle.trim().is_empty() { vec![top, bottom] } else { vec![top, middle, bottom] };
        assert_eq!(link, &path_of(template, &texts, format), "{:?}", texts);
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
        "size": "12.5", "color": "rgb(1, 2, 3)", "align": "left",
    });
    assert_eq!(fields.as_object().unwrap().len(), names.len() + 2);
    for format in &Format::ALL {
        let link = evaluated("linkOf(...given)", &json!([fields, format.name()])).unwrap();
        let (path, query) = link.as_str().unwrap().split_once('?').unwrap();
        let Link { image_macro, moved } = Link::parse(path, query).unwrap();
        assert_eq!(moved, None, "{}", link);
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
