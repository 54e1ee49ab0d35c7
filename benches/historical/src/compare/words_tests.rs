//! Tests of `words.rs`.

use super::super::reading::{Missing, Reading};
use super::*;
use crate::compare::made_up;

const FLAT: [f64; 6] = [1.0, 1.01, 0.99, 1.0, 1.01, 0.99];
const NOISE: [f64; 6] = [1.0, 1.4, 0.7, 1.1, 0.8, 1.2];

/// With ordinary blanks.
fn plain(text: &str) -> String {
    text.replace(SPACE, " ")
}

/// Contestants whose values are these times a level.
fn figure(better: Better, sides: &[(&str, f64, [f64; 6])]) -> Figure {
    let side = |&(name, level, values): &(&str, f64, [f64; 6])| {
        Side::new(name, values.iter().map(|value| Reading::from(level * value)).collect())
    };
    made_up::figure(better, sides.iter().map(side).collect())
}

#[test]
fn numbers_have_three_digits_and_commas() {
    let numbers = [0.0, 0.0123, 0.5, 1.234, 12.345, 99.96, 123.4, 1234.5, 1_234_567.0, 3.0, -1234.0];
    let shown = ["0", "0.012", "0.50", "1.23", "12.3", "100", "123", "1,234", "1,234,567", "3", "-1,234"];
    assert_eq!(numbers.map(number), shown);
    assert_eq!(plain(&with_unit(1.5, "ms")), "1.50 ms");
    assert_eq!(with_unit(1500.0, "/s"), "1,500/s");
    assert_eq!(
        [0.817, 1.0, 12.34, 1234.0].map(|ratio| plain(&times(ratio))),
        ["0.82 ×", "1.00 ×", "12.3 ×", "1,234 ×"]
    );
}

#[test]
fn a_sentence_tells_who_leads_and_what_is_known_of_the_others() {
    let four = [("a", 2.0, FLAT), ("b", 2.0, FLAT), ("c", 3.0, NOISE), ("d", 6.0, FLAT)];
    let four = figure(Better::Lower, &four);
    assert_eq!(
        plain(&four.answer()),
        "Time: a has the least, 2 ms; behind: d 3.00 ×; equal within 5 %: b; cannot tell: c 1.51 ×."
    );
    assert!(plain(&four.sentence()).contains("d 3.00 × (3.00 to 3.00)"), "{}", four.sentence());
    assert_eq!(four.leader(), "a and b");
}

#[test]
fn nobody_is_ahead_where_all_are_equal_or_too_little_is_known() {
    let all = figure(Better::Higher, &[("a", 2.0, FLAT), ("b", 2.0, FLAT), ("c", 2.0, FLAT)]);
    assert_eq!(
        (plain(&all.answer()).as_str(), all.leader().as_str()),
        ("Time: all 3 are equal within 5 %, about 2 ms.", "all equal")
    );
    let none = figure(Better::Lower, &[("a", 0.0, FLAT), ("b", 0.0, FLAT)]);
    assert_eq!(plain(&none.answer()), "Time: both are equal within 5 %, about 0 ms.");
    let unclear = figure(Better::Lower, &[("a", 2.0, FLAT), ("b", 2.2, NOISE)]);
    assert_eq!(
        (plain(&unclear.answer()).as_str(), unclear.leader().as_str()),
        ("Time: nobody is shown to be ahead; a has the least, 2 ms; cannot tell: b 1.11 ×.", "cannot tell")
    );
}

#[test]
fn what_is_missing_has_its_reason() {
    let mut three = figure(Better::Lower, &[("a", 2.0, FLAT), ("b", 4.0, FLAT), ("c", 2.0, FLAT)]);
    three.sides[2] = Side::new("c", vec![Reading::Missing(Missing::TooFewSamples); 6]);
    three.judge();
    assert_eq!(
        plain(&three.answer()),
        "Time: a has the least, 2 ms; behind: b 2.00 ×; too few values: c (too few samples)."
    );
    assert_eq!(spread(&three.sides[2]), "too few samples");
    three.sides[1].values[0] = Reading::Missing(Missing::GaveUp);
    let side = Side::new("b", three.sides[1].values.clone());
    assert!(spread(&side).ends_with(" in 5 of 6 rounds (gave up)"), "{}", spread(&side));
}

#[test]
fn few_rounds_give_no_verdict() {
    let mut few = figure(Better::Higher, &[("a", 2.0, FLAT), ("b", 4.0, FLAT)]);
    few.sides.iter_mut().for_each(|side| side.values.truncate(3));
    few.judge();
    assert_eq!(plain(&few.answer()), "Time: no verdict, a verdict needs six rounds.");
    assert_eq!(few.leader(), "–");
}

#[test]
fn lists_read_as_sentences_do() {
    let names: Vec<_> = ["a", "b", "c"].map(String::from).into();
    assert_eq!((list(&names[..1]), list(&names[..2])), ("a".to_string(), "a and b".to_string()));
    assert_eq!(list(&names), "a, b and c");
}
