//! What a scenario names as its nemesis: all faults of a kind, or a single one.

use std::str::FromStr;

use super::{Fault, Kind, find};

/// The faults that one name stands for.
#[derive(Clone, Copy)]
pub enum Selection {
    /// All of a kind, but for those that come only by their own name.
    Kind(Kind),
    /// One by itself.
    Fault(&'static dyn Fault),
}

impl Selection {
    /// The kind of its faults.
    pub fn kind(self) -> Kind {
        match self {
            Selection::Kind(kind) => kind,
            Selection::Fault(fault) => fault.kind(),
        }
    }

    /// Its faults.
    pub fn faults(self) -> Vec<&'static dyn Fault> {
        match self {
            Selection::Kind(kind) => kind.faults().filter(|fault| !fault.only_by_name()).collect(),
            Selection::Fault(fault) => vec![fault],
        }
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(name: &str) -> Result<Selection, String> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).map(Selection::Kind);
        let names = || Kind::ALL.map(Kind::name).join(", ");
        kind.or_else(|| find(name).map(Selection::Fault)).ok_or_else(|| {
            format!(
                "no fault, and no kind of fault, is named `{name}`; the kinds are {}, and `list nemeses` has the \
                 faults of each",
                names()
            )
        })
    }
}

/// The kind of what this name stands for, if it stands for something.
pub fn kind_of(name: &str) -> Option<Kind> {
    name.parse().map(|named: Selection| named.kind()).ok()
}

/// What these names stand for.
///
/// # Errors
/// When a name stands for nothing, or for a fault whose kind is named too: it would be dealt out twice.
pub fn selections(names: &[String]) -> Result<Vec<Selection>, String> {
    let is_named = |kind: Kind| names.iter().any(|name| name == kind.name());
    let selection = |name: &String| match name.parse()? {
        Selection::Fault(fault) if is_named(fault.kind()) && !fault.only_by_name() => {
            Err(format!("{name} is one of the faults of {}; name one of the two", fault.kind()))
        }
        selection => Ok(selection),
    };
    names.iter().map(selection).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(names: &[&str]) -> Result<Vec<&'static str>, String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let all = selections(&names)?.into_iter().flat_map(Selection::faults);
        Ok(all.map(|fault| fault.name()).collect())
    }

    #[test]
    fn a_name_is_a_kind_or_a_fault() {
        assert_eq!(
            faults(&["crash", "message-loss"]).as_deref(),
            Ok(&["kill", "power-loss", "pause", "message-loss"][..])
        );
        assert_eq!("message-loss".parse::<Selection>().map(Selection::kind), Ok(Kind::Message));
        assert_eq!(faults(&[]).as_deref(), Ok(&[][..]));
    }

    #[test]
    fn a_sync_lies_only_where_that_is_asked_for() {
        let of_disk = faults(&["disk"]).expect("a kind");
        assert!(of_disk.contains(&"disk-bit-flip") && !of_disk.contains(&"disk-lying-sync"));
        let both = faults(&["disk", "disk-lying-sync"]).expect("not the same twice");
        assert_eq!(both, [of_disk, vec!["disk-lying-sync"]].concat());
    }

    #[test]
    fn refuses_names_that_stand_for_nothing_or_for_the_same_twice() {
        let unknown = faults(&["disks"]).expect_err("no such fault");
        assert!(
            unknown.contains("`disks`; the kinds are partition, crash, clock, message, disk"),
            "{unknown}"
        );
        let twice = faults(&["crash", "kill"]).expect_err("the same twice");
        assert_eq!(twice, "kill is one of the faults of crash; name one of the two");
    }
}
