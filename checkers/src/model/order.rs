//! An order of all JSON values, so that states which hold many of them have one form.

use std::cmp::Ordering;

use perjury_histories::Value;
use serde_json::Number;

/// Null, booleans, numbers by size, strings, arrays, objects; equal only to what is the same value.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => {
            by_size(left, right).then_with(|| by_text(left, right))
        }
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => by_text(left, right),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Numbers by size alone: 1 and 1.0 are equally large.
pub(crate) fn by_size(left: &Number, right: &Number) -> Ordering {
    let whole = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => {
            let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
            float(left).partial_cmp(&float(right)).unwrap_or(Ordering::Equal)
        }
    }
}

/// Numbers that are equally large though not the same, and whatever has no order of its own. Values that
/// differ have different texts.
fn by_text(left: &impl ToString, right: &impl ToString) -> Ordering {
    left.to_string().cmp(&right.to_string())
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// Adds a value to a sorted list, after its equals.
pub(crate) fn insert(sorted: &mut Vec<Value>, value: &Value) {
    let place = sorted.partition_point(|other| compare(other, value) != Ordering::Greater);
    sorted.insert(place, value.clone());
}

/// Where a sorted list holds this value.
pub(crate) fn position(sorted: &[Value], value: &Value) -> Option<usize> {
    sorted.binary_search_by(|other| compare(other, value)).ok()
}

/// These values as a JSON array, for a reader.
pub(crate) fn list<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let values = values.into_iter().map(Value::to_string);
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn orders_by_kind_then_by_size() {
        let sorted = [
            json!(null),
            json!(false),
            json!(-1),
            json!(0.5),
            json!(1),
            json!(1.0),
            json!(u64::MAX),
            json!("10"),
            json!("9"),
            json!([1]),
            json!({"a": 1}),
        ];
        for (left, right) in sorted.iter().zip(&sorted[1..]) {
            assert_eq!(compare(left, right), Ordering::Less, "{left} {right}");
            assert_eq!(compare(right, left), Ordering::Greater, "{left} {right}");
            assert_eq!(compare(left, left), Ordering::Equal);
        }
    }

    #[test]
    fn keeps_lists_sorted() {
        let mut sorted = Vec::new();
        for value in [3, 1, 2, 3] {
            insert(&mut sorted, &json!(value));
        }
        assert_eq!(sorted, [1, 2, 3, 3]);
        assert_eq!(position(&sorted, &json!(2)), Some(1));
        assert_eq!(position(&sorted, &json!(4)), None);
    }
}
