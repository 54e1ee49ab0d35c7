//! Decodes a chunked body before hyper sees it, and frames it anew.
//!
//! A client may send a body in chunks of one byte each. hyper handles every chunk by itself, which takes it about as long
//! as a whole read, so what has arrived is given to it as one chunk. Extensions and trailers are dropped on the way.
//!
//! Pitfall: a chunk size of 17 hexadecimal digits overflows in hyper 0.11: a debug build panics, a release build
//! reads a wrong size (RUSTSEC-2021-0079). And an endless chunk extension never counts as body, so that no limit on
//! the body stops it. Both are refused here. Pinned by
//! `a_chunk_size_of_17_digits_is_refused_and_the_server_lives` in `tests/framing.rs`.
//!
//! Pitfall: hyper 0.11 fails on trailers. Pinned by `trailers_are_dropped` in `tests/framing.rs`.

use bytes::{BufMut, BytesMut};
use thiserror::Error;

/// The most digits of a chunk size: 15 hexadecimal ones are a petabyte.
const MAX_DIGITS: u32 = 15;
/// The most bytes of a chunk extension. No client in use sends any.
const MAX_EXTENSION: u32 = 256;
/// The most bytes of all trailers.
const MAX_TRAILERS: u32 = 8 << 10;
/// The most bytes that are not data: so many, and so many for each byte of data. A body in chunks of one byte has five
/// for each. One with more than this has extensions, and is absurd.
const MAX_OVERHEAD: u64 = 16 << 10;
const MAX_OVERHEAD_PER_BYTE: u64 = 8;

/// The framing of a chunked body is wrong. The sentence is for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct FramingError(pub &'static str);

/// The position in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    state: State,
    /// Bytes of data so far.
    data: u64,
    /// Other bytes so far.
    overhead: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size {
        digits: u32,
        size: u64,
    },
    SizeBlank {
        length: u32,
        size: u64,
    },
    Extension {
        length: u32,
        size: u64,
    },
    SizeLf {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    /// At the beginning of a trailer, or of the empty line that ends the body. `length`: bytes of trailers so far.
    TrailerOrEnd {
        length: u32,
    },
    TrailerName {
        length: u32,
    },
    TrailerValue {
        length: u32,
    },
    TrailerLf {
        length: u32,
    },
    EndLf,
    End,
}

/// What some bytes of a body are.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// How many of them belong to the body: all, unless it ends among them.
    pub used: usize,
    /// The data among them.
    pub data: Vec<u8>,
    /// Whether the body ends after them.
    pub is_end: bool,
}

impl Chunks {
    /// Before the first chunk.
    pub fn new() -> Chunks {
        Chunks { state: State::Size { digits: 0, size: 0 }, data: 0, overhead: 0 }
    }

    /// Decodes the next bytes.
    ///
    /// # Errors
    /// [`FramingError`], after which the position is meaningless.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Decoded, FramingError> {
        let mut data = Vec::with_capacity(bytes.len());
        let mut used = 0;
        while used < bytes.len() && self.state != State::End {
            if let State::Data { left } = self.state {
                let length = left.min((bytes.len() - used) as u64);
                let end = used + length as usize;
                data.extend_from_slice(&bytes[used..end]);
                used = end;
                self.data += length;
                self.state = if length == left { State::DataCr } else { State::Data { left: left - length } };
            } else {
                self.state = self.state.after(bytes[used]).map_err(FramingError)?;
                used += 1;
                self.overhead += 1;
            }
        }
        if self.overhead > MAX_OVERHEAD + MAX_OVERHEAD_PER_BYTE * self.data {
            return Err(FramingError("the chunks are more framing than data: send larger ones"));
        }
        Ok(Decoded { used, data, is_end: self.state == State::End })
    }
}

/// Data as a chunk of its own, and the last chunk if it is the end. Nothing for no data.
pub fn framed(data: &[u8], is_end: bool) -> BytesMut {
    /// Of a size in hexadecimal digits, the ends of its line and of the chunk, and the last chunk.
    const FRAME: usize = 32;
    let mut framed = BytesMut::with_capacity(data.len() + FRAME);
    if !data.is_empty() {
        framed.put(format!("{:x}\r\n", data.len()));
        framed.put_slice(data);
        framed.put_slice(b"\r\n");
    }
    if is_end {
        framed.put_slice(b"0\r\n\r\n");
    }
    framed
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
            (Extension { length, size }, byte) if is_text(byte) => Extension { length: length + 1, size },
            (Extension { .. }, _) => return Err("a chunk extension has a byte that it may not have"),
            (SizeLf { size: 0 }, b'\n') => TrailerOrEnd { length: 0 },
            (SizeLf { size }, b'\n') => Data { left: size },
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size { digits: 0, size: 0 },
            (DataCr, _) | (DataLf, _) => return Err("a chunk is not as long as its size says"),
            (TrailerOrEnd { .. }, b'\r') => EndLf,
            (
                TrailerOrEnd { length: MAX_TRAILERS }
                | TrailerName { length: MAX_TRAILERS }
                | TrailerValue { length: MAX_TRAILERS },
                _,
            ) => return Err("the trailers are too long"),
            (TrailerOrEnd { length }, byte) if is_name(byte) => TrailerName { length: length + 1 },
            (TrailerName { length }, b':') => TrailerValue { length: length + 1 },
            (TrailerName { length }, byte) if is_name(byte) => TrailerName { length: length + 1 },
            (TrailerValue { length }, b'\r') => TrailerLf { length },
            (TrailerValue { length }, byte) if is_text(byte) => TrailerValue { length: length + 1 },
            (TrailerLf { length }, b'\n') => TrailerOrEnd { length },
            (TrailerOrEnd { .. }, _)
            | (TrailerName { .. }, _)
            | (TrailerValue { .. }, _)
            | (TrailerLf { .. }, _) => return Err("a trailer is not a name, a colon, a value and CR LF"),
            (EndLf, b'\n') => End,
            _ => return Err("a chunk size is not hexadecimal digits and CR LF"),
        })
    }
}

/// Whether a byte may be in the value of a field, or in an extension.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || byte >= b' ' && byte != 0x7f
}

/// Whether a byte may be in the name of a field.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{framed, Chunks, Decoded};

    /// Bytes used, the data, and whether the body ended, the same however the bytes are cut.
    fn decode(body: &str) -> Result<(usize, String, bool), &'static str> {
        let decode_by = |step: usize| {
            let mut chunks = Chunks::new();
            let (mut all, mut text, mut ended) = (0, Vec::new(), false);
            for piece in body.as_bytes().chunks(step) {
                let Decoded { used, data, is_end } = chunks.decode(piece).map_err(|error| error.0)?;
                all += used;
                text.extend(data);
                ended |= is_end;
            }
            Ok((all, String::from_utf8(text).unwrap(), ended))
        };
        let whole = decode_by(body.len());
        for step in 1..body.len() {
            assert_eq!(decode_by(step), whole);
        }
        whole
    }

    #[test]
    fn whole_bodies() {
        let decoded = |used: usize, text: &str, is_end| Ok((used, text.to_string(), is_end));
        assert_eq!(decode("0\r\n\r\n"), decoded(5, "", true));
        assert_eq!(decode("5\r\nhello\r\n0\r\n\r\nGET"), decoded(15, "hello", true));
        assert_eq!(decode("A;x=y\r\n0123456789\r\n000\r\n\r\n"), decoded(26, "0123456789", true));
        assert_eq!(decode("5\r\nhel"), decoded(6, "hel", false));
        assert_eq!(decode("1\r\na\r\n0\r\nA: b\r\nC-d:\t\u{e9}\r\n\r\nGET"), decoded(26, "a", true));
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
            "5;a\0\r\nhello",
            "5;a\u{7f}\r\nhello",
            "0\r\nA b\r\n\r\n",
            "0\r\n: b\r\n\r\n",
            "0\r\nA : b\r\n\r\n",
            "0\r\nA: b\n\r\n",
            "0\r\nA: b\0\r\n\r\n",
            "0\r\n A: b\r\n\r\n",
            "0\r\n\n",
            "-1\r\n",
            "+5\r\n",
        ]
        .iter()
        {
            assert!(decode(body).is_err(), "{:?}", body);
        }
        assert!(decode("fffffffffffffff\r\n").is_ok());
        assert_eq!(decode("00000000000000005\r\n"), Err("a chunk size has too many digits"));
        assert_eq!(decode("fffffffffffffffff\r\n"), Err("a chunk size has too many digits"));
        assert_eq!(decode(&format!("1;{}", "a".repeat(300))), Err("a chunk extension is too long"));
    }

    #[test]
    fn what_is_more_framing_than_data_is_refused() {
        let decode = |body: String| Chunks::new().decode(body.as_bytes()).map(|decoded| decoded.data.len());
        assert_eq!(decode("1\r\na\r\n".repeat(100_000)), Ok(100_000));
        let absurd = format!("1;{}\r\na\r\n", "x".repeat(200)).repeat(1000);
        assert!(decode(absurd).unwrap_err().0.contains("more framing than data"));
        assert!(decode(format!("0\r\nA: {}", "x".repeat(9000))).unwrap_err().0.contains("too long"));
    }

    #[test]
    fn data_is_framed_as_one_chunk() {
        assert_eq!(&framed(b"", false)[..], b"");
        assert_eq!(&framed(&[7; 26], false)[..4], b"1a\r\n");
        assert_eq!(&framed(b"hi", true)[..], b"2\r\nhi\r\n0\r\n\r\n");
    }
}
