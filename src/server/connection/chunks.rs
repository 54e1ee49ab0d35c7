//! Follows the framing of a chunked body before hyper sees it.
//!
//! Pitfall: a chunk size of 17 hexadecimal digits overflows in hyper 0.11: a debug build panics, a release build
//! reads a wrong size (RUSTSEC-2021-0079). And an endless chunk extension never counts as body, so that no limit on
//! the body stops it. Both are refused here. Pinned by
//! `a_chunk_size_of_17_digits_is_refused_and_the_server_lives` in `tests/framing.rs`.

use thiserror::Error;

/// The most digits of a chunk size: 15 hexadecimal ones are a petabyte.
const MAX_DIGITS: u32 = 15;
/// The most bytes of a chunk extension. No client in use sends any.
const MAX_EXTENSION: u32 = 256;

/// The framing of a chunked body is wrong. The sentence is for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct FramingError(pub &'static str);

/// The position in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size { digits: u32, size: u64 },
    SizeBlank { length: u32, size: u64 },
    Extension { length: u32, size: u64 },
    SizeLf { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    EndCr,
    EndLf,
    End,
}

impl Chunks {
    /// Before the first chunk.
    pub fn new() -> Chunks {
        Chunks(State::Size { digits: 0, size: 0 })
    }

    /// Whether the last chunk and the empty line after it have been followed.
    pub fn is_end(self) -> bool {
        self.0 == State::End
    }

    /// Follows the next bytes and returns how many of them belong to the body: all, unless the body ends among
    /// them.
    ///
    /// # Errors
    /// [`FramingError`], after which the position is meaningless.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<usize, FramingError> {
        let mut used = 0;
        while used < bytes.len() && !self.is_end() {
            if let State::Data { left } = self.0 {
                let length = left.min((bytes.len() - used) as u64);
                used += length as usize;
                self.0 = if length == left { State::DataCr } else { State::Data { left: left - length } };
            } else {
                self.0 = self.0.after(bytes[used]).map_err(FramingError)?;
                used += 1;
            }
        }
        Ok(used)
    }
}

impl State {
    fn after(self, byte: u8) -> Result<State, &'static str> {
        use self::State::*;
        Ok(match (self, byte) {
            (Size { digits: MAX_DIGITS, .. }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                return Err("a chunk size has too many digits")
            }
            (Size { digits, size }, b'0'..=b'9') => {
                Size { digits: digits + 1, size: size * 16 + u64::from(byte - b'0') }
            }
            (Size { digits, size }, b'a'..=b'f' | b'A'..=b'F') => Size {
                digits: digits + 1,
                size: size * 16 + u64::from(byte.to_ascii_lowercase() - b'a' + 10),
            },
            (Size { digits: 0, .. }, _) => return Err("a chunk does not begin with its size"),
            (Size { size, .. }, b'\r') => SizeLf { size },
            (Size { size, .. }, b';') => Extension { length: 0, size },
            (Size { size, .. }, b' ' | b'\t') => SizeBlank { length: 0, size },
            (SizeBlank { size, .. }, b'\r') => SizeLf { size },
            (SizeBlank { length, size }, b';') => Extension { length, size },
            (SizeBlank { length, size }, b' ' | b'\t') if length < MAX_EXTENSION => {
                SizeBlank { length: length + 1, size }
            }
            (Extension { size, .. }, b'\r') => SizeLf { size },
            (Extension { length: MAX_EXTENSION, .. }, _) => return Err("a chunk extension is too long"),
            (Extension { .. }, b'\n') => return Err("a chunk size does not end with CR LF"),
            (Extension { length, size }, _) => Extension { length: length + 1, size },
            (SizeLf { size: 0 }, b'\n') => EndCr,
            (SizeLf { size }, b'\n') => Data { left: size },
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size { digits: 0, size: 0 },
            (EndCr, b'\r') => EndLf,
            (EndLf, b'\n') => End,
            (DataCr, _) | (DataLf, _) => return Err("a chunk is not as long as its size says"),
            (EndCr, _) | (EndLf, _) => return Err("the last chunk has a trailer, and none is understood"),
            _ => return Err("a chunk size is not hexadecimal digits and CR LF"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Chunks;

    /// Bytes followed and whether the body ended, the same however the bytes are cut.
    fn follow(body: &str) -> Result<(usize, bool), &'static str> {
        let follow_by = |step: usize| {
            let mut chunks = Chunks::new();
            let mut used = 0;
            for piece in body.as_bytes().chunks(step) {
                used += chunks.follow(piece).map_err(|error| error.0)?;
            }
            Ok((used, chunks.is_end()))
        };
        let whole = follow_by(body.len());
        for step in 1..body.len() {
            assert_eq!(follow_by(step), whole);
        }
        whole
    }

    #[test]
    fn whole_bodies() {
        assert_eq!(follow("0\r\n\r\n"), Ok((5, true)));
        assert_eq!(follow("5\r\nhello\r\n0\r\n\r\nGET"), Ok((15, true)));
        assert_eq!(follow("A;x=y\r\n0123456789\r\n000\r\n\r\n"), Ok((26, true)));
        assert_eq!(follow("5\r\nhel"), Ok((6, false)));
    }

    #[test]
    fn broken_framing() {
        for body in [
            "\r\n",
            "g\r\n",
            "5\n",
            "5\r\nhello6",
            "5 x\nhello",
            "5 x\r\nhello",
            "0\r\nA: b\r\n\r\n",
            "-1\r\n",
            "+5\r\n",
        ]
        .iter()
        {
            assert!(follow(body).is_err(), "{:?}", body);
        }
        assert!(follow("fffffffffffffff\r\n").is_ok());
        assert_eq!(follow("00000000000000005\r\n"), Err("a chunk size has too many digits"));
        assert_eq!(follow("fffffffffffffffff\r\n"), Err("a chunk size has too many digits"));
        assert_eq!(follow(&format!("1;{}", "a".repeat(300))), Err("a chunk extension is too long"));
    }
}
