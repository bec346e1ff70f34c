//! The name that was probably meant.

/// The name that the fewest letters turn `name` into; none, where there is none at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.min_by_key(|known| distance(known, name))
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
    fn counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn nearest_name_is_the_likely_one() {
        let faults = || ["kill", "pause", "power-loss", "partition-halves"].into_iter();
        assert_eq!(nearest("powerloss", faults()), Some("power-loss"));
        assert_eq!(nearest("kil", faults()), Some("kill"));
        assert_eq!(nearest("partition-half", faults()), Some("partition-halves"));
        assert_eq!(nearest("kill", [].into_iter()), None);
    }
}
