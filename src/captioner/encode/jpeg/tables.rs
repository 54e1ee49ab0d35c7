//! The header of a JPEG file, and the tables in it.
//!
//! jpeg-encoder writes the header; the strips are compressed with the tables that it put there.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::block::Quantizer;
use super::entropy::{HuffmanTable, ZIGZAG};
use captioner::error::CaptionError;
use captioner::file::jpeg::kind::{Sampling, Steps};

/// Pixels of an MCU, across and down.
pub fn mcu_of(sampling: Sampling) -> (usize, usize) {
    match sampling {
        Sampling::Gray | Sampling::Full => (8, 8),
        Sampling::HalfAcross => (16, 8),
        Sampling::Half => (16, 16),
    }
}

/// How a file is to be compressed.
#[derive(Clone)]
pub struct Plan {
    /// How its colors are sampled.
    pub sampling: Sampling,
    /// The steps of luma and of chroma.
    pub steps: [Steps; 2],
}

/// The steps of a quality, 1 to 100: those of luma and of chroma.
///
/// # Errors
/// [`CaptionError::Encode`], if jpeg-encoder refuses.
pub fn steps_of(quality: u8) -> Result<[Steps; 2], CaptionError> {
    let mut file = Vec::new();
    let encoder = Encoder::new(&mut file, quality);
    encoder.encode(&[0; 3], 1, 1, ColorType::Rgb).map_err(CaptionError::encode)?;
    let mut steps = [[1; 64]; 2];
    for_each_segment(&mut file, |marker, content| {
        if marker == DQT {
            content
                .chunks_exact(65)
                .for_each(|table| steps[usize::from(table[0] & 1)].copy_from_slice(&table[1..]));
        }
    });
    Ok(steps)
}

/// The step for a coefficient that has been quantized already.
///
/// `own` is the step that it had, `wanted` the one for pixels that have not been compressed before. A coefficient that is
/// a multiple of the new step loses nothing. So a finer step stays, also one that is hardly coarser; another is divided by
/// a whole number.
pub fn step_again(own: u8, wanted: u8) -> u8 {
    if u32::from(own) * 4 <= u32::from(wanted) * 5 {
        return own;
    }
    (own / own.div_ceil(wanted)).max(1)
}

/// What a file's components are compressed with.
pub struct Tables {
    /// Of the luma component.
    pub luma: Component,
    /// Of both chroma components.
    pub chroma: Component,
}

/// The tables of a component.
pub struct Component {
    /// The steps of its coefficients.
    pub quantizer: Quantizer,
    /// The codes of DC coefficients.
    pub dc: HuffmanTable,
    /// The codes of AC coefficients.
    pub ac: HuffmanTable,
}

/// Markers: after FF, before a length of two bytes that counts itself.
const DQT: u8 = 0xdb;
const SOF0: u8 = 0xc0;
const DHT: u8 = 0xc4;
const SOS: u8 = 0xda;

/// The header of a baseline file, with a restart interval of one row of MCUs; and the tables in it.
///
/// # Errors
/// [`CaptionError::Encode`], if jpeg-encoder refuses.
pub fn head(width: u16, height: u16, plan: &Plan) -> Result<(Vec<u8>, Tables), CaptionError> {
    let mut file = Vec::new();
    // Its own tables are replaced.
    let mut encoder = Encoder::new(&mut file, 100);
    encoder.set_sampling_factor(match plan.sampling {
        Sampling::Gray | Sampling::Full => SamplingFactor::F_1_1,
        Sampling::HalfAcross => SamplingFactor::F_2_1,
        Sampling::Half => SamplingFactor::F_2_2,
    });
    encoder.set_restart_interval(width.div_ceil(mcu_of(plan.sampling).0 as u16));
    // Of one pixel, so that nothing large is compressed; the true size is set below.
    let color = if plan.sampling == Sampling::Gray { ColorType::Luma } else { ColorType::Rgb };
    let channels = if plan.sampling == Sampling::Gray { 1 } else { 3 };
    encoder.encode(&[0; 3][..channels], 1, 1, color).map_err(CaptionError::encode)?;

    let mut codes = [None, None, None, None];
    let position = for_each_segment(&mut file, |marker, content| match marker {
        // After a byte for the precision: height, width.
        SOF0 => {
            content[1..3].copy_from_slice(&height.to_be_bytes());
            content[3..5].copy_from_slice(&width.to_be_bytes());
        }
        DQT => {
            for table in content.chunks_exact_mut(65) {
                let steps = &plan.steps[usize::from(table[0] & 1)];
                table[1..].copy_from_slice(steps);
            }
        }
        DHT => {
            let mut rest = &content[..];
            while rest.len() > 17 {
                let symbols = rest[1..17].iter().map(|&count| usize::from(count)).sum::<usize>();
                let (table, next) = rest.split_at(17 + symbols);
                // The class (DC or AC) in the upper half, the number in the lower one.
                let index = usize::from(table[0] >> 4 & 1) * 2 + usize::from(table[0] & 1);
                codes[index] = Some(HuffmanTable::new(&table[1..17], &table[17..]));
                rest = next;
            }
        }
        _ => {}
    });
    file.truncate(position);
    let [luma_dc, chroma_dc, luma_ac, chroma_ac] = codes;
    let [ref luma, ref chroma] = plan.steps;
    let component = |steps: &Steps, dc: Option<HuffmanTable>, ac: Option<HuffmanTable>| {
        let (dc, ac) =
            dc.and_then(|dc| ac.map(|ac| (dc, ac))).expect("jpeg-encoder writes two tables of each kind");
        let mut by_row = [0; 64];
        ZIGZAG.iter().zip(steps).for_each(|(&place, &step)| by_row[usize::from(place)] = step);
        Component { quantizer: Quantizer::new(&by_row), dc, ac }
    };
    let luma = component(luma, luma_dc, luma_ac);
    // A gray file has no tables for chroma.
    let [chroma_dc, chroma_ac] = match plan.sampling {
        Sampling::Gray => [0, 1].map(|_| Some(HuffmanTable::new(&[], &[]))),
        _ => [chroma_dc, chroma_ac],
    };
    let chroma = component(chroma, chroma_dc, chroma_ac);
    Ok((file, Tables { luma, chroma }))
}

/// Changes the height in the header of a file.
pub fn set_height(header: &mut [u8], height: u16) {
    for_each_segment(header, |marker, content| {
        if marker == SOF0 {
            content[1..3].copy_from_slice(&height.to_be_bytes());
        }
    });
}

/// Calls `each` with the marker and the content of the segments of a header, that of the scan included. Returns where it
/// ends.
fn for_each_segment<F: FnMut(u8, &mut [u8])>(file: &mut [u8], mut each: F) -> usize {
    let mut position = 2;
    loop {
        let marker = file[position + 1];
        let length = usize::from(u16::from_be_bytes([file[position + 2], file[position + 3]]));
        let end = position + 2 + length;
        each(marker, &mut file[position + 4..end]);
        position = end;
        if marker == SOS {
            return position;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::step_again;

    #[test]
    fn a_step_is_kept_or_divided() {
        for &(own, wanted, step) in &[
            (5, 7, 5),
            (7, 7, 7),
            (8, 7, 8),
            (10, 8, 10),
            (11, 8, 5),
            (50, 30, 25),
            (99, 30, 24),
            (255, 1, 1),
            (3, 2, 1),
        ] {
            assert_eq!(step_again(own, wanted), step, "{} {}", own, wanted);
        }
    }
}
