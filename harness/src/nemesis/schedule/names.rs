//! Fields of a schedule file, checked where they are read, so that errors carry line and column.

use perjury_store::point;
use serde::de::{Deserialize, Deserializer, Error};

use crate::nemesis::ALL;
use crate::spelling::nearest;

/// A time that is not negative.
pub fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let ms = i64::deserialize(deserializer)?;
    u64::try_from(ms).map_err(|_| D::Error::custom(format!("a time of {ms} ms is before the run")))
}

/// The name of a fault that exists.
pub fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    known(deserializer, "fault", ALL.iter().map(|fault| fault.name()))
}

/// The name of a point that exists.
pub fn point<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    known(deserializer, "point", point::ALL.iter().map(|point| point.name)).map(Some)
}

/// One of the names of all things of this sort.
fn known<'de, D: Deserializer<'de>>(
    deserializer: D,
    sort: &str,
    names: impl Iterator<Item = &'static str> + Clone,
) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if names.clone().any(|known| known == name) {
        return Ok(name);
    }
    let nearest = nearest(&name, names).unwrap_or_default();
    Err(D::Error::custom(format!("no {sort} is named `{name}`; the nearest is `{nearest}`")))
}
