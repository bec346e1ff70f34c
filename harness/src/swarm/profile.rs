//! A profile: what of a swarm's draws is fixed, or weighted otherwise. A TOML file:
//!
//! ```toml
//! store = "raft"                        # always this
//! workload = ["register", "append"]     # one of these, alike
//! mode = { majority = 3, synchronous = 1 }  # one of these, by weight
//! nodes = 5
//! clients = { min = 2, max = 30 }       # any number between
//! time = ["10s", "30s"]
//! nemesis = { crash = 1.0, partition = 0.5, message-loss = 0.2 }  # each with its probability
//! ```
//!
//! What it does not name is drawn as without a profile.

use std::collections::BTreeMap;

use anyhow::{anyhow, bail, ensure};
use toml::{Spanned, Value};

use super::choice::Choice;
use super::dimension::{DIMENSIONS, Dimension, Several, Unit};
use crate::duration;
use crate::spelling::nearest;

/// Weights are kept in units of a thousandth.
const WEIGHT_UNIT: f64 = 1_000.0;
/// More than any weight or number needs.
const NUMBER_MAX: u64 = 1_000_000_000;

/// What is fixed, or weighted otherwise, by dimension.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    choices: BTreeMap<&'static str, Choice>,
    names: BTreeMap<&'static str, Vec<(String, f64)>>,
}

impl Profile {
    /// Reads a profile.
    ///
    /// # Errors
    /// With line and column, and with the nearest name, where a key or a name does not exist.
    pub fn parse(text: &str) -> anyhow::Result<Profile> {
        let mut profile = Profile::default();
        let entries: BTreeMap<Spanned<String>, Spanned<Value>> =
            toml::from_str(text).map_err(|error| anyhow!("{}", error.to_string().trim_end()))?;
        for (key, value) in &entries {
            let place = |at: usize| {
                let before = &text[..at.min(text.len())];
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                format!("line {line}, column {column}")
            };
            let name = key.get_ref();
            let dimension = dimension(name).map_err(|error| error.context(place(key.span().start)))?;
            profile
                .take(dimension, value.get_ref())
                .map_err(|error| anyhow!("{name}: {error}").context(place(value.span().start)))?;
        }
        Ok(profile)
    }

    /// Fixes one dimension, whatever the profile said of it. `value` is as on the command line.
    ///
    /// # Errors
    /// When there is no such dimension, or it has no such value.
    pub fn fix(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let dimension = dimension(name)?;
        match dimension.unit {
            Unit::Several(_) => {
                let names = value.split(',').filter(|_| value != "none").map(Value::from);
                self.take(dimension, &Value::Array(names.collect()))
            }
            Unit::Number => {
                let number = value.parse().map_err(|_| anyhow!("where it is drawn, it is a whole number"))?;
                self.take(dimension, &Value::Integer(number))
            }
            _ => self.take(dimension, &Value::String(value.to_owned())),
        }
    }

    /// What this dimension is to be drawn from, if the profile says so.
    pub fn choice(&self, name: &str) -> Option<&Choice> {
        self.choices.get(name)
    }

    /// The same profile with one value only of one dimension, for each value that it names.
    pub fn singles(&self) -> Vec<(&'static str, Profile)> {
        let with = |name: &'static str, choice| {
            let mut single = self.clone();
            single.choices.insert(name, choice);
            (name, single)
        };
        let of = |(name, choice): (&&'static str, &Choice)| {
            choice.singles().into_iter().map(|single| with(name, single)).collect::<Vec<_>>()
        };
        self.choices.iter().flat_map(of).collect()
    }

    /// Whether it says anything of this dimension.
    pub fn says(&self, name: &str) -> bool {
        self.choices.contains_key(name) || self.names.contains_key(name)
    }

    /// The names of this dimension, each with its probability, if the profile says so.
    pub fn names(&self, name: &str) -> Option<&[(String, f64)]> {
        self.names.get(name).map(Vec::as_slice)
    }

    fn take(&mut self, dimension: &'static Dimension, value: &Value) -> anyhow::Result<()> {
        match dimension.unit {
            Unit::Several(of) => drop(self.names.insert(dimension.name, names(of, value)?)),
            unit => drop(self.choices.insert(dimension.name, choice(unit, value)?)),
        }
        Ok(())
    }
}

fn dimension(name: &str) -> anyhow::Result<&'static Dimension> {
    let all = || DIMENSIONS.iter().map(|dimension| dimension.name);
    DIMENSIONS.iter().find(|dimension| dimension.name == name).ok_or_else(|| unknown("key", name, all()))
}

fn unknown<'a>(what: &str, name: &str, all: impl Iterator<Item = &'a str> + Clone) -> anyhow::Error {
    match nearest(name, all.clone()) {
        Some(near) => anyhow!("there is no {what} `{name}`; did you mean `{near}`?"),
        None => anyhow!("there is no {what} `{name}`; there are {}", all.collect::<Vec<_>>().join(", ")),
    }
}

fn choice(unit: Unit, value: &Value) -> anyhow::Result<Choice> {
    match value {
        Value::Table(table) if table.keys().all(|key| key == "min" || key == "max") && !table.is_empty() => {
            let bound = |name: &str| {
                let value = table.get(name).ok_or_else(|| anyhow!("a range needs `{name}` too"))?;
                number(unit, value)
            };
            let (min, max) = (bound("min")?, bound("max")?);
            ensure!(min <= max, "the least, {min}, is above the greatest, {max}");
            Ok(Choice::Between(min, max))
        }
        Value::Table(table) => {
            let each = |(name, weight)| {
                Ok((plain(unit, &Value::String(String::clone(name)))?, thousandths(weight)?))
            };
            let values = table.iter().map(each).collect::<anyhow::Result<Vec<_>>>()?;
            ensure!(values.iter().any(|(_, weight)| *weight > 0), "no value has a weight above 0");
            Ok(Choice::OneOf(values))
        }
        Value::Array(values) => {
            ensure!(!values.is_empty(), "the list is empty; leave it out to have it drawn");
            let each = |value| Ok((plain(unit, value)?, 1));
            Ok(Choice::OneOf(values.iter().map(each).collect::<anyhow::Result<_>>()?))
        }
        value => Ok(Choice::one(&plain(unit, value)?)),
    }
}

/// One value, as it is kept: numbers in decimal, durations in milliseconds.
fn plain(unit: Unit, value: &Value) -> anyhow::Result<String> {
    match (unit, value) {
        (Unit::Name(of), Value::String(name)) => {
            let known = || of.all().into_iter();
            ensure!(known().any(|known| known == name), unknown(of.noun(), name, known()));
            Ok(name.clone())
        }
        (Unit::Latency, Value::String(text)) => {
            duration::parse_latency_ms(text).map_err(anyhow::Error::msg)?;
            Ok(text.clone())
        }
        (Unit::Level, Value::String(level)) => Ok(level.clone()),
        (Unit::Name(_) | Unit::Level | Unit::Latency, other) => bail!("{other} is no name: put it in quotes"),
        _ => Ok(number(unit, value)?.to_string()),
    }
}

fn number(unit: Unit, value: &Value) -> anyhow::Result<u64> {
    match (unit, value) {
        (Unit::Duration, Value::String(text)) => duration::parse_ms(text).map_err(anyhow::Error::msg),
        (Unit::Duration, other) => bail!("{other} is no duration: write \"20s\" or \"500ms\""),
        (Unit::Number, Value::Integer(number)) => within(*number),
        // The key of a table of weights.
        (Unit::Number, Value::String(text)) => match text.parse() {
            Ok(number) => within(number),
            Err(_) => bail!("\"{text}\" is no number"),
        },
        (_, other) => bail!("{other} is no whole number"),
    }
}

fn within(number: i64) -> anyhow::Result<u64> {
    let positive = u64::try_from(number).ok().filter(|number| *number <= NUMBER_MAX);
    positive.ok_or_else(|| anyhow!("{number}: take 0 to {NUMBER_MAX}"))
}

fn thousandths(weight: &Value) -> anyhow::Result<u64> {
    let weight = float(weight).filter(|weight| (0.0..=1e6).contains(weight));
    weight
        .map(|weight| (weight * WEIGHT_UNIT).round() as u64)
        .ok_or_else(|| anyhow!("a weight is a number from 0 to 1000000"))
}

fn float(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|number| number as f64))
}

/// Several names: all of a list, or each of a table with its probability.
fn names(of: Several, value: &Value) -> anyhow::Result<Vec<(String, f64)>> {
    let entries: Vec<(String, f64)> = match value {
        Value::String(name) => vec![(name.clone(), 1.0)],
        Value::Array(names) => {
            let name = |name: &Value| name.as_str().map(|name| (name.to_owned(), 1.0));
            names
                .iter()
                .map(name)
                .collect::<Option<_>>()
                .ok_or_else(|| anyhow!("a list of names is needed"))?
        }
        Value::Table(table) => {
            let each = |(name, value): (&String, &Value)| {
                let probability = float(value).filter(|probability| (0.0..=1.0).contains(probability));
                Some((name.clone(), probability?))
            };
            let wrong = || anyhow!("the probability of each name is a number from 0 to 1");
            table.iter().map(each).collect::<Option<_>>().ok_or_else(wrong)?
        }
        other => bail!("{other} is neither a list of names nor a table of probabilities"),
    };
    for (name, _) in &entries {
        let known = || of.all().into_iter();
        ensure!(known().any(|known| known == name), unknown(of.noun(), name, known()));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fixed_values_lists_weights_and_ranges() {
        let text = "store = 'raft'\nnodes = [3, 5]\nmode = { majority = 3, synchronous = 0.5 }\n\
                    clients = { min = 2, max = 30 }\ntime = '20s'\nnemesis = { crash = 1, message-loss = 0.25 }\n\
                    keys = { 4 = 1, 8 = 2 }";
        let profile = Profile::parse(text).expect("a profile");
        let one_of = |values: &[(&str, u64)]| {
            Choice::OneOf(values.iter().map(|(value, weight)| ((*value).to_owned(), *weight)).collect())
        };
        assert_eq!(profile.choice("store"), Some(&one_of(&[("raft", 1)])));
        assert_eq!(profile.choice("nodes"), Some(&one_of(&[("3", 1), ("5", 1)])));
        assert_eq!(profile.choice("mode"), Some(&one_of(&[("majority", 3_000), ("synchronous", 500)])));
        assert_eq!(profile.choice("clients"), Some(&Choice::Between(2, 30)));
        assert_eq!(profile.choice("time"), Some(&one_of(&[("20000", 1)])));
        assert_eq!(profile.choice("keys"), Some(&one_of(&[("4", 1_000), ("8", 2_000)])));
        let names = [("crash".to_owned(), 1.0), ("message-loss".to_owned(), 0.25)];
        assert_eq!(profile.names("nemesis"), Some(names.as_slice()));
        assert_eq!(profile.choice("rate"), None);
    }

    #[test]
    fn refuses_what_it_does_not_know_with_its_place_and_the_nearest_name() {
        for (text, words) in [
            (
                "store = 'raft'\nworklod = 'set'",
                "line 2, column 1: there is no key `worklod`; did you mean `workload`?",
            ),
            (
                "nemesis = ['crsh']",
                "line 1, column 11: nemesis: there is no fault or kind of fault `crsh`; did you mean `crash`?",
            ),
            ("nodes = 'five'", "\"five\" is no number"),
            ("nodes = -1", "take 0 to 1000000000"),
            ("time = 20", "20 is no duration: write \"20s\""),
            ("store = 3", "3 is no name: put it in quotes"),
            ("store = ['raft', 'quorun']", "there is no store `quorun`; did you mean `quorum`?"),
            ("workload = { apend = 1 }", "there is no workload `apend`; did you mean `append`?"),
            ("bug = 'torn-tail'", "there is no planted bug `torn-tail`; did you mean `torn-tail-taken`?"),
            ("latency = '50ms'", "'50ms' is no latency: write the least and the longest"),
            ("clients = { min = 2 }", "a range needs `max` too"),
            ("clients = { min = 3, max = 2 }", "the least, 3, is above the greatest, 2"),
            ("keys = []", "the list is empty"),
            ("keys = { 4 = 0 }", "no value has a weight above 0"),
            ("keys = { 4 = nan }", "a weight is a number"),
            ("nemesis = { crash = 2.0 }", "a number from 0 to 1"),
            ("nodes = 3\nnodes = 5", "line 2"),
            ("nodes = ", "line 1"),
        ] {
            let error = format!("{:#}", Profile::parse(text).expect_err(text));
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn fixes_what_the_command_line_says() {
        let mut profile = Profile::parse("store = ['raft', 'quorum']").expect("a profile");
        profile.fix("store", "raft").expect("fixed");
        profile.fix("time", "20s").expect("fixed");
        profile.fix("nemesis", "crash,clock").expect("fixed");
        assert_eq!(profile.choice("store"), Some(&Choice::OneOf(vec![("raft".to_owned(), 1)])));
        assert_eq!(profile.names("nemesis").map(<[_]>::len), Some(2));
        for (name, value, words) in [
            ("stor", "raft", "did you mean `store`?"),
            ("nemesis", "none,crash", "there is no fault or kind of fault `none`"),
            ("rate", "2.5", "a whole number"),
        ] {
            let error = profile.fix(name, value).expect_err(value);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
