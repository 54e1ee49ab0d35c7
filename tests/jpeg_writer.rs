//! Writes JPEGs of every sampling, in any scans. Plain and slow: coefficients are not quantized, and all Huffman codes
//! have one length.

use std::f64::consts::PI;

use image::RgbaImage;

const DC_LENGTH: u32 = 4;
const AC_LENGTH: u32 = 9;

/// How a JPEG is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kind {
    /// One scan for each component.
    pub apart: bool,
    /// A scan of the DC coefficients, and then two of the others for each component.
    pub progressive: bool,
    /// MCUs between restart markers; zero for none.
    pub restarts: usize,
}

/// A component: its blocks in each MCU, across and down, and the coefficients of all its blocks, in zigzag order.
struct Component {
    blocks: (usize, usize),
    /// Blocks across and down without those that only fill an MCU.
    own: (usize, usize),
    /// Blocks in a row.
    stride: usize,
    coefficients: Vec<[i32; 64]>,
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    value: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.value = self.value << count | u64::from(value);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.value >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xff {
                self.bytes.push(0);
            }
        }
        self.value &= (1 << self.count) - 1;
    }

    /// A number in as few bits as it needs.
    fn number(&mut self, number: i32) {
        let size = size_of(number);
        if size > 0 {
            let bits = if number > 0 { number } else { number + (1 << size) - 1 };
            self.put(bits as u32, size);
        }
    }

    fn pad(&mut self) {
        if self.count > 0 {
            let free = 8 - self.count;
            self.put((1 << free) - 1, free);
        }
    }
}

fn size_of(number: i32) -> u32 {
    32 - number.unsigned_abs().leading_zeros()
}

/// The places of coefficients in a block of rows, in the order of a file.
pub fn zigzag() -> Vec<usize> {
    let mut order: Vec<usize> = (0..64).collect();
    order.sort_by_key(|&n| {
        let (x, y) = (n % 8, n / 8);
        (x + y, if (x + y) % 2 == 1 { y } else { x })
    });
    order
}

/// The coefficients of a block; samples are repeated beyond their edges.
fn transformed(samples: &[Vec<f64>], x0: usize, y0: usize, order: &[usize]) -> [i32; 64] {
    let cosine = |x: usize, u: usize| {
        let scale = if u == 0 { 0.125f64.sqrt() } else { 0.5 };
        ((2 * x + 1) as f64 * u as f64 * PI / 16.0).cos() * scale
    };
    let mut coefficients = [0; 64];
    for (to, &n) in coefficients.iter_mut().zip(order) {
        let (u, v) = (n % 8, n / 8);
        let mut sum = 0.0;
        for y in 0..8 {
            let row = &samples[(y0 + y).min(samples.len() - 1)];
            for x in 0..8 {
                sum += (row[(x0 + x).min(row.len() - 1)] - 128.0) * cosine(x, u) * cosine(y, v);
            }
        }
        *to = sum.round() as i32;
    }
    coefficients
}

fn ycbcr(pixel: [u8; 4]) -> [f64; 3] {
    let [r, g, b] = [0, 1, 2].map(|i| f64::from(pixel[i]));
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402]
}

/// A channel, averaged over boxes of so many pixels.
fn plane(picture: &RgbaImage, channel: usize, (across, down): (usize, usize)) -> Vec<Vec<f64>> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let average = |x: usize, y: usize| {
        let points = (0..across * down).map(|n| (x * across + n % across, y * down + n / across));
        let values = points.map(|(x, y)| {
            let pixel = picture.get_pixel(x.min(width - 1) as u32, y.min(height - 1) as u32);
            ycbcr(pixel.0)[channel]
        });
        values.sum::<f64>() / (across * down) as f64
    };
    let row = |y: usize| (0..width.div_ceil(across)).map(|x| average(x, y)).collect();
    (0..height.div_ceil(down)).map(row).collect()
}

fn segment(file: &mut Vec<u8>, marker: u8, body: &[u8]) {
    file.extend_from_slice(&[0xff, marker]);
    file.extend_from_slice(&(body.len() as u16 + 2).to_be_bytes());
    file.extend_from_slice(body);
}

fn table(file: &mut Vec<u8>, class: u8, length: u32, symbols: u8) {
    let mut body = vec![0; 17];
    body[0] = class << 4;
    body[length as usize] = symbols;
    body.extend(0..symbols);
    segment(file, 0xc4, &body);
}

/// A JPEG, gray if there is one component. `factors`: the sampling factors of each, across and down.
pub fn jpeg(picture: &RgbaImage, factors: &[(usize, usize)], kind: Kind) -> Vec<u8> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let most = |of: fn(&(usize, usize)) -> usize| factors.iter().map(of).max().unwrap();
    let most = (most(|factor| factor.0), most(|factor| factor.1));
    let mcus = (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1));
    let order = zigzag();
    let component = |(channel, &blocks): (usize, &(usize, usize))| {
        let samples = plane(picture, channel, (most.0 / blocks.0, most.1 / blocks.1));
        let (stride, rows) = (mcus.0 * blocks.0, mcus.1 * blocks.1);
        let own = |side: usize, own: usize, most: usize| (side * own).div_ceil(most).div_ceil(8);
        Component {
            blocks,
            own: (own(width, blocks.0, most.0), own(height, blocks.1, most.1)),
            stride,
            coefficients: (0..stride * rows)
                .map(|n| transformed(&samples, n % stride * 8, n / stride * 8, &order))
                .collect(),
        }
    };
    let components: Vec<Component> = factors.iter().enumerate().map(component).collect();

    let mut file = vec![0xff, 0xd8];
    segment(&mut file, 0xdb, &[&[0][..], &[1; 64]].concat());
    let mut frame = vec![8, (height >> 8) as u8, height as u8, (width >> 8) as u8, width as u8];
    frame.push(factors.len() as u8);
    for (id, factor) in factors.iter().enumerate() {
        frame.extend_from_slice(&[id as u8 + 1, (factor.0 << 4 | factor.1) as u8, 0]);
    }
    segment(&mut file, if kind.progressive { 0xc2 } else { 0xc0 }, &frame);
    table(&mut file, 0, DC_LENGTH, 12);
    table(&mut file, 1, AC_LENGTH, 255);
    if kind.restarts > 0 {
        segment(&mut file, 0xdd, &(kind.restarts as u16).to_be_bytes());
    }
    let all: Vec<usize> = (0..factors.len()).collect();
    let one_each = || all.iter().map(|&id| vec![id]);
    let scans: Vec<(Vec<usize>, usize, usize)> = if kind.progressive {
        let others = one_each().flat_map(|one| [(one.clone(), 1, 5), (one, 6, 63)]);
        Some((all.clone(), 0, 0)).into_iter().chain(others).collect()
    } else if kind.apart {
        one_each().map(|one| (one, 0, 63)).collect()
    } else {
        vec![(all.clone(), 0, 63)]
    };
    for (ids, first, last) in scans {
        let mut header = vec![ids.len() as u8];
        ids.iter().for_each(|&id| header.extend_from_slice(&[id as u8 + 1, 0]));
        header.extend_from_slice(&[first as u8, last as u8, 0]);
        segment(&mut file, 0xda, &header);
        file.extend(scan(&components, &ids, mcus, (first, last), kind.restarts));
    }
    file.extend_from_slice(&[0xff, 0xd9]);
    file
}

/// The entropy-coded data of a scan of some coefficients of some components.
fn scan(
    components: &[Component],
    ids: &[usize],
    mcus: (usize, usize),
    (first, last): (usize, usize),
    restarts: usize,
) -> Vec<u8> {
    let mut units: Vec<Vec<(usize, usize)>> = Vec::new();
    if let [id] = *ids {
        let Component { own, stride, .. } = components[id];
        units.extend((0..own.0 * own.1).map(|n| vec![(id, n / own.0 * stride + n % own.0)]));
    } else {
        for n in 0..mcus.0 * mcus.1 {
            let blocks = ids.iter().flat_map(|&id| {
                let Component { blocks: (across, down), stride, .. } = components[id];
                let place = move |i: usize| {
                    let (x, y) = (n % mcus.0 * across + i % across, n / mcus.0 * down + i / across);
                    (id, y * stride + x)
                };
                (0..across * down).map(place)
            });
            units.push(blocks.collect());
        }
    }
    let mut bits = Bits::default();
    let mut before = vec![0; components.len()];
    for (number, unit) in units.iter().enumerate() {
        if restarts > 0 && number > 0 && number % restarts == 0 {
            bits.pad();
            bits.bytes.extend_from_slice(&[0xff, 0xd0 + ((number / restarts - 1) % 8) as u8]);
            before = vec![0; components.len()];
        }
        for &(id, index) in unit {
            let block = &components[id].coefficients[index];
            if first == 0 {
                let difference = block[0] - before[id];
                before[id] = block[0];
                bits.put(size_of(difference), DC_LENGTH);
                bits.number(difference);
            }
            let mut zeros = 0;
            for &value in &block[first.max(1).min(last + 1)..=last] {
                if value == 0 {
                    zeros += 1;
                    continue;
                }
                while zeros > 15 {
                    bits.put(0xf0, AC_LENGTH);
                    zeros -= 16;
                }
                bits.put(zeros << 4 | size_of(value), AC_LENGTH);
                bits.number(value);
                zeros = 0;
            }
            if zeros > 0 {
                bits.put(0, AC_LENGTH);
            }
        }
    }
    bits.pad();
    bits.bytes
}
