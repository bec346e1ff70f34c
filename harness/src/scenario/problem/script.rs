//! What cannot be followed about a script.

use crate::nemesis::schedule::TIME_MS_MAX;
use crate::scenario::Scenario;
use crate::script::{Invocation, Phase};
use crate::workload::{self, Session};

impl Scenario {
    /// The first invocation that cannot be made, if any, and why.
    pub(super) fn wrong_script(&self) -> Option<String> {
        let script = self.script.as_ref()?;
        let workload = workload::named(&self.workload)?;
        script.invocations.iter().enumerate().find_map(|(number, invocation)| {
            let no_call = || workload.call(invocation, &Session::default(), self).err();
            let wrong = self.wrong_session_or_time(invocation);
            let wrong = wrong.or_else(|| self.wrong_level_of(invocation)).or_else(no_call)?;
            Some(format!("script: invocation {} ({}): {wrong}", number + 1, invocation.function))
        })
    }

    fn wrong_session_or_time(&self, invocation: &Invocation) -> Option<String> {
        let Invocation { phase, at_ms, session, function, .. } = invocation;
        if *session >= self.clients as u64 {
            return Some(format!("session {session}, and {} clients count from 0", self.clients));
        }
        if *phase == Phase::Faults && *at_ms >= self.time_ms {
            let time_ms = self.time_ms;
            return Some(format!("it is due at {at_ms} ms, when the time of {time_ms} ms is over"));
        }
        if *at_ms > TIME_MS_MAX {
            return Some(format!("it is due at {at_ms} ms: take a day at most"));
        }
        (*phase != Phase::Faults && function == "read")
            .then(|| "once all is healed a read would repair what is to be judged: leave it out".to_owned())
    }

    /// Only what is about several keys names its level, and it takes one that is in use.
    fn wrong_level_of(&self, invocation: &Invocation) -> Option<String> {
        let (level, levels) = (invocation.level.as_deref()?, self.levels());
        if invocation.key.is_some() {
            return Some(format!("level {level:?}: its key has one of its own; leave it out"));
        }
        (!levels.contains(&level))
            .then(|| format!("level {level:?} is not in use here: take one of {}", levels.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;

    fn problem_of(base: Scenario, invocation: &str) -> Option<String> {
        let script = Some(Script::parse(&format!("[{invocation}]")).expect("a script"));
        Scenario { script, ..base }.problem()
    }

    fn problem(invocation: &str) -> String {
        problem_of(Scenario::default(), invocation).expect("a problem")
    }

    #[test]
    fn refuses_a_script_that_cannot_be_followed() {
        for (text, hint) in [
            (
                r#"{"at_ms":1,"session":20,"function":"read","key":"k0"}"#,
                "invocation 1 (read): session 20, and 20 clients count from 0",
            ),
            (
                r#"{"at_ms":60000,"session":0,"function":"read","key":"k0"}"#,
                "is due at 60000 ms, when the time of 60000 ms is over",
            ),
            (
                r#"{"phase":"healing","at_ms":86400001,"session":0,"function":"write","key":"k0"}"#,
                "is due at 86400001 ms: take a day at most",
            ),
            (r#"{"at_ms":1,"session":0,"function":"read"}"#, "invocation 1 (read): it has no key"),
            (
                r#"{"at_ms":1,"session":0,"function":"cas","key":"k0"}"#,
                "register has no function \"cas\", but read, write",
            ),
        ] {
            let problem = problem(text);
            assert!(problem.starts_with("script: ") && problem.contains(hint), "{problem}");
        }
    }

    #[test]
    fn refuses_reads_that_would_repair_what_is_to_be_judged() {
        for phase in ["healing", "replay"] {
            let made = |function: &str| {
                let phase = format!(r#""phase":"{phase}","at_ms":1,"session":0"#);
                problem_of(Scenario::default(), &format!(r#"{{{phase},"function":"{function}","key":"k0"}}"#))
            };
            let problem = made("read").expect("refused");
            assert!(
                problem.contains("invocation 1 (read): once all is healed a read would repair"),
                "{problem}"
            );
            assert_eq!(made("write"), None);
        }
    }

    #[test]
    fn refuses_levels_that_nothing_is_read_at() {
        let bank = |level: &str| {
            let (store, workload, levels) = ("raft".to_owned(), "bank".to_owned(), "leader+any".to_owned());
            let base = Scenario { store, workload, level: levels, ..Scenario::default() };
            problem_of(base, &format!(r#"{{"at_ms":1,"session":0,"function":"read","level":"{level}"}}"#))
        };
        assert_eq!(bank("any"), None);
        let hint = "level \"lease\" is not in use here: take one of leader, any";
        assert!(bank("lease").is_some_and(|problem| problem.ends_with(hint)));
        let of_key = problem(r#"{"at_ms":1,"session":0,"function":"read","key":"k0","level":"one"}"#);
        assert!(of_key.ends_with("level \"one\": its key has one of its own; leave it out"), "{of_key}");
    }
}
