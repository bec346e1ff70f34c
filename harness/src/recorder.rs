//! Records everything: operations, faults, what nodes tell, in one order with one clock.
//!
//! All clients share one simulated host, so events are recorded in the order in which they happened;
//! the time of an event is the simulator's true time, never a node's own clock.

mod watched;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Duration;

use perjury_histories::{Event, History, Key, Kind, Process, Value, Version};
use perjury_store::quorum::membership::view::View;
use perjury_store::quorum::version::Version as StoreVersion;
use perjury_store::raft::fact::Fact;
use serde_json::json;

use crate::sim::clock::TrueTime;
use crate::sim::observer::Watch;
use crate::system::Held;
use watched::Watched;

/// The one recorder of a run.
#[derive(Default)]
pub struct Recorder {
    time: RefCell<Rc<TrueTime>>,
    record: RefCell<Record>,
    watched: RefCell<Option<Watched>>,
}

#[derive(Default)]
struct Record {
    history: History,
    last_ns: u64,
    trace: String,
    markers: BTreeMap<String, u64>,
    completed: u64,
}

impl Recorder {
    /// From here on, times are read from this clock.
    pub fn set_time(&self, time: Rc<TrueTime>) {
        *self.time.borrow_mut() = time;
    }

    /// From here on, the invariants of the replicated log that these nodes keep are watched. What is broken is
    /// noted at once.
    pub fn watch_log(&self, nodes: Vec<String>, checks_completeness: bool) {
        *self.watched.borrow_mut() = Some(Watched::new(nodes, checks_completeness));
    }

    /// Notes how often each invariant was looked at, if they were watched.
    pub fn end_watch(&self) {
        let Some(watched) = self.watched.take() else { return };
        for (invariant, count) in watched.uncounted() {
            self.trace("nemesis", &format!("invariant {invariant} was broken {count} times in all"));
        }
        self.note("watched", None, watched.looked());
    }

    /// Adds an event; its index and time are filled in.
    ///
    /// # Panics
    /// If the event does not fit the history so far: that would be a mistake of the harness.
    pub fn event(&self, mut event: Event) {
        event.index = self.events();
        event.time = Some(self.now_ns());
        let mut record = self.record.borrow_mut();
        if event.kind != Kind::Invoke && matches!(event.process, Process::Client(_)) {
            record.completed += 1;
        }
        record.history.push(event).expect("the harness invokes and completes in order");
    }

    /// Adds a note of the nemesis.
    pub fn note(&self, function: &str, node: Option<&str>, value: Value) {
        let mut event = Event::new(0, Process::Nemesis, Kind::Info, function);
        event.node = node.map(str::to_owned);
        event.value = value;
        self.event(event);
    }

    /// Adds a note of what a replica holds, asked when the history had `asked` events.
    pub fn dump(&self, stage: &str, node: &str, asked: u64, held: &[Held]) {
        let entry = |held: &Held| json!([held.key, held.version, held.value]);
        let entries: Vec<Value> = held.iter().map(entry).collect();
        self.note("dump", Some(node), json!({"stage": stage, "asked": asked, "entries": entries}));
    }

    /// Events recorded so far.
    pub fn events(&self) -> u64 {
        self.record.borrow().history.events().len() as u64
    }

    /// Adds a line to the trace.
    pub fn trace(&self, host: &str, text: &str) {
        let now = self.now_ns();
        let mut record = self.record.borrow_mut();
        let (seconds, micros) = (now / 1_000_000_000, now / 1_000 % 1_000_000);
        // Writing to a string cannot fail.
        let _ = writeln!(record.trace, "{seconds:>5}.{micros:06} {host:<8} {text}");
    }

    /// Operations completed so far.
    pub fn completed(&self) -> u64 {
        self.record.borrow().completed
    }

    /// True time since the run began.
    pub fn now(&self) -> Duration {
        self.time.borrow().now()
    }

    /// Everything recorded: history, trace and markers.
    pub fn finish(&self) -> (History, String, BTreeMap<String, u64>) {
        let Record { history, trace, markers, .. } = self.record.take();
        (history, trace, markers)
    }

    /// True time in nanoseconds; hosts run one after the other within a tick, so it is kept from
    /// going back between them.
    fn now_ns(&self) -> u64 {
        let now = u64::try_from(self.time.borrow().now().as_nanos()).unwrap_or(u64::MAX);
        let mut record = self.record.borrow_mut();
        record.last_ns = record.last_ns.max(now);
        record.last_ns
    }
}

impl Watch for Recorder {
    fn note(&self, host: &str, text: &str) {
        self.trace(host, text);
    }

    fn reached(&self, _: &str, marker: &'static str) {
        *self.record.borrow_mut().markers.entry(marker.to_owned()).or_default() += 1;
    }

    fn acknowledged(&self, host: &str, key: &str, version: StoreVersion) {
        let mut event = Event::new(0, Process::Nemesis, Kind::Info, "acknowledge");
        event.node = Some(host.to_owned());
        event.key = Some(Key::Name(key.to_owned()));
        event.version = Some(Version(version.to_integers().to_vec()));
        self.event(event);
    }

    fn released(&self, host: &str, key: &str) {
        let mut event = Event::new(0, Process::Nemesis, Kind::Info, "release");
        event.node = Some(host.to_owned());
        event.key = Some(Key::from(key));
        self.event(event);
    }

    fn corrupt(&self, host: &str, key: Option<&str>) {
        let mut event = Event::new(0, Process::Nemesis, Kind::Info, "corrupt");
        event.node = Some(host.to_owned());
        event.key = key.map(Key::from);
        self.event(event);
    }

    fn fact(&self, host: &str, fact: &Fact) {
        if let Fact::Lost { writes_max } = fact {
            return self.note("lost", Some(host), json!({"writes_max": writes_max}));
        }
        let violations = match self.watched.borrow_mut().as_mut() {
            Some(watched) => watched.hear(host, fact),
            None => return,
        };
        if let Fact::Leader { term } = fact {
            self.trace(host, &format!("leads term {term}"));
            self.note("leader", Some(host), json!({"term": term}));
        }
        for violation in violations {
            self.trace(host, &violation.words);
            if let Some(note) = violation.note {
                self.note("invariant", None, note);
            }
        }
    }

    fn view(&self, host: &str, view: &View) {
        let View { of, state, beat, accusers } = view;
        self.trace(host, &view.to_string());
        let (generation, heartbeat) = (beat.generation, beat.heartbeat);
        let value = json!({"of": of, "state": state, "generation": generation, "heartbeat": heartbeat, "accusers": accusers});
        self.note("view", Some(host), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_store::quorum::membership::member::{Beat, State};
    use perjury_store::quorum::version::Version as Stored;

    fn write(kind: Kind) -> Event {
        Event::new(77, Process::Client(0), kind, "write")
    }

    #[test]
    fn numbers_events_and_counts_what_is_completed() {
        let recorder = Recorder::default();
        recorder.event(write(Kind::Invoke));
        Watch::corrupt(&recorder, "n2", None);
        recorder.event(write(Kind::Ok));
        assert_eq!((recorder.events(), recorder.completed()), (3, 1));
        let (history, ..) = recorder.finish();
        let seen: Vec<_> = history.events().map(|event| (event.index, event.function)).collect();
        assert_eq!(seen, [(0, "write"), (1, "corrupt"), (2, "write")]);
    }

    #[test]
    fn time_never_goes_back() {
        let (recorder, late) = (Recorder::default(), Rc::new(TrueTime::default()));
        late.leave(std::time::Duration::from_millis(5));
        recorder.set_time(late);
        recorder.event(write(Kind::Invoke));
        recorder.set_time(Rc::default());
        recorder.event(write(Kind::Ok));
        recorder.trace("n1", "a word");
        let (history, trace, _) = recorder.finish();
        let times: Vec<_> = history.events().map(|event| event.time).collect();
        assert_eq!(times, [Some(5_000_000), Some(5_000_000)]);
        assert_eq!(trace, "    0.005000 n1       a word\n");
    }

    #[test]
    fn notes_what_replicas_tell_as_checkers_expect_it() {
        let recorder = Recorder::default();
        recorder.acknowledged("n1", "k1", Stored::default());
        recorder.reached("n1", "a-path");
        let held = Held { key: "k1".into(), version: None, value: Value::Null };
        recorder.dump("converged", "n1", 1, &[held]);
        let (history, _, markers) = recorder.finish();
        let events = history.to_events();
        let [acknowledged, dump] = events.as_slice() else { panic!("two notes: {history:?}") };
        let integers = Stored::default().to_integers().to_vec();
        assert_eq!(
            (&acknowledged.key, &acknowledged.version),
            (&Some("k1".into()), &Some(Version(integers)))
        );
        assert_eq!(dump.node.as_deref(), Some("n1"));
        assert_eq!(dump.value, json!({"stage": "converged", "asked": 1, "entries": [["k1", null, null]]}));
        assert_eq!(markers, BTreeMap::from([("a-path".to_owned(), 1)]));
    }

    #[test]
    fn notes_what_nodes_take_each_other_for() {
        let recorder = Recorder::default();
        let (beat, accusers) =
            (Beat { generation: 4, heartbeat: 17 }, vec!["n1".to_owned(), "n5".to_owned()]);
        let view = View { of: "n3".to_owned(), state: State::Down, beat, accusers };
        Watch::view(&recorder, "n1", &view);
        let (history, trace, _) = recorder.finish();
        let [event] = &history.to_events()[..] else { panic!("one note: {history:?}") };
        assert_eq!((event.function.as_str(), event.node.as_deref()), ("view", Some("n1")));
        assert_eq!(
            event.value,
            json!({"of": "n3", "state": "down", "generation": 4, "heartbeat": 17, "accusers": ["n1", "n5"]})
        );
        assert!(
            trace.ends_with("n1       n3 is down, generation 4, heartbeat 17, missed by n1, n5\n"),
            "{trace}"
        );
    }

    fn told(recorder: &Recorder, host: &str, term: u64) {
        Watch::fact(recorder, host, &Fact::Term(term));
        Watch::fact(recorder, host, &Fact::Leader { term });
    }

    #[test]
    fn notes_leaders_and_broken_invariants_at_once() {
        let recorder = Recorder::default();
        told(&recorder, "n1", 1);
        recorder.watch_log(vec!["n1".to_owned(), "n2".to_owned()], true);
        told(&recorder, "n1", 2);
        told(&recorder, "n2", 2);
        told(&recorder, "n9", 2);
        recorder.end_watch();
        recorder.end_watch();
        let (history, trace, _) = recorder.finish();
        let events = history.to_events();
        let functions: Vec<&str> = events.iter().map(|event| event.function.as_str()).collect();
        assert_eq!(functions, ["leader", "leader", "invariant", "leader", "watched"], "{trace}");
        assert_eq!((events[0].node.as_deref(), &events[0].value), (Some("n1"), &json!({"term": 2})));
        assert_eq!(events[2].value["invariant"], "one-leader-per-term");
        assert_eq!(events[2].value["nodes"], json!(["n1", "n2"]));
        assert!(events[2].value["what"].as_str().is_some_and(|what| what.contains("term 2")), "{events:?}");
        assert!(events[4].value["one-leader-per-term"].as_u64().is_some_and(|count| count > 1));
        assert!(trace.contains("n2       invariant one-leader-per-term is broken: "), "{trace}");
    }

    #[test]
    fn notes_what_caches_may_have_lost() {
        let recorder = Recorder::default();
        Watch::fact(&recorder, "n2", &Fact::Lost { writes_max: 5 });
        let (history, ..) = recorder.finish();
        let events = history.to_events();
        assert_eq!((events[0].function.as_str(), events[0].node.as_deref()), ("lost", Some("n2")));
        assert_eq!(events[0].value, json!({"writes_max": 5}));
    }

    #[test]
    fn counts_only_invariants_that_are_owed() {
        let looked = |checks_completeness| {
            let recorder = Recorder::default();
            recorder.watch_log(vec!["n1".to_owned()], checks_completeness);
            recorder.end_watch();
            recorder.finish().0.to_events()[0].value.as_object().expect("counts").len()
        };
        assert_eq!((looked(true), looked(false)), (6, 5));
    }

    #[test]
    fn notes_ten_violations_of_an_invariant_and_counts_the_others() {
        let recorder = Recorder::default();
        recorder.watch_log(vec!["n1".to_owned(), "n2".to_owned()], true);
        for term in 1..=25 {
            told(&recorder, "n1", term);
            told(&recorder, "n2", term);
        }
        recorder.end_watch();
        let (history, trace, _) = recorder.finish();
        assert_eq!(history.notes().filter(|note| note.function == "invariant").count(), 10);
        assert!(trace.contains("one-leader-per-term was broken 25 times in all"), "{trace}");
    }
}
