//! What checkers measure beside their verdicts, in one line each.
//!
//! ```text
//! set-full       attempted 100, stable 98, stale 3, lost 2, …, stable elements, from when they were known until
//!                every read held them: p0 0 ms p50 12 ms p100 40 ms
//! ```

use perjury_checkers::checker::{bank, set_full, total_queue, unique_ids};
use perjury_checkers::{Context, observation};
use perjury_histories::{History, Value};
use serde::Serialize;

use super::words;

/// What this checker measures; none if it measures nothing, or nothing of this history.
pub fn of(checker: &str, history: &History, context: &Context) -> Option<String> {
    match checker {
        "bank" => line(bank::measure(history, context)),
        "linearizability" => unread(history),
        "set-full" => line(set_full::measure(history, context)),
        "total-queue" => line(total_queue::measure(history, context)),
        "unique-ids" => line(unique_ids::measure(history, context)),
        _ => None,
    }
}

/// How many of several objects nobody was told anything of, if any.
fn unread(history: &History) -> Option<String> {
    match observation::unread(history) {
        (_, 0) | (1, _) => None,
        (all, unread) => Some(format!(
            "{} of {} keys were never read: of these nothing is shown",
            words::thousands(unread as u64),
            words::thousands(all as u64)
        )),
    }
}

fn line(measures: Result<impl Serialize, String>) -> Option<String> {
    let value = serde_json::to_value(measures.ok()?).ok()?;
    let mut parts = Vec::new();
    for (name, figure) in value.as_object()? {
        add(name, figure, &mut parts);
    }
    Some(parts.join(", "))
}

/// `lost 3`; times have their unit in their name, and are said in milliseconds.
fn add(name: &str, figure: &Value, parts: &mut Vec<String>) {
    let words = name.replace('_', " ");
    match (figure, name.strip_suffix("_ns")) {
        (Value::Null, _) => {}
        (Value::Object(quantiles), Some(_)) => {
            let of = |(name, ns): (&String, &Value)| format!("{name} {}", ms(ns));
            let of: Vec<String> = quantiles.iter().map(of).collect();
            parts.push(format!("{}: {}", latency(name), of.join(" ")));
        }
        (Value::Array(ends), _) => {
            let ends: Vec<String> = ends.iter().map(Value::to_string).collect();
            parts.push(format!("{words} {}", ends.join(" to ")));
        }
        (Value::Number(number), _) => {
            let number = number.as_u64().map_or(number.to_string(), words::thousands);
            parts.push(format!("{words} {number}"));
        }
        (other, _) => parts.push(format!("{words} {other}")),
    }
}

/// From when until when, and of what.
fn latency(name: &str) -> String {
    match name {
        "stable_latency_ns" => {
            "stable elements, from when they were known until every read held them".to_owned()
        }
        "lost_latency_ns" => "lost elements, from when they were known until they were last seen".to_owned(),
        other => other.trim_end_matches("_ns").replace('_', " "),
    }
}

fn ms(ns: &Value) -> String {
    ns.as_f64().map_or_else(|| ns.to_string(), |ns| format!("{:.0} ms", ns / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use perjury_histories::notation;

    #[test]
    fn says_what_became_of_elements() {
        let history = notation::parse("0:add(_,1) 0:add(_,2) 0:read()=[1] 0:read()=[1]").expect("a history");
        let line = of("set-full", &history, &Context::default()).expect("a set");
        assert!(
            line.contains("attempted 2") && line.contains("stable 1") && line.contains("lost 1"),
            "{line}"
        );
        assert_eq!(of("stats", &history, &Context::default()), None);
    }

    #[test]
    fn says_how_many_keys_were_never_read() {
        let line = |text: &str| {
            let history = notation::parse(text).expect("a history");
            of("linearizability", &history, &Context::default())
        };
        let text = "0:write(x,1) 0:write(y,1) 0:read(x)=1";
        assert_eq!(line(text).as_deref(), Some("1 of 2 keys were never read: of these nothing is shown"));
        assert_eq!(line(&format!("{text} 0:read(y)=1")), None);
        assert_eq!(line("0:write(x,1)"), None);
    }

    #[test]
    fn says_times_with_their_unit() {
        let mut parts = Vec::new();
        add("stable_latency_ns", &serde_json::json!({"p0": 0, "p100": 41_000_000}), &mut parts);
        add("totals", &serde_json::json!([100, 104]), &mut parts);
        add("lost_latency_ns", &Value::Null, &mut parts);
        let stable =
            "stable elements, from when they were known until every read held them: p0 0 ms p100 41 ms";
        assert_eq!(parts, [stable, "totals 100 to 104"]);
    }
}
