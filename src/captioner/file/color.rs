//! What the numbers of a picture mean, and their conversion to sRGB.

use std::convert::TryInto;
use std::sync::Arc;

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{
    Chromaticity, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    ToneReprCurve, TransferCharacteristics, Transform8BitExecutor, TransformExecutor, TransformOptions, Xyzd,
};

use captioner::cancel::Cancel;
use captioner::file::error::DecodeError;

/// Pixels converted before a cancel is looked for: about a millisecond's worth.
const PIECE: usize = 64 << 10;
/// A profile that changes no color by more than this, of 255, is as good as sRGB.
const UNSEEN: u8 = 1;
/// How far a gamma may be from that of sRGB, as a fraction, to be taken for it: libpng's threshold.
const NEAR: f32 = 0.05;
const SRGB_GAMMA: f32 = 0.45455;
/// How far apart primaries may be for their numbers to be roundings of the same. In the darkest colors, where the curve of
/// sRGB is steepest, that is a level.
const ROUNDING: f64 = 0.0003;

/// What the numbers of a picture mean.
#[derive(Clone, Default)]
pub struct Meaning(
    /// `None`: sRGB, or nothing is known about it, which is taken for the same.
    Option<Box<ColorProfile>>,
);

impl Meaning {
    /// What an ICC profile says. One that cannot be read says nothing, as in browsers.
    pub fn of_profile(icc: Option<Vec<u8>>) -> Meaning {
        let profile = icc.and_then(|icc| ColorProfile::new_from_slice(&icc).ok());
        Meaning(profile.map(Box::new))
    }

    /// What a PNG says by its gamma, and by its primaries if it has them.
    ///
    /// `gamma`: encoded values are light to that power, 0.45455 for most. `primaries`: white, red, green and blue, as x
    /// and y in CIE's diagram.
    pub fn of_gamma(gamma: Option<f32>, primaries: Option<[(f32, f32); 4]>) -> Meaning {
        let gamma = gamma.filter(|&gamma| gamma > 0.0 && (gamma / SRGB_GAMMA - 1.0).abs() > NEAR);
        if gamma.is_none() && primaries.is_none() {
            return Meaning(None);
        }
        let mut profile = ColorProfile::new_srgb();
        profile.cicp = None;
        if let Some([white, red, green, blue]) = primaries {
            let at = |(x, y)| Chromaticity::new(x, y);
            let primaries = ColorPrimaries { red: at(red), green: at(green), blue: at(blue) };
            profile.update_rgb_colorimetry(at(white).to_xyyb(), primaries);
        }
        if let Some(gamma) = gamma {
            let curve = ToneReprCurve::Parametric(vec![1.0 / gamma]);
            profile.red_trc = Some(curve.clone());
            profile.green_trc = Some(curve.clone());
            profile.blue_trc = Some(curve);
        }
        Meaning(Some(Box::new(profile)))
    }

    /// What the numbers of ITU-T H.273 for primaries and transfer say. What has more light than a screen of sRGB is not
    /// supported, and taken for sRGB.
    pub fn of_code_points(primaries: u8, transfer: u8) -> Meaning {
        let (primaries, transfer) = match (primaries.try_into(), transfer.try_into()) {
            (Ok(primaries), Ok(transfer)) => (primaries, transfer),
            _ => return Meaning(None),
        };
        if matches!(transfer, TransferCharacteristics::Smpte2084 | TransferCharacteristics::Hlg) {
            return Meaning(None);
        }
        Meaning(Some(Box::new(ColorProfile::new_from_cicp(CicpProfile {
            color_primaries: primaries,
            transfer_characteristics: transfer,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        }))))
    }

    /// Whether the numbers are amounts of four inks.
    pub fn is_of_ink(&self) -> bool {
        self.0.as_ref().is_some_and(|profile| profile.color_space == DataColorSpace::Cmyk)
    }

    /// Converts inks, as a JPEG of Adobe's has them: 255 is none. `None`: the profile cannot be used.
    ///
    /// # Errors
    /// [`DecodeError::Cancelled`].
    pub fn ink_to_rgb(
        &self,
        inks: &[u8],
        (width, height): (u32, u32),
        cancel: &Cancel,
    ) -> Result<Option<RgbImage>, DecodeError> {
        let inks: Vec<u8> = inks.iter().map(|ink| 255 - ink).collect();
        let transform = match self.transform_of_bytes(Layout::Rgba, Layout::Rgb) {
            Some(transform) => transform,
            None => return Ok(None),
        };
        let mut rgb = vec![0; inks.len() / 4 * 3];
        convert(&*transform, &inks, 4, &mut rgb, 3, cancel)?;
        Ok(RgbImage::from_raw(width, height, rgb))
    }

    /// Converts a picture to sRGB. A profile of another kind of picture says nothing about this one.
    ///
    /// # Errors
    /// [`DecodeError::Cancelled`].
    pub fn to_srgb(&self, image: DynamicImage, cancel: &Cancel) -> Result<DynamicImage, DecodeError> {
        let profile = match self.0 {
            Some(ref profile) => profile,
            None => return Ok(image),
        };
        let image = match (profile.color_space, image.color().has_color()) {
            (DataColorSpace::Rgb, true) | (DataColorSpace::Gray, false) => image,
            // Gamma and primaries of a gray PNG are those of its three equal channels.
            (DataColorSpace::Rgb, false) if image.color().has_alpha() => image.into_rgba16().into(),
            (DataColorSpace::Rgb, false) => image.into_rgb16().into(),
            _ => return Ok(image),
        };
        if self.is_as_good_as_srgb() {
            return Ok(image);
        }
        let is_deep = image.color().bytes_per_pixel() > image.color().channel_count();
        let (from, to) = match (image.color().channel_count(), image.color().has_alpha()) {
            (1, _) => (Layout::Gray, Layout::Rgb),
            (2, _) => (Layout::GrayAlpha, Layout::Rgba),
            (_, false) => (Layout::Rgb, Layout::Rgb),
            (_, true) => (Layout::Rgba, Layout::Rgba),
        };
        let (channels, result) = (from.channels(), to.channels());
        let (width, height) = (image.width(), image.height());
        let count = width as usize * height as usize;
        let converted = if is_deep {
            let transform = match profile.create_transform_16bit(
                from,
                &ColorProfile::new_srgb(),
                to,
                TransformOptions::default(),
            ) {
                Ok(transform) => transform,
                Err(_) => return Ok(image),
            };
            let source: &[u16] = ::bytemuck::cast_slice(image.as_bytes());
            let mut pixels = Vec::with_capacity(count * result);
            let mut piece = vec![0u16; PIECE * result];
            for source in source.chunks(PIECE * channels) {
                let piece = &mut piece[..source.len() / channels * result];
                convert(&*transform, source, channels, piece, result, cancel)?;
                pixels.extend(piece.iter().map(|&value| ((u32::from(value) + 128) / 257) as u8));
            }
            raw(width, height, result, pixels)
        } else {
            let transform = match self.transform_of_bytes(from, to) {
                Some(transform) => transform,
                None => return Ok(image),
            };
            let mut pixels = vec![0; count * result];
            convert(&*transform, image.as_bytes(), channels, &mut pixels, result, cancel)?;
            raw(width, height, result, pixels)
        };
        Ok(converted.unwrap_or(image))
    }

    fn transform_of_bytes(&self, from: Layout, to: Layout) -> Option<Arc<Transform8BitExecutor>> {
        let profile = self.0.as_ref()?;
        profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, TransformOptions::default()).ok()
    }

    /// Most profiles are that of sRGB. It is not recognised by its name but by what it does to colors.
    fn is_as_good_as_srgb(&self) -> bool {
        const STEPS: usize = 9;
        if self.0.as_ref().is_none_or(|profile| profile.color_space != DataColorSpace::Rgb) {
            return false;
        }
        if self.0.as_ref().is_some_and(|profile| has_numbers_of_srgb(profile)) {
            return true;
        }
        let transform = match self.transform_of_bytes(Layout::Rgb, Layout::Rgb) {
            Some(transform) => transform,
            None => return true,
        };
        let step = |number: usize| (number * 255 / (STEPS - 1)) as u8;
        let grid = (0..STEPS * STEPS * STEPS)
            .flat_map(|number| [number % STEPS, number / STEPS % STEPS, number / STEPS / STEPS])
            .map(step);
        let grays = (0..=255).flat_map(|gray| [gray; 3]);
        let colors: Vec<u8> = grid.chain(grays).collect();
        let mut converted = vec![0; colors.len()];
        transform.transform(&colors, &mut converted).is_ok()
            && colors.iter().zip(&converted).all(|(a, b)| a.abs_diff(*b) <= UNSEEN)
    }
}

/// Whether the primaries and the curves are those of sRGB, but for rounding. To see that costs a tenth of what it costs to
/// prepare a conversion.
fn has_numbers_of_srgb(profile: &ColorProfile) -> bool {
    const POINTS: usize = 64;
    let tables =
        [&profile.lut_a_to_b_perceptual, &profile.lut_a_to_b_colorimetric, &profile.lut_a_to_b_saturation];
    if tables.iter().any(|table| table.is_some()) || profile.cicp.is_some() {
        return false;
    }
    let srgb = ColorProfile::new_srgb();
    let colorants = |of: &ColorProfile| [of.red_colorant, of.green_colorant, of.blue_colorant];
    let is_near = |(one, other): (&Xyzd, &Xyzd)| {
        [one.x - other.x, one.y - other.y, one.z - other.z].iter().all(|off| off.abs() < ROUNDING)
    };
    let to_srgb = |light: f64| match light {
        light if light <= 0.003_130_8 => 12.92 * light,
        light => 1.055 * light.powf(1.0 / 2.4) - 0.055,
    };
    let is_curve = |curve: &Option<ToneReprCurve>| match *curve {
        Some(ToneReprCurve::Lut(ref values)) if values.len() > POINTS => (0..=POINTS).all(|point| {
            let place = point * (values.len() - 1) / POINTS;
            let (encoded, light) =
                (place as f64 / (values.len() - 1) as f64, f64::from(values[place]) / 65535.0);
            (to_srgb(light) - encoded).abs() < 0.25 / 255.0
        }),
        _ => false,
    };
    colorants(profile).iter().zip(&colorants(&srgb)).all(is_near)
        && [&profile.red_trc, &profile.green_trc, &profile.blue_trc].iter().all(|curve| is_curve(curve))
}

/// Converts pixels, some at a time.
fn convert<V: Copy + Default>(
    transform: &dyn TransformExecutor<V>,
    source: &[V],
    channels: usize,
    result: &mut [V],
    result_channels: usize,
    cancel: &Cancel,
) -> Result<(), DecodeError> {
    let pieces = source.chunks(PIECE * channels).zip(result.chunks_mut(PIECE * result_channels));
    for (source, result) in pieces {
        cancel.check().map_err(|_| DecodeError::Cancelled)?;
        transform.transform(source, result).map_err(DecodeError::damaged)?;
    }
    Ok(())
}

fn raw(width: u32, height: u32, channels: usize, bytes: Vec<u8>) -> Option<DynamicImage> {
    match channels {
        3 => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        _ => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
    }
}
