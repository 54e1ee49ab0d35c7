//! How a JPEG file is compressed, for pictures made from it to be compressed as well.

use image::metadata::Orientation;

/// How the colors of a JPEG are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// There is one component.
    Gray,
    /// 4:4:4, each pixel has a color of its own.
    Full,
    /// 4:2:2, two pixels side by side share theirs.
    HalfAcross,
    /// 4:2:0, squares of two by two pixels do.
    Half,
}

/// The steps of a quantization table, in the order of the file: zigzag. None is zero.
pub type Steps = [u8; 64];

/// How a JPEG file is compressed.
#[derive(Clone, Debug)]
pub struct JpegKind {
    /// That of the file, or the next finer one if it is not in the list.
    pub sampling: Sampling,
    /// Of the first component.
    pub luma: Steps,
    /// Of the others.
    pub chroma: Steps,
    /// Whether the pixels lie as in the file, so that the blocks of both have the same places.
    pub is_upright: bool,
}

impl Sampling {
    /// That of components of these blocks in an MCU, across and down; `None` if there are neither one nor three of them.
    pub fn of(components: &[(u32, u32)]) -> Option<Sampling> {
        match *components {
            [_] => Some(Sampling::Gray),
            [luma, cb, cr] => {
                let (across, down) = (cb.0.max(cr.0), cb.1.max(cr.1));
                Some(match (luma.0 > across, luma.1 > down) {
                    (true, true) => Sampling::Half,
                    (true, false) if luma.1 == down => Sampling::HalfAcross,
                    _ => Sampling::Full,
                })
            }
            _ => None,
        }
    }
}

impl JpegKind {
    /// That of the picture when it was turned.
    pub fn turned(self, orientation: Orientation) -> JpegKind {
        use self::Orientation::*;
        let is_transposed = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
        let is_upright = orientation == NoTransforms;
        if !is_transposed {
            return JpegKind { is_upright, ..self };
        }
        // Two pixels that share their color lie above each other now.
        let sampling = match self.sampling {
            Sampling::HalfAcross => Sampling::Full,
            other => other,
        };
        JpegKind { sampling, luma: transposed(&self.luma), chroma: transposed(&self.chroma), is_upright }
    }
}

/// A table for blocks whose rows have become columns. In zigzag order, that reverses each diagonal.
fn transposed(steps: &Steps) -> Steps {
    let mut turned = *steps;
    let mut start = 0;
    for diagonal in 0..15usize {
        let length = diagonal.min(14 - diagonal) + 1;
        turned[start..start + length].reverse();
        start += length;
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::{transposed, JpegKind, Sampling};
    use image::metadata::Orientation;

    #[test]
    fn samplings_are_kept_or_become_finer() {
        for &(components, sampling) in &[
            (&[(1, 1)][..], Some(Sampling::Gray)),
            (&[(2, 2)], Some(Sampling::Gray)),
            (&[(1, 1), (1, 1), (1, 1)], Some(Sampling::Full)),
            (&[(2, 2), (1, 1), (1, 1)], Some(Sampling::Half)),
            (&[(4, 2), (1, 1), (1, 1)], Some(Sampling::Half)),
            (&[(2, 1), (1, 1), (1, 1)], Some(Sampling::HalfAcross)),
            (&[(2, 2), (1, 2), (1, 2)], Some(Sampling::HalfAcross)),
            (&[(4, 1), (1, 1), (1, 1)], Some(Sampling::HalfAcross)),
            (&[(2, 2), (1, 1), (1, 2)], Some(Sampling::HalfAcross)),
            (&[(1, 2), (1, 1), (1, 1)], Some(Sampling::Full)),
            (&[(1, 1), (2, 2), (2, 2)], Some(Sampling::Full)),
            (&[(2, 1), (1, 2), (1, 2)], Some(Sampling::Full)),
            (&[(1, 1), (1, 1), (1, 1), (1, 1)], None),
        ] {
            assert_eq!(Sampling::of(components), sampling, "{:?}", components);
        }
    }

    #[test]
    fn a_turned_picture_has_a_turned_table() {
        let mut steps = [1; 64];
        // The second is at the right of the first, the third below it; the last but one and two likewise.
        steps[1] = 7;
        steps[62] = 9;
        let turned = transposed(&steps);
        assert_eq!((turned[1], turned[2], turned[61], turned[62]), (1, 7, 9, 1));
        assert_eq!(transposed(&turned), steps);
        let kind = JpegKind { sampling: Sampling::HalfAcross, luma: steps, chroma: steps, is_upright: true };
        let kind = kind.turned(Orientation::Rotate90);
        assert_eq!((kind.sampling, kind.luma, kind.is_upright), (Sampling::Full, turned, false));
    }
}
