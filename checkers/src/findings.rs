//! From the anomalies that a checker comes across to its verdict: ordered, and not too many.

use crate::verdict::{Anomaly, Verdict};

/// How many anomalies one checker reports. Of more, those that begin first are kept, and the last
/// explanation says how many there were beyond: a store that breaks once often breaks a thousand times.
pub const ANOMALIES_MAX: usize = 16;

/// The anomalies found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    anomalies: Vec<Anomaly>,
    /// How many there are that nobody looked at closely.
    omitted: usize,
}

impl Findings {
    /// Adds an anomaly, in any order.
    pub fn push(&mut self, anomaly: Anomaly) {
        self.anomalies.push(anomaly);
    }

    /// Adds anomalies, in any order.
    pub fn extend(&mut self, anomalies: impl IntoIterator<Item = Anomaly>) {
        self.anomalies.extend(anomalies);
    }

    /// Counts anomalies that begin later than those that were added.
    pub fn omit(&mut self, count: usize) {
        self.omitted += count;
    }

    /// Invalid with what was found, or this verdict when nothing was.
    pub fn or(mut self, otherwise: Verdict) -> Verdict {
        self.anomalies.sort_by(|left, right| left.operations.cmp(&right.operations));
        let beyond = self.omitted + self.anomalies.len().saturating_sub(ANOMALIES_MAX);
        self.anomalies.truncate(ANOMALIES_MAX);
        match self.anomalies.last_mut() {
            None => return otherwise,
            Some(last) if beyond > 0 => {
                last.explanation.push_str(&format!(" ({beyond} more like these are not listed)"));
            }
            Some(_) => {}
        }
        Verdict::Invalid(self.anomalies)
    }

    /// Invalid with what was found, or valid.
    pub fn or_valid(self) -> Verdict {
        self.or(Verdict::Valid(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::AnomalyKind;

    fn findings(indices: impl IntoIterator<Item = u64>) -> Findings {
        let anomaly = |index| Anomaly::new(AnomalyKind::GarbageRead, None, [index], "nobody wrote it");
        Findings { anomalies: indices.into_iter().map(anomaly).collect(), omitted: 0 }
    }

    #[test]
    fn orders_by_first_event() {
        let verdict = findings([5, 2, 9]).or_valid();
        let firsts: Vec<u64> = verdict.anomalies().iter().map(|anomaly| anomaly.operations[0]).collect();
        assert_eq!(firsts, [2, 5, 9]);
    }

    #[test]
    fn counts_what_it_does_not_list() {
        let verdict = findings((0..20).rev()).or_valid();
        assert_eq!(verdict.anomalies().len(), ANOMALIES_MAX);
        let last = &verdict.anomalies()[ANOMALIES_MAX - 1];
        assert_eq!((last.operations[0], last.explanation.contains("4 more")), (15, true));
    }

    #[test]
    fn counts_what_was_omitted() {
        let mut findings = findings([1, 2]);
        findings.omit(3);
        let verdict = findings.or_valid();
        assert!(verdict.anomalies()[1].explanation.contains("3 more"), "{verdict:?}");
    }

    #[test]
    fn is_not_invalid_without_anomaly() {
        assert_eq!(findings([]).or_valid(), Verdict::Valid(None));
    }
}
