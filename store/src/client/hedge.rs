//! Asking a second node when the first is slow.
//!
//! ```text
//! session ── get k ──▶ n1                        no answer for hedge_after
//!         ── get k ──────────────▶ n3 ── 7       the first answer counts; n1's, when it comes, is thrown away
//! ```
//!
//! Only reads: a write that was sent twice is two writes.

use std::pin::pin;

/// Which of the two answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that was asked first.
    First,
    /// The one that was asked as well.
    Second,
}

/// What the first node answers, if that comes before `slow` is over; else the first answer of either that `is_good`, or
/// what the first one said when neither has such an answer.
pub async fn first_answer<T>(
    first: impl Future<Output = T>,
    slow: impl Future<Output = ()>,
    second: impl Future<Output = T>,
    is_good: impl Fn(&T) -> bool,
) -> (Which, T) {
    let mut first = pin!(first);
    tokio::select! {
        biased;
        answered = &mut first => return (Which::First, answered),
        () = slow => {}
    }
    let mut second = pin!(second);
    tokio::select! {
        biased;
        one = &mut first => {
            if is_good(&one) {
                return (Which::First, one);
            }
            let other = second.await;
            if is_good(&other) { (Which::Second, other) } else { (Which::First, one) }
        }
        other = &mut second => {
            if is_good(&other) { (Which::Second, other) } else { (Which::First, first.await) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::sync::oneshot;

    use super::*;

    /// What is answered where even numbers are good.
    fn answer(first: impl Future<Output = u32>, second: impl Future<Output = u32>) -> (Which, u32) {
        tokio_test::block_on(first_answer(first, ready(()), second, |number| number % 2 == 0))
    }

    #[test]
    fn nobody_else_is_asked_while_the_first_is_fast() {
        let second = async { panic!("the second is asked") };
        let answered = tokio_test::block_on(first_answer(ready(1), pending(), second, |_| false));
        assert_eq!(answered, (Which::First, 1));
    }

    #[test]
    fn the_first_good_answer_counts() {
        assert_eq!(answer(pending(), ready(2)), (Which::Second, 2));
        let (told, late) = oneshot::channel();
        let first = async { late.await.expect("told") };
        let second = async {
            told.send(4).expect("the first still waits");
            3
        };
        assert_eq!(answer(first, second), (Which::First, 4));
    }

    #[test]
    fn what_the_first_said_counts_where_neither_is_good() {
        let (told, late) = oneshot::channel();
        let first = async { late.await.expect("told") };
        let second = async {
            told.send(1).expect("the first still waits");
            3
        };
        assert_eq!(answer(first, second), (Which::First, 1));
    }
}
