//! Scaling pictures, and putting them on white.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, MulDiv, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::{Rgb, RgbImage, RgbaImage};

use captioner::cancel::Cancel;
use captioner::error::CaptionError;

/// How many pixels of the source are scaled before a cancel is looked for: about a millisecond's worth. (More if one
/// row of the result needs more.)
const PIECE: u32 = 1 << 20;
const VALID: &str = "the buffer has as many bytes as its size needs";

/// Scales a picture without transparency.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn resize_rgb(image: &RgbImage, size: (u32, u32), cancel: &Cancel) -> Result<RgbImage, CaptionError> {
    let bytes = resized::<U8x3>(image, image.dimensions(), size, cancel)?;
    Ok(RgbImage::from_raw(size.0, size.1, bytes).expect(VALID))
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
    resize_premultiplied(&image, size, cancel)
}

/// The same for a picture that is premultiplied already, as every picture is whose pixels are either opaque or
/// transparent. The result is not premultiplied.
///
/// # Errors
/// [`CaptionError::Cancelled`].
pub fn resize_premultiplied(
    image: &RgbaImage,
    size: (u32, u32),
    cancel: &Cancel,
) -> Result<RgbaImage, CaptionError> {
    let mut bytes = resized::<U8x4>(image, image.dimensions(), size, cancel)?;
    in_pieces(&mut bytes, size.0, cancel, |piece| MulDiv::new().divide_alpha_inplace_typed(piece))?;
    Ok(RgbaImage::from_raw(size.0, size.1, bytes).expect(VALID))
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

/// Scales some rows at a time. Each piece is computed from all source rows that it needs, so no seams show.
///
/// The functions of fast_image_resize that take any pixel type would be compiled for all thirteen types and each set of
/// instructions: more code than the rest of the program. So the typed ones are called.
fn resized<P: PixelTrait>(
    bytes: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    cancel: &Cancel,
) -> Result<Vec<u8>, CaptionError> {
    let source = TypedImageRef::<P>::from_buffer(from.0, from.1, bytes).expect(VALID);
    let row = to.0 as usize * P::size();
    let mut scaled = vec![0; row * to.1 as usize];
    let factor = f64::from(from.1) / f64::from(to.1);
    let rows = (f64::from((PIECE / from.0).max(1)) / factor).ceil() as usize;
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).use_alpha(false);
    let mut resizer = Resizer::new();
    for (index, piece) in scaled.chunks_mut(rows * row).enumerate() {
        cancel.check()?;
        let height = (piece.len() / row) as u32;
        let top = (index * rows) as f64 * factor;
        // Rounding must not lead past the last row.
        let bottom = (top + f64::from(height) * factor).min(f64::from(from.1));
        let options = options.crop(0.0, top, f64::from(from.0), bottom - top);
        let mut piece = TypedImage::<P>::from_buffer(to.0, height, piece).expect(VALID);
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
