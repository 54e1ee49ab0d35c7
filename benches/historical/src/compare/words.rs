//! Formats numbers and verdicts for people.

use super::figures::{Better, Figure, Side, Spread, Verdict};
use super::pairs::{ENOUGH, Judgement, MARGIN, Pair, Ratio};

/// Between a number and its unit: no line ends there.
const SPACE: char = '\u{a0}';

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
        _ => format!("{}{SPACE}{unit}", number(value)),
    }
}

/// A median and its spread, or a dash.
pub fn spread(side: &Side) -> String {
    let text = match side.spread {
        Some(Spread { median, min, max }) if min == max => number(median),
        Some(Spread { median, min, max }) => {
            format!("{} ({}…{})", number(median), number(min), number(max))
        }
        None => return missing(side),
    };
    text + &rounds(side)
}

/// In how many rounds it was measured, if not in all, and why not.
pub fn rounds(side: &Side) -> String {
    let (count, all) = (side.count(), side.values.len());
    if count < all { format!(" in {count} of {all} rounds ({})", missing(side)) } else { String::new() }
}

/// Why values are missing.
pub fn missing(side: &Side) -> String {
    let reasons: Vec<_> = side.reasons().into_iter().map(|missing| missing.reason().to_string()).collect();
    if reasons.is_empty() { "–".to_string() } else { list(&reasons) }
}

/// How many times as much: two digits behind the point, as the margin asks for.
pub fn times(ratio: f64) -> String {
    if ratio < 9.995 { format!("{ratio:.2}{SPACE}×") } else { format!("{}{SPACE}×", number(ratio)) }
}

/// A ratio with its interval.
pub fn interval(ratio: &Ratio) -> String {
    let bare = |ratio| times(ratio).trim_end_matches([SPACE, '×']).to_string();
    format!("{} ({} to {})", times(ratio.mean), bare(ratio.low), bare(ratio.high))
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
        let leaders = self.leaders();
        let Some(best) = self.best() else { return "–".to_string() };
        let behind = self.others(best, Judgement::Behind).len();
        if leaders.len() == self.sides.len() {
            "all equal".to_string()
        } else if behind == 0 {
            "cannot tell".to_string()
        } else {
            list(&leaders.into_iter().map(String::from).collect::<Vec<_>>())
        }
    }

    /// Who is ahead and by how much, in a sentence without intervals.
    pub fn answer(&self) -> String {
        self.told(|pair| pair.ratio.map(|ratio| times(ratio.mean)))
    }

    /// The same with intervals.
    pub fn sentence(&self) -> String {
        self.told(|pair| pair.ratio.map(|ratio| interval(&ratio)))
    }

    fn told(&self, ratio: impl Fn(&Pair) -> Option<String>) -> String {
        let title = capitalised(&self.title());
        let best = match &self.verdict {
            Verdict::None { why } => return format!("{title}: no verdict, {why}."),
            Verdict::Ranked { best, .. } => best,
        };
        let most = with_unit(self.median(best), &self.unit);
        let [behind, equal, unclear] = [Judgement::Behind, Judgement::Equal, Judgement::CannotTell]
            .map(|judgement| self.others(best, judgement));
        // Those without enough values are not compared.
        let (few, unclear): (Vec<Pair>, Vec<Pair>) =
            unclear.into_iter().partition(|pair| pair.rounds < ENOUGH);
        let word = if self.better == Better::Higher { "most" } else { "least" };
        let mut sentence = if !behind.is_empty() {
            format!("{title}: {best} has the {word}, {most}")
        } else if unclear.is_empty() {
            let who = if equal.len() > 1 { format!("all {}", equal.len() + 1) } else { "both".to_string() };
            format!("{title}: {who} are equal within {:.0} %, about {most}", MARGIN * 100.0)
        } else {
            format!("{title}: nobody is shown to be ahead; {best} has the {word}, {most}")
        };
        let each = |pairs: &[Pair]| {
            let one = |pair: &Pair| match ratio(pair) {
                Some(ratio) => format!("{} {ratio}", pair.one),
                None => format!("{} {}", pair.one, with_unit(self.median(&pair.one), &self.unit)),
            };
            list(&pairs.iter().map(one).collect::<Vec<_>>())
        };
        if !behind.is_empty() {
            sentence += &format!("; behind: {}", each(&behind));
        }
        let all_are_equal = behind.is_empty() && unclear.is_empty();
        if !equal.is_empty() && !all_are_equal {
            let names: Vec<_> = equal.iter().map(|pair| pair.one.clone()).collect();
            sentence += &format!("; equal within {:.0} %: {}", MARGIN * 100.0, list(&names));
        }
        if !unclear.is_empty() {
            sentence += &format!("; cannot tell: {}", each(&unclear));
        }
        if !few.is_empty() {
            let why = |pair: &Pair| {
                let side = self.sides.iter().find(|side| side.contestant == pair.one);
                format!("{} ({})", pair.one, side.map_or(String::new(), missing))
            };
            let names: Vec<_> = few.iter().map(why).collect();
            sentence += &format!("; too few values: {}", list(&names));
        }
        sentence + "."
    }

    fn best(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Ranked { best, .. } => Some(best),
            Verdict::None { .. } => None,
        }
    }

    /// The others of whom this is known, seen from each of them; the nearest first.
    fn others(&self, best: &str, judgement: Judgement) -> Vec<Pair> {
        let pair = |side: &Side| self.pair(&side.contestant, best).filter(|pair| pair.judgement == judgement);
        let mut pairs: Vec<Pair> = self.sides.iter().filter_map(pair).collect();
        let away = |pair: &Pair| pair.ratio.map_or(f64::MAX, |ratio| ratio.mean.ln().abs());
        pairs.sort_by(|one, other| away(one).total_cmp(&away(other)));
        pairs
    }

    fn median(&self, name: &str) -> f64 {
        let side = self.sides.iter().find(|side| side.contestant == name);
        side.and_then(|side| side.spread).map_or(0.0, |spread| spread.median)
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
