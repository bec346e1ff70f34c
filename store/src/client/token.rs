//! What a session has seen: its token.
//!
//! ```text
//!  session   write k ──▶ version 7        read k: floor 7, so never an older answer
//!            write j: above 7, so no reader of j can find its cause missing
//! ```
//!
//! The token is bounded: the key used least recently makes room for a new one, and its guarantee
//! ends there. That is said when it happens. The highest version of all is kept for ever, so new
//! writes still go above everything seen.

use std::collections::BTreeMap;

use crate::quorum::version::Version;

/// The highest version of each key that a session has read or written.
///
/// - A key's version never falls while the key stays in.
/// - `by_use` holds each key of `versions` once, under the stamp of its last use.
#[derive(Clone, Debug)]
pub struct Token {
    keys_max: usize,
    versions: BTreeMap<String, (Version, u64)>,
    by_use: BTreeMap<u64, String>,
    uses: u64,
    highest: Option<Version>,
}

impl Token {
    /// An empty token that holds `keys_max` keys at most (one at least).
    pub fn new(keys_max: usize) -> Token {
        Token {
            keys_max: keys_max.max(1),
            versions: BTreeMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
            highest: None,
        }
    }

    /// The version that a read of `key` must reach; none: nothing is known of it.
    pub fn floor(&self, key: &str) -> Option<Version> {
        self.versions.get(key).map(|(version, _)| *version)
    }

    /// The highest version of any key, evicted ones included: new writes go above it.
    pub fn highest(&self) -> Option<Version> {
        self.highest
    }

    /// Whether nothing has been seen.
    pub fn is_empty(&self) -> bool {
        self.highest.is_none()
    }

    /// The session has read or written `key` at `version`. Returns the key that made room for it,
    /// whose guarantee ends now.
    #[must_use]
    pub fn rise(&mut self, key: &str, version: Version) -> Option<String> {
        self.highest = self.highest.max(Some(version));
        self.uses += 1;
        let stamp = self.uses;
        if let Some((held, last_use)) = self.versions.get_mut(key) {
            *held = version.max(*held);
            let last_use = std::mem::replace(last_use, stamp);
            self.by_use.remove(&last_use);
            self.by_use.insert(stamp, key.to_owned());
            return None;
        }
        let evicted = if self.versions.len() == self.keys_max {
            self.by_use.pop_first().map(|(_, evicted)| evicted)
        } else {
            None
        };
        if let Some(evicted) = &evicted {
            self.versions.remove(evicted);
        }
        self.versions.insert(key.to_owned(), (version, stamp));
        self.by_use.insert(stamp, key.to_owned());
        evicted
    }

    /// Forgets what was seen of a key: nothing can reach it any more. New writes go above it all the same.
    pub fn give_up(&mut self, key: &str) {
        if let Some((_, last_use)) = self.versions.remove(key) {
            self.by_use.remove(&last_use);
        }
    }

    /// Forgets everything, the highest version included.
    pub fn clear(&mut self) {
        *self = Token::new(self.keys_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Version {
        Version { millis, ..Version::default() }
    }

    #[test]
    fn keeps_the_highest_version_of_a_key() {
        let mut token = Token::new(4);
        assert_eq!(token.rise("k", at(7)), None);
        assert_eq!(token.rise("k", at(3)), None);
        assert_eq!(token.floor("k"), Some(at(7)));
        assert_eq!(token.floor("j"), None);
    }

    #[test]
    fn evicts_the_key_used_least_recently() {
        let mut token = Token::new(2);
        assert_eq!(token.rise("a", at(9)), None);
        assert_eq!(token.rise("b", at(2)), None);
        assert_eq!(token.rise("a", at(1)), None);
        assert_eq!(token.rise("c", at(3)), Some("b".to_owned()));
        assert_eq!(token.floor("b"), None);
        assert_eq!(token.floor("a"), Some(at(9)));
        assert_eq!(token.rise("d", at(4)), Some("a".to_owned()));
    }

    #[test]
    fn highest_outlives_eviction() {
        let mut token = Token::new(1);
        assert_eq!(token.rise("a", at(9)), None);
        assert_eq!(token.rise("b", at(2)), Some("a".to_owned()));
        assert_eq!(token.highest(), Some(at(9)));
    }

    #[test]
    fn what_is_given_up_has_no_floor_and_still_counts_for_writes() {
        let mut token = Token::new(1);
        assert_eq!(token.rise("a", at(9)), None);
        token.give_up("a");
        assert_eq!((token.floor("a"), token.highest()), (None, Some(at(9))));
        assert_eq!(token.rise("b", at(1)), None);
    }

    #[test]
    fn clear_forgets_everything() {
        let mut token = Token::new(1);
        assert_eq!(token.rise("a", at(9)), None);
        token.clear();
        assert!(token.is_empty());
        assert_eq!(token.floor("a"), None);
        assert_eq!(token.rise("b", at(1)), None);
    }
}
