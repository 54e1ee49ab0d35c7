//! Tests that a cancelled drawing stops soon, whatever stage it has reached. The bounds are wide, for a debug build
//! on a busy machine; `cargo bench -p drawing --bench limits` measures the real times.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use gif::{DisposalMethod, Repeat};
use memed::captioner::{Cancel, CaptionError, Captioner};

use gif_oracle::{frame_of, gif_of};
use picture_util::asked;
use util::Folder;

const SOON: Duration = Duration::from_millis(100);
const QUERY: &str = "template=large&top_text=one does not&bottom_text=simply wait";

/// An animation that takes long to decode, to follow and to compress.
fn large(frames: u16) -> Vec<u8> {
    let palette: Vec<u8> = (0..=255u8).flat_map(|i| vec![i, i / 2, 255 - i]).collect();
    let frame = |number: u16| {
        let mut frame = frame_of([0, 0, 900, 900], |x, y| ((x / 4 + number) ^ (y / 4)) as u8);
        frame.dispose = DisposalMethod::Keep;
        frame
    };
    gif_of((900, 900), &palette, Repeat::Infinite, &(0..frames).map(frame).collect::<Vec<_>>())
}

/// The time from a cancel until the captioner returns; `None` if it was done before.
fn end_after(captioner: &Captioner, query: &str, delay: Duration) -> Option<Duration> {
    let cancel = Cancel::new();
    thread::scope(|scope| {
        let drawing = scope.spawn(|| captioner.caption(&asked(query), &cancel));
        thread::sleep(delay);
        let start = Instant::now();
        cancel.cancel();
        match drawing.join().unwrap() {
            Err(CaptionError::Cancelled) => Some(start.elapsed()),
            Err(error) => panic!("{:?}", error),
            Ok(_) => None,
        }
    })
}

/// Cancels at moments of a whole drawing. Gives how often it was not done by then.
fn assert_ends_soon<F: Fn() -> Arc<Captioner>>(query: &str, captioner: F) -> usize {
    let start = Instant::now();
    captioner().caption(&asked(query), &Cancel::new()).unwrap();
    let whole = start.elapsed();
    // More of them at the beginning, where a file is decoded, which is quick.
    let ends = (0..10).filter_map(|moment| {
        let delay = whole * moment * moment / 100;
        // Another program may have the machine for a while, but not always at the same moment.
        let mut tries = (0..4).map(|_| end_after(&captioner(), query, delay));
        let best = tries.find(|end| end.is_none_or(|end| end < SOON));
        best.unwrap_or_else(|| panic!("{}: cancelled at {:?} of {:?}, it goes on", query, delay, whole))
    });
    ends.count()
}

#[test]
fn a_first_drawing_of_a_large_animation_ends_soon_once_it_is_cancelled() {
    let folder = Folder::new();
    folder.put("large.gif", &large(90));
    let cold = || Arc::new(folder.captioner());
    assert!(assert_ends_soon(QUERY, cold) > 2);
    assert!(assert_ends_soon(&format!("{}&width=450", QUERY), cold) > 2);
}

#[test]
fn another_text_on_a_large_animation_ends_soon_once_it_is_cancelled() {
    let folder = Folder::new();
    folder.put("large.gif", &large(26));
    let warm = Arc::new(folder.captioner());
    // It is small enough to stay in the cache.
    warm.preload_template("large", &Cancel::new()).unwrap();
    assert!(assert_ends_soon(QUERY, || warm.clone()) > 2);
}
