//! Helpers: templates built byte by byte, drawings of captions on them, and measurements on pictures.

use std::fs;
use std::path::Path;

use image::{Rgba, RgbaImage};
use memed::captioner::{Cancel, Captioner};
use memed::image_macro::{from_json, from_query, ImageMacro};
use serde_json::Value;

use util::Folder;

/// The file of a template that is built in.
pub fn shipped(file_name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/templates");
    fs::read(folder.join(file_name)).unwrap()
}

pub fn asked(query: &str) -> ImageMacro {
    from_query(query).unwrap_or_else(|error| panic!("{}: {}", query, error))
}

/// The file that a query string asks for.
pub fn draw(captioner: &Captioner, query: &str) -> Vec<u8> {
    let picture = captioner.caption(&asked(query), &Cancel::new());
    picture.unwrap_or_else(|error| panic!("{}: {:?}", query, error)).bytes
}

/// The picture that a query string asks for.
pub fn look(captioner: &Captioner, query: &str) -> RgbaImage {
    decoded(&draw(captioner, query))
}

/// The picture that a JSON object asks for.
pub fn look_json(captioner: &Captioner, request: &Value) -> RgbaImage {
    let image_macro = from_json(request.to_string().as_bytes()).unwrap();
    decoded(&captioner.caption(&image_macro, &Cancel::new()).unwrap().bytes)
}

pub fn decoded(file: &[u8]) -> RgbaImage {
    ::image::load_from_memory(file).expect("the file is whole").into_rgba8()
}

/// A template of one color, called `plain`.
pub struct Plain {
    pub captioner: Captioner,
    pub image: RgbaImage,
    _folder: Folder,
}

impl Plain {
    pub fn new(width: u32, height: u32, color: [u8; 4]) -> Plain {
        let folder = Folder::new();
        let image = RgbaImage::from_pixel(width, height, Rgba(color));
        folder.put("plain.png", &png_of(&image));
        Plain { captioner: folder.captioner(), image, _folder: folder }
    }

    /// On black, which every other color is brighter than.
    pub fn black(width: u32, height: u32) -> Plain {
        Plain::new(width, height, [0, 0, 0, 255])
    }

    pub fn with(&self, query: &str) -> RgbaImage {
        look(&self.captioner, &format!("template=plain&{}", query))
    }

    /// Where the captions of a query string are.
    pub fn ink(&self, query: &str) -> Bounds {
        let changed = changed(&self.image, &self.with(query), 0);
        changed.unwrap_or_else(|| panic!("{} draws nothing", query))
    }

    /// First and last row of each run of rows that have ink: the lines, if no letter has loose parts.
    pub fn lines(&self, query: &str) -> Vec<(u32, u32)> {
        let picture = self.with(query);
        let has_ink = |y: u32| (0..picture.width()).any(|x| picture[(x, y)] != self.image[(x, y)]);
        let mut lines: Vec<(u32, u32)> = Vec::new();
        for y in (0..picture.height()).filter(|&y| has_ink(y)) {
            match lines.last_mut() {
                Some(line) if line.1 + 1 == y => line.1 = y,
                _ => lines.push((y, y)),
            }
        }
        lines
    }
}

/// The smallest rectangle around some pixels; all four are inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

impl Bounds {
    pub fn width(&self) -> u32 {
        self.right - self.left + 1
    }

    pub fn height(&self) -> u32 {
        self.bottom - self.top + 1
    }
}

/// Where two pictures differ by more than `tolerance` in a channel.
pub fn changed(before: &RgbaImage, after: &RgbaImage, tolerance: u8) -> Option<Bounds> {
    assert_eq!(before.dimensions(), after.dimensions());
    let mut bounds: Option<Bounds> = None;
    for (x, y, pixel) in after.enumerate_pixels() {
        if farthest(pixel.0, before[(x, y)].0) > tolerance {
            let known = bounds.unwrap_or(Bounds { left: x, top: y, right: x, bottom: y });
            let (left, right) = (known.left.min(x), known.right.max(x));
            bounds = Some(Bounds { left, right, top: known.top, bottom: y });
        }
    }
    bounds
}

/// How far the channel is apart that is farthest.
pub fn farthest(a: [u8; 4], b: [u8; 4]) -> u8 {
    (0..4).map(|i| a[i].abs_diff(b[i])).max().unwrap_or(0)
}

/// How far the channels of two pictures are apart on average, 0 to 255.
pub fn mean_difference(a: &RgbaImage, b: &RgbaImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// Whether a picture has a pixel of that color.
pub fn has_color(picture: &RgbaImage, color: [u8; 3]) -> bool {
    picture.pixels().any(|pixel| pixel.0 == [color[0], color[1], color[2], 255])
}

/// A PNG file with an alpha channel.
pub fn png_of(image: &RgbaImage) -> Vec<u8> {
    let mut file = ::std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, ::image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A PNG file of any kind, uncompressed: bits a channel, color type, chunks before the pixels, and the rows
/// one after the other.
pub fn png(size: (u32, u32), depth: u8, color_type: u8, chunks: &[(&str, &[u8])], rows: &[u8]) -> Vec<u8> {
    let unfiltered = rows.chunks(rows.len() / size.1 as usize).flat_map(|row| [&[0], row].concat());
    png_of_scanlines(size, &[depth, color_type, 0, 0, 0], chunks, &unfiltered.collect::<Vec<_>>())
}

/// The same from what stands behind the size in its head, and scanlines that begin with their filters.
pub fn png_of_scanlines(
    size: (u32, u32),
    kind: &[u8; 5],
    chunks: &[(&str, &[u8])],
    filtered: &[u8],
) -> Vec<u8> {
    let mut head = [size.0.to_be_bytes(), size.1.to_be_bytes()].concat();
    head.extend_from_slice(kind);
    assert!(filtered.len() <= 0xffff, "one stored block holds no more");
    let length = filtered.len() as u16;
    let mut zlib = vec![0x78, 0x01, 0x01];
    zlib.extend_from_slice(&length.to_le_bytes());
    zlib.extend_from_slice(&(!length).to_le_bytes());
    zlib.extend_from_slice(filtered);
    let sums = filtered.iter().fold((1, 0), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    zlib.extend_from_slice(&(sums.1 << 16 | sums.0).to_be_bytes());

    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let all = Some(("IHDR", &head[..])).into_iter().chain(chunks.iter().copied());
    for (kind, data) in all.chain(vec![("IDAT", &zlib[..]), ("IEND", &[][..])]) {
        file.extend(chunk(kind, data));
    }
    file
}

/// A chunk of a PNG, with its length and its checksum.
pub fn chunk(kind: &str, data: &[u8]) -> Vec<u8> {
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend_from_slice(kind.as_bytes());
    chunk.extend_from_slice(data);
    let crc = chunk[4..].iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    chunk.extend_from_slice(&(!crc).to_be_bytes());
    chunk
}

/// The same numbers on every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}
