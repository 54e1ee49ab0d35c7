//! [`Format`]: the picture file formats that can be asked for.

/// A picture file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline.
    Jpeg,
    /// PNG, eight bits a channel.
    Png,
    /// GIF, still or animated.
    Gif,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Jpeg, Format::Png, Format::Gif];

    /// As it is written in a request and in `GET /templates/{name}`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::Gif => "gif",
        }
    }

    /// What the name of such a file ends in, after the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Png | Format::Gif => self.name(),
        }
    }

    /// The format of a file whose name ends in that, after the dot, in any case.
    pub fn of_extension(extension: &str) -> Option<Format> {
        Format::parse(extension).filter(|_| !extension.contains(char::is_whitespace))
    }

    /// `jpeg` (or `jpg`), `png` or `gif`, in any case.
    pub fn parse(text: &str) -> Option<Format> {
        match text.trim().to_ascii_lowercase().as_str() {
            "jpeg" | "jpg" => Some(Format::Jpeg),
            "png" => Some(Format::Png),
            "gif" => Some(Format::Gif),
            _ => None,
        }
    }
}
