//! Where a caption stands on the picture: [`VAlign`] and [`HAlign`].

/// The band of the picture that a caption stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VAlign {
    /// Flush with the upper margin.
    Top,
    /// Centered between the margins.
    Middle,
    /// Flush with the lower margin.
    Bottom,
}

/// How the lines of a caption are aligned between the margins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HAlign {
    /// Flush with the left margin.
    Left,
    /// Centered between the margins.
    Center,
    /// Flush with the right margin.
    Right,
}

impl VAlign {
    /// All of them, from the upper edge down.
    pub const ALL: [VAlign; 3] = [VAlign::Top, VAlign::Middle, VAlign::Bottom];

    /// `top`, `middle` or `bottom`, in any case.
    pub fn parse(text: &str) -> Option<VAlign> {
        VAlign::ALL.iter().copied().find(|valign| valign.name().eq_ignore_ascii_case(text.trim()))
    }

    /// As it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            VAlign::Top => "top",
            VAlign::Middle => "middle",
            VAlign::Bottom => "bottom",
        }
    }
}

impl HAlign {
    /// All of them, from left to right.
    pub const ALL: [HAlign; 3] = [HAlign::Left, HAlign::Center, HAlign::Right];

    /// `left`, `center` or `right`, in any case.
    pub fn parse(text: &str) -> Option<HAlign> {
        HAlign::ALL.iter().copied().find(|halign| halign.name().eq_ignore_ascii_case(text.trim()))
    }

    /// As it is written in a request.
    pub fn name(self) -> &'static str {
        match self {
            HAlign::Left => "left",
            HAlign::Center => "center",
            HAlign::Right => "right",
        }
    }
}
