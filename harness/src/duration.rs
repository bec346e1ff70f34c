//! Durations as people write them.

/// A day of simulated time is a week of memory; no typo should cost that.
const DAYS_SIMULATED_MAX: u64 = 1;
/// Nights of chaos are not that many.
const DAYS_REAL_MAX: u64 = 365;

/// Simulated time, `60s`, `500ms`, `2m`, `1.5s`, `8h`: whole milliseconds, at least one.
///
/// # Errors
/// When it is none, is shorter than a millisecond, or longer than a day.
pub fn parse_ms(text: &str) -> Result<u64, String> {
    parse_within(text, DAYS_SIMULATED_MAX)
}

/// Real time, written as simulated time is, of up to a year.
///
/// # Errors
/// When it is none, is shorter than a millisecond, or longer than a year.
pub fn parse_real_ms(text: &str) -> Result<u64, String> {
    parse_within(text, DAYS_REAL_MAX)
}

fn parse_within(text: &str, days_max: u64) -> Result<u64, String> {
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
        ms if ms > (days_max * 86_400_000) as f64 => {
            Err(format!("'{text}' is longer than {days_max} × 24 h"))
        }
        ms => Ok(ms.round() as u64),
    }
}

/// `5ms..25ms`: the least and the longest time that a message is under way, in milliseconds.
///
/// # Errors
/// When it is no pair of durations.
pub fn parse_latency_ms(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("'{text}' is no latency: write the least and the longest, such as 5ms..25ms");
    let (min, max) = text.split_once("..").ok_or_else(wrong)?;
    Ok((parse_ms(min)?, parse_ms(max)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_latencies() {
        assert_eq!(parse_latency_ms("5ms..0.5s"), Ok((5, 500)));
        for text in ["", "5ms", "5..25", "..25ms", "5ms..", "5ms..25ms..30ms"] {
            assert!(parse_latency_ms(text).is_err(), "{text}");
        }
        assert!(parse_latency_ms("5ms").unwrap_err().contains("such as 5ms..25ms"));
    }

    #[test]
    fn reads_durations() {
        for (text, ms) in
            [("60s", 60_000), ("500ms", 500), ("2m", 120_000), ("1.5s", 1_500), ("1h", 3_600_000)]
        {
            assert_eq!(parse_ms(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn real_time_may_be_long() {
        assert_eq!((parse_real_ms("60h"), parse_real_ms("10000h").is_err()), (Ok(216_000_000), true));
    }

    #[test]
    fn rejects_what_is_no_duration() {
        for text in ["", "60", "s", "-1s", "1 s", "1w", "1..5s", "0s", "0.4ms", "25h", "NaNs", "1e9s"] {
            assert!(parse_ms(text).is_err(), "{text}");
        }
        assert!(parse_ms("60").unwrap_err().contains("such as 60s"));
    }
}
