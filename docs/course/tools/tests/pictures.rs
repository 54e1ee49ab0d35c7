//! Whether the pictures are drawn from what happens.

use std::fs;

use course::pictures::{Event, Picture, folder, names};

/// What has no time in it: times differ from run to run.
fn timeless(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| format!("{} {} {}", event.thread, event.who, event.what)).collect()
}

#[test]
fn pictures_are_what_their_records_make_them() {
    for name in names() {
        let picture = Picture::read(&name).unwrap();
        let drawn = picture.draw(&picture.recorded(&name).unwrap());
        let kept = fs::read_to_string(folder().join(format!("{name}.svg"))).unwrap();
        assert!(drawn == kept, "{name}.svg is out of date: run `cargo run -p course -- pictures`");
        assert!(picture.description.len() > 100, "{name} has no description for those who cannot see it");
    }
}

#[test]
fn what_was_recorded_happens_again() {
    for name in names() {
        let picture = Picture::read(&name).unwrap();
        if picture.example.is_some() {
            let (kept, now) = (picture.recorded(&name).unwrap(), picture.record().unwrap());
            assert_eq!(timeless(&kept), timeless(&now), "{name}: run `cargo run -p course -- pictures`");
        }
    }
}
