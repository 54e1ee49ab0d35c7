//! Generates random templates.

use gif::{DisposalMethod, Frame, Repeat};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{any, prop_oneof, Just};
use proptest::sample::select;
use proptest::strategy::Strategy;

use gif_oracle::{frame_of, gif_of, play, DISPOSALS};
use picture_util::{decoded, png_of};
use util::Folder;

/// A side of a picture, in pixels. A JPEG is made of squares of 16 by 16.
pub fn sides() -> impl Strategy<Value = u32> {
    prop_oneof![select(&[1, 15, 16, 17, 32, 48, 64, 96, 128, 160, 192][..]), 1..=200u32]
}

/// The same for every seed and place.
fn scrambled(seed: u32, x: u32, y: u32) -> u32 {
    let mixed = (seed ^ x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)).wrapping_mul(0xc2b2_ae3d);
    mixed ^ mixed >> 15
}

// ===== Still pictures =====

#[derive(Clone, Copy, Debug)]
pub enum Pattern {
    /// A few colors in blocks.
    Blocks,
    Gradient,
    /// Every pixel another color.
    Noise,
}

/// A still picture.
#[derive(Clone, Copy, Debug)]
pub struct Still {
    pub pattern: Pattern,
    /// Whether some of it is transparent, all or in part.
    pub has_alpha: bool,
    pub width: u32,
    pub height: u32,
    pub seed: u32,
}

impl Still {
    pub fn painted(&self) -> RgbaImage {
        RgbaImage::from_fn(self.width, self.height, |x, y| {
            let [r, g, b, a] = match self.pattern {
                Pattern::Blocks => (scrambled(self.seed, x / 11, y / 7) % 5).wrapping_mul(0x3a5b_91c7),
                Pattern::Gradient => {
                    u32::from_le_bytes([(x * 3) as u8, (y * 2) as u8, (x + y) as u8, (x * 5 + y * 3) as u8])
                }
                Pattern::Noise => scrambled(self.seed, x, y),
            }
            .to_le_bytes();
            // Blocks without any color in them come with every kind of picture.
            let alpha = match scrambled(!self.seed, x / 16, y / 16) % 4 {
                _ if !self.has_alpha => 255,
                0 => 0,
                1 => 255,
                _ => a,
            };
            Rgba([r, g, b, alpha])
        })
    }
}

pub fn stills() -> impl Strategy<Value = Still> {
    let patterns = select(&[Pattern::Blocks, Pattern::Gradient, Pattern::Noise][..]);
    (patterns, any::<bool>(), sides(), sides(), any::<u16>()).prop_map(
        |(pattern, has_alpha, width, height, seed)| Still {
            pattern,
            has_alpha,
            width,
            height,
            seed: u32::from(seed),
        },
    )
}

// ===== Animations =====

/// A frame of an animation.
#[derive(Clone, Debug)]
pub struct Painted {
    /// Left, top, width, height; may reach beyond the canvas.
    pub rect: [u16; 4],
    /// Whether pixels are scattered, or lie in blocks.
    pub is_noise: bool,
    /// One of them is transparent.
    pub has_holes: bool,
    /// Which one of `DISPOSALS`.
    pub dispose: usize,
    pub delay: u16,
    /// Entries of its own color table, if it has one; most of its colors are its own, too.
    pub own: Option<usize>,
    pub seed: u8,
}

/// An animated GIF.
#[derive(Clone, Debug)]
pub struct Animated {
    pub width: u16,
    pub height: u16,
    /// Whether there is a color table for all frames that have none of their own.
    pub has_global: bool,
    /// Whether there are 256 colors, near to each other, in one table.
    pub is_full: bool,
    pub frames: Vec<Painted>,
}

/// Colors that a frame is painted with, unless the table is full.
const COLORS: u32 = 9;
/// The one that is transparent in a frame that has holes, and no color in any other of the same table.
const HOLE: u8 = 4;

/// Colors that have nothing to do with each other.
fn table(seed: u32, entries: usize) -> Vec<u8> {
    (0..entries as u32).flat_map(|entry| scrambled(seed, entry, 77).to_le_bytes()[..3].to_vec()).collect()
}

impl Animated {
    /// The same with all of its frames in one table.
    pub fn with_one_table(mut self) -> Animated {
        self.frames.iter_mut().for_each(|frame| frame.own = None);
        Animated { has_global: true, ..self }
    }

    /// What becomes of each frame. One that lies off the canvas paints nothing to be cleared.
    pub fn disposals(&self) -> Vec<DisposalMethod> {
        // The first one enlarges the canvas.
        let [left, top, width, height] = self.frames[0].rect;
        let (right, bottom) = (self.width.max(left + width), self.height.max(top + height));
        let is_seen = |rect: &[u16; 4]| rect[0] < right && rect[1] < bottom;
        let disposal = |painted: &Painted| match is_seen(&painted.rect) {
            true => DISPOSALS[painted.dispose],
            false => DisposalMethod::Keep,
        };
        self.frames.iter().map(disposal).collect()
    }

    pub fn file(&self) -> Vec<u8> {
        let global = if self.is_full {
            (0..=255).flat_map(|i: u8| vec![i, i / 2, 255 - i]).collect()
        } else if self.has_global {
            table(0, 16)
        } else {
            Vec::new()
        };
        let frames: Vec<_> = self.frames.iter().map(|painted| self.frame(painted)).collect();
        gif_of((self.width, self.height), &global, Repeat::Infinite, &frames)
    }

    fn frame(&self, painted: &Painted) -> Frame<'static> {
        let seed = u32::from(painted.seed);
        let colors = if self.is_full { 256 } else { COLORS };
        let mut frame = frame_of(painted.rect, |x, y| {
            let (x, y) = (u32::from(x), u32::from(y));
            let (x, y) = if painted.is_noise { (x, y) } else { (x / 9, y / 7) };
            match (scrambled(seed, x, y) % colors) as u8 {
                HOLE if self.has_global && !painted.has_holes && painted.own.is_none() => HOLE + 1,
                entry => entry,
            }
        });
        frame.delay = painted.delay;
        frame.dispose = DISPOSALS[painted.dispose];
        frame.transparent = Some(HOLE).filter(|_| painted.has_holes);
        if !self.is_full {
            let own = painted.own.or(if self.has_global { None } else { Some(12) });
            frame.palette = own.map(|entries| table(seed % 4, entries));
        }
        frame
    }
}

fn frames(width: u32, height: u32) -> impl Strategy<Value = Painted> {
    let (width, height) = (width as u16, height as u16);
    let part = (0..width, 0..height, 1..=width + 9, 1..=height + 9)
        .prop_map(|(left, top, width, height)| [left, top, width, height]);
    let rect = prop_oneof![
        4 => Just([0, 0, width, height]),
        8 => part,
        1 => (0..400u16, 0..400u16).prop_map(|(left, top)| [left, top, 5, 5]),
    ];
    let own = prop_oneof![2 => Just(None), 1 => select(&[10, 16, 200, 256][..]).prop_map(Some)];
    let delay = select(&[7, 0, 1, 0xffff][..]);
    // Text that two frames in a row clear is the hardest to keep.
    let dispose = prop_oneof![4 => 0..4usize, 3 => Just(2)];
    (rect, any::<bool>(), any::<bool>(), dispose, delay, own, any::<u8>()).prop_map(
        |(rect, is_noise, has_holes, dispose, delay, own, seed)| Painted {
            rect,
            is_noise,
            has_holes,
            dispose,
            delay,
            own,
            seed,
        },
    )
}

pub fn animations() -> impl Strategy<Value = Animated> {
    let kinds = prop_oneof![Just((true, false)), Just((false, false)), Just((true, true))];
    (sides(), sides(), kinds).prop_flat_map(|(width, height, kind)| {
        let frames =
            (option::of(Just([0, 0, width as u16, height as u16])), vec(frames(width, height), 1..6));
        frames.prop_map(move |(ground, mut frames)| {
            if let Some(rect) = ground {
                frames[0] = Painted { rect, has_holes: false, dispose: 1, ..frames[0].clone() };
            }
            Animated {
                width: width as u16,
                height: height as u16,
                has_global: kind.0,
                is_full: kind.1,
                frames,
            }
        })
    })
}

// ===== Files =====

/// A file of any format.
#[derive(Clone, Debug)]
pub enum Template {
    Png(Still),
    Jpeg(Still),
    Gif(Animated),
}

pub fn templates() -> impl Strategy<Value = Template> {
    let exact = animations().prop_map(|animated| Animated { is_full: false, ..animated });
    prop_oneof![
        3 => stills().prop_map(Template::Png),
        1 => stills().prop_map(Template::Jpeg),
        1 => exact.prop_map(Template::Gif),
    ]
}

impl Template {
    /// Puts its file there, and gives what a viewer sees of it, or of its first frame.
    pub fn put(&self, folder: &Folder) -> RgbaImage {
        match *self {
            Template::Png(ref still) => {
                let painted = still.painted();
                folder.put("template.png", &png_of(&painted));
                painted
            }
            Template::Jpeg(ref still) => {
                let rgb = DynamicImage::ImageRgba8(still.painted()).into_rgb8();
                let mut file = Vec::new();
                let (width, height) = (still.width as u16, still.height as u16);
                Encoder::new(&mut file, 90).encode(&rgb, width, height, ColorType::Rgb).unwrap();
                folder.put("template.jpg", &file);
                decoded(&file)
            }
            Template::Gif(ref animated) => {
                let file = animated.file();
                folder.put("template.gif", &file);
                play(&file).frames[0].clone()
            }
        }
    }
}

/// A PNG file without transparency, as no transparent picture is one.
pub fn rgb_png(picture: &RgbaImage) -> Vec<u8> {
    let mut file = ::std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(picture.clone()).into_rgb8().write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}
