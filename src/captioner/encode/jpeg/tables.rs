//! The header of a JPEG file, and the tables in it.
//!
//! jpeg-encoder writes the header; the strips are compressed with the tables that it put there.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::block::Quantizer;
use super::entropy::{HuffmanTable, ZIGZAG};
use captioner::error::CaptionError;

/// Pixels on a side of an MCU at 4:2:0.
pub const MCU: usize = 16;

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

/// The header of a baseline file at 4:2:0, with a restart interval of one row of MCUs; and the tables in it.
/// `quality` is 1 to 100.
///
/// # Errors
/// [`CaptionError::Encode`], if jpeg-encoder refuses.
pub fn head(width: u16, height: u16, quality: u8) -> Result<(Vec<u8>, Tables), CaptionError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_restart_interval(width.div_ceil(MCU as u16));
    // Of one pixel, so that nothing large is compressed; the true size is set below.
    encoder.encode(&[0; 3], 1, 1, ColorType::Rgb).map_err(CaptionError::encode)?;

    let mut quantizers = [None, None];
    let mut codes = [None, None, None, None];
    let mut position = 2;
    loop {
        let marker = file[position + 1];
        let length = usize::from(u16::from_be_bytes([file[position + 2], file[position + 3]]));
        let end = position + 2 + length;
        let content = &mut file[position + 4..end];
        match marker {
            // After a byte for the precision: height, width.
            SOF0 => {
                content[1..3].copy_from_slice(&height.to_be_bytes());
                content[3..5].copy_from_slice(&width.to_be_bytes());
            }
            DQT => {
                for table in content.chunks_exact(65) {
                    let mut steps = [0; 64];
                    ZIGZAG
                        .iter()
                        .zip(&table[1..])
                        .for_each(|(&place, &step)| steps[usize::from(place)] = step);
                    quantizers[usize::from(table[0] & 1)] = Some(Quantizer::new(&steps));
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
        }
        position = end;
        if marker == SOS {
            break;
        }
    }
    file.truncate(position);
    let [luma, chroma] = quantizers;
    let [luma_dc, chroma_dc, luma_ac, chroma_ac] = codes;
    let component = |quantizer: Option<Quantizer>, dc: Option<HuffmanTable>, ac: Option<HuffmanTable>| {
        let tables = quantizer.and_then(|quantizer| dc.and_then(|dc| ac.map(|ac| (quantizer, dc, ac))));
        let (quantizer, dc, ac) = tables.expect("jpeg-encoder writes two tables of each kind");
        Component { quantizer, dc, ac }
    };
    let luma = component(luma, luma_dc, luma_ac);
    let chroma = component(chroma, chroma_dc, chroma_ac);
    Ok((file, Tables { luma, chroma }))
}
