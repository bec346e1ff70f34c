//! A register that is too stale, in plain words: the smallest set of operations that shows it, and the figures.

use crate::access::Access;
use crate::checker::staleness::Facts;
use crate::checker::staleness::behind::Behind;
use crate::checker::staleness::register::begin;
use crate::verdict::{Anomaly, AnomalyKind};
use crate::words;

impl<'a> Facts<'a> {
    /// It needs more versions than these: one read shows it, else a conflict (when none is allowed), else
    /// the values that are not 2-atomic.
    pub(super) fn too_many_versions(&self, versions_max: u64) -> Anomaly {
        let of_versions = |behind: &&Behind| behind.versions > versions_max;
        if let Some(behind) = self.behind.iter().filter(of_versions).max_by_key(|it| (it.versions, it.read)) {
            return self.stale_read(behind, versions_max);
        }
        if let Some(conflict) = self.zones.conflict(0).filter(|_| versions_max == 0) {
            return self.conflict(conflict);
        }
        let clusters = self.bounds.core.iter().map(|&cluster| &self.register.clusters[cluster]);
        let shown: Vec<&Access<'a>> =
            clusters.flat_map(|it| [it.write, it.first_ended, it.last_read]).flatten().collect();
        let explanation = format!(
            "no order lets every read of these {} values return the last write or the one before it",
            self.bounds.core.len()
        );
        self.anomaly(shown, explanation)
    }

    /// It needs a longer time than this.
    pub(super) fn too_long(&self, delta: u64) -> Option<Anomaly> {
        self.zones.conflict(delta).map(|conflict| self.conflict(conflict))
    }

    /// A read that is certainly behind, with the write that it returned, and one write more than is allowed
    /// between the two.
    fn stale_read(&self, behind: &Behind, versions_max: u64) -> Anomaly {
        let (cluster, read) = self.register.reads[behind.read];
        let source = &self.register.clusters[cluster];
        let is_between = |it: &&_| source.is_before(it) && it.first_end < begin(read);
        let mut between: Vec<_> = self.register.clusters.iter().filter(is_between).collect();
        between.sort_by_key(|it| it.first_end);
        between.truncate(usize::try_from(versions_max).unwrap_or(usize::MAX).saturating_add(1));
        let shown = between.iter().flat_map(|it| [it.write, it.first_ended]);
        let shown = shown.chain([source.write, source.first_ended, Some(read)]).flatten().collect();
        let overwriting = self.register.clusters[behind.overwritten_by].write;
        let since = overwriting.map(|write| words::deed_and_event(write.operation)).unwrap_or_default();
        let ns = self.ns_behind(behind).map(|ns| format!(" and {}", milliseconds(ns))).unwrap_or_default();
        let plural = if behind.versions == 1 { "" } else { "s" };
        let explanation = format!(
            "{} at least {} version{plural}{ns} after it had been overwritten: {since}",
            words::deed_and_event(read.operation),
            behind.versions,
        );
        self.anomaly(shown, explanation)
    }

    /// Two values each of which was there before the other was last written or read.
    fn conflict(&self, (one, other): (usize, usize)) -> Anomaly {
        let clusters = [&self.register.clusters[one], &self.register.clusters[other]];
        let told = clusters.map(|it| {
            let value = it
                .write
                .and_then(|write| write.written())
                .map_or("the initial value".to_owned(), words::value);
            let first = it.first_ended.map_or("was there from the beginning".to_owned(), |first| {
                format!("was there when {}", words::deed_and_event(first.operation))
            });
            let last = it.last_read.filter(|read| it.write.is_none_or(|write| begin(read) > begin(write)));
            let last =
                last.or(it.write).map(|last| words::deed_and_event(last.operation)).unwrap_or_default();
            format!("{value} {first}, and later {last}")
        });
        let shown =
            clusters.iter().flat_map(|it| [it.write, it.first_ended, it.last_read]).flatten().collect();
        let explanation = format!(
            "{}; {}: each was there before the other was gone, so neither comes first",
            told[0], told[1]
        );
        self.anomaly(shown, explanation)
    }

    fn anomaly(&self, shown: Vec<&Access<'a>>, explanation: String) -> Anomaly {
        let key = shown.first().and_then(|first| first.key);
        let bounds = match (self.bounds.min, self.bounds.max) {
            (min, max) if min == max => format!("the least k for which it is k-atomic is {min}"),
            (min, max) => format!("the least k for which it is k-atomic is between {min} and {max}"),
        };
        let delta = match self.delta_ns {
            Some(delta) => format!("; it is atomic if reads may be {} late", milliseconds(delta)),
            None => String::new(),
        };
        let figures =
            format!("{} of {} reads are certainly behind", self.behind.len(), self.register.reads.len());
        let explanation = format!("{explanation}; {figures}; {bounds}{delta}");
        Anomaly::new(AnomalyKind::StaleRead, key, shown.iter().map(|access| access.index()), explanation)
    }
}

fn milliseconds(ns: u64) -> String {
    format!("{}.{:06} ms", ns / 1_000_000, ns % 1_000_000)
}
