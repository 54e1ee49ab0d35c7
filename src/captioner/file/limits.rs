//! How large a picture may be. Checked before its pixels are decoded.

use captioner::file::error::DecodeError;

/// Limit for the pixels of a canvas.
pub const MAX_PIXELS: u64 = 40_000_000;

/// Limit for a side in pixels. When a longer one is scaled to a few pixels, the weights are rounded to nothing.
const MAX_SIDE: u32 = 100_000;

/// Limit for the pixels of an animation, those of all frames taken together.
pub const MAX_FRAME_PIXELS: u64 = 160_000_000;

/// The same with each frame counted as a whole canvas, which is what scaling goes through.
const MAX_CANVAS_PIXELS: u64 = 2_000_000_000;

/// Refuses a canvas that is empty or too large to be worth decoding.
///
/// # Errors
/// [`DecodeError::TooLarge`], [`DecodeError::Damaged`].
pub fn check_size(width: u32, height: u32) -> Result<(), DecodeError> {
    if width == 0 || height == 0 {
        return Err(DecodeError::Damaged("it has no pixels".into()));
    }
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let sentence = format!("{}x{} is more than {} pixels", width, height, MAX_PIXELS);
        return Err(DecodeError::TooLarge(sentence));
    }
    if width.max(height) > MAX_SIDE {
        let sentence = format!("{}x{} has a side of more than {} pixels", width, height, MAX_SIDE);
        return Err(DecodeError::TooLarge(sentence));
    }
    Ok(())
}

/// Refuses a picture of sixteen bits per channel that would take more memory than the largest one of eight.
///
/// # Errors
/// [`DecodeError::TooLarge`].
pub fn check_deep(width: u32, height: u32) -> Result<(), DecodeError> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS / 2 {
        let sentence =
            format!("{}x{} of 16 bits a channel is more than {} pixels", width, height, MAX_PIXELS / 2);
        return Err(DecodeError::TooLarge(sentence));
    }
    Ok(())
}

/// Refuses an animation that is too large to be worth decoding: `frames` of that canvas and one more, which paint
/// `frame_pixels` together.
///
/// # Errors
/// [`DecodeError::TooLarge`].
pub fn check_frames(frames: usize, width: u16, height: u16, frame_pixels: u64) -> Result<(), DecodeError> {
    let canvas_pixels = frames as u64 * u64::from(width) * u64::from(height);
    if frame_pixels > MAX_FRAME_PIXELS || canvas_pixels > MAX_CANVAS_PIXELS {
        let sentence = format!("more than {} frames of {}x{}", frames, width, height);
        return Err(DecodeError::TooLarge(sentence));
    }
    Ok(())
}
