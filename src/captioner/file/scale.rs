//! Scaling pictures, and putting them on white.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4, U8};
use fast_image_resize::{FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::{GrayImage, Rgb, RgbImage, RgbaImage};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::ink::rect::Rect;

/// How many pixels of the source are scaled before a cancel is looked for: about a millisecond's worth. (More if one
/// row of the result needs more.)
const PIECE: u32 = 1 << 20;
/// How many pixels of the result a pixel of the source reaches, to each side: the filter is as wide.
const REACH: u32 = 2;
const VALID: &str = "the buffer has as many bytes as its size needs";

/// Scales a picture without transparency.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn resize_rgb(image: &RgbImage, size: (u32, u32), cancel: &Cancel) -> Result<RgbImage, CaptionError> {
    let bytes = resized::<U8x3>(image, image.dimensions(), size, &Rect::of(size), cancel)?;
    Ok(RgbImage::from_raw(size.0, size.1, bytes).expect(VALID))
}

/// The same for a picture in grays.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn resize_gray(image: &GrayImage, size: (u32, u32), cancel: &Cancel) -> Result<GrayImage, CaptionError> {
    let bytes = resized::<U8>(image, image.dimensions(), size, &Rect::of(size), cancel)?;
    Ok(GrayImage::from_raw(size.0, size.1, bytes).expect(VALID))
}

/// Scales a picture with transparency. The color of a transparent pixel does not bleed into its neighbours: the alpha
/// is premultiplied for scaling.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn resize_rgba(
    mut image: RgbaImage,
    size: (u32, u32),
    cancel: &Cancel,
) -> Result<RgbaImage, CaptionError> {
    let (width, _) = image.dimensions();
    in_pieces(&mut image, width, cancel, |piece| MulDiv::new().multiply_alpha_inplace_typed(piece))?;
    let bytes = resize_premultiplied(&image, size, &Rect::of(size), cancel)?;
    Ok(RgbaImage::from_raw(size.0, size.1, bytes).expect(VALID))
}

/// The same for a picture that is premultiplied already, as every picture is whose pixels are either opaque or
/// transparent. Returns the bytes of the part of the scaled picture that is wanted, not premultiplied.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn resize_premultiplied(
    image: &RgbaImage,
    size: (u32, u32),
    part: &Rect,
    cancel: &Cancel,
) -> Result<Vec<u8>, CaptionError> {
    let mut bytes = resized::<U8x4>(image, image.dimensions(), size, part, cancel)?;
    in_pieces(&mut bytes, part.width(), cancel, |piece| MulDiv::new().divide_alpha_inplace_typed(piece))?;
    Ok(bytes)
}

/// The part of a scaled picture that depends on a part of the picture.
pub fn scaled_part(part: &Rect, from: (u32, u32), to: (u32, u32)) -> Rect {
    let scaled = |side: u32, from: u32, to: u32| f64::from(side) * f64::from(to) / f64::from(from);
    let first = |side: u32, from: u32, to: u32| (scaled(side, from, to) as u32).saturating_sub(REACH);
    let end = |side: u32, from: u32, to: u32| (scaled(side, from, to).ceil() as u32 + REACH).min(to);
    Rect {
        left: first(part.left, from.0, to.0),
        top: first(part.top, from.1, to.1),
        right: end(part.right, from.0, to.0),
        bottom: end(part.bottom, from.1, to.1),
    }
}

/// Calls `each` with some rows of RGBA pixels at a time.
fn in_pieces<F, E>(pixels: &mut [u8], width: u32, cancel: &Cancel, each: F) -> Result<(), CaptionError>
where
    F: Fn(&mut TypedImage<U8x4>) -> Result<(), E>,
    E: ::std::fmt::Debug,
{
    let row = width as usize * 4;
    for rows in pixels.chunks_mut((PIECE / width).max(1) as usize * row) {
        cancel.check()?;
        let height = (rows.len() / row) as u32;
        let mut piece = TypedImage::from_buffer(width, height, rows).expect(VALID);
        each(&mut piece).expect("RGBA has an alpha channel");
    }
    Ok(())
}

/// Scales a part of the picture (of the scaled one, that is), some rows at a time. Each piece is computed from all
/// source pixels that it needs, so no seams show.
///
/// The functions of fast_image_resize that take any pixel type would be compiled for all thirteen types and each set of
/// instructions: more code than the rest of the program. So the typed ones are called.
fn resized<P: PixelTrait>(
    bytes: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    part: &Rect,
    cancel: &Cancel,
) -> Result<Vec<u8>, CaptionError> {
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, bytes).expect(VALID);
    let row = part.width() as usize * P::size();
    let mut scaled = vec![0; row * part.height() as usize];
    let (across, down) = (f64::from(from.0) / f64::from(to.0), f64::from(from.1) / f64::from(to.1));
    // Rounding must not lead past the last pixel.
    let at = |number: u32, factor: f64, most: u32| (f64::from(number) * factor).min(f64::from(most));
    let (left, right) = (at(part.left, across, from.0), at(part.right, across, from.0));
    let rows = (f64::from((PIECE / from.0).max(1)) / down).ceil() as u32;
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).use_alpha(false);
    let mut resizer = Resizer::new();
    let tops = (part.top..part.bottom).step_by(rows as usize);
    for (first, piece) in tops.zip(scaled.chunks_mut(rows as usize * row)) {
        cancel.check()?;
        let height = (piece.len() / row) as u32;
        let (top, bottom) = (at(first, down, from.1), at(first + height, down, from.1));
        let options = options.crop(left, top, right - left, bottom - top);
        let mut piece = TypedImage::<P>::from_buffer(part.width(), height, piece).expect(VALID);
        resizer
            .resize_typed(&source, &mut piece, &options)
            .expect("source and piece have the same type of pixels");
    }
    Ok(scaled)
}

/// The picture on white.
pub fn flattened(image: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [r, g, b, a] = image.get_pixel(x, y).0;
        let on_white = |channel: u8| {
            ((u32::from(channel) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8
        };
        Rgb([on_white(r), on_white(g), on_white(b)])
    })
}

#[cfg(test)]
mod tests {
    use super::{resize_premultiplied, scaled_part};
    use captioner::cancel::Cancel;
    use captioner::ink::rect::Rect;
    use fastrand::Rng;
    use image::{Rgba, RgbaImage};

    #[test]
    fn only_the_scaled_part_changes_and_it_is_as_if_all_had_been_scaled() {
        let mut random = Rng::with_seed(1);
        for _ in 0..200 {
            let mut side = |most: u32| random.u32(1..=most);
            let (from, to) = ((side(90), side(90)), (side(90), side(90)));
            let to = (to.0.min(from.0), to.1.min(from.1));
            let (left, top) = (side(from.0) - 1, side(from.1) - 1);
            let (right, bottom) = (left + side(from.0 - left), top + side(from.1 - top));
            let part = Rect { left, top, right, bottom };
            let scaled = |image: &RgbaImage, part: &Rect| {
                resize_premultiplied(image, to, part, &Cancel::new()).unwrap()
            };
            let mut image = RgbaImage::from_fn(from.0, from.1, |_, _| Rgba([random.u8(..), 0, 0, 255]));
            let before = scaled(&image, &Rect::of(to));
            (left..right).for_each(|x| (top..bottom).for_each(|y| image[(x, y)] = Rgba([0, 255, 0, 255])));
            let after = scaled(&image, &Rect::of(to));
            let changed = scaled_part(&part, from, to);
            let piece = scaled(&image, &changed);
            for y in 0..to.1 {
                for x in 0..to.0 {
                    let at = Rect::of(to).number_of(x, y) * 4;
                    let pixel = &after[at..at + 4];
                    let expected = if changed.holds(x, y) {
                        &piece[changed.number_of(x, y) * 4..][..4]
                    } else {
                        &before[at..at + 4]
                    };
                    // A coefficient may be rounded in another way.
                    let is_same = pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 1);
                    assert!(
                        is_same,
                        "{:?} {:?} {:?} {} {}: {:?} {:?}",
                        from, to, part, x, y, pixel, expected
                    );
                }
            }
        }
    }
}
