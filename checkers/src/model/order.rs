//! Lists of values in one order, so that states which hold many of them have one form.

use std::cmp::Ordering;

use perjury_histories::Value;
pub(crate) use perjury_histories::order::{by_size, compare};

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
