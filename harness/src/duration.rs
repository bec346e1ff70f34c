//! Durations as people write them.

/// `60s`, `500ms`, `2m`, `1.5s`, `8h`: whole milliseconds, at least one.
///
/// # Errors
/// When it is none, is shorter than a millisecond, or longer than a day.
pub fn parse_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no duration: write a number and its unit, such as 60s, 500ms or 2m");
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let ms = number
        * match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return Err(wrong()),
        };
    match ms {
        ms if ms < 1.0 => Err(format!("'{text}' is shorter than a millisecond")),
        // A day of simulated time is a week of memory; no typo should cost that.
        ms if ms > 86_400_000.0 => Err(format!("'{text}' is longer than a day")),
        ms => Ok(ms.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, ms) in
            [("60s", 60_000), ("500ms", 500), ("2m", 120_000), ("1.5s", 1_500), ("1h", 3_600_000)]
        {
            assert_eq!(parse_ms(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_duration() {
        for text in ["", "60", "s", "-1s", "1 s", "1w", "1..5s", "0s", "0.4ms", "25h", "NaNs", "1e9s"] {
            assert!(parse_ms(text).is_err(), "{text}");
        }
        assert!(parse_ms("60").unwrap_err().contains("such as 60s"));
    }
}
