//! A scenario with its seed in a file: small enough to be read, mailed, and kept as a test.
//!
//! ```json
//! {
//!   "perjury": "scenario",
//!   "schema": 1,
//!   "seed": 7,
//!   "shows": {"guarantee": "linearizability", "anomalies": ["not-linearizable"]},
//!   "scenario": {"store": "raft", "schedule": […], "script": […], …}
//! }
//! ```

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::Scenario;
use crate::signature::Signature;
use crate::whole;

/// Version of the shape of such files.
const SCHEMA: u32 = 1;
/// What such a file says it is.
const KIND: &str = "scenario";

/// A scenario and its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// What the file is: a `scenario`.
    perjury: String,
    /// Version of its shape.
    schema: u32,
    /// The seed.
    pub seed: u64,
    /// What its run shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<Signature>,
    /// What is run.
    pub scenario: Scenario,
}

impl ScenarioFile {
    /// The name of the file that shrinking leaves beside a run.
    pub const NAME: &str = "shrunk.json";

    /// A file of this content.
    pub fn new(scenario: Scenario, seed: u64, shows: Option<Signature>) -> ScenarioFile {
        ScenarioFile { perjury: KIND.to_owned(), schema: SCHEMA, seed, shows, scenario }
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// Name the file, and line and column where there are some.
    pub fn read(path: &Path) -> anyhow::Result<ScenarioFile> {
        let place = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {place}"))?;
        ScenarioFile::parse(&text).with_context(|| {
            format!("{place} is no scenario that this version reads; perjury shrink writes such files")
        })
    }

    fn parse(text: &str) -> anyhow::Result<ScenarioFile> {
        let file: ScenarioFile = serde_json::from_str(text)?;
        ensure!(file.perjury == KIND, "it is a {:?}, not a {KIND:?}", file.perjury);
        ensure!(file.schema == SCHEMA, "it has schema {}, and this version reads {SCHEMA}", file.schema);
        Ok(file)
    }

    /// Writes such a file, whole or not at all, in the place of one that was there.
    ///
    /// # Errors
    /// Name the file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let place = || format!("cannot write {}", path.display());
        ensure!(path.is_file() || !path.exists(), "{}: it is no regular file", place());
        whole::write(path, &self.to_json()).with_context(place)
    }

    /// As the file holds it: one setting, one fault and one invocation a line.
    pub fn to_json(&self) -> String {
        spread(&serde_json::to_string(self).expect("a scenario is plain data")) + "\n"
    }
}

/// The same JSON, over several lines: objects down to the scenario, and arrays of objects.
fn spread(json: &str) -> String {
    let mut text = String::new();
    // Whether each object or array that is open is spread.
    let mut open: Vec<bool> = Vec::new();
    let (mut is_quoted, mut is_escaped) = (false, false);
    let line = |depth: usize| format!("\n{}", "  ".repeat(depth));
    for (place, c) in json.char_indices() {
        let depth = open.len();
        let is_spread = !is_quoted && open.last() == Some(&true);
        match c {
            '{' | '[' if !is_quoted => {
                open.push(if c == '{' { depth < 2 } else { json[place + 1..].starts_with('{') });
                text.push(c);
                text.push_str(&if open[depth] { line(depth + 1) } else { String::new() });
            }
            '}' | ']' if !is_quoted => {
                open.pop();
                text.push_str(&if is_spread { line(depth - 1) } else { String::new() });
                text.push(c);
            }
            ',' if is_spread => text.push_str(&format!(",{}", line(depth))),
            ':' if is_spread => text.push_str(": "),
            _ => text.push(c),
        }
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = is_quoted && c == '\\' && !is_escaped;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;

    fn file() -> ScenarioFile {
        let invocations = r#"[{"at_ms":1,"session":0,"function":"read","key":"k0"},
            {"at_ms":2,"session":0,"function":"read","key":"k1"}]"#;
        let script = Some(Script::parse(invocations).expect("a script"));
        ScenarioFile::new(Scenario { script, ..Scenario::default() }, 7, None)
    }

    #[test]
    fn reads_back_what_it_writes_an_invocation_a_line() {
        let text = file().to_json();
        assert_eq!(ScenarioFile::parse(&text).expect("a scenario"), file());
        assert_eq!(text.lines().filter(|line| line.contains("\"function\"")).count(), 2, "{text}");
        assert!(text.lines().all(|line| line.len() < 100), "{text}");
    }

    #[test]
    fn takes_the_place_of_an_older_file_and_of_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let [path, older] = ["small.json", "older"].map(|name| folder.path().join(name));
        fs::write(&path, "older").expect("written");
        fs::hard_link(&path, &older).expect("another name");
        file().write(&path).expect("written");
        assert_eq!(ScenarioFile::read(&path).expect("a scenario"), file());
        // Whoever reads the older one goes on reading it.
        assert_eq!(fs::read_to_string(&older).expect("text"), "older");
        let error = file().write(folder.path()).expect_err("a folder");
        assert!(error.to_string().ends_with("it is no regular file"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn says_where_a_file_is_wrong() {
        let text = file().to_json();
        let error = |text: &str| format!("{:#}", ScenarioFile::parse(text).expect_err("refused"));
        assert!(error(&text.replace("\"nodes\": 5", "\"nodes\": five")).contains("at line "), "{text}");
        assert!(error(&text.replace("\"seed\"", "\"sead\"")).contains("unknown field `sead`"));
        assert!(error(&text.replace("\"schema\": 1", "\"schema\": 2")).contains("has schema 2"));
        assert!(error(&text.replace("\"scenario\",", "\"report\",")).contains("it is a \"report\""));
    }
}
