//! A part of a sweep for one machine of several: `--shard 2/8` has every eighth seed, from the third on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where engines that start many tasks say which of them this is; and how many there are, where they do.
const ENGINES: &[(&str, Option<&str>)] = &[
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_COUNT")),
    ("HQ_TASK_ID", None),
    ("JOB_COMPLETION_INDEX", None),
];

/// Part `index`, counted from 0, of `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which part; below `count`.
    pub index: u64,
    /// How many parts there are; at least one.
    pub count: u64,
}

impl Shard {
    /// The only part of a sweep that is not divided.
    pub const ONLY: Shard = Shard { index: 0, count: 1 };

    /// The part that the engine which started this process wants: `count` parts, or as many as it says itself.
    /// None, where no engine says anything.
    ///
    /// # Errors
    /// When a variable is no number, or the number of parts is not known, or too small.
    pub fn of_engine(
        count: Option<u64>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Shard>, String> {
        let number = |name: &str| {
            let text = variable(name)?;
            Some(text.parse::<u64>().map_err(|_| format!("{name}={text}: it should be a number")))
        };
        for &(task, tasks) in ENGINES {
            let Some(index) = number(task).transpose()? else { continue };
            let told = tasks.and_then(number).transpose()?;
            let Some(count) = count.or(told) else {
                return Err(format!(
                    "{task}={index}: it is not known how many tasks there are; say --shards COUNT"
                ));
            };
            return Shard::new(index, count)
                .map(Some)
                .map_err(|problem| format!("{task}={index}: {problem}"));
        }
        Ok(None)
    }

    fn new(index: u64, count: u64) -> Result<Shard, String> {
        match index < count {
            true => Ok(Shard { index, count }),
            false => {
                Err(format!("part {index} of {count}: parts count from 0 to {}", count.saturating_sub(1)))
            }
        }
    }

    /// Its `k`-th seed, where the whole sweep begins with seed `first`; none past the last seed that there is.
    pub fn seed(self, first: u64, k: u64) -> Option<u64> {
        first.checked_add(self.index)?.checked_add(k.checked_mul(self.count)?)
    }

    /// Which of its seeds this is; none, if it is another part's.
    pub fn place(self, first: u64, seed: u64) -> Option<u64> {
        let offset = seed.checked_sub(first)?.checked_sub(self.index)?;
        offset.is_multiple_of(self.count).then_some(offset / self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let numbers =
            text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let (index, count) = numbers
            .ok_or_else(|| format!("'{text}' is no part of a whole: write 0/4 for the first of four"))?;
        Shard::new(index, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_every_seed_once() {
        let mut seeds: Vec<u64> = (0..4)
            .flat_map(|index| (0..5).map(move |k| Shard { index, count: 4 }.seed(100, k).expect("a seed")))
            .collect();
        seeds.sort_unstable();
        assert_eq!(seeds, (100..120).collect::<Vec<_>>());
        let shard = Shard { index: 2, count: 4 };
        assert_eq!(
            (shard.place(100, 110), shard.place(100, 111), shard.place(100, 99)),
            (Some(2), None, None)
        );
        assert_eq!(shard.seed(u64::MAX, 1), None);
    }

    #[test]
    fn is_written_as_it_is_read() {
        assert_eq!("2/8".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/8".to_owned()));
        for text in ["8/8", "0/0", "2", "a/b", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert!("4/4".parse::<Shard>().unwrap_err().contains("from 0 to 3"));
    }

    #[test]
    fn asks_the_engine_that_started_it() {
        let of = |count, variables: &'static [(&str, &str)]| {
            Shard::of_engine(count, |name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(None, &[]), Ok(None));
        let slurm: &[_] = &[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "8")];
        assert_eq!(of(None, slurm), Ok(Some(Shard { index: 3, count: 8 })));
        assert_eq!(of(Some(4), &[("JOB_COMPLETION_INDEX", "0")]), Ok(Some(Shard { index: 0, count: 4 })));
        assert_eq!(of(Some(4), &[("HQ_TASK_ID", "1")]), Ok(Some(Shard { index: 1, count: 4 })));
        assert!(of(None, &[("HQ_TASK_ID", "1")]).unwrap_err().contains("--shards"));
        assert!(of(Some(2), &[("HQ_TASK_ID", "2")]).unwrap_err().contains("from 0 to 1"));
        assert!(of(Some(2), &[("HQ_TASK_ID", "two")]).unwrap_err().contains("HQ_TASK_ID=two"));
    }
}
