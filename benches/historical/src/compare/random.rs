//! Numbers that look random and are the same for the same seed: a run can be analysed again, and every contestant is
//! asked for the same.

/// SplitMix64: the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// From above 0 to 1.
    pub fn part(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed around 0, with a standard deviation of 1.
    #[cfg(test)]
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.part().ln()).sqrt() * (2.0 * std::f64::consts::PI * self.part()).cos()
    }
}
