//! Decoding an animated PNG into an animation, for pictures that are GIFs.

use std::io::Cursor;

use gif::Repeat;
use image::{imageops, DynamicImage, RgbaImage};
use png::{BlendOp, DisposeOp, FrameControl, Reader};

use super::error::DecodeError;
use super::limits::check_frames;
use super::png::{image_of, meaning_of, open, read_samples};
use captioner::cancel::Cancel;
use captioner::file::animation::scaled::{thresholded, Builder};
use captioner::file::animation::Animation;
use captioner::ink::rect::Rect;

/// What a denominator of zero stands for.
const HUNDREDTHS: u32 = 100;

/// How many frames a PNG has: one unless it is animated.
pub fn frames(file: &[u8]) -> usize {
    let control = open(file, false).ok().and_then(|reader| reader.info().animation_control().copied());
    control.map_or(1, |control| control.num_frames.max(1) as usize)
}

/// Decodes the frames of an animated PNG. `quality` is how well its colors are chosen, 1 to 100. What is missing at its
/// end is an error, unless `is_lenient` and there is a frame: then the frames before it come with the error.
///
/// # Errors
/// [`DecodeError`]; [`DecodeError::TooLarge`], too, if a GIF cannot be that large.
pub fn decode(
    file: &[u8],
    quality: u8,
    is_lenient: bool,
    cancel: &Cancel,
) -> Result<(Animation, Option<DecodeError>), DecodeError> {
    let mut reader = open(file, false)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width.max(height) > u32::from(u16::MAX) {
        return Err(DecodeError::TooLarge(format!("{}x{} cannot be a GIF", width, height)));
    }
    let control = reader.info().animation_control().copied();
    let control = control.ok_or_else(|| DecodeError::Damaged("it is not animated".into()))?;
    let meaning = meaning_of(reader.info());
    let mut canvas = RgbaImage::new(width, height);
    let mut builder = Builder::new((width, height), None, false, quality);
    let (mut count, mut frame_pixels, mut damage) = (0, 0, None);
    // The picture for decoders without animations need not be a frame.
    let mut next = match reader.info().frame_control() {
        Some(frame) => Ok(*frame),
        None => reader.next_frame_info().copied().map_err(DecodeError::damaged),
    };
    while count < control.num_frames {
        let read = next.and_then(|frame| {
            frame_pixels += u64::from(frame.width) * u64::from(frame.height);
            check_frames(count as usize, width as u16, height as u16, frame_pixels)?;
            Ok((frame, meaning.to_srgb(read_frame(&mut reader, &frame, cancel)?, cancel)?.into_rgba8()))
        });
        let (frame, image) = match read {
            Ok(read) => read,
            Err(error @ DecodeError::Damaged(_)) if is_lenient && count > 0 => {
                damage = Some(error);
                break;
            }
            Err(error) => return Err(error),
        };
        let after = show(&mut canvas, &frame, &image, count == 0);
        let pixels = thresholded(canvas.as_raw().clone());
        let delay = (delay_of(&frame), false);
        let pushed = builder.push(Rect::of((width, height)), pixels, delay, cancel);
        pushed.map_err(|_| DecodeError::Cancelled)?;
        if let Some(after) = after {
            imageops::replace(&mut canvas, &after, frame.x_offset.into(), frame.y_offset.into());
        }
        count += 1;
        next = match count < control.num_frames {
            true => reader.next_frame_info().copied().map_err(DecodeError::damaged),
            false => Ok(frame),
        };
    }
    // A GIF says how often it plays again, and nothing if it plays once.
    let repeat = match control.num_plays {
        0 => Repeat::Infinite,
        plays => Repeat::Finite((plays - 1).min(u32::from(u16::MAX)) as u16),
    };
    Ok((builder.finish(repeat), damage))
}

fn read_frame(
    reader: &mut Reader<Cursor<&[u8]>>,
    frame: &FrameControl,
    cancel: &Cancel,
) -> Result<DynamicImage, DecodeError> {
    let size = (frame.width, frame.height);
    let (samples, ended) = read_samples(reader, size, cancel)?;
    ended?;
    let wrong = || DecodeError::Damaged("a frame is wrong".into());
    image_of(size, reader.output_color_type().0, samples).ok_or_else(wrong)
}

/// Shows a frame on the canvas. Returns what its part of the canvas is to be afterwards, unless it stays as it is.
fn show(
    canvas: &mut RgbaImage,
    frame: &FrameControl,
    image: &RgbaImage,
    is_first: bool,
) -> Option<RgbaImage> {
    let (x, y) = (frame.x_offset, frame.y_offset);
    let after = match frame.dispose_op {
        DisposeOp::None => None,
        DisposeOp::Previous if !is_first => {
            Some(imageops::crop_imm(canvas, x, y, frame.width, frame.height).to_image())
        }
        // There is nothing to go back to before the first frame.
        DisposeOp::Previous | DisposeOp::Background => Some(RgbaImage::new(frame.width, frame.height)),
    };
    match frame.blend_op {
        BlendOp::Source => imageops::replace(canvas, image, x.into(), y.into()),
        BlendOp::Over => imageops::overlay(canvas, image, x.into(), y.into()),
    }
    after
}

/// In hundredths of a second.
fn delay_of(frame: &FrameControl) -> u16 {
    let per_second = if frame.delay_den == 0 { HUNDREDTHS } else { u32::from(frame.delay_den) };
    let hundredths = (u32::from(frame.delay_num) * HUNDREDTHS + per_second / 2) / per_second;
    hundredths.min(u32::from(u16::MAX)) as u16
}
