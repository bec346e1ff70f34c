//! Binary formats: bytes in order, with the place of the first that is wrong or missing.

use std::io::{self, BufRead};

use crate::Error;

/// What is left of a binary text.
pub(super) struct Bytes<R> {
    input: R,
    /// How many bytes were taken.
    offset: u64,
}

impl<R: BufRead> Bytes<R> {
    /// All of this text.
    pub(super) fn new(input: R) -> Bytes<R> {
        Bytes { input, offset: 0 }
    }

    /// The offset of the byte that comes next.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next byte, unless the text is at its end.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Error> {
        let mut byte = [0];
        Ok((self.fill(&mut byte)? == 1).then_some(byte[0]))
    }

    /// The next bytes, which belong to what `place` says.
    pub(super) fn take<const N: usize>(&mut self, place: impl FnOnce() -> String) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        match self.fill(&mut bytes)? {
            length if length == N => Ok(bytes),
            _ => Err(Error::Bytes {
                offset: self.offset,
                problem: format!("the file ends within {}", place()),
            }),
        }
    }

    /// Fills the buffer, unless the text ends; gives the number of bytes.
    fn fill(&mut self, mut buffer: &mut [u8]) -> Result<usize, Error> {
        let mut length = 0;
        while !buffer.is_empty() {
            match self.input.read(buffer) {
                Ok(0) => break,
                Ok(count) => {
                    length += count;
                    buffer = &mut buffer[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let offset = self.offset + length as u64;
                    return Err(Error::Bytes { offset, problem: format!("cannot be read: {error}") });
                }
            }
        }
        self.offset += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    /// Gives one byte at a time, and fails at the end.
    struct Flaky<'a>(&'a [u8], bool);

    impl Read for Flaky<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.0.is_empty() {
                return Err(io::Error::other("the disk is gone"));
            }
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn counts_the_bytes_it_takes() {
        let mut bytes = Bytes::new(&b"abc"[..]);
        assert_eq!(bytes.take(String::new).unwrap(), *b"ab");
        assert_eq!((bytes.offset(), bytes.next().unwrap()), (2, Some(b'c')));
        assert_eq!((bytes.offset(), bytes.next().unwrap()), (3, None));
        assert_eq!(bytes.offset(), 3);
    }

    #[test]
    fn says_where_the_text_ends() {
        let mut bytes = Bytes::new(&b"abc"[..]);
        assert_eq!(bytes.take(String::new).unwrap(), *b"a");
        let error = bytes.take::<8>(|| "a number".to_owned()).unwrap_err();
        assert_eq!(error.to_string(), "byte 3: the file ends within a number");
    }

    #[test]
    fn says_where_the_medium_fails() {
        let mut bytes = Bytes::new(BufReader::new(Flaky(b"abcde", false)));
        assert_eq!(bytes.take(String::new).unwrap(), *b"abc");
        let error = bytes.take::<8>(String::new).unwrap_err();
        assert_eq!(error.to_string(), "byte 5: cannot be read: the disk is gone");
        assert_eq!(error.line(), None);
    }
}
