//! `memed import memegen`: folders of memegen's become templates.

use std::fs;
use std::path::Path;

use image::{self, Rgba, RgbaImage};

use super::{names, run};
use picture_util::png_of;
use util::Folder;

/// What memegen writes for a template with three texts.
const CONFIG: &str = "name: Left Exit 12 Off Ramp
source: https://example.com/exit
keywords:
  - highway
  -
text:
  - style: default
    color: '#BBBBBB'
    font: thin
    anchor_x: 0.24
    anchor_y: 0.15
    angle: 0.0
    scale_x: 0.15
    scale_y: 0.22
    align: center
    start: 0.0
    stop: 1.0
  - style: upper
    color: black
    font: comic
    anchor_x: 0.5
    anchor_y: 0.5
    angle: 90.0
    scale_x: 0.2
    scale_y: 0.1
    align: left
    start: 0.2
    stop: 0.8
  - style: mock
    font: wingdings
    anchor_y: 0.85
    scale_y: 0.3
example:
  - The Pins
  - The Gutter
  - Bowling Ball
overlay:
  - center_x: 0.31
    center_y: 0.26
    angle: 0.0
    scale: 0.17
";

fn picture() -> Vec<u8> {
    png_of(&RgbaImage::from_pixel(400, 200, Rgba([128, 128, 128, 255])))
}

/// A template of memegen's: its name, its configuration, and its other files.
type Template<'a> = (&'a str, Option<&'a str>, &'a [(&'a str, &'a [u8])]);

/// A folder `in` with these templates.
fn library(templates: &[Template]) -> Folder {
    let folder = Folder::new();
    for &(name, config, files) in templates {
        let template = folder.path().join("in").join(name);
        fs::create_dir_all(&template).unwrap();
        if let Some(config) = config {
            fs::write(template.join("config.yml"), config).unwrap();
        }
        for &(file, content) in files {
            fs::write(template.join(file), content).unwrap();
        }
    }
    folder
}

#[test]
fn a_library_of_memegen_moves_over_and_is_served() {
    let picture = picture();
    let coffee = include_bytes!("../../data/templates/coffee.jpg");
    let gif = include_bytes!("../../data/templates/deal-with-it.gif");
    let folder = library(&[
        ("exit", Some(CONFIG), &[("default.png", &picture), ("drake.png", &picture), ("maga.jpg", b"")]),
        ("plain", None, &[("default.jpg", coffee)]),
        ("moves", Some("text:\n  - start: 0.5\n"), &[("default.gif", gif), ("default.jpg", coffee)]),
        // What it is decides the name, not what it is called.
        ("liar", Some(""), &[("default.png", coffee)]),
        ("_error", Some(""), &[("default.png", &picture)]),
        (".git", None, &[("config", b"")]),
        ("docs", None, &[("readme.md", b"")]),
    ]);
    let ended = run(&folder, &["import", "memegen", "in", "out"]);
    assert_eq!(
        (ended.code, &*String::from_utf8_lossy(&ended.out)),
        (Some(0), "4 templates written to out\n")
    );
    let expected = [
        "exit.png",
        "exit.toml",
        "liar.jpg",
        "liar.toml",
        "moves.gif",
        "moves.toml",
        "plain.jpg",
        "plain.toml",
    ];
    assert_eq!(names(&folder.path().join("out")), expected);
    assert!(fs::read(folder.path().join("out/exit.png")).unwrap() == picture);
    for part in [
        "memed: exit: drake.png, maga.jpg left out; the box of text 3 leaves the picture, and is cut; the style \
         \"mock\" of text 3 is left out; the font \"wingdings\" of text 3 is left out; 1 place for other pictures \
         left out\n",
        "memed: plain: it has no config.yml",
        "memed: moves: default.jpg left out\n",
        "memed: _error is left out: memegen does not list it either\n",
        "memed: the font \"thin\" is DejaVuSans here (1 template)\n",
        "memed: the style \"default\" made a sentence of a text in small letters; here it stays as it is (1 template)\n",
    ] {
        assert!(ended.said.contains(part), "{:?} is not in {}", part, ended.said);
    }
    assert!(!ended.said.contains("docs") && !ended.said.contains("git"), "{}", ended.said);

    // The server understands all of it, and has the boxes where memegen has them.
    let serve = Folder::serve_in(&folder.path().join("out"));
    let mut client = serve.connect();
    let exit = client.get("/templates/exit").json();
    assert_eq!(exit["source"], "https://example.com/exit");
    assert_eq!(exit["keywords"], json!(["Left Exit 12 Off Ramp", "highway"]));
    assert_eq!(exit["example"], json!(["The Pins", "The Gutter", "Bowling Ball"]));
    let boxes = exit["boxes"].as_array().unwrap();
    let sides = |index: usize| {
        ["left", "top", "width", "height", "angle"].map(|side| boxes[index][side].as_f64().unwrap())
    };
    assert_eq!(sides(0), [0.24, 0.15, 0.15, 0.22, 0.0]);
    // 80 by 20 pixels, upright with its corner at 200, 100: the center is 210, 140.
    assert_eq!(sides(1), [170.0 / 400.0, 130.0 / 200.0, 0.2, 0.1, -90.0]);
    assert_eq!(sides(2), [0.0, 0.85, 1.0, 0.15, 0.0]);
    client.get("/caption?template=exit&captions[]=a&captions[]=b&captions[]=c").picture("png");
    assert_eq!(client.get("/templates/plain").json()["boxes"].as_array().map(Vec::len), Some(2));
    client.get("/caption?template=moves&captions[]=hi").picture("gif");
}

#[test]
fn existing_files_are_replaced_by_force_only() {
    let picture = picture();
    let folder = library(&[
        ("one", Some("name: first"), &[("default.png", &picture)]),
        ("two", None, &[("default.png", &picture)]),
    ]);
    let toml = || fs::read_to_string(folder.path().join("out/one.toml")).unwrap();
    let import =
        |arguments: &[&str]| run(&folder, &[&["import", "memegen", "in", "out"], arguments].concat());
    assert_eq!(import(&[]).code, Some(0));
    folder.put("in/one/config.yml", b"name: second");
    fs::remove_file(folder.path().join("out/two.png")).unwrap();
    let again = import(&[]);
    again.failed(
        1,
        &[
            "memed: one: out/one.png exists already: --force replaces it\n",
            "memed: two: out/two.toml exists already: --force replaces it\n",
            "memed: 2 templates failed: one, two\n",
        ],
    );
    // Not half of it either.
    assert!(toml().contains("first") && !folder.path().join("out/two.png").exists());
    assert_eq!(import(&["--force"]).code, Some(0));
    assert!(toml().contains("second") && folder.path().join("out/two.png").exists());
    // A picture of the same name in another format would hide it.
    fs::rename(folder.path().join("out/one.png"), folder.path().join("out/one.gif")).unwrap();
    import(&["--force"]).failed(1, &["one: out/one.gif has the same name: remove it first"]);
}

#[test]
fn what_is_broken_fails_alone_and_is_told() {
    let picture = picture();
    let bomb = (1..40).fold("a0: &a0 [x]\n".to_string(), |bomb, level| {
        bomb + &format!("a{}: &a{} [{}]\n", level, level, vec![format!("*a{}", level - 1); 10].join(", "))
    });
    let huge = " ".repeat((64 << 10) + 1);
    let deep = "[".repeat(30_000);
    let png: &[(&str, &[u8])] = &[("default.png", &picture)];
    let cut = &picture[..picture.len() / 2];
    let folder = library(&[
        ("bomb", Some(&bomb), png),
        ("broken", Some("text: [\n"), png),
        ("cut", Some(""), &[("default.png", cut)]),
        ("deep", Some(&deep), png),
        ("empty", Some("name: x"), &[]),
        ("good", Some(""), png),
        ("huge", Some(&huge), png),
        ("latin", None, &[("config.yml", b"name: caf\xe9"), ("default.png", &picture)]),
        ("list", Some("- a"), png),
        ("text", Some(""), &[("default.png", b"no picture")]),
        ("webp", Some(""), &[("default.webp", b"RIFF\0\0\0\0WEBP")]),
        ("odd \u{1f600} 'name' \"x\" %2e;$(touch pwned)", Some(""), png),
        (" spaces ", Some(""), png),
        ("spaces", Some(""), png),
        ("e\u{301}", Some(""), png),
    ]);
    let ended = run(&folder, &["import", "memegen", "in", "out"]);
    ended.failed(
        1,
        &[
            "memed: bomb: config.yml: line 2: aliases are not supported",
            "memed: broken: config.yml: line 2: it is not YAML: ",
            "memed: cut: default.png: the picture cannot be used, because it is damaged",
            "memed: deep: config.yml: line 1: it is not YAML: recursion limit exceeded",
            "memed: empty: it has no picture: default.png, default.jpg or default.gif is missing",
            "memed: huge: in/huge/config.yml has more than 65536 bytes",
            "memed: latin: config.yml: it is not UTF-8",
            "memed: list: config.yml: it is not a mapping of names to values",
            "memed: text: default.png: the picture cannot be used, because it is neither a JPEG, a PNG nor a GIF",
            "memed: webp: default.webp is neither a JPEG, a PNG nor a GIF",
            "memed: spaces: another template has the same name",
            "memed: 11 templates failed: bomb, broken, cut, deep, empty, huge, latin, list, spaces, text, webp\n",
        ],
    );
    assert_eq!(String::from_utf8_lossy(&ended.out), "4 templates written to out\n");
    let expected = ["good.png", "good.toml", "odd \u{1f600} 'name' \"x\" %2e;$(touch pwned).png"];
    let written = names(&folder.path().join("out"));
    assert!(expected.iter().all(|name| written.iter().any(|written| written == name)), "{:?}", written);
    // In the form in which requests name it.
    assert!(written.contains(&"\u{e9}.png".to_string()) && written.contains(&"spaces.png".to_string()));
    assert_eq!(written.len(), 8);
    let _ = image::open(Path::new(&folder.path().join("out/good.png"))).unwrap();
}

#[test]
fn what_is_not_there_has_a_sentence() {
    let folder = library(&[]);
    fs::create_dir_all(folder.path().join("repository/templates/one")).unwrap();
    folder.put("repository/templates/one/default.png", &picture());
    folder.put("file", b"");
    for (line, code, part) in [
        ("import", 64, "PROGRAM"),
        ("import imgflip a b", 64, "invalid value 'imgflip'"),
        ("import memegen a", 64, "OUT"),
        ("import memegen none out", 66, "cannot read none: No such file or directory"),
        ("import memegen file out", 66, "cannot read file: Not a directory"),
        ("import memegen repository out", 65, "repository has no folders with a config.yml or a default.png"),
        ("import memegen repository out", 65, "did you mean repository/templates?"),
        ("import memegen repository/templates file", 73, "cannot write file: "),
    ] {
        run(&folder, &line.split(' ').collect::<Vec<_>>()).failed(code, &[part]);
    }
}
