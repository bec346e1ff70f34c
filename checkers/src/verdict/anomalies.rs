//! The evidence against a guarantee: some anomalies are listed, and all are counted.
//!
//! A store that breaks once often breaks a thousand times. Nobody reads a thousand explanations, but whoever
//! reads sixteen should know that there are more.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::Anomaly;

/// Anomalies in the order of their first event, and how many there are besides. In all else a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anomalies {
    listed: Vec<Anomaly>,
    /// How many more were found.
    beyond: u64,
    may_be_more: bool,
}

/// How many anomalies a checker found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Those that it came across, listed or not.
    #[serde(rename = "anomalies_found", default)]
    pub found: u64,
    /// Whether it stopped looking once it knew that the guarantee is broken.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub may_be_more: bool,
}

impl Anomalies {
    /// These anomalies, and so many that are not listed; `may_be_more` if not all were looked for.
    pub fn new(listed: Vec<Anomaly>, beyond: u64, may_be_more: bool) -> Anomalies {
        Anomalies { listed, beyond, may_be_more }
    }

    /// How many there are.
    pub fn count(&self) -> Count {
        Count { found: self.listed.len() as u64 + self.beyond, may_be_more: self.may_be_more }
    }

    /// Adds these after the others.
    pub fn append(&mut self, other: Anomalies) {
        self.listed.extend(other.listed);
        self.beyond += other.beyond;
        self.may_be_more |= other.may_be_more;
    }
}

impl From<Vec<Anomaly>> for Anomalies {
    /// All that there are.
    fn from(listed: Vec<Anomaly>) -> Anomalies {
        Anomalies::new(listed, 0, false)
    }
}

impl Deref for Anomalies {
    type Target = [Anomaly];

    fn deref(&self) -> &[Anomaly] {
        &self.listed
    }
}

impl Count {
    /// In words, for whoever sees so many of them in a list: `20 anomalies, 16 of them listed`.
    pub fn words(self, listed: usize) -> String {
        let number =
            if self.may_be_more { format!("{} or more", self.found) } else { self.found.to_string() };
        let noun = if number == "1" { "anomaly" } else { "anomalies" };
        match self.found > listed as u64 {
            true => format!("{number} {noun}, {listed} of them listed"),
            false => format!("{number} {noun}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::AnomalyKind;

    fn listed(count: u64) -> Vec<Anomaly> {
        (0..count).map(|index| Anomaly::new(AnomalyKind::GarbageRead, None, [index], "")).collect()
    }

    #[test]
    fn counts_what_is_listed_and_what_is_not() {
        let mut anomalies = Anomalies::new(listed(2), 3, false);
        assert_eq!((anomalies.len(), anomalies.count()), (2, Count { found: 5, may_be_more: false }));
        anomalies.append(Anomalies::new(listed(1), 1, true));
        assert_eq!((anomalies.len(), anomalies.count()), (3, Count { found: 7, may_be_more: true }));
    }

    #[test]
    fn says_how_many_are_listed_and_when_nobody_counted() {
        let words = |found, may_be_more, listed| Count { found, may_be_more }.words(listed);
        assert_eq!(words(1, false, 1), "1 anomaly");
        assert_eq!(words(16, false, 16), "16 anomalies");
        assert_eq!(words(20, false, 16), "20 anomalies, 16 of them listed");
        assert_eq!(words(1, true, 1), "1 or more anomalies");
        assert_eq!(words(20, true, 16), "20 or more anomalies, 16 of them listed");
    }
}
