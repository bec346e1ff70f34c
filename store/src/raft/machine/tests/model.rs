//! The machine against a model that is as plain as can be: it remembers every answer it ever gave, and does
//! a transaction on a copy of all keys.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::commands::log;
use super::*;

const SESSIONS_MAX: usize = 3;

type Keys = BTreeMap<String, (Option<Cell>, u64)>;

#[derive(Default)]
struct Model {
    keys: Keys,
    /// The one used last is at the end.
    sessions: Vec<(SessionId, BTreeMap<u64, Response>)>,
    now_ms: u64,
}

/// A condition did not hold; the model has no words for it.
fn condition() -> Response {
    Response::Refused(Refusal::Condition(String::new()))
}

impl Model {
    fn apply(&mut self, at: Position, command: &Command) -> Response {
        self.now_ms = self.now_ms.max(command.log_ms);
        let CommandKind::Change(operation) = &command.kind else {
            if self.sessions.len() == SESSIONS_MAX {
                self.sessions.remove(0);
            }
            self.sessions.push((session_of(at), BTreeMap::new()));
            return Response::Opened { session: session_of(at) };
        };
        let Some(place) = self.sessions.iter().position(|(id, _)| *id == command.session) else {
            return Response::Refused(Refusal::SessionEnded { session: command.session });
        };
        let (session, mut answers) = self.sessions.remove(place);
        let response = match answers.get(&command.sequence) {
            _ if answers.range(command.sequence + 1..).next().is_some() => Response::Unknown(String::new()),
            Some(response) => response.clone(),
            None => {
                let mut keys = self.keys.clone();
                match change(&mut keys, at.index, session, self.now_ms, operation) {
                    Some(cells) => {
                        self.keys = keys;
                        Response::Done { index: at.index, term: at.term, cells }
                    }
                    None => condition(),
                }
            }
        };
        answers.entry(command.sequence).or_insert_with(|| response.clone());
        self.sessions.push((session, answers));
        response
    }
}

fn change(
    keys: &mut Keys,
    index: u64,
    session: SessionId,
    now_ms: u64,
    operation: &Operation,
) -> Option<Vec<Option<Versioned>>> {
    use Operation::*;
    if let Transact { steps } = operation {
        let mut reads = Vec::new();
        for step in steps {
            let (operation, floor) = match step.clone() {
                Step::Read { key } => {
                    let read = keys.get(&key).cloned();
                    reads.push(read.map(|(cell, version)| Versioned { cell, version }));
                    continue;
                }
                Step::Put { key, value } => (Put { key, value }, None),
                Step::Add { key, amount, floor } => (Add { key: key.clone(), amount }, floor.zip(Some(key))),
            };
            change(keys, index, session, now_ms, &operation)?;
            if let Some((floor, key)) = floor
                && !matches!(keys[&key].0, Some(Cell::Counter(sum)) if sum >= floor)
            {
                return None;
            }
        }
        return Some(reads);
    }
    let (Put { key, .. }
    | Delete { key }
    | CompareAndSet { key, .. }
    | Append { key, .. }
    | Add { key, .. }
    | Lock { key, .. }
    | Unlock { key, .. }
    | PutFenced { key, .. }) = operation
    else {
        unreachable!("transactions are done above")
    };
    let held = keys.get(key).and_then(|(cell, _)| cell.clone());
    let cell = match (operation.clone(), held) {
        (Put { value, .. }, None | Some(Cell::Register(_))) => Some(Cell::Register(value)),
        (Delete { .. }, None | Some(Cell::Register(_) | Cell::List(_) | Cell::Counter(_))) => None,
        (CompareAndSet { expected: None, new, .. }, None) => Some(Cell::Register(new)),
        (CompareAndSet { expected: Some(expected), new, .. }, Some(Cell::Register(value)))
            if expected == value =>
        {
            Some(Cell::Register(new))
        }
        (Append { element, .. }, None) => Some(Cell::List(vec![element])),
        (Append { element, .. }, Some(Cell::List(list))) => Some(Cell::List([list, vec![element]].concat())),
        (Add { amount, .. }, None) => Some(Cell::Counter(amount)),
        (Add { amount, .. }, Some(Cell::Counter(count))) => Some(Cell::Counter(count.checked_add(amount)?)),
        (Lock { for_ms, .. }, held @ (None | Some(Cell::Lock { .. }))) => match held {
            Some(Cell::Lock { until_ms, .. }) if until_ms > now_ms => return None,
            _ => Some(Cell::Lock { session, token: index, until_ms: now_ms + u64::from(for_ms) }),
        },
        (Unlock { token, .. }, Some(Cell::Lock { token: holder, .. })) if token == holder => None,
        (PutFenced { value, token, .. }, None) => Some(Cell::Fenced { value, token }),
        (PutFenced { value, token, .. }, Some(Cell::Fenced { token: highest, .. })) if token >= highest => {
            Some(Cell::Fenced { value, token })
        }
        _ => return None,
    };
    keys.insert(key.clone(), (cell, index));
    Some(Vec::new())
}

fn without_words(response: Response) -> Response {
    match response {
        Response::Refused(Refusal::Condition(_)) => condition(),
        Response::Unknown(_) => Response::Unknown(String::new()),
        other => other,
    }
}

fn cells_of(machine: &Machine) -> Keys {
    match machine.page(None) {
        Response::Page { cells, more: false } => {
            cells.into_iter().map(|(key, Versioned { cell, version })| (key, (cell, version))).collect()
        }
        other => panic!("everything fits a page: {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn does_what_the_model_does(log in log()) {
        let mut machine = Machine::new(SESSIONS_MAX, Safeguards::default());
        let mut model = Model::default();
        for (at, command) in &log {
            let before = cells_of(&machine);
            let outcome = machine.apply(*at, command);
            let is_retry = outcome.reached == Some("retry-recognised");
            let changes = matches!(outcome.response, Response::Done { .. }) && !is_retry;
            prop_assert!(changes || cells_of(&machine) == before);
            prop_assert_eq!(without_words(outcome.response), model.apply(*at, command));
            prop_assert_eq!(cells_of(&machine), model.keys.clone());
        }
    }

    #[test]
    fn machines_fed_the_same_are_equal_and_give_equal_digests(
        log in log(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut one = Machine::new(SESSIONS_MAX, Safeguards::default());
        let mut two = one.clone();
        let cut = cut.index(log.len() + 1);
        for (n, (at, command)) in log.iter().enumerate() {
            if n == cut {
                two = Machine::decode(&two.encode(), SESSIONS_MAX, Safeguards::default()).unwrap();
            }
            prop_assert_eq!(one.apply(*at, command), two.apply(*at, command));
        }
        prop_assert_eq!(one, two);
    }
}
