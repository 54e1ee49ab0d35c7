//! JPEG: a template is compressed once, strip by strip, and a caption compresses only the strips under its ink.
//!
//! A strip is a row of MCUs (squares of 16 by 16 pixels at 4:2:0), with a restart marker after it. DC prediction begins
//! anew there, so the bytes of a strip do not depend on other strips. A caption copies the other strips with their
//! markers; since every strip keeps its place, even the numbers in the markers stay the same.
//!
//! A template that is a JPEG keeps its sampling and, if it is not scaled, what its quantization left of it: see
//! `tables::step_again` and `chroma`. A caption in color is drawn on a second form of the template, at 4:4:4, because at
//! 4:2:0 letters of 24 pixels lose an eighth of their color to what is around them.
//!
//! jpeg-encoder writes the header of the file. The strips are compressed by `strip`, which is faster and produces the
//! same bytes; the tests compare whole files with those of jpeg-encoder.

mod barred;
mod block;
mod chroma;
mod entropy;
mod strip;
mod tables;

use std::convert::TryFrom;
use std::mem;
use std::ops::Range;
use std::sync::OnceLock;

use image::RgbImage;

use self::chroma::Chroma;
use self::entropy::stuff;
use self::strip::{Coding, Compressed, Strip};
use self::tables::{mcu_of, step_again, steps_of, Plan, Tables};
use captioner::cancel::Cancel;
use captioner::error::CaptionError;
use captioner::file::jpeg::kind::{JpegKind, Sampling};
use captioner::ink::Stamp;

const END_OF_IMAGE: &[u8] = &[0xff, 0xd9];

/// Rows of pixels that are copied before a cancel is looked for.
const ROWS: usize = 16;

/// A picture, and its file without any text.
pub struct JpegTemplate {
    picture: Picture,
    plain: Form,
    /// The form for text in color; `None` if it is the plain one. Compressed when a text first needs it.
    colorful: OnceLock<Option<Box<Form>>>,
}

/// The pixels of a template.
struct Picture {
    width: u32,
    height: u32,
    /// Red, green and blue, row by row.
    planes: [Vec<u8>; 3],
}

/// A picture compressed in one way.
struct Form {
    plan: Plan,
    tables: Box<Tables>,
    chroma: Option<Chroma>,
    file: Vec<u8>,
    /// From top to bottom.
    strips: Vec<TemplateStrip>,
}

/// A strip of a template.
struct TemplateStrip {
    compressed: Compressed,
    /// Where in the file its bytes are, without the marker after them.
    range: Range<usize>,
}

impl JpegTemplate {
    /// Compresses the whole picture, baseline: as its file was, if that was a JPEG and `kind` is known, otherwise at 4:2:0.
    /// `quality` is 1 to 100.
    ///
    /// # Errors
    /// [`CaptionError::Encode`], if the picture is wider or higher than a JPEG can be;
    /// [`CaptionError::Cancelled`].
    pub fn prepare(
        image: &RgbImage,
        kind: Option<&JpegKind>,
        is_scaled: bool,
        quality: u8,
        cancel: &Cancel,
    ) -> Result<JpegTemplate, CaptionError> {
        let (width, height) = image.dimensions();
        let mut planes = [0, 1, 2].map(|_| Vec::with_capacity(image.as_raw().len() / 3));
        for rows in image.as_raw().chunks(ROWS * 3 * width as usize) {
            cancel.check()?;
            for (channel, plane) in planes.iter_mut().enumerate() {
                plane.extend(rows.as_chunks::<3>().0.iter().map(|pixel| pixel[channel]));
            }
        }
        let picture = Picture { width, height, planes };
        let mut plan = Plan { sampling: Sampling::Half, steps: steps_of(quality)? };
        let mut has_samples = false;
        if let Some(kind) = kind {
            plan.sampling = kind.sampling;
            // A profile may have made colors of grays.
            if plan.sampling == Sampling::Gray && !picture.is_gray() {
                plan.sampling = Sampling::Full;
            }
            if !is_scaled {
                for (steps, own) in plan.steps.iter_mut().zip(&[kind.luma, kind.chroma]) {
                    steps.iter_mut().zip(own).for_each(|(step, &own)| *step = step_again(own, *step));
                }
                let is_whole = width % 2 == 0 && height % 2 == 0;
                has_samples = kind.is_upright || is_whole;
            }
        }
        let plain = Form::compress(&picture, plan, has_samples, cancel)?;
        Ok(JpegTemplate { picture, plain, colorful: OnceLock::new() })
    }

    /// The file with the stamp on it.
    ///
    /// # Errors
    /// [`CaptionError::Cancelled`], [`CaptionError::Encode`].
    pub fn caption(&self, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        if stamp.inks.is_empty() {
            return Ok(self.plain.file.clone());
        }
        let form = if stamp.is_gray() { &self.plain } else { self.colorful(cancel)? };
        if stamp.bars.are_none() {
            form.caption(&self.picture, stamp, cancel)
        } else {
            form.caption_with_bars(&self.picture, stamp, cancel)
        }
    }

    /// The form for text in color: at 4:4:4, if the file grows by no more than `MORE` and `EXTRA`.
    fn colorful(&self, cancel: &Cancel) -> Result<&Form, CaptionError> {
        if self.colorful.get().is_none() {
            let form = match self.plain.plan.raised() {
                Some(plan) => Some(Form::compress(&self.picture, plan, false, cancel)?),
                None => None,
            };
            let most = self.plain.file.len() + self.plain.file.len() * MORE / 100 + EXTRA;
            let is_gray = self.plain.plan.sampling == Sampling::Gray;
            // Another thread may have been faster, with the same result.
            let _ = self.colorful.set(form.filter(|form| is_gray || form.file.len() <= most).map(Box::new));
        }
        Ok(self.colorful.get().and_then(Option::as_deref).unwrap_or(&self.plain))
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.picture.width, self.picture.height)
    }

    /// How many bytes of memory it takes, once a text in color was drawn.
    pub fn weight(&self) -> usize {
        let pixels = self.picture.planes[0].len();
        let plain = self.plain.weight();
        // There are four times as many places, and the file may be larger by as much as is allowed.
        let colorful = match self.plain.plan.raised() {
            Some(_) => 2 * plain + EXTRA + pixels / 64 * mem::size_of::<[u32; 3]>(),
            None => 0,
        };
        3 * pixels + plain + colorful
    }
}

/// By how much, in percent, the file without text may be larger at 4:4:4.
const MORE: usize = 15;
/// And by how many bytes: plain colors take hardly any, and the letters on them most of the file.
const EXTRA: usize = 2 << 10;

impl Plan {
    /// That of the form for text in color; `None` if this one will do.
    fn raised(&self) -> Option<Plan> {
        let mut plan = Plan { sampling: Sampling::Full, ..self.clone() };
        match self.sampling {
            Sampling::Full => return None,
            Sampling::Gray | Sampling::HalfAcross => {}
            // Four samples for one have coefficients twice as large, so these steps are finer in effect.
            Sampling::Half => {
                plan.steps[1].iter_mut().for_each(|step| *step = step.saturating_add(*step / 2));
            }
        }
        Some(plan)
    }
}

impl Form {
    /// Compresses the whole picture. `has_samples`: its pixels were interpolated by a decoder, if the plan samples them.
    fn compress(
        picture: &Picture,
        plan: Plan,
        has_samples: bool,
        cancel: &Cancel,
    ) -> Result<Form, CaptionError> {
        let side = |pixels: u32| u16::try_from(pixels).map_err(CaptionError::encode);
        let (file, tables) = tables::head(side(picture.width)?, side(picture.height)?, &plan)?;
        let is_sampled = matches!(plan.sampling, Sampling::Half | Sampling::HalfAcross);
        let chroma = match has_samples && is_sampled {
            true => Some(picture.chroma(plan.sampling, cancel)?),
            false => None,
        };
        let mut form = Form { plan, tables: Box::new(tables), chroma, file, strips: Vec::new() };
        let width = picture.width as usize;
        let mut strip = Strip::new(width, form.plan.sampling);
        for index in 0..(picture.height as usize).div_ceil(form.mcu().1) {
            cancel.check()?;
            if index > 0 {
                form.file.extend_from_slice(&[0xff, 0xd0 + ((index - 1) % 8) as u8]);
            }
            let start = form.file.len();
            let rows = picture.rows(index, form.mcu().1);
            strip.load(&picture.planes, width, &rows);
            let compressed = strip.compress(width, rows.len(), &form.coding(index, &strip));
            stuff(&compressed.bits, &mut form.file);
            let range = start..form.file.len();
            form.strips.push(TemplateStrip { compressed, range });
        }
        form.file.extend_from_slice(END_OF_IMAGE);
        form.file.shrink_to_fit();
        Ok(form)
    }

    fn caption(&self, picture: &Picture, stamp: &Stamp, cancel: &Cancel) -> Result<Vec<u8>, CaptionError> {
        let width = picture.width as usize;
        let mcu = self.mcu();
        let mut bytes = Vec::with_capacity(self.file.len() + self.file.len() / 4);
        let mut strip = Strip::new(width, self.plan.sampling);
        // How much of `file` has been copied or replaced.
        let mut done = 0;
        for index in stamp.bands(mcu.1 as u32, picture.height) {
            cancel.check()?;
            let rows = picture.rows(index as usize, mcu.1);
            strip.load(&picture.planes, width, &rows);
            let rows_drawn = rows.start as u32..rows.end as u32;
            stamp.put_on_planes(&mut strip.planes, strip.stride, rows_drawn.clone());
            let is_drawn = stamp.columns(mcu.0 as u32, picture.width, rows_drawn);
            let TemplateStrip { ref compressed, range: ref replaced } = self.strips[index as usize];
            let coding = self.coding(index as usize, &strip);
            let bits = strip.compress_drawn(width, rows.len(), &coding, compressed, &is_drawn);
            // Everything up to the strip, the marker before it included, is as it was.
            bytes.extend_from_slice(&self.file[done..replaced.start]);
            stuff(&bits, &mut bytes);
            done = replaced.end;
        }
        bytes.extend_from_slice(&self.file[done..]);
        Ok(bytes)
    }

    /// Pixels of an MCU, across and down.
    fn mcu(&self) -> (usize, usize) {
        mcu_of(self.plan.sampling)
    }

    /// What the strip of that number is compressed with.
    fn coding(&self, index: usize, strip: &Strip) -> Coding<'_> {
        let first = index * (strip.stride / self.mcu().0);
        Coding { tables: &self.tables, chroma: self.chroma.as_ref(), first }
    }

    fn weight(&self) -> usize {
        let of_strip = mem::size_of::<TemplateStrip>();
        let strips: usize = self.strips.iter().map(|strip| of_strip + strip.compressed.weight()).sum();
        let chroma = self.chroma.as_ref().map_or(0, Chroma::weight);
        self.file.len() + strips + mem::size_of::<Tables>() + chroma
    }
}

impl Picture {
    fn is_gray(&self) -> bool {
        let [ref red, ref green, ref blue] = self.planes;
        red == green && green == blue
    }

    /// The rows of pixels in a strip of that number and height.
    fn rows(&self, strip: usize, height: usize) -> Range<usize> {
        strip * height..((strip + 1) * height).min(self.height as usize)
    }

    /// Its samples at 4:2:0 or 4:2:2.
    fn chroma(&self, sampling: Sampling, cancel: &Cancel) -> Result<Chroma, CaptionError> {
        let (width, height) = (self.width as usize, self.height as usize);
        let mut strip = Strip::new(width, sampling);
        let mut means = Vec::new();
        let (_, rows_each) = mcu_of(sampling);
        for index in 0..height.div_ceil(rows_each) {
            cancel.check()?;
            let rows = self.rows(index, rows_each);
            strip.load(&self.planes, width, &rows);
            strip.means(width, rows.len(), &mut means);
        }
        Chroma::of(&self.planes, (width, height), sampling, &means, cancel)
    }
}
