//! A script: which session invokes what when, instead of what the generator says. Plain data, written down by every
//! run or read from a file.
//!
//! ```json
//! [
//!   {"at_ms": 3120, "session": 4, "function": "write", "key": "k3", "value": 17},
//!   {"phase": "healing", "at_ms": 250, "session": 0, "function": "write", "key": "k3", "value": 18}
//! ]
//! ```
//!
//! A generator draws each invocation from what came before it; taken out of a script, an invocation leaves all others
//! where they were. That is what shrinking needs.

use anyhow::Context as _;
use perjury_histories::{Key, Value};
use serde::{Deserialize, Serialize};

/// What the sessions invoke in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Script {
    /// The invocations, in their order.
    pub invocations: Vec<Invocation>,
}

/// One invocation of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invocation {
    /// The phase of the run; while faults come and go, unless it is said.
    #[serde(default, skip_serializing_if = "Phase::is_faults")]
    pub phase: Phase,
    /// When it is due, in simulated milliseconds since the phase began. A session that is still busy then makes it
    /// afterwards; when the phase is over, it is not made.
    pub at_ms: u64,
    /// The number of the session.
    pub session: u64,
    /// The function, as histories have it.
    pub function: String,
    /// The object, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// The argument, as histories have it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    /// The consistency level, of what is about several keys: one of those in use. A key has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
}

/// The phases of a run in which sessions invoke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reads and writes while faults come and go.
    #[default]
    Faults,
    /// Writes once everything is healed; a read would repair what is to be judged.
    Healing,
    /// Writes before the power loss of the whole cluster; nothing is read either.
    Replay,
}

impl Phase {
    fn is_faults(&self) -> bool {
        *self == Phase::Faults
    }
}

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    /// With line and column, when it is no script.
    pub fn parse(text: &str) -> anyhow::Result<Script> {
        serde_json::from_str(text).context("not a script of invocations")
    }

    /// The invocations of one phase, in the order in which they are due.
    pub fn of_phase(&self, phase: Phase) -> Vec<&Invocation> {
        let mut due: Vec<&Invocation> =
            self.invocations.iter().filter(|invocation| invocation.phase == phase).collect();
        due.sort_by_key(|invocation| invocation.at_ms);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[{"at_ms":3120,"session":4,"function":"write","key":"k3","value":17},
        {"phase":"healing","at_ms":250,"session":0,"function":"write","key":"k3"},
        {"at_ms":7,"session":1,"function":"read","level":"any"}]"#;

    #[test]
    fn reads_what_it_writes_and_says_nothing_needless() {
        let script = Script::parse(TEXT).expect("a script");
        assert_eq!(
            serde_json::to_string(&script).expect("plain data"),
            TEXT.replace(char::is_whitespace, "")
        );
    }

    #[test]
    fn puts_the_invocations_of_a_phase_in_the_order_of_their_times() {
        let script = Script::parse(TEXT).expect("a script");
        let times = |phase| script.of_phase(phase).iter().map(|each| each.at_ms).collect::<Vec<_>>();
        assert_eq!(
            [times(Phase::Faults), times(Phase::Healing), times(Phase::Replay)],
            [vec![7, 3120], vec![250], vec![]]
        );
    }

    #[test]
    fn says_where_a_script_is_wrong() {
        for (text, hint) in [
            (r#"[{"at_ms":1,"session":0}]"#, "missing field `function` at line 1"),
            (r#"[{"at_ms":-1,"session":0,"function":"read"}]"#, "line 1 column"),
            (r#"[{"at_ms":1,"session":0,"function":"read","who":2}]"#, "unknown field `who`"),
        ] {
            let error = format!("{:#}", Script::parse(text).expect_err(text));
            assert!(error.contains("not a script") && error.contains(hint), "{error}");
        }
    }
}
