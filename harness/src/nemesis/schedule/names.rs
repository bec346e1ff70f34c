//! Fields of a schedule file, checked where they are read, so that errors carry line and column.

use serde::de::{Deserialize, Deserializer, Error};

use crate::nemesis::{ALL, find};

/// A time that is not negative.
pub fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let ms = i64::deserialize(deserializer)?;
    u64::try_from(ms).map_err(|_| D::Error::custom(format!("a time of {ms} ms is before the run")))
}

/// The name of a fault that exists.
pub fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    match find(&name) {
        Some(_) => Ok(name),
        None => {
            let nearest = nearest(&name);
            let words = format!("no fault is named `{name}`; the nearest is `{nearest}`");
            Err(D::Error::custom(words))
        }
    }
}

fn nearest(name: &str) -> &'static str {
    let names = ALL.iter().map(|fault| fault.name());
    let by_distance = names.min_by_key(|known| distance(known, name));
    by_distance.unwrap_or_default()
}

/// How many letters to insert, remove or replace to turn one word into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_the_likely_one() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("powerloss"), "power-loss");
        assert_eq!(nearest("kil"), "kill");
        assert_eq!(nearest("partition-half"), "partition-halves");
    }
}
