//! When a caption is on a picture: which frames a time means, which pictures have none, and which times are refused.

use gif::{DisposalMethod, Frame, Repeat};
use memed::captioner::{Captioner, Settings};
use memed::image_macro::from_query;

use gif_oracle::{blocks, gif_of, play, Bench, COLORS, SIZE, WHOLE};
use picture_util::{asked, decoded, draw, look};

/// Which frames of an animation with these delays have a caption with that time.
fn seen(delays: &[u16], time: &str) -> Vec<usize> {
    let frames: Vec<_> = (0..delays.len() as u16)
        .map(|i| Frame { delay: delays[usize::from(i)], ..blocks(WHOLE, i, false, DisposalMethod::Keep) })
        .collect();
    let file = gif_of(SIZE, COLORS, Repeat::Infinite, &frames);
    let drawn = play(&Bench::new().draw(&file, &format!("middle_text=HI&{}", time)));
    let template = play(&file);
    (0..delays.len()).filter(|&index| drawn.frames[index] != template.frames[index]).collect()
}

#[test]
fn a_caption_is_on_the_frames_that_begin_within_its_time() {
    let tenths = [10; 10];
    for &(time, ref expected) in &[
        ("from=0.3&to=0.6", vec![3, 4, 5]),
        ("from=30%25&to=60%25", vec![3, 4, 5]),
        ("from=0.3s&to=60%25", vec![3, 4, 5]),
        ("from=0.21&to=0.39", vec![3]),
        ("to=20%25", vec![0, 1]),
        ("from=70%25", vec![7, 8, 9]),
        ("to=1", (0..10).collect()),
        ("to=50", (0..10).collect()),
        ("from=0&to=100%25", (0..10).collect()),
        // No frame begins then: it is the one that is on the screen.
        ("from=0.21&to=0.29", vec![2]),
        ("from=0.91&to=5", vec![9]),
        ("to=0.001", vec![0]),
        ("from=0.30001&to=0.30002", vec![3]),
        // Past the end of the loop.
        ("from=1", vec![]),
        ("from=100%25", vec![]),
        ("from=20&to=30", vec![]),
        // In two units this cannot be known before there is an animation.
        ("from=0.5&to=20%25", vec![]),
        ("from=0.5&to=50%25", vec![]),
    ] {
        assert_eq!(seen(&tenths, time), *expected, "{}", time);
    }
}

#[test]
fn delays_count_as_browsers_play_them() {
    // The second begins after 0.1 s, the third after 0.2, the fourth after 0.22.
    let delays = [0, 1, 2, 50];
    assert_eq!(seen(&delays, "from=0.1&to=0.2"), [1]);
    assert_eq!(seen(&delays, "from=0.2&to=0.22"), [2]);
    assert_eq!(seen(&delays, "from=0.22"), [3]);
    // Of 0.72 s.
    assert_eq!(seen(&delays, "from=27%25&to=31%25"), [2, 3]);
}

#[test]
fn captions_have_times_of_their_own_and_share_the_others() {
    let delays = [10; 4];
    assert_eq!(seen(&delays, "from=0.1&to=0.2&bottom_text=YO&bottom_to=0.4&bottom_from=0.3"), [1, 3]);
    assert_eq!(seen(&delays, "from=0.1&top_text=YO&top_to=0.2&middle_from=0.3"), [1, 3]);
}

#[test]
fn a_picture_without_time_has_all_captions() {
    let late = "from=90%25&to=95%25";
    let captioner = Captioner::new(Settings::default());
    for template in ["template=cat", "template=raccoon", "template=dramatic-raccoon&format=png"] {
        let of = |time: &str| look(&captioner, &format!("{}&width=100&top_text=HI&{}", template, time));
        assert!(of(late) == of(""), "{}", template);
        assert!(of(late) != look(&captioner, &format!("{}&width=100", template)));
    }
    let still = gif_of(SIZE, COLORS, Repeat::Infinite, &[blocks(WHOLE, 1, false, DisposalMethod::Keep)]);
    let bench = Bench::new();
    assert!(bench.draw(&still, &format!("top_text=HI&{}", late)) == bench.draw(&still, "top_text=HI"));
}

#[test]
fn a_time_that_covers_everything_or_nothing_costs_no_byte() {
    let captioner = Captioner::new(Settings::default());
    let of = |query: &str| draw(&captioner, &format!("template=deal-with-it&width=120&{}", query));
    assert!(of("top_text=HI&from=0&to=100%25") == of("top_text=HI"));
    assert!(of("top_text=HI&from=100%25") == of(""));
}

#[test]
fn pictures_whose_times_differ_have_other_fingerprints() {
    let captioner = Captioner::new(Settings::default());
    let of = |time: &str| {
        let query = format!("template=deal-with-it&top_text=HI&{}", time);
        captioner.fingerprint(&asked(&query)).unwrap()
    };
    let times = ["", "from=0", "from=1", "from=1%25", "to=1", "to=1%25", "from=1&to=2"];
    let all: Vec<_> = times.iter().map(|time| of(time)).collect();
    for (index, fingerprint) in all.iter().enumerate() {
        assert!(!all[..index].contains(fingerprint), "{}", times[index]);
    }
}

#[test]
fn a_time_that_ends_before_it_begins_is_refused_by_the_names_of_its_fields() {
    for &(query, sentence) in &[
        ("top_text=a&from=2&to=1", "'from' is 2 and 'to' is 1: the text would disappear before it appears"),
        ("top_text=a&from=1&to=1", "'from' is 1 and 'to' is 1"),
        ("top_text=a&from=7%25&to=1.5%25", "'from' is 7% and 'to' is 1.5%"),
        ("top_text=a&top_from=2&to=1", "'top_from' is 2 and 'to' is 1"),
        ("bottom_text=a&from=2&bottom_to=1", "'from' is 2 and 'bottom_to' is 1"),
        ("captions[]=a&from=2&to=1", "'from' is 2 and 'to' is 1"),
        (
            "captions[0][text]=a&captions[0][valign]=top&captions[0][from]=2&to=1",
            "'captions[0].from' is 2 and 'to' is 1",
        ),
        ("top_text=a&to=0", "'to' is the start of the animation, so the text would never be seen"),
        ("top_text=a&from=0%25&top_to=0s", "'top_to' is the start of the animation"),
    ] {
        let error = from_query(&format!("template=cat&{}", query)).unwrap_err().to_string();
        assert!(error.starts_with(&sentence.replace('\'', "\"")), "{}: {}", query, error);
    }
    for query in ["top_text=a&from=2&to=1&top_to=3", "top_text=a&from=2&to=1%25", "top_text=a&from=100%25"] {
        asked(&format!("template=cat&{}", query));
    }
}

#[test]
fn a_first_frame_is_a_picture_without_time() {
    let captioner = Captioner::new(Settings::default());
    let query = "template=deal-with-it&width=100&format=jpeg&top_text=HI";
    let late = draw(&captioner, &format!("{}&from=90%25", query));
    assert!(decoded(&late) == decoded(&draw(&captioner, query)));
}
