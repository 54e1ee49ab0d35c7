//! Formats numbers and verdicts for people.

use super::figures::{Behind, Better, Figure, Side, Spread, Verdict};

/// A number to three digits, with commas between thousands.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size == 0.0 || size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.0995 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let whole = text.split('.').next().unwrap_or_default().trim_start_matches('-').len();
    if value.fract() == 0.0 && digits > 0 {
        return format!("{value:.0}");
    }
    let sign = text.len() - text.trim_start_matches('-').len();
    let commas = (1..whole).rev().filter(|left| left % 3 == 0);
    commas.enumerate().fold(text, |mut text, (done, left)| {
        text.insert(sign + whole - left + done, ',');
        text
    })
}

/// A number with its unit.
pub fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "" => number(value),
        _ if unit.starts_with('/') => format!("{}{unit}", number(value)),
        _ => format!("{} {unit}", number(value)),
    }
}

/// A median and its spread, or a dash.
pub fn spread(side: &Side) -> String {
    let text = match side.spread {
        Some(Spread { median, min, max }) if min == max => number(median),
        Some(Spread { median, min, max }) => {
            format!("{} ({}…{})", number(median), number(min), number(max))
        }
        None => return "–".to_string(),
    };
    text + &rounds(side)
}

/// In how many rounds it was measured, if not in all.
pub fn rounds(side: &Side) -> String {
    let (count, all) = (side.count(), side.values.len());
    if count < all { format!(" in {count} of {all} rounds") } else { String::new() }
}

/// "a", "a and b", "a, b and c".
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

impl Figure {
    /// What was measured, and in which variant.
    pub fn title(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}, {variant}", self.measure),
            None => self.measure.clone(),
        }
    }

    /// Who is ahead, for a table cell.
    pub fn leader(&self) -> String {
        match &self.verdict {
            Verdict::None { .. } => "–".to_string(),
            Verdict::Ahead { leaders, .. } if leaders.len() == self.sides.len() => "tie".to_string(),
            Verdict::Ahead { leaders, .. } => list(leaders),
        }
    }

    /// Who is ahead and by how much, as a sentence.
    pub fn sentence(&self) -> String {
        let title = capitalised(&self.title());
        let (leaders, behind, missing) = match &self.verdict {
            Verdict::None { why } => return format!("{title}: no verdict, {why}."),
            Verdict::Ahead { leaders, behind, missing } => (leaders, behind, missing),
        };
        let median = |name: &str| {
            let side = self.sides.iter().find(|side| side.contestant == name);
            side.and_then(|side| side.spread).map_or(0.0, |spread| spread.median)
        };
        let named = |name: &String| format!("{name} {}", number(median(name)));
        let best = if self.better == Better::Higher { "most" } else { "least" };
        let (first, others) = (&leaders[0], &leaders[1..]);
        let most = with_unit(median(first), &self.unit);
        let is_all = leaders.len() == self.sides.len();
        let mut sentence =
            if is_all && others.iter().all(|name| number(median(name)) == number(median(first))) {
                format!("{title}: a tie, {most}")
            } else if is_all {
                let all: Vec<_> = leaders.iter().map(named).collect();
                format!("{title}: a tie: {}{}", list(&all), unit_after(&self.unit))
            } else if others.is_empty() {
                format!("{title}: {first} has the {best}, {most}")
            } else {
                let others: Vec<_> = others.iter().map(named).collect();
                format!("{title}: {first} has the {best}, {most}, and ties with {}", list(&others))
            };
        for Behind { contestant, ratio } in behind {
            sentence += &match ratio {
                Some(ratio) => format!("; {contestant} has {} × that", number(*ratio)),
                None => format!("; {contestant} has {}", with_unit(median(contestant), &self.unit)),
            };
        }
        if !missing.is_empty() {
            sentence += &format!("; {} gave too few values", list(missing));
        }
        sentence + "."
    }
}

fn unit_after(unit: &str) -> String {
    if unit.is_empty() || unit.starts_with('/') { unit.to_string() } else { format!(" {unit}") }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::super::figures::verdict;
    use super::super::reading::Reading;
    use super::*;

    fn figure(better: Better, sides: &[(&str, &[f64])]) -> Figure {
        let side = |&(name, values): &(&str, &[f64])| Side {
            contestant: name.to_string(),
            values: values.iter().copied().map(Reading::from).collect(),
            spread: Spread::of(values),
        };
        let sides: Vec<_> = sides.iter().map(side).collect();
        Figure {
            measure: "time".to_string(),
            unit: "ms".to_string(),
            variant: None,
            better,
            verdict: verdict(better, &sides),
            sides,
        }
    }

    #[test]
    fn numbers_have_three_digits_and_commas() {
        let numbers = [0.0, 0.0123, 0.5, 1.234, 12.345, 99.96, 123.4, 1234.5, 1_234_567.0, 3.0, -1234.0];
        let shown = ["0", "0.012", "0.50", "1.23", "12.3", "100", "123", "1,234", "1,234,567", "3", "-1,234"];
        assert_eq!(numbers.map(number), shown);
        assert_eq!(with_unit(1.5, "ms"), "1.50 ms");
        assert_eq!(with_unit(1500.0, "/s"), "1,500/s");
    }

    #[test]
    fn a_sentence_tells_the_leader_and_how_far_the_others_are() {
        let clear = figure(Better::Lower, &[("a", &[2.0; 3]), ("b", &[6.0; 3])]);
        assert_eq!(clear.sentence(), "Time: a has the least, 2 ms; b has 3 × that.");
        let all = figure(Better::Lower, &[("a", &[0.0; 3]), ("b", &[0.0; 3])]);
        assert_eq!(all.sentence(), "Time: a tie, 0 ms.");
        let near = figure(Better::Lower, &[("a", &[2.0, 3.0, 4.0]), ("b", &[1.0, 2.0, 3.0])]);
        assert_eq!(near.sentence(), "Time: a tie: b 2 and a 3 ms.");
        let few = figure(Better::Higher, &[("a", &[5.0; 3]), ("b", &[4.0; 2])]);
        assert_eq!(few.sentence(), "Time: no verdict, three rounds are needed.");
        let two = [("a", &[5.0, 6.0, 7.0][..]), ("b", &[4.0, 5.0, 6.0]), ("c", &[1.5; 3])];
        let two = figure(Better::Higher, &two);
        assert_eq!(two.sentence(), "Time: a has the most, 6 ms, and ties with b 5; c has 0.25 × that.");
        assert_eq!((two.leader(), all.leader()), ("a and b".to_string(), "tie".to_string()));
    }

    #[test]
    fn lists_read_as_sentences_do() {
        let names: Vec<_> = ["a", "b", "c"].map(String::from).into();
        assert_eq!((list(&names[..1]), list(&names[..2])), ("a".to_string(), "a and b".to_string()));
        assert_eq!(list(&names), "a, b and c");
    }
}
