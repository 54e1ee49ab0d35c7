//! [`Turn`]: an angle, as what it does to points.

use libm;
use rusttype::{point, Point, Rect};

/// A turn about the origin, clockwise, where y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    cos: f32,
    sin: f32,
}

impl Default for Turn {
    fn default() -> Turn {
        Turn::NONE
    }
}

impl Turn {
    /// No turn at all.
    pub const NONE: Turn = Turn { cos: 1.0, sin: 0.0 };

    /// A turn by some degrees.
    pub fn by(degrees: f32) -> Turn {
        if degrees == 0.0 {
            return Turn::NONE;
        }
        // Not the system's functions, which may be rounded differently on another machine.
        let (sin, cos) = libm::sincosf(degrees.to_radians());
        Turn { cos, sin }
    }

    /// Whether it leaves everything where it is.
    pub fn is_none(self) -> bool {
        self == Turn::NONE
    }

    /// Where a point comes to.
    #[inline(always)]
    pub fn of(self, x: f32, y: f32) -> [f32; 2] {
        [x * self.cos - y * self.sin, x * self.sin + y * self.cos]
    }

    /// Where a point comes to if the turn is about another one.
    pub fn about(self, center: Point<f32>, at: Point<f32>) -> Point<f32> {
        let [x, y] = self.of(at.x - center.x, at.y - center.y);
        point(center.x + x, center.y + y)
    }

    /// What encloses a rectangle when it is turned.
    pub fn bounds(self, rect: &Rect<f32>) -> Rect<f32> {
        if self.is_none() {
            return *rect;
        }
        let corners = [rect.min, point(rect.max.x, rect.min.y), rect.max, point(rect.min.x, rect.max.y)];
        let turned = corners.map(|corner| self.of(corner.x, corner.y));
        let least = |i: usize| turned.iter().map(|corner| corner[i]).fold(f32::INFINITY, f32::min);
        let most = |i: usize| turned.iter().map(|corner| corner[i]).fold(f32::NEG_INFINITY, f32::max);
        Rect { min: point(least(0), least(1)), max: point(most(0), most(1)) }
    }
}

#[cfg(test)]
mod tests {
    use rusttype::{point, Rect};

    use super::Turn;

    #[test]
    fn a_quarter_is_clockwise() {
        let at = Turn::by(90.0).about(point(10.0, 10.0), point(15.0, 10.0));
        assert!((at.x - 10.0).abs() < 1e-5 && (at.y - 15.0).abs() < 1e-5, "{:?}", at);
        let bounds = Turn::by(-90.0).bounds(&Rect { min: point(0.0, -2.0), max: point(3.0, 1.0) });
        assert!((bounds.min.x + 2.0).abs() < 1e-5 && (bounds.max.y - 0.0).abs() < 1e-5, "{:?}", bounds);
        assert!(Turn::by(0.0).is_none() && Turn::by(-0.0).is_none() && !Turn::by(360.0).is_none());
    }
}
