//! One order of all JSON values, so that what has no order of its own, such as a set, is always written alike.
//!
//! Null, booleans, numbers by size, strings by their characters, arrays and objects by their parts.
//!
//! ```
//! use perjury_histories::order;
//! use serde_json::json;
//!
//! let mut values = vec![json!([2]), json!("b"), json!(10), json!(9.5), json!(null), json!([10])];
//! values.sort_by(order::compare);
//! assert_eq!(json!(values), json!([null, 9.5, 10, "b", [2], [10]]));
//! ```

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The order of two values: equal only if they are the same, and written alike.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => {
            let parts = left.iter().zip(right).map(|(left, right)| compare(left, right));
            first_difference(parts).then(left.len().cmp(&right.len()))
        }
        (Value::Object(left), Value::Object(right)) => {
            let fields = left.iter().zip(right);
            let parts =
                fields.map(|(left, right)| left.0.cmp(right.0).then_with(|| compare(left.1, right.1)));
            first_difference(parts).then(left.len().cmp(&right.len()))
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Numbers by size alone: 1 and 1.0 are equally large.
pub fn by_size(left: &Number, right: &Number) -> Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => float(left).partial_cmp(&float(right)).unwrap_or(Ordering::Equal),
    }
}

/// By size; an integer before the float that it is closest to, and -0.0 before 0.0.
fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    let (is_left, is_right) = (left.as_i128().is_some(), right.as_i128().is_some());
    match is_left && is_right {
        true => by_size(left, right),
        false => float(left).total_cmp(&float(right)).then(is_right.cmp(&is_left)),
    }
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
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
            json!(-0.0),
            json!(0.5),
            json!(1),
            json!(1.0),
            json!(9_007_199_254_740_993_i64),
            json!(9_007_199_254_740_994_i64),
            json!(u64::MAX),
            json!("10"),
            json!("9"),
            json!([]),
            json!([9]),
            json!([9, 1]),
            json!([10]),
            json!({"a": 1}),
            json!({"a": 2}),
            json!({"b": 1}),
        ];
        for (place, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(compare(left, right), place.cmp(&other), "{left} {right}");
            }
        }
    }

    #[test]
    fn compares_sizes_across_kinds_of_number() {
        let size = |left: Value, right: Value| match (left, right) {
            (Value::Number(left), Value::Number(right)) => by_size(&left, &right),
            _ => panic!("no numbers"),
        };
        assert_eq!(size(json!(1), json!(1.0)), Ordering::Equal);
        assert_eq!(size(json!(2), json!(1.5)), Ordering::Greater);
        assert_eq!(size(json!(u64::MAX - 1), json!(u64::MAX)), Ordering::Less);
    }
}
