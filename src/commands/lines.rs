//! Reads lines for `feed`, which hands them to threads. A line that is too long costs no memory.

use std::io::{self, BufRead, Read};

use image_macro::without_mark;

/// A line that is not blank.
#[derive(Debug, PartialEq)]
pub struct Line {
    /// Counted from one; blank ones count.
    pub number: usize,
    /// Without the line end; `None` if it is too long.
    pub text: Option<Vec<u8>>,
}

/// The lines of a reader.
pub struct Lines<R> {
    reader: R,
    limit: usize,
    number: usize,
    /// Bytes read so far.
    position: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines of up to so many bytes.
    pub fn new(reader: R, limit: usize) -> Lines<R> {
        Lines { reader, limit, number: 0, position: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            // One more for the line end.
            let read = (&mut self.reader).take(self.limit as u64 + 1).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(None);
            }
            self.position += read as u64;
            self.number += 1;
            let is_cut = read > self.limit && !bytes.ends_with(b"\n");
            if is_cut {
                self.skip_rest()?;
            }
            let mut text = bytes.trim_ascii();
            if self.number == 1 {
                text = without_mark(text);
            }
            if is_cut || !text.is_empty() {
                let text = if is_cut { None } else { Some(text.to_vec()) };
                return Ok(Some(Line { number: self.number, text }));
            }
        }
    }

    /// Reads to the end of the line, and keeps nothing.
    fn skip_rest(&mut self) -> io::Result<()> {
        let skipped = self.reader.skip_until(b'\n')?;
        self.position += skipped as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Lines};

    #[test]
    fn lines_are_numbered_and_blank_or_long_ones_cost_nothing() {
        let text = b"\xef\xbb\xbfone\r\n\n  \ntoolong\nfive5\nsix";
        let mut lines = Lines::new(&text[..], 8);
        let mut all = Vec::new();
        while let Some(Line { number, text }) = lines.next().unwrap() {
            all.push((number, text.map(|text| String::from_utf8(text).unwrap())));
        }
        let kept = |text: &str| Some(text.to_string());
        assert_eq!(all, [(1, kept("one")), (4, kept("toolong")), (5, kept("five5")), (6, kept("six"))]);
        assert_eq!(lines.position(), text.len() as u64);

        let mut lines = Lines::new(&b"123456\n12345\n1234567"[..], 5);
        assert_eq!(lines.next().unwrap(), Some(Line { number: 1, text: None }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 2, text: Some(b"12345".to_vec()) }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 3, text: None }));
        assert_eq!(lines.next().unwrap(), None);
    }
}
