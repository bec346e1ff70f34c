//! Fields of a schedule file, checked where they are read, so that errors carry line and column.

use serde::de::{Deserialize, Deserializer, Error};

use crate::nemesis::{ALL, find};
use crate::spelling::nearest;

/// A time that is not negative.
pub fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let ms = i64::deserialize(deserializer)?;
    u64::try_from(ms).map_err(|_| D::Error::custom(format!("a time of {ms} ms is before the run")))
}

/// The name of a fault that exists.
pub fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    match find(&name) {
        Some(_) => Ok(name),
        None => {
            let names = ALL.iter().map(|fault| fault.name());
            let nearest = nearest(&name, names).unwrap_or_default();
            let words = format!("no fault is named `{name}`; the nearest is `{nearest}`");
            Err(D::Error::custom(words))
        }
    }
}
