//! Draws records as SVG, in light and in dark.

pub mod grid;
pub mod lanes;
pub mod nested;
pub mod rails;

use maud::{Markup, PreEscaped, html};

/// The width of every picture, in pixels.
pub const WIDTH: f64 = 860.0;
/// Of a letter of the font, which has one width for all of them.
pub const LETTER: f64 = 7.3;
/// Of a line of text.
pub const LINE: f64 = 18.0;

/// What a picture consists of.
pub struct Drawing {
    pub height: f64,
    pub content: Markup,
}

const STYLE: &str = "
text { font: 12px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace; fill: #1f2328; }
.paper { fill: #ffffff; } .head { font-weight: bold; } .quiet { fill: #59636e; }
.line { stroke: #59636e; fill: none; stroke-width: 1.5; } .guide { stroke: #d1d9e0; fill: none; stroke-width: 2; }
.box { fill: #f6f8fa; stroke: #59636e; } .plain { fill: #f6f8fa; stroke: #d1d9e0; }
.good { fill: #dafbe1; stroke: #1a7f37; } .bad { fill: #ffebe9; stroke: #cf222e; }
.gone { fill: #ffffff; stroke: #d1d9e0; stroke-dasharray: 4 3; }
.bar { fill: #ddf4ff; stroke: #0969da; } .dot { fill: #0969da; } .arrow { fill: #59636e; }
.red { fill: #cf222e; } .redline { stroke: #cf222e; fill: none; stroke-width: 2; } .skip { stroke-dasharray: 2 4; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .paper { fill: #0d1117; } .quiet { fill: #9198a1; }
.line { stroke: #9198a1; } .guide { stroke: #3d444d; } .box { fill: #151b23; stroke: #9198a1; }
.plain { fill: #151b23; stroke: #3d444d; } .good { fill: #12361c; stroke: #3fb950; } .bad { fill: #4b1113; stroke: #f85149; }
.gone { fill: #0d1117; stroke: #3d444d; } .bar { fill: #10314f; stroke: #4493f8; } .dot { fill: #4493f8; }
.arrow { fill: #9198a1; } .red { fill: #f85149; } .redline { stroke: #f85149; }
}
";

/// A whole file.
pub fn svg(title: &str, description: &str, drawing: &Drawing) -> String {
    let box_of_view = format!("0 0 {WIDTH} {}", drawing.height);
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(box_of_view) width=(WIDTH) height=(drawing.height)
            role="img" aria-labelledby="title description" {
            title id="title" { (title) }
            desc id="description" { (description) }
            style { (PreEscaped(STYLE)) }
            rect class="paper" width=(WIDTH) height=(drawing.height) rx="6" {}
            (drawing.content)
        }
    };
    svg.into_string() + "\n"
}

/// A text at a place; `y` is its baseline.
pub fn text(x: f64, y: f64, anchor: &str, class: &str, text: &str) -> Markup {
    html! { text x=(round(x)) y=(round(y)) text-anchor=(anchor) class=(class) { (text) } }
}

/// Tenths of a pixel are enough.
pub fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Breaks a text into lines of that many letters at most; a word that is longer stays whole.
pub fn wrap(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}
