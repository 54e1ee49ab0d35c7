//! Measures captions in other scripts than Latin, and texts that are made to be slow, on a JPEG of 1024 × 768 pixels.
//!
//! `cargo bench -p drawing --bench scripts`. Each script is measured in turns with as many Latin letters. It ends with 1
//! if a goal is missed.

extern crate memed;

use std::process::exit;
use std::time::{Duration, Instant};

use memed::captioner::{Cancel, Captioner, Settings};
use memed::image_macro::{Caption, ImageMacro, Look, Spot, VAlign};

/// How often each is drawn.
const ROUNDS: usize = 21;
/// The most that a text may take, as a multiple of as many Latin letters.
const MOST: f64 = 3.0;
/// The most that any text may take.
const LONGEST: Duration = Duration::from_millis(50);
const LATIN: &str = "The quick brown fox jumps over the lazy dog. ";

/// The first characters of a text that is repeated.
fn repeated(text: &str, count: usize) -> String {
    text.chars().cycle().take(count).collect()
}

fn asked(text: &str, captions: usize) -> ImageMacro {
    let caption = Caption { text: text.to_string(), spot: Spot::Band(VAlign::Top), look: Look::default() };
    let captions = vec![caption; captions];
    ImageMacro {
        template: "raccoon".to_string(),
        width: None,
        height: None,
        format: None,
        bar: None,
        captions,
    }
}

struct Bench(Captioner);

impl Bench {
    fn time(&self, image_macro: &ImageMacro) -> Duration {
        let start = Instant::now();
        self.0.caption(image_macro, &Cancel::new()).unwrap();
        start.elapsed()
    }

    /// The times of two, drawn in turns: the medians.
    fn medians(&self, one: &ImageMacro, other: &ImageMacro) -> (Duration, Duration) {
        self.time(one);
        self.time(other);
        let times = (0..ROUNDS).map(|_| (self.time(one), self.time(other)));
        let (mut ones, mut others): (Vec<_>, Vec<_>) = times.unzip();
        ones.sort();
        others.sort();
        (ones[ROUNDS / 2], others[ROUNDS / 2])
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn main() {
    let bench = Bench(Captioner::new(Settings::default()));
    let mut is_missed = false;
    let scripts = [
        ("256 characters of Arabic", repeated("كل الناس يولدون أحرارا متساوين ", 256), 1),
        ("256 characters of Devanagari", repeated("सभी मनुष्यों को गौरव और अधिकारों ", 256), 1),
        ("256 characters of Chinese", repeated("人人生而自由，在尊嚴和權利上一律平等。", 256), 1),
        ("256 characters of Thai", repeated("มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน", 256), 1),
        ("64 emoji of three characters", repeated("👩\u{200d}🚀", 192), 1),
        ("16 captions of 256 characters of Hebrew", repeated("כל בני האדם נולדו בני חורין ", 256), 16),
    ];
    println!("| text | time | as many Latin letters | ratio | goal |\n|---|---|---|---|---|");
    for (what, text, captions) in &scripts {
        let latin = asked(&repeated(LATIN, text.chars().count()), *captions);
        let (time, of_latin) = bench.medians(&asked(text, *captions), &latin);
        let ratio = time.as_secs_f64() / of_latin.as_secs_f64();
        is_missed |= ratio > MOST;
        println!(
            "| {} | {} | {} | {:.2} | {} |",
            what,
            milliseconds(time),
            milliseconds(of_latin),
            ratio,
            MOST
        );
    }
    let hostile = [
        ("a letter with 255 marks", format!("a{}", "\u{301}".repeat(255))),
        ("255 joiners after a letter", format!("a{}", "\u{200d}".repeat(255))),
        ("Arabic letters without a space", "ب".repeat(256)),
        ("one Latin word", "M".repeat(256)),
        ("embeddings in embeddings", "\u{202b}a\u{202a}א".repeat(64)),
        ("isolates without an end", "\u{2068} ".repeat(127) + "א"),
        ("a soft hyphen after each letter", "i\u{ad}".repeat(128)),
        ("a line feed after each letter", "i\n".repeat(128)),
        ("flags", "🇪🇺".repeat(128)),
        ("families", "👨\u{200d}👩\u{200d}👧\u{200d}👦 ".repeat(32)),
        ("a letter of each script", repeated("aŻжψשعदবਗગଗதగಗഗගกກខကգԳሀᏣᐊށཀᠮ你あ한☃∞𝓢😀", 256)),
        ("Burmese clusters", repeated("က္ကျွန်ုပ်", 256)),
        ("Tibetan stacks", repeated("བཀྲཱྀུ", 256)),
    ];
    println!("\n| text | slowest of {} | goal |\n|---|---|---|", ROUNDS);
    for (what, text) in &hostile {
        for captions in &[1, 16] {
            let image_macro = asked(text, *captions);
            bench.time(&image_macro);
            let slowest = (0..ROUNDS).map(|_| bench.time(&image_macro)).max().unwrap_or_default();
            is_missed |= *captions == 1 && slowest > LONGEST;
            let goal = if *captions == 1 { milliseconds(LONGEST) } else { "none".to_string() };
            println!("| {} × {} | {} | {} |", captions, what, milliseconds(slowest), goal);
        }
    }
    // Every character there is, in texts of 256: the slowest of them.
    let characters: Vec<char> = (0x20..=0x10_ffff).filter_map(char::from_u32).collect();
    let mut slowest = Duration::default();
    for text in characters.chunks(256) {
        let text: String = text.iter().collect();
        slowest = slowest.max(bench.time(&asked(&text, 1)));
    }
    is_missed |= slowest > LONGEST;
    println!(
        "| each character of Unicode, 256 at a time | {} | {} |",
        milliseconds(slowest),
        milliseconds(LONGEST)
    );
    if is_missed {
        println!("\nA goal is missed.");
        exit(1);
    }
}
