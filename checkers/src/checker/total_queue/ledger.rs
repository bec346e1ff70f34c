//! What went into each queue and what came out, and the best matching of the two.
//!
//! An element that came out at some moment matches any enqueue of it that began earlier. Those sets of enqueues
//! are nested, so that taking things in order matches as many as can be: forwards in time, as many of the
//! elements that came out as possible; backwards, as many of the enqueues that are owed. There is then one
//! matching that covers both (Mendelsohn and Dulmage, "Some generalizations of the problem of distinct
//! representatives", 1958).

use perjury_histories::{Fate, History, KeyId, Operation, Value};
use rustc_hash::FxHashMap;

use crate::checker::Undecided;
use crate::numbering::Numbering;

/// An enqueue that may have happened.
#[derive(Clone, Copy)]
pub(super) struct Put<'a> {
    pub operation: Operation<'a>,
    element: u32,
}

/// An element that came out.
#[derive(Clone, Copy)]
struct Take<'a> {
    operation: Operation<'a>,
    element: u32,
    /// The position by which it was out.
    by: usize,
}

/// A value in one queue.
struct Element<'a> {
    queue: u32,
    value: &'a Value,
    /// The first enqueue of it.
    first: Option<Operation<'a>>,
}

/// One queue.
#[derive(Clone, Copy, Default)]
pub(super) struct Queue<'a> {
    /// The operation that found it empty, and began after all others that did.
    pub emptied: Option<Operation<'a>>,
    /// How many elements takes of unknown outcome may have taken; none: any number.
    excuses: Excuses,
}

/// How many elements may be missing.
#[derive(Clone, Copy)]
pub(super) enum Excuses {
    AtMost(usize),
    Any,
}

impl Default for Excuses {
    fn default() -> Excuses {
        Excuses::AtMost(0)
    }
}

/// Everything that went into some queue, or came out of it.
pub(super) struct Ledger<'a> {
    queues: Vec<Queue<'a>>,
    elements: Vec<Element<'a>>,
    puts: Vec<Put<'a>>,
    takes: Vec<Take<'a>>,
    times_empty: usize,
    /// How often something was enqueued, whatever became of it.
    pub attempted: usize,
    /// How often that was ok.
    pub acknowledged: usize,
}

/// An element that came out without an enqueue for it.
#[derive(Clone, Copy)]
pub(super) struct Stranger<'a> {
    pub operation: Operation<'a>,
    pub value: &'a Value,
    /// Whether nobody may have enqueued it at all by then; else it only came out too often.
    pub is_unexpected: bool,
    /// The first enqueue of it, whatever became of that.
    pub first: Option<Operation<'a>>,
    /// The last time it came out before.
    pub before: Option<Operation<'a>>,
}

/// What is left when everything is matched that can be.
pub(super) struct Balance<'a> {
    /// What came out and had not gone in.
    pub strangers: Vec<Stranger<'a>>,
    /// Enqueues that were ok before the queue was found empty, and whose element never came out; by queue.
    pub lost: Vec<(u32, Put<'a>)>,
    /// How many elements may still be in their queues.
    pub left: usize,
    /// How many elements are lost or left beyond those that takes of unknown outcome may have taken.
    pub unexplained: usize,
}

impl<'a> Ledger<'a> {
    /// The ledger of this history. Errs on what is no operation on a queue.
    pub fn of(history: &'a History) -> Result<Ledger<'a>, Undecided> {
        let mut ledger = Ledger {
            queues: Vec::new(),
            elements: Vec::new(),
            puts: Vec::new(),
            takes: Vec::new(),
            times_empty: 0,
            attempted: 0,
            acknowledged: 0,
        };
        let mut queues: FxHashMap<Option<KeyId>, u32> = FxHashMap::default();
        let mut numbering = Numbering::with_table(2 * history.operations().len() + 1024);
        let mut elements: FxHashMap<(u32, usize), u32> = FxHashMap::default();
        for operation in history.operations() {
            let queue = *queues.entry(operation.key_id()).or_insert_with(|| {
                ledger.queues.push(Queue::default());
                (ledger.queues.len() - 1) as u32
            });
            let mut element = |ledger: &mut Ledger<'a>, value: &'a Value| {
                *elements.entry((queue, numbering.number(value))).or_insert_with(|| {
                    ledger.elements.push(Element { queue, value, first: None });
                    (ledger.elements.len() - 1) as u32
                })
            };
            match operation.function() {
                "enqueue" => {
                    let element = element(&mut ledger, operation.argument());
                    ledger.put(operation, element);
                }
                "dequeue" | "drain" if operation.fate() == Fate::Unknown => {
                    ledger.queues[queue as usize].excuse(operation);
                }
                "dequeue" | "drain" if operation.fate() == Fate::Fail => {}
                "dequeue" => match operation.result() {
                    None | Some(Value::Null) => ledger.found_empty(queue, operation),
                    Some(value) => {
                        let element = element(&mut ledger, value);
                        ledger.take(operation, element);
                    }
                },
                "drain" => {
                    let values = operation.result().and_then(Value::as_array).ok_or_else(|| {
                        format!("event {}: a drain must return an array", operation.index())
                    })?;
                    for value in values {
                        let element = element(&mut ledger, value);
                        ledger.take(operation, element);
                    }
                    ledger.found_empty(queue, operation);
                }
                _ if operation.fate() == Fate::Fail => {}
                other => {
                    let event = operation.index();
                    return Err(format!("event {event}: {other} is no operation on a queue"));
                }
            }
        }
        ledger.takes.sort_by_key(|take| take.by);
        Ok(ledger)
    }

    fn put(&mut self, operation: Operation<'a>, element: u32) {
        self.attempted += 1;
        self.acknowledged += usize::from(operation.fate() == Fate::Ok);
        self.elements[element as usize].first.get_or_insert(operation);
        if operation.fate() != Fate::Fail {
            self.puts.push(Put { operation, element });
        }
    }

    fn take(&mut self, operation: Operation<'a>, element: u32) {
        let by = operation.returned_at().unwrap_or(operation.invoked_at());
        self.takes.push(Take { operation, element, by });
    }

    fn found_empty(&mut self, queue: u32, operation: Operation<'a>) {
        self.times_empty += 1;
        // Operations come in the order of their beginnings: the last one wins.
        self.queues[queue as usize].emptied = Some(operation);
    }

    /// How many elements came out.
    pub fn takes(&self) -> usize {
        self.takes.len()
    }

    /// How often a queue was found empty.
    pub fn times_empty(&self) -> usize {
        self.times_empty
    }

    /// All queues.
    pub fn queues(&self) -> &[Queue<'a>] {
        &self.queues
    }

    /// What is left when everything is matched that can be.
    pub fn balance(&self) -> Balance<'a> {
        let lost = self.missing(|put| self.is_owed(put));
        let missing = self.missing(|put| put.operation.fate() == Fate::Ok);
        let mut missing_of = vec![0; self.queues.len()];
        missing.iter().for_each(|(queue, _)| missing_of[*queue as usize] += 1);
        let unexplained =
            self.queues.iter().zip(missing_of).map(|(queue, missing)| missing - queue.excused(missing));
        let (strangers, left) = (self.strangers(), missing.len() - lost.len());
        Balance { strangers, left, unexplained: unexplained.sum(), lost }
    }

    /// Whether an enqueue was ok before its queue was found empty.
    fn is_owed(&self, put: &Put<'_>) -> bool {
        let queue = self.elements[put.element as usize].queue;
        let emptied = self.queues[queue as usize].emptied;
        put.operation.fate() == Fate::Ok
            && emptied.is_some_and(|emptied| put.operation.returned_at() < Some(emptied.invoked_at()))
    }

    /// What came out and had not gone in: forwards in time.
    fn strangers(&self) -> Vec<Stranger<'a>> {
        let mut available = vec![0_u32; self.elements.len()];
        let mut last: Vec<Option<Operation<'a>>> = vec![None; self.elements.len()];
        let mut has_begun = vec![false; self.elements.len()];
        let mut strangers = Vec::new();
        let mut puts = self.puts.iter().peekable();
        for take in &self.takes {
            while let Some(put) = puts.next_if(|put| put.operation.invoked_at() < take.by) {
                available[put.element as usize] += 1;
                has_begun[put.element as usize] = true;
            }
            let number = take.element as usize;
            match available[number].checked_sub(1) {
                Some(rest) => available[number] = rest,
                None => {
                    let Element { value, first, .. } = self.elements[number];
                    let first = first.filter(|first| first.invoked_at() < take.by);
                    let (operation, before) = (take.operation, last[number]);
                    let is_unexpected = !has_begun[number];
                    strangers.push(Stranger { operation, value, is_unexpected, first, before });
                }
            }
            last[number] = Some(take.operation);
        }
        strangers
    }

    /// The enqueues of this kind whose element never came out: backwards in time.
    fn missing(&self, is_asked: impl Fn(&Put<'a>) -> bool) -> Vec<(u32, Put<'a>)> {
        let mut supply = vec![0_u32; self.elements.len()];
        let mut missing = Vec::new();
        let mut takes = self.takes.iter().rev().peekable();
        for put in self.puts.iter().rev().filter(|put| is_asked(put)) {
            while let Some(take) = takes.next_if(|take| put.operation.invoked_at() < take.by) {
                supply[take.element as usize] += 1;
            }
            match supply[put.element as usize].checked_sub(1) {
                Some(rest) => supply[put.element as usize] = rest,
                None => missing.push((self.elements[put.element as usize].queue, *put)),
            }
        }
        missing.reverse();
        missing
    }

    /// How many elements came out although their enqueue was not ok.
    pub fn recovered(&self, balance: &Balance<'_>) -> usize {
        let missing = self.missing(|put| put.operation.fate() == Fate::Ok).len();
        let delivered = self.takes.len() - balance.strangers.len();
        delivered - (self.acknowledged - missing)
    }
}

impl Queue<'_> {
    /// A take of unknown outcome.
    fn excuse(&mut self, operation: Operation<'_>) {
        self.excuses = match (self.excuses, operation.function()) {
            (Excuses::AtMost(number), "dequeue") => Excuses::AtMost(number + 1),
            _ => Excuses::Any,
        };
    }

    /// How many of so many missing elements takes of unknown outcome may have taken.
    pub fn excused(&self, missing: usize) -> usize {
        match self.excuses {
            Excuses::AtMost(number) => number.min(missing),
            Excuses::Any => missing,
        }
    }
}
