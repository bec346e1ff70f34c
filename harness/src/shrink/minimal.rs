//! Leaving out what can be left out of a list (delta debugging, Zeller and Hildebrandt 2002): all of it, then halves,
//! quarters, and so on down to single items.
//!
//! ```text
//! a b c d e f g h   fails only with b and g
//! - - - - . . . .   passes
//! . . - - . . - -   …
//! . b . . . . g .   each is needed
//! ```

/// What is left of `items` when nothing more can be left out alone; `fails` is asked of each shorter list, and a list
/// for which it is true takes the place of the one before. Later items go first: what comes last matters least. Once
/// `fails` has no answer any more, it ends: a long list has as many shorter ones as items, and each is a copy.
pub fn minimal<T: Clone>(items: Vec<T>, mut fails: impl FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut kept = items;
    let mut size = kept.len();
    while size > 0 {
        let mut end = kept.len();
        while end > 0 {
            let begin = end.saturating_sub(size);
            let without = [&kept[..begin], &kept[end..]].concat();
            match fails(&without) {
                Some(true) => kept = without,
                Some(false) => {}
                None => return kept,
            }
            end = begin;
        }
        size = if size > 1 { size.min(kept.len()).div_ceil(2) } else { 0 };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimal_of(count: u32, needed: &[u32]) -> (Vec<u32>, u32) {
        let mut asked = 0;
        let kept = minimal((0..count).collect(), |items| {
            asked += 1;
            Some(needed.iter().all(|item| items.contains(item)))
        });
        (kept, asked)
    }

    #[test]
    fn keeps_just_what_is_needed() {
        for needed in [&[][..], &[0], &[99], &[3, 50, 51], &[0, 33, 66, 99]] {
            assert_eq!(minimal_of(100, needed).0, needed);
        }
        assert!(minimal_of(0, &[]).0.is_empty());
    }

    #[test]
    fn leaves_out_much_at_once() {
        let (_, asked) = minimal_of(1_000, &[123, 456]);
        assert!(asked < 60, "{asked}");
        assert_eq!(minimal_of(1_000, &[]).1, 1);
    }

    #[test]
    fn ends_once_there_is_no_answer() {
        let mut asked = 0;
        let kept = minimal((0..1_000).collect(), |items: &[u32]| {
            asked += 1;
            (asked <= 5).then(|| items.contains(&7))
        });
        assert_eq!((kept.contains(&7), asked), (true, 6));
    }

    #[test]
    fn never_takes_a_list_that_passes() {
        // Only whole pairs fail: single items cannot go.
        let kept = minimal((0..8).collect(), |items: &[u32]| {
            Some(items.len().is_multiple_of(2) && !items.is_empty())
        });
        assert_eq!(kept, [0, 1]);
    }
}
