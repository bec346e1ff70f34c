//! From the anomalies that a checker comes across to its verdict: ordered, and not too many.

use crate::verdict::{Anomalies, Anomaly, Verdict};

/// How many anomalies one checker lists. Of more, those that begin first are kept and all are counted: a store
/// that breaks once often breaks a thousand times.
pub const ANOMALIES_MAX: usize = 16;

/// The anomalies found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    anomalies: Vec<Anomaly>,
    /// How many there are that nobody looked at closely.
    omitted: usize,
    may_be_more: bool,
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

    /// Says that not everything was looked at, because what was found is enough.
    pub fn stop(&mut self) {
        self.may_be_more = true;
    }

    /// Adds the first of these anomalies as this makes them, and counts the others, which begin later.
    pub fn extend_with<T>(&mut self, found: impl IntoIterator<Item = T>, make: impl FnMut(T) -> Anomaly) {
        let mut found = found.into_iter();
        self.anomalies.extend(found.by_ref().take(ANOMALIES_MAX).map(make));
        self.omitted += found.count();
    }

    /// Invalid with what was found, or this verdict when nothing was.
    pub fn or(mut self, otherwise: Verdict) -> Verdict {
        if self.anomalies.is_empty() {
            return otherwise;
        }
        self.anomalies.sort_by(|left, right| left.operations.cmp(&right.operations));
        let beyond = self.omitted + self.anomalies.len().saturating_sub(ANOMALIES_MAX);
        self.anomalies.truncate(ANOMALIES_MAX);
        Verdict::Invalid(Anomalies::new(self.anomalies, beyond as u64, self.may_be_more))
    }

    /// Invalid with what was found, or valid.
    pub fn or_valid(self) -> Verdict {
        self.or(Verdict::Valid(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{AnomalyKind, Count};

    fn anomaly(index: u64) -> Anomaly {
        Anomaly::new(AnomalyKind::GarbageRead, None, [index], "nobody wrote it")
    }

    fn findings(indices: impl IntoIterator<Item = u64>) -> Findings {
        Findings { anomalies: indices.into_iter().map(anomaly).collect(), ..Findings::default() }
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
        assert_eq!(verdict.anomalies()[ANOMALIES_MAX - 1], anomaly(15), "as it was found");
        assert_eq!(verdict.count(), Count { found: 20, may_be_more: false });
    }

    #[test]
    fn counts_what_was_omitted() {
        let mut findings = findings([1, 2]);
        findings.omit(3);
        findings.extend_with(3..23, anomaly);
        let verdict = findings.or_valid();
        assert_eq!((verdict.anomalies().len(), verdict.count().found), (16, 25));
    }

    #[test]
    fn says_that_it_stopped_looking() {
        let mut findings = findings([1]);
        findings.stop();
        assert_eq!(findings.or_valid().count(), Count { found: 1, may_be_more: true });
    }

    #[test]
    fn is_not_invalid_without_anomaly() {
        assert_eq!(findings([]).or_valid(), Verdict::Valid(None));
    }
}
