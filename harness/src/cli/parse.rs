//! Words of the command line that clap does not know: durations, ranges of seeds, levels.

use std::ops::Range;

use perjury::scenario::problem_of_level;

/// `60s`, `500ms`, `2m`, `1.5s`: whole milliseconds, at least one.
pub fn duration_ms(text: &str) -> Result<u64, String> {
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

/// The same in nanoseconds, from zero: a moment in a history.
pub fn moment_ns(text: &str) -> Result<u64, String> {
    match text.trim_start_matches('0') {
        "" | "s" | "ms" | "m" => Ok(0),
        _ => Ok(duration_ms(text)? * 1_000_000),
    }
}

/// `0..1000`: from the first seed up to, and not including, the last; `7` is that one seed.
pub fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| {
        text.parse::<u64>().map_err(|_| format!("'{text}' is no seed: write two numbers, such as 0..1000"))
    };
    let range = match text.split_once("..") {
        Some((first, last)) => number(first)?..number(last)?,
        None => {
            let seed = number(text)?;
            seed..seed.checked_add(1).ok_or("the last possible seed cannot be swept")?
        }
    };
    if range.is_empty() {
        return Err(format!("'{text}' holds no seed: the first must be below the last"));
    }
    Ok(range)
}

/// One level for writes and reads, `mixed`, or `WRITE/READ`; a pair of the same is that one level.
pub fn level(text: &str) -> Result<String, String> {
    if let Some(problem) = problem_of_level(text) {
        return Err(problem);
    }
    let alike = text.split_once('/').filter(|(write, read)| write == read);
    Ok(alike.map_or(text, |(write, _)| write).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, ms) in
            [("60s", 60_000), ("500ms", 500), ("2m", 120_000), ("1.5s", 1_500), ("1h", 3_600_000)]
        {
            assert_eq!(duration_ms(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_duration() {
        for text in ["", "60", "s", "-1s", "1 s", "1w", "1..5s", "0s", "0.4ms", "25h", "NaNs", "1e9s"] {
            assert!(duration_ms(text).is_err(), "{text}");
        }
        assert!(duration_ms("60").unwrap_err().contains("such as 60s"));
    }

    #[test]
    fn takes_the_start_as_a_moment() {
        assert_eq!((moment_ns("0"), moment_ns("0s"), moment_ns("12.5s")), (Ok(0), Ok(0), Ok(12_500_000_000)));
        assert!(moment_ns("12").is_err());
    }

    #[test]
    fn reads_ranges_of_seeds() {
        assert_eq!((seeds("0..1000"), seeds("7")), (Ok(0..1000), Ok(7..8)));
        for text in ["", "..", "5..", "5..5", "6..5", "a..b", "1...3", "18446744073709551615"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_levels_and_pairs() {
        assert_eq!(level("mixed").as_deref(), Ok("mixed"));
        assert_eq!(level("one/all").as_deref(), Ok("one/all"));
        assert_eq!(level("all/all").as_deref(), Ok("all"));
        for text in ["", "two", "one/", "mixed/one", "atomic/one", "quorum/atomic", "one/all/one"] {
            assert!(level(text).is_err(), "{text}");
        }
    }
}
