//! Integers in values, exactly: amounts, balances, counts.

use perjury_histories::Value;

/// The integer that this value is: any of 64 bits, signed or not.
pub(crate) fn integer(value: &Value) -> Option<i128> {
    match value.as_i64() {
        Some(number) => Some(number.into()),
        None => value.as_u64().map(i128::from),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_integers_of_64_bits_and_nothing_else() {
        assert_eq!(integer(&json!(i64::MIN)), Some(i64::MIN.into()));
        assert_eq!(integer(&json!(u64::MAX)), Some(u64::MAX.into()));
        assert_eq!([json!(1.5), json!("1"), json!(null)].iter().find_map(integer), None);
    }
}
