//! Pictures and forms that are damaged on purpose, from a seed: each is answered, and none leaves memory behind.

use fastrand::Rng;

use super::{form, CURL, FORM, MINE};
use picture_util::{png, png_of_scanlines, shipped};
use soak::process::Process;
use util::Client;

/// So many, of which the first are only there to warm up.
const UPLOADS: usize = 2000;
const WARM: usize = 500;
/// KiB that the process may have grown by since then.
const GROWTH: u64 = 8 << 10;
/// A file with some of its bytes changed, and perhaps others left out, doubled, or its end missing.
fn mutated(file: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..random.usize(1..8) {
        let at = random.usize(..file.len());
        // What a file says of itself is at its beginning.
        let at = if random.bool() { at.min(random.usize(..200)) } else { at };
        match random.u8(..6) {
            0 => file[at] = random.u8(..),
            1 => file[at] = *random.choice(&[0, 0x7f, 0xff]).unwrap(),
            2 => file[at] ^= 1 << random.u8(..8),
            3 => {
                let end = (at + random.usize(1..100)).min(file.len());
                let part: Vec<u8> = file[at..end].to_vec();
                file.splice(at..at, part);
            }
            4 if file.len() > 300 => {
                let end = (at + random.usize(1..100)).min(file.len() - 1);
                file.drain(at..end);
            }
            _ if random.u8(..4) == 0 => file.truncate(at.max(1)),
            _ => file[at] = file[at].wrapping_add(1),
        }
    }
    file
}

#[test]
fn two_thousand_hostile_uploads_leave_the_server_up_and_its_memory_flat() {
    let process = Process::start(16);
    let mut random = Rng::with_seed(2017);
    let small = png((40, 30), 8, 2, &[], &[0x55; 30 * 120]);
    let huge = png_of_scanlines((6_000, 6_000), &[8, 2, 0, 0, 0], &[], &[0; 1000]);
    let files = [shipped("cat.png"), shipped("rocket.jpg"), shipped("deal-with-it.gif"), small, huge];
    let mut counts = [0; 6];
    let mut warm = 0;
    for number in 0..UPLOADS {
        let file = random.choice(&files).unwrap();
        let mut client = Client::connect(process.program.address);
        let width = [Some("32"), Some("200"), None][number % 3];
        let fields: Vec<_> =
            width.iter().map(|width| ("width", *width)).chain(Some(("top_text", "hi"))).collect();
        let response = match random.u8(..4) {
            0 => client.post("/caption", FORM, &mutated(&form(file, &fields), &mut random)),
            1 => client.post("/caption", FORM, &form(&mutated(file, &mut random), &fields)),
            _ => {
                let query = width.map_or(MINE.to_string(), |width| format!("{}&width={}", MINE, width));
                client.post(&query, CURL, &mutated(file, &mut random))
            }
        };
        let status = response.status;
        assert!(
            [200, 400, 404, 413, 415].contains(&status),
            "{}: {}",
            number,
            String::from_utf8_lossy(&response.body)
        );
        counts[usize::from(status / 100)] += 1;
        if number + 1 == WARM {
            warm = process.settled().resident;
        }
    }
    let settled = process.settled().resident;
    println!("{:?} by hundreds of status; {} KiB, then {} KiB", counts, warm, settled);
    assert!(counts[2] > 100 && counts[4] > 500, "{:?}", counts);
    assert!(settled < warm + GROWTH, "{} KiB, then {} KiB", warm, settled);
    let health = process.program.connect().get("/health");
    assert_eq!((health.status, process.complaints()), (200, Vec::<String>::new()));
}
