//! Decoding a GIF file.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit};

use super::tables::Tables;
use super::{Animation, Frame, PIECE};
use captioner::cancel::Cancel;
use captioner::file::error::DecodeError;
use captioner::file::limits::{check_frames, check_size, MAX_FRAME_PIXELS};
use captioner::ink::rect::Rect;

/// Where a file has the index of the background.
const BACKGROUND: usize = 11;

impl Animation {
    /// Decodes a GIF file.
    ///
    /// # Errors
    /// [`DecodeError`]. A file that ends within a frame is damaged: half an animation is not what the operator meant to
    /// serve, unless `is_lenient`. Then the frames before it come with the error.
    pub fn decode(
        file: &[u8],
        is_lenient: bool,
        cancel: &Cancel,
    ) -> Result<(Animation, Option<DecodeError>), DecodeError> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        options.allow_unknown_blocks(true);
        options
            .set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(MAX_FRAME_PIXELS).expect("it is not zero")));
        let mut decoder = options.read_info(file).map_err(DecodeError::damaged)?;
        let (mut width, mut height) = (decoder.width(), decoder.height());
        let mut tables = Tables::new(decoder.global_palette());
        let (mut frames, mut damage) = (Vec::new(), None);
        let mut frame_pixels = 0;
        loop {
            let frame = match decoder.next_frame_info() {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                // Many files lack their last byte, the trailer, and all players accept that.
                Err(DecodingError::UnexpectedEof) if !frames.is_empty() => break,
                Err(error) if is_lenient && !frames.is_empty() => {
                    damage = Some(DecodeError::damaged(error));
                    break;
                }
                Err(error) => return Err(DecodeError::damaged(error)),
            };
            cancel.check().map_err(|_| DecodeError::Cancelled)?;
            if frames.is_empty() {
                // Browsers enlarge the canvas for a first frame that is larger, and for no other.
                width = width.max(frame.left.saturating_add(frame.width));
                height = height.max(frame.top.saturating_add(frame.height));
                check_size(u32::from(width), u32::from(height))?;
            }
            frame_pixels += u64::from(frame.width) * u64::from(frame.height);
            check_frames(frames.len(), width, height, frame_pixels)?;
            let mut frame = frame.clone();
            let mut buffer = vec![0; decoder.buffer_size()];
            match read_frame(&mut decoder, frame.interlaced, &mut buffer, cancel) {
                Ok(()) => {}
                Err(DecodeError::Cancelled) => return Err(DecodeError::Cancelled),
                Err(error) if is_lenient && !frames.is_empty() => {
                    damage = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            }
            decoder.palette().map_err(DecodeError::damaged)?;
            let palette = tables.index_of(frame.palette.take());
            frames.push(cropped(&frame, buffer, width, height, palette));
        }
        if frames.is_empty() {
            return Err(DecodeError::Damaged("it has no frame".into()));
        }
        let repeat = decoder.repeat();
        let global = tables.global;
        let palettes = tables.into_palettes();
        let background = file.get(BACKGROUND).copied();
        Ok((Animation { width, height, repeat, palettes, global, background, frames }, damage))
    }
}

/// Decompresses the decoder's current frame, piece by piece, so that a cancel is seen soon. An interlaced frame is
/// decompressed at once, because the decoder puts its rows in order only then.
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

/// The frame without what lies outside of the canvas; if nothing is left, it has no indices, and clears nothing either.
fn cropped(frame: &gif::Frame, buffer: Vec<u8>, width: u16, height: u16, palette: usize) -> Frame {
    let (left, top) = (u32::from(frame.left), u32::from(frame.top));
    let (right, bottom) = (left + u32::from(frame.width), top + u32::from(frame.height));
    let whole = Rect { left, top, right, bottom };
    let canvas = Rect { left: 0, top: 0, right: u32::from(width), bottom: u32::from(height) };
    let inside = whole.intersection(&canvas);
    let (rect, indices, dispose) = match inside {
        Some(rect) if rect == whole => (rect, buffer, frame.dispose),
        Some(rect) => {
            let mut indices = Vec::with_capacity((rect.width() * rect.height()) as usize);
            for row in buffer.chunks_exact(whole.width() as usize).take(rect.height() as usize) {
                indices.extend_from_slice(&row[..rect.width() as usize]);
            }
            (rect, indices, frame.dispose)
        }
        None => (Rect::of((1, 1)), Vec::new(), DisposalMethod::Keep),
    };
    Frame {
        rect,
        palette,
        highest: indices.iter().copied().max().unwrap_or(0),
        indices,
        transparent: frame.transparent,
        dispose,
        delay: frame.delay,
        needs_user_input: frame.needs_user_input,
    }
}
