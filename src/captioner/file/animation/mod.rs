//! An animated (or still) GIF template: its frames as indices into their palettes, and as compressed bytes
//! for the frames that a caption does not touch.

use std::convert::TryFrom;
use std::mem;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::OnceLock;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit, Repeat};
use image::RgbaImage;

use self::scaled::{difference, thresholded};
use self::tables::Tables;
use captioner::cancel::Cancel;
use captioner::encode::gif::lzw::{self, Codes, Strip, STRIP};
use captioner::error::CaptionError;
use captioner::file::decode::{check_size, DecodeError};
use captioner::file::palette::{Matcher, Palette};
use captioner::ink::rect::Rect;

pub mod canvas;
mod scaled;
mod tables;

/// Pixels of all frames together, at most.
pub const MAX_WORK: u64 = 160_000_000;
/// Pixels of all frames together, each counted as a whole canvas, at most: what scaling goes through.
const MAX_CANVASES: u64 = 2_000_000_000;

/// Pixels decompressed at once: about a millisecond's worth.
const PIECE: usize = 128 << 10;

/// A GIF, ready to be captioned.
pub struct Animation {
    /// Pixels of the canvas.
    pub width: u16,
    /// Pixels of the canvas.
    pub height: u16,
    /// How often it plays.
    pub repeat: Repeat,
    /// Every color table.
    pub palettes: Vec<Palette>,
    /// Which of `palettes` stands at the head of the file.
    pub global: Option<usize>,
    /// In the order in which they are shown. At least one.
    pub frames: Vec<Frame>,
    /// The file without any text, once it was asked for.
    pub plain: OnceLock<Vec<u8>>,
}

/// One frame of a GIF.
pub struct Frame {
    /// The part of the canvas that it paints. Never empty.
    pub rect: Rect,
    /// Which of the animation's palettes it has.
    pub palette: usize,
    /// An index into the palette for each pixel of `rect`.
    pub indices: Vec<u8>,
    /// The highest of them.
    pub highest: u8,
    /// `indices`, compressed strip by strip, each once a caption has needed it.
    strips: OnceLock<Vec<OnceLock<Strip>>>,
    /// The index that paints nothing.
    pub transparent: Option<u8>,
    /// What becomes of it before the next frame.
    pub dispose: DisposalMethod,
    /// How long it is shown, in hundredths of a second.
    pub delay: u16,
    /// Whether it waits for a key.
    pub needs_user_input: bool,
}

impl Frame {
    /// Its pixels, compressed as a file has them. Each strip is compressed once and kept.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn compressed(&self, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let mut codes = Codes::new(lzw::code_size(self.highest));
        for index in 0..self.indices.len().div_ceil(STRIP) {
            cancel.check()?;
            codes.append(self.strip(index));
        }
        Ok(codes.finish())
    }

    /// Its pixels with some of them changed, none to more than `highest`, in a rectangle that holds its own;
    /// what that has more is `filler`. `paint` is told which pixels of the rectangle it has, counted row by
    /// row, changes what it wants, and tells whether it did. Strips that stay as they are were compressed
    /// before.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`].
    pub fn repainted<P: FnMut(Range<usize>, &mut [u8]) -> bool>(
        &self,
        rect: &Rect,
        filler: u8,
        highest: u8,
        mut paint: P,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, CaptionError> {
        let code_size = lzw::code_size(highest.max(self.highest));
        // The strips of a rectangle that was enlarged are others.
        let is_alike = *rect == self.rect && code_size == lzw::code_size(self.highest);
        let count = rect.width() as usize * rect.height() as usize;
        let mut codes = Codes::new(code_size);
        let mut pixels = Vec::with_capacity(STRIP);
        for (index, start) in (0..count).step_by(STRIP).enumerate() {
            cancel.check()?;
            let range = start..(start + STRIP).min(count);
            pixels.clear();
            if *rect == self.rect {
                pixels.extend_from_slice(&self.indices[range.clone()]);
            } else {
                pixels.extend(range.clone().map(|number| self.index_in(rect, number).unwrap_or(filler)));
            }
            if paint(range, &mut pixels) || !is_alike {
                codes.append(&Strip::compress(&pixels, code_size));
            } else {
                codes.append(self.strip(index));
            }
        }
        Ok(codes.finish())
    }

    /// The strip of that number, compressed.
    fn strip(&self, index: usize) -> &Strip {
        let strips =
            self.strips.get_or_init(|| self.indices.chunks(STRIP).map(|_| OnceLock::new()).collect());
        let pixels = &self.indices[index * STRIP..];
        strips[index]
            .get_or_init(|| Strip::compress(&pixels[..STRIP.min(pixels.len())], lzw::code_size(self.highest)))
    }

    /// The index of a pixel of a larger rectangle, counted row by row; `None` outside of its own.
    fn index_in(&self, rect: &Rect, number: usize) -> Option<u8> {
        let width = rect.width() as usize;
        let (x, y) = (rect.left + (number % width) as u32, rect.top + (number / width) as u32);
        self.rect.holds(x, y).then(|| self.indices[self.rect.number_of(x, y)])
    }

    /// A frame of these pixels, each as near as the palette has it; alpha is all or nothing.
    fn indexed(
        rect: Rect,
        pixels: &[[u8; 4]],
        palette: &Palette,
        matcher: &mut Matcher,
        palette_index: usize,
        cancel: &Cancel,
    ) -> Result<Frame, CaptionError> {
        let spare = palette.spare().unwrap_or(0);
        let mut indices: Vec<u8> = Vec::with_capacity(pixels.len());
        for pixels in pixels.chunks(PIECE) {
            cancel.check()?;
            indices.extend(pixels.iter().map(|pixel| match *pixel {
                [_, _, _, 0] => spare,
                [r, g, b, _] => matcher.index_of([r, g, b]),
            }));
        }
        Ok(Frame {
            rect,
            palette: palette_index,
            strips: OnceLock::new(),
            transparent: Some(spare).filter(|_| pixels.iter().any(|pixel| pixel[3] == 0)),
            highest: indices.iter().copied().fold(0, u8::max),
            indices,
            dispose: DisposalMethod::Keep,
            delay: 0,
            needs_user_input: false,
        })
    }

    /// The index it paints a pixel of the canvas with; `None` outside of it and where it is transparent.
    pub fn index_at(&self, x: u32, y: u32) -> Option<u8> {
        let index = self.rect.holds(x, y).then(|| self.indices[self.rect.number_of(x, y)]);
        index.filter(|&index| Some(index) != self.transparent)
    }
}

impl Animation {
    /// Decodes a GIF file and frees palette entries for the text.
    ///
    /// # Errors
    /// [`DecodeError`]. A file that ends within a frame is an error too: half an animation is not what its
    /// owner put there.
    pub fn decode(file: &[u8], cancel: &Cancel) -> Result<Animation, DecodeError> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(MAX_WORK).expect("it is not zero")));
        let mut decoder = options.read_info(file).map_err(DecodeError::damaged)?;
        let (width, height) = (decoder.width(), decoder.height());
        check_size(u32::from(width), u32::from(height))?;
        let mut tables = Tables::new(decoder.global_palette());
        let mut frames = Vec::new();
        let mut work = 0;
        loop {
            let frame = match decoder.next_frame_info() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                // Many a GIF ends without its last byte, the trailer, and everyone plays it.
                Err(DecodingError::UnexpectedEof) if !frames.is_empty() => break,
                Err(error) => return Err(DecodeError::damaged(error)),
            };
            cancel.check().map_err(|_| DecodeError::Cancelled)?;
            work += u64::from(frame.width) * u64::from(frame.height);
            let canvases = frames.len() as u64 * u64::from(width) * u64::from(height);
            if work > MAX_WORK || canvases > MAX_CANVASES {
                let sentence = format!("more than {} frames of {}x{}", frames.len(), width, height);
                return Err(DecodeError::TooLarge(sentence));
            }
            let mut frame = frame.clone();
            let mut buffer = vec![0; decoder.buffer_size()];
            read_frame(&mut decoder, frame.interlaced, &mut buffer, cancel)?;
            decoder.palette().map_err(DecodeError::damaged)?;
            let palette = tables.index_of(frame.palette.take());
            frames.push(cropped(&frame, buffer, width, height, palette));
        }
        if frames.is_empty() {
            return Err(DecodeError::Damaged("it has no frame".into()));
        }
        let repeat = decoder.repeat();
        let global = tables.global;
        let palettes = tables.freed(&mut frames, cancel).map_err(|_| DecodeError::Cancelled)?;
        // A frame that paints nothing still takes its time: one transparent pixel.
        for frame in frames.iter_mut().filter(|frame| frame.indices.is_empty()) {
            let spare = palettes[frame.palette].spare().unwrap_or(0);
            frame.indices.push(spare);
            frame.highest = spare;
            frame.transparent = Some(spare);
            frame.dispose = DisposalMethod::Keep;
        }
        Ok(Animation { width, height, repeat, palettes, global, frames, plain: OnceLock::new() })
    }

    /// One frame.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], if the picture is wider or higher than a GIF can be;
    /// [`CaptionError::Cancelled`].
    pub fn of(picture: RgbaImage, quality: u8, cancel: &Cancel) -> Result<Animation, CaptionError> {
        let side = |pixels: u32| u16::try_from(pixels).map_err(CaptionError::encode);
        let (width, height) = (side(picture.width())?, side(picture.height())?);
        let (rect, pixels) = difference(None, &thresholded(picture));
        cancel.check()?;
        let palette = Palette::chosen(&pixels, quality);
        let mut matcher = Matcher::new(&palette, None);
        let frame = Frame::indexed(rect, &pixels, &palette, &mut matcher, 0, cancel)?;
        Ok(Animation {
            width,
            height,
            repeat: Repeat::Finite(0),
            palettes: vec![palette],
            global: Some(0),
            frames: vec![frame],
            plain: OnceLock::new(),
        })
    }

    /// Width and height of the canvas in pixels.
    pub fn size(&self) -> (u32, u32) {
        (u32::from(self.width), u32::from(self.height))
    }

    /// Bytes of memory it takes at most: its indices, and twice their compressed bytes, which are half as many
    /// more if they are noise.
    pub fn weight(&self) -> usize {
        let of_strip = mem::size_of::<OnceLock<Strip>>();
        let frames = self.frames.iter().map(|frame| {
            let strips = frame.indices.len().div_ceil(STRIP);
            mem::size_of::<Frame>() + 4 * frame.indices.len() + strips * of_strip
        });
        frames.chain(self.palettes.iter().map(Palette::weight)).sum()
    }
}

/// Decompresses the frame that the decoder has come to, piece by piece, so that a cancel is seen soon. The lines
/// of an interlaced one come in another order, which the decoder knows when it reads all of them.
fn read_frame(
    decoder: &mut Decoder<&[u8]>,
    is_interlaced: bool,
    buffer: &mut [u8],
    cancel: &Cancel,
) -> Result<(), DecodeError> {
    if is_interlaced {
        return decoder.read_into_buffer(buffer).map_err(DecodeError::damaged);
    }
    for piece in buffer.chunks_mut(PIECE) {
        cancel.check().map_err(|_| DecodeError::Cancelled)?;
        if !decoder.fill_buffer(piece).map_err(DecodeError::damaged)? {
            return Err(DecodeError::Damaged("a frame ends early".into()));
        }
    }
    Ok(())
}

/// The frame as it is, less what lies off the canvas. If that is all of it, it has no indices. What the highest
/// index is must be found out yet.
fn cropped(frame: &gif::Frame, buffer: Vec<u8>, width: u16, height: u16, palette: usize) -> Frame {
    let (left, top) = (u32::from(frame.left), u32::from(frame.top));
    let (right, bottom) = (left + u32::from(frame.width), top + u32::from(frame.height));
    let whole = Rect { left, top, right, bottom };
    let canvas = Rect { left: 0, top: 0, right: u32::from(width), bottom: u32::from(height) };
    let inside = whole.intersection(&canvas);
    let (rect, indices, transparent) = match inside {
        Some(rect) if rect == whole => (rect, buffer, frame.transparent),
        Some(rect) => {
            let mut indices = Vec::with_capacity((rect.width() * rect.height()) as usize);
            for row in buffer.chunks_exact(whole.width() as usize).take(rect.height() as usize) {
                indices.extend_from_slice(&row[..rect.width() as usize]);
            }
            (rect, indices, frame.transparent)
        }
        None => (Rect { left: 0, top: 0, right: 1, bottom: 1 }, Vec::new(), None),
    };
    Frame {
        rect,
        palette,
        indices,
        highest: 0,
        strips: OnceLock::new(),
        transparent,
        dispose: frame.dispose,
        delay: frame.delay,
        needs_user_input: frame.needs_user_input,
    }
}
