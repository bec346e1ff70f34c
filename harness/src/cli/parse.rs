//! Words of the command line that clap does not know: durations, sizes, ranges of seeds, levels.

use std::ops::Range;

use perjury::duration;
use perjury_histories::Value;

/// A duration in nanoseconds, from zero: a moment in a history.
pub fn moment_ns(text: &str) -> Result<u64, String> {
    match text.trim_start_matches('0') {
        "" | "s" | "ms" | "m" => Ok(0),
        _ => Ok(duration::parse_ms(text)? * 1_000_000),
    }
}

/// `4GiB`, `500MB`, `1.5GB`: whole bytes, at least one. GiB and its like are powers of 1024, GB of 1000.
pub fn size_bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no size: write a number and its unit, such as 4GiB or 500MB");
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let scale: u64 = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return Err(wrong()),
    };
    match number * scale as f64 {
        bytes if bytes < 1.0 => Err(format!("'{text}' is less than a byte")),
        // Larger than any address space; an f64 is exact to the byte up to here.
        bytes if bytes > (1_u64 << 53) as f64 => Err(format!("'{text}' is more than any machine has")),
        bytes => Ok(bytes.round() as u64),
    }
}

/// The value of an object before the first event, as JSON.
pub fn json(text: &str) -> Result<Value, String> {
    perjury_histories::read_value(text)
        .map_err(|problem| format!("{problem}: write JSON, such as 0, null, '\"a\"' or '{{\"x\": 1}}'"))
}

/// One of several words with commas between them, and perhaps blanks around these.
pub fn trimmed(text: &str) -> Result<String, String> {
    Ok(text.trim().to_owned())
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

/// Levels with `+` between them; a pair `WRITE/READ` of the same is that one level. Which there are, the
/// store says.
pub fn level(text: &str) -> Result<String, String> {
    let one = |level: &str| {
        let alike = level.split_once('/').filter(|(write, read)| write == read);
        alike.map_or(level, |(write, _)| write).to_owned()
    };
    Ok(text.split('+').map(one).collect::<Vec<_>>().join("+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sizes() {
        for (text, bytes) in
            [("1B", 1), ("500MB", 500_000_000), ("4GiB", 4 << 30), ("1.5kB", 1_500), ("64KiB", 65_536)]
        {
            assert_eq!(size_bytes(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_size() {
        for text in
            ["", "4", "GiB", "-1GB", "4 GB", "4gib", "4G", "0MB", "0.1B", "1..5MB", "99999999TB", "1e9B"]
        {
            assert!(size_bytes(text).is_err(), "{text}");
        }
        assert!(size_bytes("4G").unwrap_err().contains("such as 4GiB"));
    }

    #[test]
    fn reads_json_and_says_what_that_is() {
        assert_eq!(json("{\"x\": [1, null]}"), Ok(serde_json::json!({"x": [1, null]})));
        assert_eq!(json("[18446744073709551616]"), Ok(serde_json::json!([{"##": "18446744073709551616N"}])));
        assert!(json("x").unwrap_err().contains("write JSON, such as"));
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
        assert_eq!(level("one/one+leader").as_deref(), Ok("one+leader"));
    }
}
