//! Compares shaping with HarfBuzz: `hb-shape` of Debian's package libharfbuzz-bin.
//!
//! Debian 12 has version 6.0.0. Where it differs from today's HarfBuzz (tried with 15.0.0, by uharfbuzz), ours is as
//! today's:
//!
//! - In Hangul version 6 leaves out the feature `calt`, which makes Noto's spaces wider. So there are no spaces in it here.
//! - In Burmese version 6 does not attach a mark to a letter that comes twice in a cluster, as clusters in random order
//!   have it. So that script's lines are compared as they are.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::ptr;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use unicode_segmentation::UnicodeSegmentation;

use captioner::library::fallback_fonts;
use captioner::text::fallback;
use captioner::text::font::Font;
use captioner::text::shape::{Itemized, Run};
use captioner::text::unicode_tests::with_fonts;
use image_macro::DEFAULT_FONT;

/// Words of many scripts: greetings, proverbs, and what is hard to shape.
const LINES: &[&str] = &[
    "AVATAR To Wa. fi ffi Tý",
    "naïve façade Ærøskøbing",
    "Ngôn ngữ tiếng Việt có dấu",
    "Żółć gęślą jaźń",
    "Съешь же ещё этих мягких французских булок",
    "Їжак ґанок єдність",
    "Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία",
    "السلام عليكم ورحمة الله",
    "لا إله إلا الله محمد",
    "أهلاً وسهلاً بكم في العالم",
    "فارسی گچپژ می‌خواهم",
    "اردو ہے جس کا نام ٹڈڑ",
    "שלום עולם",
    "בְּרֵאשִׁית בָּרָא אֱלֹהִים",
    "כל בני האדם נולדו בני חורין",
    "नमस्ते दुनिया",
    "क्षत्रिय ज्ञान श्री द्ध र्क्त",
    "सभी मनुष्यों को गौरव",
    "हिन्दी में कार्टून",
    "বাংলা ভাষা ক্ষত্রিয়",
    "আমার সোনার বাংলা",
    "ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ ਪੰਜਾਬੀ",
    "ગુજરાતી ક્ષત્રિય શ્રી",
    "ନମସ୍କାର ଓଡ଼ିଆ କ୍ଷତ୍ରିୟ",
    "வணக்கம் தமிழ் க்ஷ ஸ்ரீ கொ கோ கௌ",
    "తెలుగు నమస్కారం క్షత్రియ స్త్రీ",
    "ಕನ್ನಡ ನಮಸ್ಕಾರ ಕ್ಷತ್ರಿಯ ಸ್ತ್ರೀ",
    "മലയാളം നമസ്കാരം ക്ഷത്രിയ സ്ത്രീ",
    "සිංහල ආයුබෝවන් ක්ෂත්‍රිය ශ්‍රී",
    "สวัสดีชาวโลก น้ำ ที่ปู่",
    "ສະບາຍດີ ຊາວໂລກ ນ້ຳ",
    "ជំរាបសួរ ពិភពលោក ស្ត្រី ខ្ញុំ",
    "မင်္ဂလာပါ ကမ္ဘာ မြန်မာ က္ကျွန်ုပ်",
    "გამარჯობა მსოფლიო",
    "Բարեւ աշխարհ եւ խաղաղություն",
    "ሰላም ለዓለም አማርኛ",
    "ᎣᏏᏲ ᎡᎶᎯ ᏣᎳᎩ",
    "ᐊᐃᓐᖓᐃ ᓄᓇᕐᔪᐊᖅ",
    "ދިވެހި ބަސް",
    "བཀྲ་ཤིས་བདེ་ལེགས། རྒྱལ",
    "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ",
    "অসমীয়া ৰাজ্যৰ ভাষা",
    "मराठी र्‍हस्व दीर्घ ऱ्य",
    "پښتو ژبه ۍ ځای",
    "ייִדיש אױף פֿײַער",
    "ꦗꦮ Ꮿ ӨҮ ҚҒ",
    "你好世界",
    "這個迷因很好笑",
    "こんにちは世界、ガギグゲゴ",
    "が ぱ コンピューター",
    "안녕하세요세계",
    "한글조합",
    "☃ ★ ♥ ✓ → ⇒ ∞ ≠ ∑",
    "𝓢𝓬𝓻𝓲𝓹𝓽 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𝕄",
    "¯\\_(ツ)_/¯ ( ͡° ͜ʖ ͡°)",
    "😀😂👍🏽👩‍🚀👨‍👩‍👧‍👦🇪🇺🏴󠁧󠁢󠁥󠁮󠁧󠁿1️⃣❤️",
];

/// Lines that proptest makes of the clusters of each of them, beside the line itself.
const SHUFFLED: usize = 8;

/// The lines, and as many more of their clusters in other orders.
fn lines() -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let mut lines: Vec<String> = LINES.iter().map(|line| line.to_string()).collect();
    for line in LINES.iter().filter(|line| !line.contains('မ')) {
        let clusters: Vec<&str> = line.graphemes(true).collect();
        let order = vec(any::<proptest::sample::Index>(), 1..24);
        for _ in 0..SHUFFLED {
            let order = order.new_tree(&mut runner).unwrap().current();
            let shuffled: String = order.iter().map(|index| *index.get(&clusters)).collect();
            if !shuffled.trim().is_empty() {
                lines.push(shuffled);
            }
        }
    }
    lines
}

/// The file of a font.
fn file_of(font: &Font) -> PathBuf {
    let data = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/fonts"));
    let is_it =
        |fallback: &&fallback::FallbackFont| fallback.font().is_some_and(|other| ptr::eq(other, font));
    match fallback::all().iter().position(|fallback| is_it(&fallback)) {
        Some(index) => data.join("fallback").join(fallback_fonts()[index].file_name),
        None => data.join(format!("{}.ttf", DEFAULT_FONT)),
    }
}

/// What HarfBuzz makes of some texts in one font, script and direction: for each the glyphs with their advances and
/// offsets.
fn by_harfbuzz(font: &str, script: &str, direction: &str, texts: &[String]) -> Vec<String> {
    let mut child = Command::new("hb-shape")
        .args(["--no-glyph-names", "--no-clusters", "--language=und", "--text-file=-"])
        .args([format!("--script={}", script), format!("--direction={}", direction)])
        .arg(format!("--font-file={}", font))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all((texts.join("\n") + "\n").as_bytes()).unwrap();
    drop(stdin);
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap().lines().map(str::to_string).collect()
}

#[test]
fn glyphs_and_places_are_those_of_harfbuzz() {
    if Command::new("hb-shape").arg("--version").output().is_err() {
        println!("skipped: there is no hb-shape (Debian: libharfbuzz-bin)");
        return;
    }
    let lines = lines();
    // By font, script and direction, so that HarfBuzz is started once for each.
    let mut runs: BTreeMap<(String, &str, &str), BTreeMap<String, String>> = BTreeMap::new();
    for line in &lines {
        with_fonts(line, |caption, set| {
            let items = Itemized::new(&caption.text, set.named(&caption.font), set);
            for Run { text, font, script, is_rtl, shaped } in items.runs() {
                let direction = if is_rtl { "rtl" } else { "ltr" };
                let key = (file_of(font).display().to_string(), script, direction);
                runs.entry(key).or_default().insert(text, shaped);
            }
        });
    }
    let scripts: std::collections::BTreeSet<&str> = runs.keys().map(|key| key.1).collect();
    let (mut count, mut wrong) = (0, Vec::new());
    for ((font, script, direction), texts) in &runs {
        let inputs: Vec<String> = texts.keys().cloned().collect();
        let outputs = by_harfbuzz(font, script, direction, &inputs);
        assert_eq!(inputs.len(), outputs.len());
        for ((text, ours), theirs) in texts.iter().zip(outputs) {
            count += 1;
            if *ours != theirs {
                wrong.push(format!("{} {} {:?}\n  {}\n  {}", font, script, text, ours, theirs));
            }
        }
    }
    println!("{} runs of {} lines in {} scripts", count, lines.len(), scripts.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), count, wrong.join("\n"));
    assert!(lines.len() >= 300 && scripts.len() >= 25);
}
