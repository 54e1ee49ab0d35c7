//! Measures how soon a cancelled drawing ends.
//!
//! `cargo bench -p drawing --bench limits` prints, for built-in templates and for some near the limits on size, the
//! time from a cancel until the captioner returns, over cancels at many moments of the drawing.

extern crate drawing;
extern crate memed;

use std::thread;
use std::time::{Duration, Instant};

use drawing::{wanted_cases, Case, Folder};
use memed::captioner::{Cancel, CaptionError, Captioner};
use memed::image_macro::ImageMacro;

/// How long a drawing may go on once it is cancelled.
const GOAL: Duration = Duration::from_millis(5);
/// Moments of a drawing at which it is cancelled, evenly apart.
const MOMENTS: u32 = 40;
/// How often a cancel that took too long is tried again.
const TRIES: u32 = 2;

/// Draws, cancels after `delay`, and returns the time from the cancel until the captioner returned; `None` if it
/// was done before.
fn cancelled_after(captioner: &Captioner, asked: &ImageMacro, delay: Duration) -> Option<Duration> {
    let cancel = Cancel::new();
    thread::scope(|scope| {
        let drawing = scope.spawn(|| {
            let result = captioner.caption(asked, &cancel);
            // The clock stops before the result is dropped.
            (Instant::now(), result)
        });
        thread::sleep(delay);
        let start = Instant::now();
        cancel.cancel();
        let (end, result) = drawing.join().expect("it does not panic");
        match result {
            Err(CaptionError::Cancelled) => Some(end.saturating_duration_since(start)),
            Err(error) => panic!("{:?}", error),
            // It had looked at the cancel for the last time; the rest counts as well.
            Ok(_) if end > start => Some(end - start),
            Ok(_) => None,
        }
    })
}

struct Row {
    case: String,
    whole: Duration,
    /// When it was cancelled, and how long it went on, the longest first.
    ends: Vec<(Duration, Duration)>,
}

fn measure(folder: &Folder, case: &Case) -> Vec<Row> {
    let asked = case.asked();
    let time = |captioner: &Captioner| {
        let start = Instant::now();
        captioner.caption(&asked, &Cancel::new()).unwrap();
        start.elapsed()
    };
    let warm = folder.captioner();
    // Other programs lengthen some runs; the shortest is the least disturbed.
    let cold_time = time(&folder.captioner()).min(time(&warm));
    // Frames are compressed by the first caption that needs them.
    let warm_time = time(&warm).min(time(&warm));
    let row = |kind: &str, whole: Duration, is_cold: bool| {
        let moments = (0..MOMENTS).map(|moment| whole * (2 * moment + 1) / (2 * MOMENTS));
        let mut ends: Vec<_> = moments
            .filter_map(|delay| {
                let once = || match is_cold {
                    true => cancelled_after(&folder.captioner(), &asked, delay),
                    false => cancelled_after(&warm, &asked, delay),
                };
                // Other programs run as well: a time over the goal counts only if it is over it every time.
                let first = once()?;
                let again = (0..TRIES).take_while(|_| first > GOAL).filter_map(|_| once());
                Some((delay, again.fold(first, Duration::min)))
            })
            .collect();
        ends.sort_by_key(|end| ::std::cmp::Reverse(end.1));
        Row { case: format!("{}, {}", case.name, kind), whole, ends }
    };
    vec![row("cold", cold_time, true), row("warm", warm_time, false)]
}

fn main() {
    let folder = Folder::new();
    println!("| case | whole | median | largest | cancelled at | over {:?} |", GOAL);
    println!("|---|---|---|---|---|---|");
    let ms = |duration: Duration| format!("{:.2} ms", duration.as_secs_f64() * 1e3);
    for case in wanted_cases() {
        folder.put_template_of(case);
        for row in measure(&folder, case) {
            let over = row.ends.iter().filter(|end| end.1 > GOAL).count();
            let worst = row.ends.first().copied().unwrap_or_default();
            println!(
                "| {} | {} | {} | {} | {} | {} of {} |",
                row.case,
                ms(row.whole),
                ms(row.ends.get(row.ends.len() / 2).copied().unwrap_or_default().1),
                ms(worst.1),
                ms(worst.0),
                over,
                row.ends.len()
            );
        }
    }
}
