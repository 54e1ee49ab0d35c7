//! What is noted of a template in the file beside its picture: boxes, looks, keywords; what is wrong there, and that a
//! change is seen.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::process::Command;

use image::{Rgba, RgbaImage};
use memed::captioner::{Cancel, CaptionError, Captioner, Settings};
use memed::config::Config;
use memed::image_macro::{from_json, from_query};
use serde_json::Value;

use picture_util::{has_color, png_of};
use util::{config, Folder, Program, Serve};

const WIDTH: u32 = 400;
const HEIGHT: u32 = 200;

/// A gray picture called `sign`, with these notes.
fn folder(notes: &str) -> Folder {
    let folder = Folder::new();
    folder.put("sign.png", &png_of(&RgbaImage::from_pixel(WIDTH, HEIGHT, Rgba([128, 128, 128, 255]))));
    folder.put("sign.toml", notes.as_bytes());
    folder
}

/// Two boxes, the left and the right half, with a look for each of them.
const TWO_BOXES: &str =
    "source = 'https://example.com/sign'\nkeywords = ['Wood', 'plank']\nexample = ['no', 'dogs']\n\
     color = 'red'\noutline = 'none'\n\
     [[boxes]]\nleft = 0.1\nwidth = 0.3\ntop = 0.25\nheight = 0.5\n\
     [[boxes]]\nleft = 0.6\nwidth = 0.3\nangle = 30\ncolor = 'blue'\nvalign = 'top'\n";

/// The left, top, right and bottom of the pixels that are closer to a color than to gray, as shares of the picture.
fn extent(picture: &RgbaImage, color: [u8; 3]) -> Option<[f32; 4]> {
    let is_of_color =
        |pixel: &Rgba<u8>| (0..3).all(|channel| (pixel.0[channel] > 64) == (color[channel] > 64));
    let inked = picture.enumerate_pixels().filter(|(_, _, pixel)| is_of_color(pixel));
    let places: Vec<_> = inked.map(|(x, y, _)| [x as f32 / WIDTH as f32, y as f32 / HEIGHT as f32]).collect();
    let of = |axis: usize| {
        let shares = || places.iter().map(|place| place[axis]);
        Some((shares().reduce(f32::min)?, shares().reduce(f32::max)?))
    };
    let ((left, right), (top, bottom)) = (of(0)?, of(1)?);
    Some([left, top, right, bottom])
}

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];

fn drawn(captioner: &Captioner, json: &Value) -> Result<RgbaImage, CaptionError> {
    let image_macro = from_json(json.to_string().as_bytes()).unwrap();
    let picture = captioner.caption(&image_macro, &Cancel::new())?;
    Ok(::image::load_from_memory(&picture.bytes).unwrap().to_rgba8())
}

#[test]
fn texts_fill_the_boxes_of_their_template_in_order_and_with_their_look() {
    let folder = folder(TWO_BOXES);
    let captioner = folder.captioner();
    let both = drawn(&captioner, &json!({ "template": "sign", "captions": ["MMMM", "MM"] })).unwrap();
    let [left, top, right, bottom] = extent(&both, RED).unwrap();
    assert!(left >= 0.1 && right <= 0.4 && top >= 0.25 && bottom <= 0.75, "{:?}", (left, top, right, bottom));
    assert!(right - left > 0.2, "it is fitted to the box");
    let [left, top, right, bottom] = extent(&both, BLUE).unwrap();
    assert!(left >= 0.5 && bottom - top > 0.2, "{:?}", (left, top, right, bottom));
    // A text of nothing leaves its box empty, and a request's look is asked first.
    let second = drawn(&captioner, &json!({ "template": "sign", "captions": ["", "MM"], "color": "lime" }));
    let second = second.unwrap();
    assert_eq!((extent(&second, RED), extent(&second, BLUE)), (None, None));
    assert!(extent(&second, GREEN).unwrap()[0] >= 0.5);
    // One text is for the first box, not the bottom.
    let first = drawn(&captioner, &json!({ "template": "sign", "captions": "M" })).unwrap();
    assert!(extent(&first, RED).unwrap()[2] <= 0.4);
}

#[test]
fn captions_that_say_where_they_stand_have_the_look_of_all_texts_and_not_that_of_a_box() {
    let folder = folder(&format!("case = 'upper'\n{}case = 'lower'\n", TWO_BOXES));
    let captioner = folder.captioner();
    for request in [
        json!({ "template": "sign", "top_text": "mm" }),
        json!({ "template": "sign", "captions": [{ "text": "mm", "valign": "top" }] }),
        json!({ "template": "sign", "captions": [{ "text": "mm", "left": 0 }] }),
    ] {
        let picture = drawn(&captioner, &request).unwrap();
        assert!(extent(&picture, RED).is_some() && !has_color(&picture, WHITE), "{}", request);
        let mut capitals = request;
        let text = |value: &mut Value| *value = "MM".into();
        match capitals.get_mut("top_text") {
            Some(top) => text(top),
            None => text(&mut capitals["captions"][0]["text"]),
        }
        assert!(drawn(&captioner, &capitals).unwrap() == picture, "{} is in capitals", capitals);
    }
    // What the request says counts.
    let blue = drawn(&captioner, &json!({ "template": "sign", "top_text": "MM", "color": "blue" })).unwrap();
    assert!(extent(&blue, BLUE).is_some() && extent(&blue, RED).is_none());
    // In a bar, text is as readable as in any.
    let barred = json!({ "template": "sign", "top_text": "MM", "layout": "bar" });
    assert_eq!(extent(&drawn(&captioner, &barred).unwrap(), RED), None);
}

#[test]
fn more_texts_than_places_are_an_error_that_counts_the_places() {
    let folder = folder(TWO_BOXES);
    folder.put("plain.png", &fs::read(folder.path().join("sign.png")).unwrap());
    folder.put("one.png", &fs::read(folder.path().join("sign.png")).unwrap());
    folder.put("one.toml", b"[[boxes]]\n");
    let serve = folder.serve();
    for (template, texts, part) in [
        ("sign", 3, "the template 'sign' has 2 boxes, so it has room for up to 2 texts, and there are more"),
        ("one", 2, "the template 'one' has 1 box, so it has room for 1 text"),
        ("plain", 4, "the template 'plain' has no boxes: it has room for up to 3 texts"),
        ("cat", 4, "the template 'cat' has no boxes: it has room for up to 3 texts"),
    ] {
        let request = |texts| json!({ "template": template, "captions": vec!["a"; texts] }).to_string();
        let refused = serve.post(&request(texts));
        assert_eq!(refused.status, 400);
        assert!(refused.error().replace('"', "'").starts_with(part), "{}", refused.error());
        serve.post(&request(texts - 1)).picture("png");
    }
    // Own pictures have none.
    let own = fs::read(folder.path().join("sign.png")).unwrap();
    let query = "/caption?captions[]=a&captions[]=b&captions[]=c&captions[]=d";
    let refused = serve.connect().post(query, "image/png", &own);
    assert_eq!(refused.status, 400);
    assert!(refused.error().starts_with("the picture has no boxes: "), "{}", refused.error());
}

#[test]
fn a_change_of_the_notes_changes_the_picture_and_its_tag_at_the_next_request() {
    let folder = folder(TWO_BOXES);
    let serve = folder.serve();
    let mut client = serve.connect();
    let target = "/caption?template=sign&captions[]=a&captions[]=b";
    let red = client.get(target);
    assert_eq!(client.get(target).headers["server-timing"], "cache;desc=\"hit\"");
    folder.put("sign.toml", TWO_BOXES.replace("'red'", "'lime'").as_bytes());
    let lime = client.get(target);
    assert!(lime.picture("png") != red.picture("png"));
    assert!(lime.headers["etag"] != red.headers["etag"]);
    // Bands have the look of all texts.
    let band = "/caption?template=sign&top_text=a";
    let before = client.get(band).headers["etag"].clone();
    folder.remove("sign.toml");
    assert!(client.get(band).headers["etag"] != before);
    let without = client.get(target);
    assert!(without.headers["etag"] != lime.headers["etag"]);
    // And back.
    folder.put("sign.toml", TWO_BOXES.as_bytes());
    let again = client.get(target);
    assert_eq!(
        (&again.headers["etag"], &*again.headers["server-timing"]),
        (&red.headers["etag"], "cache;desc=\"hit\"")
    );
}

#[test]
fn templates_tell_what_is_noted_of_them() {
    let folder = folder(TWO_BOXES);
    let serve = folder.serve();
    let mut client = serve.connect();
    let sign = client.get("/templates/sign").json();
    assert_eq!(sign["source"], "https://example.com/sign");
    assert_eq!(sign["keywords"], json!(["Wood", "plank"]));
    assert_eq!(sign["example"], json!(["no", "dogs"]));
    let first = json!({
        "left": 0.1, "top": 0.25, "width": 0.3, "height": 0.5, "angle": 0.0, "padding": 0.0, "valign": "middle",
    });
    let second = json!({
        "left": 0.6, "top": 0.0, "width": 0.3, "height": 1.0, "angle": 30.0, "padding": 0.0, "valign": "top",
    });
    assert_eq!(sign["boxes"], json!([first, second]));
    let all = client.get("/templates?details").json();
    assert!(all.as_array().unwrap().contains(&sign));
    let plain = client.get("/templates/cat").json();
    assert_eq!((&plain["source"], &plain["boxes"]), (&Value::Null, &json!([])));
    assert_eq!(client.get("/templates?q=wood+sig").json(), json!(["sign"]));
    folder.put("sign.toml", b"keywords = ['metal']\n");
    assert_eq!(client.get("/templates?q=wood").json(), json!([]));
    assert_eq!(client.get("/templates?q=METAL").json(), json!(["sign"]));
    assert_eq!(client.get("/templates/sign").json()["boxes"], json!([]));
    // What is noted of a built-in picture is not about a picture of the same name.
    folder.put("cat.png", &fs::read(folder.path().join("sign.png")).unwrap());
    assert_eq!(client.get("/templates/cat").json()["keywords"], json!([]));
}

#[test]
fn mistakes_are_logged_at_the_start_and_when_the_file_changes() {
    let folder = folder("color = 'blurple'\nfont = 'Antno'\n\n[[boxes]]\nwidth = 2\n");
    folder.put("lonely.toml", b"");
    let path = folder.path().to_str().unwrap().to_string();
    let mut program = Program::start(&["--templates", &path]);
    for part in [
        "lonely.toml is not used: there is no picture of that name beside it",
        "sign.toml, line 1: \"color\" is \"blurple\", and must be an opaque color",
        "sign.toml, line 2: \"font\" is \"Antno\", and there is no such font",
        "sign.toml, line 5: \"boxes[0].width\" is 2, and must be a share of the picture",
    ] {
        let mut copy = Program::start(&["--templates", &path]);
        copy.line_with(part);
    }
    program.line_with("line 5");
    // It is served all the same, in the font that there is, and nothing is told twice.
    let mut client = program.connect();
    let target = "/caption?template=sign&captions[]=a";
    client.get(target).picture("png");
    client.get(target).picture("png");
    program.line_with("GET /caption");
    assert!(program.line().contains("GET /caption"));
    folder.put("sign.toml", b"\nleft = 1\n");
    client.get(target).picture("png");
    let told = program.line();
    assert!(told.contains("sign.toml, line 2: \"left\" is not a field"), "{}", told);
}

#[test]
fn notes_that_are_no_text_file_are_told_once_and_cost_nothing() {
    let folder = folder("");
    let picture = fs::read(folder.path().join("sign.png")).unwrap();
    for name in ["huge", "binary", "broken", "folder", "dangling", "pipe", "secret", "deep"] {
        folder.put(&format!("{}.png", name), &picture);
    }
    let path = |name: &str| folder.path().join(name);
    // It has no blocks on the disk, so its length is all that there is of it.
    File::create(path("huge.toml")).unwrap().set_len(100 << 20).unwrap();
    folder.put("binary.toml", b"font = '\xff\xfe'\n");
    folder.put("broken.toml", b"[[boxes]]\nleft = \n");
    folder.put("deep.toml", format!("a = {}", "[".repeat(60_000)).as_bytes());
    fs::create_dir(path("folder.toml")).unwrap();
    symlink(path("nothing"), path("dangling.toml")).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe.toml")).status().unwrap().success());
    folder.put("secret.toml", b"[[boxes]]\n[[boxes]]\n");
    fs::set_permissions(path("secret.toml"), Permissions::from_mode(0o000)).unwrap();
    let is_secret = File::open(path("secret.toml")).is_err();
    let mut program = Program::start(&["--templates", folder.path().to_str().unwrap()]);
    let parts = [
        ("binary", "line 1: it is not UTF-8"),
        ("broken", "line 2: it is not TOML: "),
        ("dangling", "dangling.toml is not a file, so it is not used"),
        ("deep", "line 1: it is not TOML: cannot recurse further"),
        ("folder", "folder.toml is not a file, so it is not used"),
        ("huge", "huge.toml: the file is larger than 64 KiB, so it is not used"),
        ("pipe", "pipe.toml is not a file, so it is not used"),
        ("secret", "secret.toml: Permission denied"),
    ];
    for (name, part) in parts.iter().filter(|part| part.0 != "secret" || is_secret) {
        assert!(program.line_with(part).contains(&format!("{}.toml", name)));
    }
    let mut client = program.connect();
    for (name, _) in &parts {
        client.get(&format!("/caption?template={}&captions[]=a&captions[]=b", name)).picture("png");
    }
    for (name, _) in &parts {
        let line = program.line();
        assert!(line.contains(&format!("template={}&", name)), "told again: {}", line);
    }
    // Once it can be read, it is.
    if is_secret {
        fs::set_permissions(path("secret.toml"), Permissions::from_mode(0o600)).unwrap();
        let boxes = client.get("/templates/secret").json()["boxes"].clone();
        assert_eq!(boxes.as_array().map(Vec::len), Some(2));
    }
}

#[test]
fn a_font_that_comes_later_is_used_then() {
    let folder = folder("font = 'Mine'\n[[boxes]]\n");
    let fonts = Folder::new();
    let settings = || Settings { fonts: Some(fonts.path().to_path_buf()), ..folder.config().captioner };
    let serve = Serve::with(Config { captioner: settings(), ..config() });
    let target = "/caption?template=sign&captions[]=Text";
    let before = serve.get(target);
    let anton = from_query("template=sign&captions[]=Text&font=Anton").unwrap();
    let captioner = Captioner::new(settings());
    assert!(captioner.caption(&anton, &Cancel::new()).unwrap().bytes == before.body);
    fonts.put("Mine.ttf", include_bytes!("../data/fonts/PermanentMarker.ttf"));
    let after = serve.get(target);
    assert!(after.picture("png") != before.picture("png"));
    let marker = from_query("template=sign&captions[]=Text&font=PermanentMarker").unwrap();
    assert!(captioner.caption(&marker, &Cancel::new()).unwrap().bytes == after.body);
}
