//! An oracle for animations: a GIF player that shares no code with `memed`, animations built for a test, and the
//! comparison of a captioned one with its template.

use std::borrow::Cow;

use gif::{ColorOutput, DecodeOptions, DisposalMethod, Encoder, Frame, Repeat};
use image::{Rgba, RgbaImage};

use picture_util::{draw, Plain};
use util::Folder;

/// A GIF file. Without `global`, each frame needs a palette of its own; `Repeat::Finite(0)` writes no count.
pub fn gif_of(size: (u16, u16), global: &[u8], repeat: Repeat, frames: &[Frame<'static>]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), size.0, size.1, global).unwrap();
    encoder.set_repeat(repeat).unwrap();
    for frame in frames {
        encoder.write_frame(frame).unwrap();
    }
    encoder.into_inner().unwrap()
}

/// A frame at (left, top), with the index of each pixel.
pub fn frame_of<F: Fn(u16, u16) -> u8>(rect: [u16; 4], index_of: F) -> Frame<'static> {
    let [left, top, width, height] = rect;
    let mut indices = Vec::new();
    for y in 0..height {
        indices.extend((0..width).map(|x| index_of(x, y)));
    }
    let buffer = Cow::Owned(indices);
    Frame { left, top, width, height, buffer, delay: 7, ..Frame::default() }
}

/// What a viewer sees of a GIF.
pub struct Played {
    pub size: (u32, u32),
    pub repeat: Repeat,
    pub frames: Vec<RgbaImage>,
    /// Hundredths of a second.
    pub delays: Vec<u16>,
}

/// Plays a GIF as browsers do: a frame that is cleared leaves its rectangle transparent, whatever the
/// background color is; a first frame that is larger than the canvas enlarges it, as in Chromium; what else lies off the
/// canvas is not seen.
pub fn play(file: &[u8]) -> Played {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let mut decoder = options.read_info(file).expect("it is a GIF");
    let mut size = (u32::from(decoder.width()), u32::from(decoder.height()));
    let global = decoder.global_palette().map(|bytes| bytes.to_vec());
    let mut canvas = RgbaImage::new(size.0, size.1);
    let mut played = Played { size, repeat: Repeat::default(), frames: Vec::new(), delays: Vec::new() };
    while let Some(frame) = decoder.read_next_frame().expect("every frame is whole") {
        if played.frames.is_empty() {
            let (right, bottom) = (frame.left + frame.width, frame.top + frame.height);
            size = (size.0.max(right.into()), size.1.max(bottom.into()));
            canvas = RgbaImage::new(size.0, size.1);
            played.size = size;
        }
        let before = canvas.clone();
        let palette = frame.palette.as_ref().or(global.as_ref()).expect("every frame has a palette");
        let mut inside = Vec::new();
        for (index, &entry) in frame.buffer.iter().enumerate() {
            let x = u32::from(frame.left) + (index % usize::from(frame.width)) as u32;
            let y = u32::from(frame.top) + (index / usize::from(frame.width)) as u32;
            if x >= size.0 || y >= size.1 {
                continue;
            }
            inside.push((x, y));
            if Some(entry) != frame.transparent {
                let at = usize::from(entry) * 3;
                // There is no color past the end of the table; viewers take black.
                let color = palette.get(at..at + 3).unwrap_or(&[0; 3]);
                canvas.put_pixel(x, y, Rgba([color[0], color[1], color[2], 255]));
            }
        }
        played.frames.push(canvas.clone());
        played.delays.push(frame.delay);
        match frame.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => {}
            DisposalMethod::Background => {
                inside.into_iter().for_each(|(x, y)| canvas.put_pixel(x, y, Rgba([0; 4])))
            }
            DisposalMethod::Previous => canvas = before,
        }
    }
    played.repeat = decoder.repeat();
    played
}

// ===== What a caption does =====

pub const FILL: [u8; 3] = [0, 255, 0];
pub const OUTLINE: [u8; 3] = [0, 0, 255];
pub const LOOK: &str = "color=lime&outline=blue";
pub const DISPOSALS: [DisposalMethod; 4] =
    [DisposalMethod::Any, DisposalMethod::Keep, DisposalMethod::Background, DisposalMethod::Previous];
/// Eight colors, far from each other and from those of the text.
pub const COLORS: &[u8] = &[
    0, 0, 0, 255, 255, 255, 200, 30, 30, 230, 200, 20, 120, 120, 120, 60, 20, 60, 255, 150, 220, 90, 60, 30,
];

/// What a caption does to each pixel, seen from how it looks on black and on white.
pub struct Ink {
    on_black: RgbaImage,
    on_white: RgbaImage,
}

/// The caption at one pixel.
pub enum Inked {
    Not,
    /// Nothing of the template is seen.
    Solid([u8; 3]),
    /// How much is covered, and what the template's color, black, becomes.
    Partly(f64, [f64; 3]),
}

impl Ink {
    pub fn of(size: (u32, u32), caption: &str) -> Ink {
        let query = format!("{}&{}", caption, LOOK);
        let drawn = |color| Plain::new(size.0, size.1, color).with(&query);
        Ink { on_black: drawn([0, 0, 0, 255]), on_white: drawn([255; 4]) }
    }

    pub fn at(&self, x: u32, y: u32) -> Inked {
        let (dark, light) = (self.on_black[(x, y)].0, self.on_white[(x, y)].0);
        if dark == [0, 0, 0, 255] && light == [255; 4] {
            Inked::Not
        } else if dark == light {
            Inked::Solid([dark[0], dark[1], dark[2]])
        } else {
            let through: f64 = (0..3).map(|i| f64::from(light[i] - dark[i])).sum::<f64>() / 3.0;
            Inked::Partly(1.0 - through / 255.0, [0, 1, 2].map(|i| f64::from(dark[i])))
        }
    }
}

pub fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
}

/// Fails unless a viewer of `captioned` sees the template with the text on it in every frame. Colors of the
/// template may be `tolerance` off: a full palette gives some up.
pub fn assert_captioned(name: &str, template: &Played, captioned: &Played, ink: &Ink, tolerance: f64) {
    assert_eq!(captioned.size, template.size, "{}", name);
    assert_eq!(captioned.repeat, template.repeat, "{}", name);
    assert_eq!(captioned.delays, template.delays, "{}", name);
    let rgb = |pixel: [u8; 4]| [0, 1, 2].map(|i| f64::from(pixel[i]));
    let (fill, outline) = (FILL.map(f64::from), OUTLINE.map(f64::from));
    for (i, (before, after)) in template.frames.iter().zip(&captioned.frames).enumerate() {
        for (x, y, pixel) in after.enumerate_pixels() {
            let (before, after) = (before[(x, y)].0, pixel.0);
            let is_right = match ink.at(x, y) {
                Inked::Not if before[3] == 0 => after[3] == 0,
                Inked::Not => after[3] == 255 && apart(rgb(before), rgb(after)) <= tolerance,
                Inked::Solid(color) if color == FILL || color == OUTLINE => {
                    after == [color[0], color[1], color[2], 255]
                }
                // Where letter and outline meet. A quarter of the way between them is a color that no viewer misses.
                Inked::Solid(color) => {
                    after[3] == 255 && apart(rgb(after), color.map(f64::from)) <= apart(fill, outline) / 4.0
                }
                // There is no half transparency in a GIF; near the half it may go either way.
                Inked::Partly(covered, _) if before[3] == 0 && covered < 0.49 => after[3] == 0,
                Inked::Partly(covered, _) if before[3] == 0 && covered < 0.51 => true,
                Inked::Partly(covered, dark) => {
                    let under = rgb(before);
                    let is_bare = before[3] == 0;
                    let wanted = [0, 1, 2].map(|i| {
                        if is_bare {
                            dark[i] / covered
                        } else {
                            dark[i] + (1.0 - covered) * under[i]
                        }
                    });
                    // The palette has the text's colors and the template's, so none need be farther off than
                    // the nearest of them.
                    let nearest = apart(wanted, fill).min(apart(wanted, outline));
                    let nearest = if is_bare { nearest } else { nearest.min(apart(wanted, under)) };
                    after[3] == 255 && apart(rgb(after), wanted) <= 2.0 * nearest + tolerance + 16.0
                }
            };
            assert!(is_right, "{}: frame {} at {} {}: {:?} became {:?}", name, i, x, y, before, after);
        }
    }
}

/// Draws captions on GIF files, each with a captioner of its own, which has no other in its cache.
pub struct Bench(Folder);

impl Bench {
    pub fn new() -> Bench {
        Bench(Folder::new())
    }

    /// The file to be drawn on.
    pub fn put(&self, file: &[u8]) {
        self.0.put("animation.gif", file);
    }

    /// With a query that has its own colors.
    pub fn draw_as(&self, query: &str) -> Vec<u8> {
        draw(&self.0.captioner(), &format!("template=animation&{}", query))
    }

    pub fn draw(&self, file: &[u8], query: &str) -> Vec<u8> {
        self.0.put("animation.gif", file);
        draw(&self.0.captioner(), &format!("template=animation&{}&{}", query, LOOK))
    }

    /// Checks a file without text and with it.
    pub fn check(&self, name: &str, file: &[u8], caption: &str, ink: &Ink) {
        let template = play(file);
        let bare = play(&self.draw(file, ""));
        assert_eq!((bare.size, bare.repeat), (template.size, template.repeat), "{}", name);
        assert_eq!(bare.delays, template.delays, "{}", name);
        assert!(bare.frames == template.frames, "{} without text", name);
        assert_captioned(name, &template, &play(&self.draw(file, caption)), ink, 0.0);
    }
}

/// The canvas of the animations that are built here, and a caption that leaves its edges free.
pub const SIZE: (u16, u16) = (80, 60);
pub const CAPTION: &str = "middle_text=HI&size=28";

pub fn ink() -> Ink {
    Ink::of((u32::from(SIZE.0), u32::from(SIZE.1)), CAPTION)
}

/// A frame of blocks of color; entry 7 is transparent if `holes`.
pub fn blocks(rect: [u16; 4], seed: u16, holes: bool, dispose: DisposalMethod) -> Frame<'static> {
    let colors = if holes { 8 } else { 7 };
    let mut frame = frame_of(rect, |x, y| ((x / 9 + 3 * (y / 7) + seed * 5) % colors) as u8);
    frame.transparent = Some(7).filter(|_| holes);
    frame.delay = 3 * seed;
    frame.dispose = dispose;
    frame
}

/// The same pixels with another palette: `moved[i]` is where entry i has gone.
pub fn moved(mut frame: Frame<'static>, colors: &[u8], moved: &[u8], entries: usize) -> Frame<'static> {
    let mut palette = vec![77; entries * 3];
    for (from, &to) in moved.iter().enumerate() {
        palette[usize::from(to) * 3..][..3].copy_from_slice(&colors[from * 3..][..3]);
    }
    for index in frame.buffer.to_mut() {
        *index = moved[usize::from(*index)];
    }
    frame.transparent = frame.transparent.map(|index| moved[usize::from(index)]);
    frame.palette = Some(palette);
    frame
}

pub const WHOLE: [u16; 4] = [0, 0, 80, 60];
