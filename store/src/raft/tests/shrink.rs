//! The fewest actions that still break the same thing.

use super::run::run;
use super::schedule::Action;
use super::settings::Setting;
use crate::safeguards::Safeguards;

/// Leaves out whatever of a schedule is not needed to break the same thing: halves, quarters, single actions
/// (delta debugging; Zeller and Hildebrandt 2002).
pub fn shrunk(setting: &Setting, seed: u64, schedule: &[Action], safeguards: Safeguards) -> Vec<Action> {
    let kind = |schedule: &[Action]| {
        let broken = run(setting, seed, schedule, safeguards, false).broken?;
        Some(broken.split(':').next().unwrap_or_default().to_owned())
    };
    let (wanted, mut left) = (kind(schedule), schedule.to_vec());
    let mut size = left.len().div_ceil(2);
    loop {
        let before = left.len();
        let mut begin = 0;
        while begin < left.len() {
            let mut fewer = left.clone();
            fewer.drain(begin..left.len().min(begin + size));
            match kind(&fewer) == wanted {
                true => left = fewer,
                false => begin += size,
            }
        }
        if size == 1 && left.len() == before {
            return left;
        }
        size = size.div_ceil(2);
    }
}
