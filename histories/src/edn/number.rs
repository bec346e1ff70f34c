//! Numbers, none of which loses a digit.

use std::borrow::Cow;

use super::Edn;
use crate::exact::shown;

/// The number of this token, which begins with a digit or with a sign and a digit.
pub(super) fn parse(token: &str) -> Result<Edn<'_>, String> {
    // Far the most are short integers.
    if token.len() < 18
        && !has_leading_zero(token)
        && let Ok(number) = token.parse()
    {
        return Ok(Edn::Integer(number));
    }
    let text = token.strip_prefix('+').unwrap_or(token);
    let number = hexadecimal(text)
        .or_else(|| integer(text.strip_suffix('N').unwrap_or(text)))
        .or_else(|| ratio(text))
        .or_else(|| text.strip_suffix('M').filter(|text| is_decimal(text)).map(decimal));
    match number {
        Some(number) => Ok(number),
        None if is_decimal(text) => float(text),
        None => Err(format!("{} is no number", shown(token))),
    }
}

/// The digits after the sign.
fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Such are octal numbers in Clojure, and none in EDN.
fn has_leading_zero(text: &str) -> bool {
    let digits = unsigned(text).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

fn is_integer(text: &str) -> bool {
    is_digits(unsigned(text)) && !has_leading_zero(text)
}

fn integer(text: &str) -> Option<Edn<'_>> {
    if !is_integer(text) {
        return None;
    }
    Some(text.parse().map_or(Edn::Big(Cow::Borrowed(text)), Edn::Integer))
}

/// As in `#object[java.lang.Object 0x4a6e1f "…"]`; at most 64 bits.
fn hexadecimal(text: &str) -> Option<Edn<'_>> {
    let digits = unsigned(text).strip_prefix("0x").or_else(|| unsigned(text).strip_prefix("0X"))?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, 16).ok()?);
    let number = if text.starts_with('-') { -magnitude } else { magnitude };
    Some(i64::try_from(number).map_or_else(|_| Edn::Big(Cow::Owned(number.to_string())), Edn::Integer))
}

fn ratio(text: &str) -> Option<Edn<'_>> {
    let (above, below) = text.split_once('/')?;
    let is_ratio = is_integer(above) && is_digits(below) && !below.starts_with('0');
    is_ratio.then_some(Edn::Ratio(Cow::Borrowed(text)))
}

fn decimal(text: &str) -> Edn<'_> {
    Edn::Decimal(Cow::Borrowed(text))
}

/// Whether this is an integer, perhaps with a fraction and an exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    is_integer(whole)
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && exponent.is_none_or(|exponent| is_digits(unsigned(exponent)))
}

fn float(text: &str) -> Result<Edn<'_>, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Edn::Float(number)),
        _ => Err(format!("{} is out of the range of floats; with an M at its end it is exact", shown(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(token: &str) -> Edn<'_> {
        parse(token).unwrap_or_else(|problem| panic!("{problem}"))
    }

    #[test]
    fn keeps_every_digit_of_an_integer() {
        for (token, expected) in [
            ("0", 0),
            ("-0", 0),
            ("+5", 5),
            ("12N", 12),
            ("-7N", -7),
            ("0x4a6E1f", 0x4a_6e1f),
            ("-0x10", -16),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("-0x8000000000000000", i64::MIN),
        ] {
            assert_eq!(number(token), Edn::Integer(expected), "{token}");
        }
        for (token, expected) in [
            ("9223372036854775808", "9223372036854775808"),
            ("+1234567890123456789012", "1234567890123456789012"),
            ("-1234567890123456789012N", "-1234567890123456789012"),
            ("0xFFFFFFFFFFFFFFFF", "18446744073709551615"),
        ] {
            assert_eq!(number(token), Edn::Big(expected.into()), "{token}");
        }
    }

    #[test]
    fn tells_floats_decimals_and_ratios_apart() {
        for (token, expected) in [
            ("1.5", 1.5),
            ("1.", 1.0),
            ("-0.0", -0.0),
            ("1e3", 1000.0),
            ("+1.25E-2", 0.0125),
            ("1e300", 1e300),
        ] {
            assert_eq!(number(token), Edn::Float(expected), "{token}");
        }
        assert!(matches!(number("-0.0"), Edn::Float(zero) if zero.is_sign_negative()));
        for (token, expected) in [("1M", "1"), ("+1.50M", "1.50"), ("-1E+999M", "-1E+999")] {
            assert_eq!(number(token), Edn::Decimal(expected.into()), "{token}");
        }
        for (token, expected) in [("1/2", "1/2"), ("+22/7", "22/7"), ("-1/10", "-1/10")] {
            assert_eq!(number(token), Edn::Ratio(expected.into()), "{token}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for token in [
            "007",
            "-01",
            "1a",
            "1.5N",
            "1e",
            "1e+",
            "1..2",
            "1.-2",
            "0x",
            "0xg",
            "1/0",
            "1/-2",
            "1/02",
            "1/",
            "1/2N",
            "01/2",
            "00.5",
            "1_0",
            "1:2",
            "0x10000000000000000",
            "1e5e5",
            "1+1",
        ] {
            assert_eq!(parse(token), Err(format!("{token} is no number")));
        }
        let problem = parse("-1e999").unwrap_err();
        assert_eq!(problem, "-1e999 is out of the range of floats; with an M at its end it is exact");
    }
}
