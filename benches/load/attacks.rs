//! What hostile clients do. Every request here is legal, or is refused only after the server has had work with it.

use std::sync::OnceLock;

use client;
use drawers::new_caption;

/// The bytes of a request. Its number makes it a new one, if that matters.
pub type Request = fn(u64) -> Vec<u8>;

/// An attack of one client.
pub struct Attack {
    pub name: &'static str,
    /// Options of the attacked server.
    pub knobs: &'static [(&'static str, &'static str)],
    pub connections: usize,
    pub way: Way,
    /// The same kind of work as a polite client asks for it, who waits for each answer on as many connections as there
    /// are drawing threads. `None` for an attack that asks for hardly any work.
    pub polite: Option<Request>,
    /// Whether that work is drawing.
    pub draws: bool,
    /// Whether the other clients come with a new connection for each request.
    pub meets_strangers: bool,
    /// Whether it takes as long as the command line says, and the server must be idle when it is over.
    pub is_long: bool,
}

/// What the connections do.
#[derive(Clone, Copy)]
pub enum Way {
    /// Each sends a request, waits for the answer, and sends the next. Refused ones pause a tenth of a second.
    Loops(Request),
    /// Each sends this once, and then only so much that it is held open. Those that are dropped are replaced.
    Holds(Request, Then),
}

/// What a connection that is held does twice a second.
#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    /// It sends nothing.
    Nothing,
    /// It sends the request again, and reads the answers.
    Again,
    /// It reads a kilobyte.
    Reads,
}

/// Of 16 frames, and 1.6 MB.
const ANIMATION: (&str, u64) = ("dramatic-raccoon", 400);
const JPEG: (&str, u64) = ("raccoon", 1024);
/// The largest body, head and target that the server takes.
const BODY: usize = 128 << 10;
const HEAD: usize = 64 << 10;
const TARGET: usize = 32 << 10;
/// Connections of most attacks.
const FEW: usize = 10;

/// All connections of a server, few enough for the attackers to be replaced at once.
const CAP: usize = 64;
const CAP_KNOBS: &[(&str, &str)] = &[("max-connections", "64")];
/// Shorter than the line of those that loop.
const QUEUE_KNOBS: &[(&str, &str)] = &[("queue", "48")];
/// The longest time that a request can have.
const TIMER_KNOBS: &[(&str, &str)] = &[("request-timeout", "60")];

const fn attack(name: &'static str, way: Way, polite: Option<Request>) -> Attack {
    let (draws, meets_strangers, is_long) = (false, false, false);
    Attack { name, knobs: &[], connections: FEW, way, polite, draws, meets_strangers, is_long }
}

const fn drawing(name: &'static str, way: Way, polite: Request) -> Attack {
    Attack { draws: true, ..attack(name, way, Some(polite)) }
}

pub const ATTACKS: &[Attack] = &[
    drawing("16 captions of isolates", Way::Loops(isolates), letters),
    drawing("a new width, GIF", Way::Loops(gif_width), gif_width),
    drawing("a new width, JPEG", Way::Loops(jpeg_width), jpeg_width),
    Attack {
        knobs: QUEUE_KNOBS,
        connections: 60,
        ..drawing("60 loops on a GIF", Way::Loops(new_gif), new_gif)
    },
    Attack {
        knobs: CAP_KNOBS,
        connections: CAP,
        meets_strangers: true,
        ..attack("all connections kept", Way::Holds(health, Then::Again), None)
    },
    attack("chunks of one byte", Way::Loops(chunks), Some(body)),
    attack("unknown names in JSON", Way::Loops(names), Some(body)),
    attack("brackets in a query", Way::Loops(brackets), Some(query)),
    Attack {
        connections: 2_000,
        ..attack("unfinished requests", Way::Holds(unfinished, Then::Nothing), None)
    },
    Attack {
        knobs: TIMER_KNOBS,
        is_long: true,
        ..attack("timers of a minute", Way::Loops(template), Some(template))
    },
    drawing("slow readers of GIFs", Way::Holds(new_gif, Then::Reads), new_gif),
];

fn get(target: &str) -> Vec<u8> {
    client::get(target).into_bytes()
}

fn post(json: &str) -> Vec<u8> {
    let head = "POST /caption HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\nContent-Length:";
    format!("{} {}\r\n\r\n{}", head, json.len(), json).into_bytes()
}

/// A body of sixteen captions with this text. Its color makes it a new picture.
fn captions(text: &str, number: u64) -> Vec<u8> {
    let caption = format!(r#"{{"text":"{}","valign":"top"}}"#, text);
    let color = number % 0xFF_FFFF;
    let all = vec![caption; 16].join(",");
    post(&format!(r##"{{"template":"{}","color":"#{:06x}","captions":[{}]}}"##, JPEG.0, color, all))
}

/// Text that is cheap to send and was expensive to order from right to left: isolates that are never closed.
fn isolates(number: u64) -> Vec<u8> {
    captions(&format!("{}\u{5d0}", "\u{2068} ".repeat(127)), number)
}

/// As many captions, and as long.
fn letters(number: u64) -> Vec<u8> {
    captions(&"captions ".repeat(29)[..255], number)
}

/// No two in a row of the same width, so that the template is scaled for each. The text is for when all widths
/// have been asked for.
fn width(template: (&str, u64), number: u64) -> Vec<u8> {
    let width = template.1 - 1 - number % (template.1 / 2);
    get(&format!("/caption?template={}&width={}&top_text={}", template.0, width, number))
}

fn gif_width(number: u64) -> Vec<u8> {
    width(ANIMATION, number)
}

fn jpeg_width(number: u64) -> Vec<u8> {
    width(JPEG, number)
}

fn new_gif(_: u64) -> Vec<u8> {
    get(&new_caption(ANIMATION.0))
}

fn health(_: u64) -> Vec<u8> {
    get("/health")
}

/// A request that waits in the pool's queue, and so has a timer.
fn template(_: u64) -> Vec<u8> {
    get("/templates/cat")
}

/// An ordinary body, for a picture that the server keeps.
fn body(_: u64) -> Vec<u8> {
    post(r#"{"template":"rocket","top_text":"I can haz","bottom_text":"the same again"}"#)
}

/// An ordinary query, for the same picture.
fn query(_: u64) -> Vec<u8> {
    get("/caption?template=rocket&captions[0]=I%20can%20haz&captions[1]=the%20same%20again")
}

/// A valid body as large as it may be, most of it blanks, and each byte of it a chunk.
fn chunks(_: u64) -> Vec<u8> {
    static CHUNKS: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let head = "POST /caption HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\n";
        let json = r#"{"template":"rocket","top_text":"I can haz","bottom_text":"the same again""#;
        let blanks = " ".repeat(BODY - json.len() - 1);
        let mut bytes = format!("{}Transfer-Encoding: chunked\r\n\r\n", head).into_bytes();
        for byte in json.bytes().chain(blanks.bytes()).chain(Some(b'}')) {
            bytes.extend([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
        }
        bytes.extend(b"0\r\n\r\n");
        bytes
    };
    CHUNKS.get_or_init(make).clone()
}

/// A body full of objects that nothing asks for, each with almost as many fields as an object may have.
fn names(_: u64) -> Vec<u8> {
    static NAMES: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let fields: Vec<_> = (0..99).map(|field| format!(r#""unknown{}":0"#, field)).collect();
        let object = format!("{{{}}}", fields.join(","));
        let objects = vec![object.as_str(); BODY / (object.len() + 1) - 1].join(",");
        post(&format!(r#"{{"template":"cat","unknown":[{}]}}"#, objects))
    };
    NAMES.get_or_init(make).clone()
}

/// A target as long as it may be, with a long list of objects in it.
fn brackets(_: u64) -> Vec<u8> {
    static BRACKETS: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let mut target = "/caption?template=cat".to_string();
        for index in 0.. {
            let field = format!("&x[{}][a]=", index);
            if target.len() + field.len() > TARGET {
                break;
            }
            target.push_str(&field);
        }
        get(&target)
    };
    BRACKETS.get_or_init(make).clone()
}

/// Almost a whole body or almost a whole head, in turns. In a head, few fields are large.
fn unfinished(number: u64) -> Vec<u8> {
    if number.is_multiple_of(2) {
        let mut bytes = post(&" ".repeat(BODY));
        bytes.truncate(bytes.len() - 1024);
        return bytes;
    }
    let field = format!("X-Long: {}\r\n", "x".repeat(1014));
    format!("GET /health HTTP/1.1\r\nHost: load\r\n{}", field.repeat(HEAD / 1024 - 4)).into_bytes()
}
