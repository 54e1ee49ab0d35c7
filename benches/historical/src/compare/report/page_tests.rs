//! Tests of the page, on made-up results.

use std::fs;
use std::path::Path;

use super::super::cost::tests::made_up as made_up_cost;
use super::*;
use crate::compare::figures::Figure;
use crate::compare::made_up::{made_up, made_up_of};
use crate::compare::reading::{Missing, Reading};
use crate::compare::scenes::Scene;

/// Words that would be markup if they were not escaped.
const MARKUP: &str = "<script>&'\"";

#[test]
fn no_text_is_taken_for_markup() {
    let mut results = made_up();
    for text in [&mut results.taken, &mut results.machine.processor, &mut results.contestants[0].versions] {
        *text = MARKUP.to_string();
    }
    for scene in &mut results.scenes {
        scene.question = MARKUP.to_string();
        scene.claim = MARKUP.to_string();
        scene.verdict.push(MARKUP.to_string());
        for figure in &mut scene.figures {
            figure.unit = MARKUP.to_string();
            figure.sides[2].contestant = MARKUP.to_string();
        }
    }
    let page = html(&results, Some(&made_up_cost(MARKUP)));
    assert!(page.contains("&lt;script&gt;&amp;"));
    assert!(!page.contains("<script"), "a text is markup");
    assert!(!page.contains("<b>it's"), "a trouble is markup");
    // The apostrophe is the sign of a text that no attribute has left.
    assert!(!page.contains("&'"), "a sign is not escaped");
}

#[test]
fn it_needs_nothing_from_elsewhere() {
    let page = html(&made_up(), None);
    for word in ["src=", "url(", "@import", "<link", "<script"] {
        assert!(!page.contains(word), "{word}");
    }
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http:") && !outside.contains("https:"), "it names another place");
    assert!(!page.contains("id=\"cost\""));
}

#[test]
fn all_that_was_measured_is_on_it() {
    let results = made_up();
    let page = html(&results, None);
    let plots = |scene: &SceneResults| {
        let is_same = |one: &Figure, other: &Figure| scene.is_line && one.measure == other.measure;
        scene.figures.chunk_by(is_same).count()
    };
    // And one for each answer.
    let plots: usize = results.scenes.iter().map(|scene| plots(scene) + 1).sum();
    assert_eq!(page.matches("<svg").count(), plots);
    for scene in &results.scenes {
        assert!(scene.verdict.iter().all(|sentence| page.contains(sentence)));
        assert!(page.contains(&scene.telling()[0].answer()));
        assert!(page.contains(scene.claim.trim_end_matches('.')));
    }
    assert_eq!(page.matches("<td>").count() > 100, results.pairs().count() > 20);
}

#[test]
fn where_and_how_it_was_measured_is_on_it() {
    let mut results = made_up();
    let page = html(&results, None);
    assert!(page.contains(&results.machine.commit) && page.contains("hypervisor took 3.1 %"));
    assert!(page.contains("Do not quote these figures"), "the hypervisor took more than 2 %");
    results.neighbours = None;
    assert!(!html(&results, None).contains("Do not quote these figures"));
    assert!(!page.contains("picture is complete"), "only its first and last bytes are looked at");
}

#[test]
fn it_stands_with_any_number_of_contestants_and_with_some_that_do_not_play() {
    for count in 1..=contestants::ALL.len() {
        let mut results = made_up_of(&[Scene::Framework, Scene::Many], count);
        // The last one plays in the first scene only.
        for figure in &mut results.scenes[1].figures {
            figure.sides.truncate(count.max(2) - 1);
        }
        for figure in &mut results.scenes[0].figures {
            figure.sides[0].values.fill(Reading::Missing(Missing::TooShort));
            figure.sides[0].spread_again();
        }
        results.judge();
        let page = html(&results, None);
        assert!(page.contains("too short to measure"), "{count}");
        assert!(!page.contains("NaN") && !page.contains("inf"), "{count}");
        assert!(page.contains(&title(count)));
    }
}

/// Writes pages to look at: `cargo test -p historical -- --ignored pages_to_look_at`, then see `target/pages/`.
#[test]
#[ignore = "for people"]
fn pages_to_look_at() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    fs::create_dir_all(&folder)?;
    let scenes = <Scene as clap::ValueEnum>::value_variants();
    for count in [3, contestants::ALL.len()] {
        let results = made_up_of(scenes, count);
        fs::write(folder.join(format!("{count}.html")), html(&results, Some(&made_up_cost("a text"))))?;
    }
    Ok(())
}
