//! Many sorted sources as one: each key once, with its newest value.
//!
//! ```text
//! memtable   b9    d8          newest
//! table 7    a5 b4             oldest last
//! table 3       b1 c2
//! merged     a5 b9 c2 d8
//! ```

use super::Entry;
use crate::storage::Error;

/// Entries in key order, each key once.
pub type Entries = Box<dyn Iterator<Item = Result<Entry, Error>>>;

/// What several sources come to. Ends after an error.
pub struct Merge {
    sources: Vec<Source>,
    keeps_newest: bool,
    /// How many keys have the value of an older source although a newer one has another (bug 10).
    pub shadowed: usize,
}

struct Source {
    head: Option<Entry>,
    rest: Entries,
}

impl Source {
    /// The head; the next entry becomes it.
    fn advance(&mut self) -> Result<Option<Entry>, Error> {
        let next = self.rest.next().transpose()?;
        Ok(std::mem::replace(&mut self.head, next))
    }
}

impl Merge {
    /// Merges sources, the newest first. Without `keeps_newest` the oldest value of a key is kept.
    pub fn new(sources: Vec<Entries>, keeps_newest: bool) -> Result<Merge, Error> {
        let mut sources: Vec<Source> = sources.into_iter().map(|rest| Source { head: None, rest }).collect();
        sources.iter_mut().try_for_each(|source| source.advance().map(|_| ()))?;
        Ok(Merge { sources, keeps_newest, shadowed: 0 })
    }

    fn pop(&mut self) -> Result<Option<Entry>, Error> {
        let heads = self.sources.iter().filter_map(|source| source.head.as_ref());
        let Some(key) = heads.map(|(key, _)| key).min().cloned() else { return Ok(None) };
        let mut kept: Option<Entry> = None;
        for source in &mut self.sources {
            if source.head.as_ref().is_none_or(|(head, _)| *head != key) {
                continue;
            }
            let found = source.advance()?;
            if kept.is_none() || !self.keeps_newest {
                self.shadowed += usize::from(kept.is_some() && kept != found);
                kept = found;
            }
        }
        Ok(kept)
    }
}

impl Iterator for Merge {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let popped = self.pop();
        if popped.is_err() {
            self.sources.clear();
        }
        popped.transpose()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn source(words: &'static str) -> Entries {
        let entry = |word: &'static str| {
            let (key, value) = word.split_at(1);
            Ok((Bytes::from(key), Bytes::from(value)))
        };
        Box::new(words.split_whitespace().map(entry))
    }

    fn merged(keeps_newest: bool) -> (String, usize) {
        let sources = vec![source("b9 d8"), source(""), source("a5 b4"), source("b1 c2")];
        let mut merge = Merge::new(sources, keeps_newest).unwrap();
        let words = merge.by_ref().map(|entry| {
            let (key, value) = entry.unwrap();
            String::from_utf8([key, value].concat()).unwrap()
        });
        (words.collect::<Vec<_>>().join(" "), merge.shadowed)
    }

    #[test]
    fn keeps_the_newest_value_of_each_key_unless_told_not_to() {
        assert_eq!(merged(true), ("a5 b9 c2 d8".to_owned(), 0));
        assert_eq!(merged(false), ("a5 b1 c2 d8".to_owned(), 2));
    }

    #[test]
    fn ends_after_an_error() {
        let broken = || Error::Corrupt { file: "table".to_owned(), offset: 7 };
        let bad: Entries = Box::new(source("a1").chain([Err(broken())]).chain(source("z9")));
        let mut merge = Merge::new(vec![bad, source("a5 b4")], true).unwrap();
        assert!(merge.next().is_some_and(|entry| entry.is_err()), "the entry behind it is not known");
        assert!(merge.next().is_none());
    }
}
