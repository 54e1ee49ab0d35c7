//! The list of golden pictures, how they are drawn, and how far two pictures are apart. Shared by the test
//! (`tests/golden.rs`), which writes nothing, and the command that shows and renews them
//! (`examples/golden.rs`).

use std::collections::HashSet;
use std::fmt::{self, Display};
use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder, DynamicImage, GenericImage, ImageResult, RgbImage, RgbaImage};
use memed::captioner::{Cancel, Captioner, Format};
use memed::image_macro;

/// How far the channels may be apart on average, over the whole picture. The same build draws the same bytes
/// everywhere; this is for a library that rounds in another way one day. One step of JPEG quality makes more.
const MOST_MEAN: f64 = 0.5;
/// Pixels on a side of the blocks that are compared by themselves: about a letter of small text.
const BLOCK: u32 = 8;
/// How far the channels may be apart on average in any block. Where the text moves by a quarter of a pixel it
/// is more than 10, and where ink is mixed without rounding 3.8.
const MOST_IN_BLOCK: f64 = 3.0;

/// The bits of a channel that are kept.
const KEPT: u8 = 0b1111_1100;

/// A line of the list.
pub struct Golden {
    /// Of the file, without `.png`.
    pub name: String,
    /// A query string, or a JSON object.
    request: String,
}

/// How far two pictures of one size are apart. Levels of a channel, 0 to 255.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// Mean over the picture.
    pub mean: f64,
    /// Mean over the block where it is largest.
    pub block: f64,
    /// Left upper corner of that block.
    pub at: (u32, u32),
}

/// Where the golden pictures and their list are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The lines of the list.
pub fn list() -> Result<Vec<Golden>, String> {
    let file = folder().join("list.txt");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {}", file.display(), error))?;
    let mut known = HashSet::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, request) = line.split_once(' ').unwrap_or((line, ""));
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if !name.bytes().all(is_plain) {
                return Err(format!("{:?} is no name: a-z, 0-9 and - are allowed", name));
            }
            if !known.insert(name) {
                return Err(format!("{:?} has two lines", name));
            }
            Ok(Golden::new(name, request))
        })
        .collect()
}

/// The pictures in the folder that have no line.
pub fn without_line(list: &[Golden]) -> Result<Vec<PathBuf>, String> {
    let names: HashSet<PathBuf> = list.iter().map(Golden::file).collect();
    let entries = fs::read_dir(folder()).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| format!("{}: {}", folder().display(), error))?;
    let files = entries.into_iter().map(|entry| entry.path());
    let mut without: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|kind| kind == "png") && !names.contains(file))
        .collect();
    without.sort();
    Ok(without)
}

impl Golden {
    /// A picture of that name.
    pub fn new(name: &str, request: &str) -> Golden {
        Golden { name: name.to_string(), request: request.trim().to_string() }
    }

    /// Where its picture is.
    pub fn file(&self) -> PathBuf {
        folder().join(format!("{}.png", self.name))
    }

    /// What was kept of it; `None` if there is no such picture yet.
    pub fn before(&self) -> Result<Option<RgbImage>, String> {
        let failed = |error: String| format!("{}: {}", self.file().display(), error);
        let file = match fs::read(self.file()) {
            Ok(file) => file,
            Err(ref error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        let picture = ::image::load_from_memory(&file).map_err(|error| failed(error.to_string()))?;
        Ok(Some(picture.into_rgb8()))
    }

    /// As it is drawn now. Of an animation: the first, the middle and the last frame as a viewer sees them,
    /// side by side.
    pub fn now(&self, captioner: &Captioner) -> Result<RgbImage, String> {
        let asked = if self.request.starts_with('{') {
            image_macro::from_json(self.request.as_bytes())
        } else {
            image_macro::from_query(&self.request)
        };
        let asked = asked.map_err(|error| format!("{}: {}", self.name, error))?;
        let picture = captioner.caption(&asked, &Cancel::new());
        let picture = picture.map_err(|error| format!("{}: {}", self.name, error))?;
        let decoded = decoded(&picture.bytes, picture.format);
        let decoded = decoded.map_err(|error| format!("{}: cannot be decoded: {}", self.name, error))?;
        if decoded.pixels().any(|pixel| pixel[3] != 255) {
            return Err(format!("{}: is transparent, and no template built in is", self.name));
        }
        Ok(DynamicImage::from(decoded).into_rgb8())
    }
}

/// What is kept of a picture: six bits of eight. The other two are noise in photographs, and would be a third
/// of the folder.
pub fn kept(picture: &RgbImage) -> RgbImage {
    let mut kept = picture.clone();
    kept.iter_mut().for_each(|channel| *channel = *channel & KEPT | *channel >> 6);
    kept
}

/// How far a channel is from what was kept of it: 0 if it has become one of those that look the same there.
pub fn distance(kept: u8, now: u8) -> u8 {
    let (lowest, highest) = (kept & KEPT, kept | !KEPT);
    lowest.saturating_sub(now).max(now.saturating_sub(highest))
}

fn decoded(file: &[u8], format: Format) -> ImageResult<RgbaImage> {
    if format != Format::Gif {
        return Ok(::image::load_from_memory(file)?.into_rgba8());
    }
    let frames = GifDecoder::new(Cursor::new(file))?.into_frames().collect_frames()?;
    let mut chosen = vec![0, frames.len() / 2, frames.len() - 1];
    chosen.dedup();
    let (width, height) = frames[0].buffer().dimensions();
    let mut side_by_side = RgbaImage::new(width * chosen.len() as u32, height);
    for (place, &index) in (0..).zip(&chosen) {
        side_by_side.copy_from(frames[index].buffer(), place * width, 0)?;
    }
    Ok(side_by_side)
}

/// How far a picture is from what was kept of it; `None` if their sizes are not the same.
pub fn compare(before: &RgbImage, now: &RgbImage) -> Option<Difference> {
    if before.dimensions() != now.dimensions() {
        return None;
    }
    let (width, height) = now.dimensions();
    let (mut total, mut block, mut at) = (0, 0.0, (0, 0));
    for top in (0..height).step_by(BLOCK as usize) {
        for left in (0..width).step_by(BLOCK as usize) {
            let (right, bottom) = ((left + BLOCK).min(width), (top + BLOCK).min(height));
            let mut sum = 0;
            for (x, y) in (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y))) {
                let (before, now) = (before[(x, y)].0, now[(x, y)].0);
                sum += (0..3).map(|i| u64::from(distance(before[i], now[i]))).sum::<u64>();
            }
            let mean = sum as f64 / f64::from((right - left) * (bottom - top) * 3);
            if mean > block {
                block = mean;
                at = (left, top);
            }
            total += sum;
        }
    }
    let mean = total as f64 / (f64::from(width) * f64::from(height) * 3.0);
    Some(Difference { mean, block, at })
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let ((x, y), block) = (self.at, BLOCK);
        write!(f, "differs by {:.2} on average (at most {}), ", self.mean, MOST_MEAN)?;
        write!(f, "by {:.2} in the {}×{} block at {}, {} ", self.block, block, block, x, y)?;
        write!(f, "(at most {})", MOST_IN_BLOCK)
    }
}

impl Difference {
    /// Whether the difference is invisible.
    pub fn is_small(&self) -> bool {
        self.mean <= MOST_MEAN && self.block <= MOST_IN_BLOCK
    }
}
