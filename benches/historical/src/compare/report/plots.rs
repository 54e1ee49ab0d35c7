//! Plots, each a small SVG that a page can place one below the other on a phone.
//!
//! What is drawn in [`INK`], [`FAINT`] or a contestant's color, a style sheet can draw in another one: that is how
//! the page has a dark mode.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::compare::contestants;
use crate::compare::figures::{Figure, Side, Spread};
use crate::compare::words::{missing, number, with_unit};

/// Letters.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Axes.
pub const FAINT: RGBColor = RGBColor(0xCC, 0xCC, 0xCC);

/// Pixels: as wide as a phone.
const WIDTH: i32 = 360;
const ROW: i32 = 30;
/// What values take, to the right of the longest bar.
const VALUE: i32 = 96;
const TEXT: i32 = 13;
/// A letter, about: these are as wide as a font for any system may make them.
const LETTER: i32 = 7;
/// Between two names that would stand on each other.
const LINE: i32 = 17;
/// The corners of the plot of lines.
const LEFT: i32 = 62;
/// Between the end of its lines and its names.
const GAP: i32 = 22;
const TOP: i32 = 14;
const BOTTOM: i32 = 186;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// How much space the longest of the contestants' names takes.
fn names_width(figure: &Figure) -> i32 {
    let longest = figure.sides.iter().map(|side| side.contestant.chars().count()).max().unwrap_or(0);
    (longest as i32 * LETTER).max(40)
}

/// A bar for each contestant, with its spread.
///
/// # Errors
/// If it cannot be drawn.
pub fn bars(figure: &Figure) -> Result<String, Box<dyn Error>> {
    let most =
        figure.sides.iter().filter_map(|side| side.spread).map(|spread| spread.max).fold(0.0, f64::max);
    // Bars begin behind the names.
    let begin = names_width(figure) + 10;
    let length = f64::from(WIDTH - begin - VALUE);
    let place = |value: f64| begin + if most > 0.0 { (value / most * length).round() as i32 } else { 0 };
    svg(ROW * figure.sides.len() as i32 + 4, |area| {
        for (row, side) in figure.sides.iter().enumerate() {
            let middle = row as i32 * ROW + ROW / 2 + 2;
            write(area, &side.contestant, (begin - 6, middle), HPos::Right)?;
            let Some(Spread { median, min, max }) = side.spread else {
                write(area, &missing(side), (begin + 6, middle), HPos::Left)?;
                continue;
            };
            let bar = [(begin, middle - 9), (place(median).max(begin + 1), middle + 9)];
            area.draw(&Rectangle::new(bar, color(side).filled()))?;
            whisker(area, [(place(min), middle), (place(max), middle)], (0, 4))?;
            write(area, &with_unit(median, &figure.unit), (place(max) + 7, middle), HPos::Left)?;
        }
        line(area, &[(begin, 0), (begin, ROW * figure.sides.len() as i32 + 4)], FAINT)
    })
}

/// A line over the variants for each contestant, with spreads; the values on a logarithmic axis. `figures` are
/// those of one measure. A cross at the top is where one gave no figure.
///
/// # Errors
/// If it cannot be drawn.
pub fn lines(figures: &[&Figure]) -> Result<String, Box<dyn Error>> {
    let spreads: Vec<Spread> =
        figures.iter().flat_map(|figure| &figure.sides).filter_map(|side| side.spread).collect();
    let axis = LogAxis::around(&spreads);
    let right = WIDTH - GAP - figures.first().map_or(0, |figure| names_width(figure));
    svg(BOTTOM + 42, |area| {
        for power in axis.low..=axis.high {
            let y = axis.place(10_f64.powi(power));
            line(area, &[(LEFT, y), (right, y)], FAINT)?;
            write(area, &number(10_f64.powi(power)), (LEFT - 6, y), HPos::Right)?;
        }
        let step = (right - LEFT) / figures.len().max(1) as i32;
        let column = |index: usize| LEFT + step / 2 + step * index as i32;
        for (index, figure) in figures.iter().enumerate() {
            // "1,000 connections": the number below its column, what it counts once for all.
            let variant = figure.variant.as_deref().unwrap_or_default();
            let (number, counted) = variant.split_once(' ').unwrap_or((variant, ""));
            write(area, &short(number, step), (column(index), BOTTOM + 14), HPos::Center)?;
            if index == 0 {
                write(area, counted, ((LEFT + right) / 2, BOTTOM + 32), HPos::Center)?;
            }
        }

        let count = figures.first().map_or(0, |figure| figure.sides.len());
        let mut names = Vec::new();
        for contestant in 0..count {
            // Beside each other, so that their spreads do not hide one another.
            let shift = (contestant as i32 * 2 - count as i32 + 1) * if count > 4 { 3 } else { 4 };
            let mut points = Vec::new();
            for (index, figure) in figures.iter().enumerate() {
                let (side, x) = (&figure.sides[contestant], column(index) + shift);
                let Some(Spread { median, min, max }) = side.spread else {
                    area.draw(&Cross::new((x, TOP - 6), 3, color(side).stroke_width(2)))?;
                    continue;
                };
                points.push((x, axis.place(median)));
                whisker(area, [(x, axis.place(max)), (x, axis.place(min))], (3, 0))?;
            }
            let Some(side) = figures.first().map(|figure| &figure.sides[contestant]) else { continue };
            area.draw(&PathElement::new(points.clone(), color(side).stroke_width(2)))?;
            for point in &points {
                area.draw(&Circle::new(*point, 4, color(side).filled()))?;
            }
            names.extend(points.last().map(|&last| (last, side)));
        }
        names.sort_by_key(|((_, y), _)| *y);
        let heights = apart(&names.iter().map(|((_, y), _)| *y).collect::<Vec<_>>());
        for (((x, y), side), height) in names.into_iter().zip(heights) {
            line(area, &[(x + 6, y), (right + 4, height)], FAINT)?;
            area.draw(&Circle::new((right + 10, height), 4, color(side).filled()))?;
            write(area, &side.contestant, (right + 18, height), HPos::Left)?;
        }
        Ok(())
    })
}

/// "10,000" as it is, or as "10k" if a column has no room for it.
fn short(number: &str, width: i32) -> String {
    match number.strip_suffix(",000") {
        Some(thousands) if number.len() as i32 * LETTER > width - 4 => format!("{thousands}k"),
        _ => number.to_string(),
    }
}

/// Draws on an SVG of the usual width. Gives its text.
fn svg(height: i32, draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, (WIDTH as u32, height as u32)).into_drawing_area();
    draw(&area)?;
    area.present()?;
    drop(area);
    Ok(text)
}

/// The color of a contestant, the same everywhere.
fn color(side: &Side) -> RGBColor {
    let known = contestants::ALL.iter().find(|one| one.name == side.contestant);
    let hex = known.and_then(|one| u32::from_str_radix(one.colors[0].trim_start_matches('#'), 16).ok());
    hex.map_or(INK, |hex| RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8))
}

fn write(area: &Area<'_>, text: &str, place: (i32, i32), align: HPos) -> Drawn {
    // The backend divides by that, for some reason of its own.
    let font = ("sans-serif", f64::from(TEXT) * 1.24).into_font();
    let style = TextStyle::from(font).color(&INK).pos(Pos::new(align, VPos::Center));
    Ok(area.draw(&Text::new(text.to_string(), place, style))?)
}

fn line(area: &Area<'_>, points: &[(i32, i32)], color: RGBColor) -> Drawn {
    Ok(area.draw(&PathElement::new(points.to_vec(), color))?)
}

/// A line from end to end, and one across each end.
fn whisker(area: &Area<'_>, ends: [(i32, i32); 2], half: (i32, i32)) -> Drawn {
    line(area, &ends, INK)?;
    for (x, y) in ends {
        line(area, &[(x - half.0, y - half.1), (x + half.0, y + half.1)], INK)?;
    }
    Ok(())
}

/// Heights near these, which ascend, with a line between any two.
fn apart(heights: &[i32]) -> Vec<i32> {
    let mut moved: Vec<i32> = Vec::new();
    for &height in heights {
        moved.push(moved.last().map_or(height, |above| height.max(above + LINE)));
    }
    // Those that were pushed below the plot push back.
    let mut limit = BOTTOM;
    for height in moved.iter_mut().rev() {
        *height = (*height).min(limit);
        limit = *height - LINE;
    }
    moved
}

/// From a power of ten to another.
struct LogAxis {
    low: i32,
    high: i32,
}

impl LogAxis {
    fn around(spreads: &[Spread]) -> LogAxis {
        let values = spreads.iter().flat_map(|spread| [spread.min, spread.max]).filter(|value| *value > 0.0);
        let (min, max) =
            values.fold((f64::MAX, 0.0_f64), |(min, max), value| (min.min(value), max.max(value)));
        if max == 0.0 {
            return LogAxis { low: 0, high: 1 };
        }
        let low = min.log10().floor() as i32;
        LogAxis { low, high: (max.log10().ceil() as i32).max(low + 1) }
    }

    /// What is 0 is at the bottom.
    fn place(&self, value: f64) -> i32 {
        let part = (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        BOTTOM - (part.clamp(0.0, 1.0) * f64::from(BOTTOM - TOP)).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_stand_on_each_other_nor_outside() {
        assert_eq!(apart(&[20, 100, 180]), [20, 100, 180]);
        assert_eq!(apart(&[20, 20, 25]), [20, 37, 54]);
        assert_eq!(apart(&[BOTTOM, BOTTOM, BOTTOM]), [BOTTOM - 2 * LINE, BOTTOM - LINE, BOTTOM]);
    }

    #[test]
    fn a_number_without_room_is_short() {
        assert_eq!(short("10,000", 60), "10,000");
        assert_eq!(short("10,000", 40), "10k");
        assert_eq!(short("100", 20), "100");
    }

    #[test]
    fn a_logarithmic_axis_has_all_values_between_its_ends() {
        let axis = LogAxis::around(&[Spread { median: 5.0, min: 3.0, max: 2000.0 }]);
        assert_eq!((axis.low, axis.high), (0, 4));
        assert_eq!((axis.place(1.0), axis.place(10_000.0)), (BOTTOM, TOP));
        assert_eq!(axis.place(100.0), (TOP + BOTTOM) / 2);
        assert_eq!(axis.place(0.0), BOTTOM);
    }
}
