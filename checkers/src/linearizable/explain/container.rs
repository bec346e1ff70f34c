//! Why something could not have been taken from a queue, a stack or a priority queue.

use perjury_histories::{Operation, Value};

use super::{Evidence, ended, may_precede, precedes};
use crate::model::Shape;
use crate::words;

/// What had happened that contradicts this take.
pub(super) fn although(evidence: &Evidence<'_>, last: Operation<'_>) -> Option<String> {
    let words = Words::of(evidence.shape)?;
    let taken = last.result().filter(|_| last.function() == words.take)?;
    if taken.is_null() {
        let left = held(evidence, &words, last).next()?;
        return Some(format!("{} was still in it, {}", value(left), put_at(&words, left)));
    }
    let puts: Vec<_> = evidence.all(words.put).filter(|put| put.argument() == taken).collect();
    if puts.is_empty() && !is_initial(evidence, taken) {
        return Some(format!("nobody had {} {}", words.was_put, words::value(taken)));
    }
    let mut takes = evidence.all(words.take).filter(|take| take.result() == Some(taken));
    if puts.len() == 1
        && let Some(earlier) = takes.find(|take| take.invoked_at() != last.invoked_at())
    {
        let process = earlier.process();
        return Some(format!("process {process} had {} it, too, at {}", words.was_taken, ended(earlier)));
    }
    let [put] = puts.as_slice() else { return None };
    let before = held(evidence, &words, last).find(|other| comes_first(evidence.shape, *other, *put))?;
    let how = match evidence.shape {
        Shape::FifoQueue => "enqueued before it",
        Shape::Stack => "pushed after it",
        _ => "which is larger",
    };
    Some(format!("{}, {how}, was still in it ({})", value(before), put_at(&words, before)))
}

/// How putting and taking are called.
struct Words {
    put: &'static str,
    was_put: &'static str,
    take: &'static str,
    was_taken: &'static str,
}

impl Words {
    fn of(shape: Shape) -> Option<Words> {
        let [put, was_put, take, was_taken] = match shape {
            Shape::FifoQueue | Shape::UnorderedQueue => ["enqueue", "enqueued", "dequeue", "dequeued"],
            Shape::Stack => ["push", "pushed", "pop", "popped"],
            Shape::PriorityQueue => ["insert", "inserted", "poll", "polled"],
            _ => return None,
        };
        Some(Words { put, was_put, take, was_taken })
    }
}

/// The puts of what was certainly in it when this operation took effect: put in before, and nothing that may
/// have taken it out.
fn held<'a>(
    evidence: &Evidence<'a>,
    words: &Words,
    last: Operation<'a>,
) -> impl Iterator<Item = Operation<'a>> {
    let takes = evidence.all(words.take).filter(|take| take.invoked_at() != last.invoked_at());
    let takes: Vec<Operation<'a>> = takes.filter(|take| may_precede(*take, last)).collect();
    let later: Vec<Operation<'a>> = evidence.all(words.take).filter(|take| precedes(last, *take)).collect();
    evidence.all(words.put).filter(move |put| {
        // What was taken later had not been taken by one of unknown outcome.
        let is_later = later.iter().any(|take| take.result() == Some(put.argument()));
        let may_take = |take: &Operation<'_>| match take.result() {
            None => !is_later,
            Some(taken) => taken == put.argument(),
        };
        precedes(*put, last) && !takes.iter().any(may_take)
    })
}

/// Whether one value must come out before another, by how they were put in.
fn comes_first(shape: Shape, first: Operation<'_>, other: Operation<'_>) -> bool {
    match shape {
        Shape::FifoQueue => precedes(first, other),
        Shape::Stack => precedes(other, first),
        Shape::PriorityQueue => match (first.argument().as_f64(), other.argument().as_f64()) {
            (Some(first), Some(other)) => first > other,
            _ => false,
        },
        _ => false,
    }
}

fn is_initial(evidence: &Evidence<'_>, value: &Value) -> bool {
    evidence.initial.as_array().is_some_and(|held| held.contains(value))
}

fn value(put: Operation<'_>) -> String {
    words::value(put.argument())
}

fn put_at(words: &Words, put: Operation<'_>) -> String {
    format!("{} by process {} at {}", words.was_put, put.process(), ended(put))
}
