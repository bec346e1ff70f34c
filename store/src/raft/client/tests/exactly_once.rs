//! Client and state machine together, with everything between them going wrong.

use proptest::prelude::*;

use super::*;
use crate::raft::log::{Index, Position};
use crate::raft::machine::Machine;
use crate::raft::request::{Cell, Command, CommandKind};

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered,
    AppliedInSilence,
    AppliedAndLost,
    AppliedInDoubt,
    AppliedLaterInDoubt,
    AppliedLaterAndLost,
    Lost,
    Refused,
    /// Others open sessions, of which there can only be two; then it is answered.
    SessionClosed,
    /// What was to be applied later is applied now; then this one is answered.
    Caught,
}
use Fate::*;

/// The log behind all nodes.
struct Log {
    machine: Machine,
    index: Index,
    later: Vec<Command>,
}

impl Log {
    fn apply(&mut self, command: &Command) -> Response {
        self.index += 1;
        self.machine.apply(Position { term: 1, index: self.index }, command).response
    }

    fn catch_up(&mut self) {
        for command in std::mem::take(&mut self.later) {
            self.apply(&command);
        }
    }

    fn meet(&mut self, fate: Fate, ask: &Ask) -> Reaction {
        let doubt = || Say(Response::Unknown("no longer the leader".to_owned()));
        let command = command_of(ask);
        match fate {
            Lost => return HangUp,
            Refused => return refused(not_leader(None, 1)),
            AppliedLaterInDoubt | AppliedLaterAndLost => {
                self.later.push(command);
                return if matches!(fate, AppliedLaterInDoubt) { doubt() } else { HangUp };
            }
            SessionClosed => {
                for _ in 0..2 {
                    self.apply(&command_of(&Ask::Open));
                }
            }
            Caught => self.catch_up(),
            Answered | AppliedInSilence | AppliedAndLost | AppliedInDoubt => {}
        }
        let response = self.apply(&command);
        match fate {
            AppliedInSilence => Nothing,
            AppliedAndLost => HangUp,
            AppliedInDoubt => doubt(),
            _ => Say(response),
        }
    }
}

fn command_of(ask: &Ask) -> Command {
    let (session, sequence, kind) = match ask {
        Ask::Open => (0, 0, CommandKind::Open),
        Ask::Write { session, sequence, operation } => {
            (*session, *sequence, CommandKind::Change(operation.clone()))
        }
        other => panic!("only writes are asked: {other:?}"),
    };
    Command { session, sequence, log_ms: 0, kind }
}

fn fate() -> impl Strategy<Value = Fate> {
    let rare = prop_oneof![Just(AppliedInSilence), Just(SessionClosed)];
    let often = prop_oneof![
        Just(Answered),
        Just(AppliedAndLost),
        Just(AppliedInDoubt),
        Just(AppliedLaterInDoubt),
        Just(AppliedLaterAndLost),
        Just(Lost),
        Just(Refused),
        Just(Caught),
    ];
    prop_oneof![1 => rare, 5 => often]
}

/// Writes `writes` elements to one list; gives how each ended, and the list.
fn run(fates: Vec<Fate>, writes: u8) -> (Vec<Response>, Vec<Vec<u8>>) {
    let log = Log { machine: Machine::new(2, Safeguards::default()), index: 0, later: Vec::new() };
    let log = Rc::new(RefCell::new(log));
    let fates = Rc::new(RefCell::new(fates.into_iter()));
    World::run(async {
        let nodes = Nodes::default();
        for name in ["n1", "n2", "n3"] {
            let (log, fates) = (log.clone(), fates.clone());
            nodes.start_raw(name, move |ask| {
                log.borrow_mut().meet(fates.borrow_mut().next().unwrap_or(Answered), ask)
            });
        }
        let mut client = nodes.client(&["n1", "n2", "n3"]);
        let mut outcomes = Vec::new();
        for n in 0..writes {
            let operation = Operation::Append { key: "l".to_owned(), element: vec![n] };
            outcomes.push(client.write(operation, Duration::from_millis(600)).await.outcome);
        }
        log.borrow_mut().catch_up();
        let list = match log.borrow().machine.read(&["l".to_owned()]).remove(0) {
            Some(Versioned { cell: Some(Cell::List(list)), .. }) => list,
            _ => Vec::new(),
        };
        (outcomes, list)
    })
}

proptest! {
    #[test]
    fn a_write_takes_effect_as_often_as_its_outcome_says(
        fates in proptest::collection::vec(fate(), 0..60),
    ) {
        let writes = 12;
        let (outcomes, list) = run(fates, writes);
        for (n, outcome) in (0..writes).zip(outcomes) {
            let times = list.iter().filter(|element| **element == [n]).count();
            let is_true = match &outcome {
                Response::Done { .. } => times == 1,
                Response::Refused(_) => times == 0,
                _ => times <= 1,
            };
            prop_assert!(is_true, "{n} is there {times} times: {outcome:?}");
        }
    }
}
