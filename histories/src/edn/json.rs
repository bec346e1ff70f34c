//! EDN as JSON, and JSON as EDN.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::parse::is_tag;
use super::{DEPTH_MAX, Edn, Problem, number};
use crate::exact::shown;
use crate::order;

/// The only key of the object that stands for a number that JSON has no word for.
pub(crate) const NUMBER: &str = "##";

impl<'a> Edn<'a> {
    /// This value as JSON.
    ///
    /// | EDN | JSON |
    /// |---|---|
    /// | `nil`, booleans, strings, finite floats | the same |
    /// | integers of 64 bits, also `12N` and unsigned ones | the same |
    /// | keywords, symbols, characters | strings: `:a/b` is `"a/b"`, `\a` is `"a"` |
    /// | lists, vectors | arrays |
    /// | sets | arrays in [one order](crate::order) |
    /// | maps | objects; a key that is none of the above strings is its EDN: `{1 2}` is `{"1":2}` |
    /// | other numbers: `1/2`, `0.5M`, `##Inf`, integers beyond 64 bits | `{"##":"1/2"}` |
    /// | tagged values: `#inst "2026"` | `{"#inst":"2026"}` |
    ///
    /// That keywords become strings and keys text is the custom. Everything else stays apart from everything
    /// else: a map that would look like one of the last two rows is refused, as is a map or a set in which
    /// two entries become the same.
    ///
    /// It is an error to nest more than [`DEPTH_MAX`] levels deep.
    pub fn into_json(self) -> Result<Value, Problem> {
        json(self, DEPTH_MAX).map_err(|problem| Problem::new(0, problem))
    }

    /// This JSON as EDN: what stands for a number or a tagged value becomes one, strings stay strings.
    /// [`Edn::into_json`] gives the same JSON again.
    pub fn from_json(value: &'a Value) -> Edn<'a> {
        match value {
            Value::Null => Edn::Nil,
            Value::Bool(bool) => Edn::Bool(*bool),
            Value::Number(number) => from_number(number),
            Value::String(text) => Edn::Text(Cow::Borrowed(text)),
            Value::Array(values) => Edn::Vector(values.iter().map(Edn::from_json).collect()),
            Value::Object(fields) => stands_for(fields).unwrap_or_else(|| {
                let entry =
                    |(key, value)| (Edn::Text(Cow::Borrowed(String::as_str(key))), Edn::from_json(value));
                Edn::Map(fields.iter().map(entry).collect())
            }),
        }
    }

    /// Whether this is such EDN as comes from JSON: without keywords, symbols, characters, lists, sets.
    pub(crate) fn is_json_like(&self) -> bool {
        match self {
            Edn::Character(_) | Edn::Symbol(_) | Edn::Keyword(_) | Edn::List(_) | Edn::Set(_) => false,
            Edn::Vector(items) => items.iter().all(Edn::is_json_like),
            Edn::Map(entries) => {
                entries.iter().all(|(key, value)| matches!(key, Edn::Text(_)) && value.is_json_like())
            }
            Edn::Tagged(_, value) => value.is_json_like(),
            _ => true,
        }
    }
}

/// As JSON of at most so many levels.
fn json(value: Edn<'_>, depth: usize) -> Result<Value, String> {
    Ok(match value {
        Edn::Nil => Value::Null,
        Edn::Bool(bool) => Value::Bool(bool),
        Edn::Integer(number) => Value::from(number),
        Edn::Float(number) if number.is_finite() => Value::from(number),
        Edn::Big(ref digits) => match digits.parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => object(NUMBER, Value::String(value.to_string()), depth)?,
        },
        Edn::Ratio(_) | Edn::Float(_) | Edn::Decimal(_) => {
            object(NUMBER, Value::String(value.to_string()), depth)?
        }
        Edn::Character(char) => Value::String(char.to_string()),
        Edn::Text(text) | Edn::Symbol(text) | Edn::Keyword(text) => Value::String(text.into_owned()),
        Edn::List(items) | Edn::Vector(items) => array(items, depth)?.into(),
        Edn::Set(items) => set(items, depth)?,
        Edn::Map(entries) => map(entries, depth)?,
        Edn::Tagged(tag, value) => object(&format!("#{tag}"), json(*value, deeper(depth)?)?, depth)?,
    })
}

/// The levels that are left one level deeper.
fn deeper(depth: usize) -> Result<usize, String> {
    depth.checked_sub(1).ok_or_else(|| format!("as JSON it is nested more than {DEPTH_MAX} levels deep"))
}

/// An object of one field.
fn object(key: &str, value: Value, depth: usize) -> Result<Value, String> {
    if depth == 0 {
        return Err(format!(
            "in JSON, where a {key} needs a level, nested more than {DEPTH_MAX} levels deep"
        ));
    }
    Ok(Value::Object(Map::from_iter([(key.to_owned(), value)])))
}

fn array(items: Vec<Edn<'_>>, depth: usize) -> Result<Vec<Value>, String> {
    let depth = deeper(depth)?;
    items.into_iter().map(|item| json(item, depth)).collect()
}

fn set(items: Vec<Edn<'_>>, depth: usize) -> Result<Value, String> {
    let mut values = array(items, depth)?;
    values.sort_by(order::compare);
    match values.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{} stands twice in a set", shown(&pair[0].to_string()))),
        None => Ok(values.into()),
    }
}

fn map(entries: Vec<(Edn<'_>, Edn<'_>)>, depth: usize) -> Result<Value, String> {
    let depth = deeper(depth)?;
    let mut fields = Map::new();
    for (key, value) in entries {
        let key = match key {
            Edn::Text(text) | Edn::Symbol(text) | Edn::Keyword(text) => text.into_owned(),
            Edn::Character(char) => char.to_string(),
            key => key.to_string(),
        };
        if fields.contains_key(&key) {
            return Err(format!("the key {} stands twice in a map", shown(&key)));
        }
        fields.insert(key, json(value, depth)?);
    }
    match stands_for(&fields) {
        None => Ok(Value::Object(fields)),
        Some(other) => Err(format!("as JSON this map would be the same as {}", shown(&other.to_string()))),
    }
}

/// What an object stands for, if it is not a map.
fn stands_for(fields: &Map<String, Value>) -> Option<Edn<'_>> {
    let (key, value) = fields.iter().next().filter(|_| fields.len() == 1)?;
    if key == NUMBER {
        return value.as_str().and_then(beyond_json);
    }
    let tag = key.strip_prefix('#').filter(|tag| is_tag(tag))?;
    Some(Edn::Tagged(Cow::Borrowed(tag), Box::new(Edn::from_json(value))))
}

/// The number of this text, if it is the one way to write a number that JSON has no word for.
fn beyond_json(text: &str) -> Option<Edn<'_>> {
    let number = match text {
        "##Inf" => Edn::Float(f64::INFINITY),
        "##-Inf" => Edn::Float(f64::NEG_INFINITY),
        "##NaN" => Edn::Float(f64::NAN),
        _ => number::parse(text).ok()?,
    };
    let is_beyond = match &number {
        Edn::Integer(_) => false,
        Edn::Big(digits) => digits.parse::<u64>().is_err(),
        Edn::Float(number) => !number.is_finite(),
        _ => true,
    };
    (is_beyond && number.to_string() == text).then_some(number)
}

fn from_number(number: &Number) -> Edn<'_> {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(number), _, _) => Edn::Integer(number),
        (_, Some(number), _) => Edn::Big(Cow::Owned(number.to_string())),
        (_, _, number) => Edn::Float(number.unwrap_or(f64::NAN)),
    }
}

#[cfg(test)]
mod tests;
