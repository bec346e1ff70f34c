//! The names of a disk, twice: as the operating system shows them, and as they are on the platter.
//!
//! A file's content and its name become durable each by its own sync. Between two syncs of the
//! directory, a power loss keeps any subset of the changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::content::Content;
use crate::rng::Rng;

/// A file, whatever its name; open files keep it alive after its removal.
pub type Node = Rc<RefCell<Content>>;

/// The names of one disk.
#[derive(Debug, Default)]
pub struct Directory {
    seen: BTreeMap<String, Node>,
    durable: BTreeMap<String, Node>,
    changes: Vec<(u64, Change)>,
    changes_made: u64,
}

/// A change of names that is not durable yet.
#[derive(Debug)]
enum Change {
    Create(String, Node),
    Rename(String, String, Node),
    Remove(String, Node),
}

/// What a sync of the directory found when it was asked for.
#[derive(Debug)]
pub struct Captured {
    names: BTreeMap<String, Node>,
    up_to: u64,
}

impl Directory {
    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.seen.keys().cloned().collect()
    }

    /// All files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&String, &Node)> {
        self.seen.iter()
    }

    /// The file of this name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.seen.get(name)
    }

    /// A new file, in the place of any other of this name.
    pub fn create(&mut self, name: &str) -> Node {
        let node = Node::default();
        self.seen.insert(name.to_string(), node.clone());
        self.changed(Change::Create(name.to_string(), node.clone()));
        node
    }

    /// Gives a file a new name; false when there is none.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let Some(node) = self.seen.remove(from) else {
            return false;
        };
        self.seen.insert(to.to_string(), node.clone());
        self.changed(Change::Rename(from.to_string(), to.to_string(), node));
        true
    }

    /// Removes a name; false when there is none.
    pub fn remove(&mut self, name: &str) -> bool {
        let Some(node) = self.seen.remove(name) else {
            return false;
        };
        self.changed(Change::Remove(name.to_string(), node));
        true
    }

    /// A sync begins.
    pub fn capture(&self) -> Captured {
        Captured { names: self.seen.clone(), up_to: self.changes_made }
    }

    /// The sync has succeeded: the names it captured are durable.
    pub fn complete(&mut self, captured: Captured) {
        let oldest = self.changes.first().map_or(u64::MAX, |(number, _)| *number);
        if captured.up_to < oldest {
            return; // a later sync was faster, and covers this one; or nothing had changed
        }
        self.durable = captured.names;
        self.changes.retain(|(number, _)| *number > captured.up_to);
    }

    /// The power is gone: of the changes that nobody synced, `rng` decides which are left. How many
    /// changes and files lost something.
    pub fn power_loss(&mut self, rng: &mut Rng) -> u64 {
        let mut lost = 0;
        for (_, change) in std::mem::take(&mut self.changes) {
            if rng.chance(0.5) {
                change.apply(&mut self.durable);
            } else {
                lost += 1;
            }
        }
        self.seen = self.durable.clone();
        for node in self.seen.values() {
            lost += u64::from(node.borrow_mut().power_loss(rng));
        }
        lost
    }

    fn changed(&mut self, change: Change) {
        self.changes_made += 1;
        self.changes.push((self.changes_made, change));
    }
}

impl Change {
    /// Applies it to names that may lack earlier changes: it concerns this file only.
    fn apply(self, names: &mut BTreeMap<String, Node>) {
        let forget = |names: &mut BTreeMap<String, Node>, name: &str, node: &Node| {
            if names.get(name).is_some_and(|held| Rc::ptr_eq(held, node)) {
                names.remove(name);
            }
        };
        match self {
            Change::Create(name, node) => {
                names.insert(name, node);
            }
            Change::Rename(from, to, node) => {
                forget(names, &from, &node);
                names.insert(to, node);
            }
            Change::Remove(name, node) => forget(names, &name, &node),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn synced(directory: &mut Directory) {
        let captured = directory.capture();
        directory.complete(captured);
    }

    fn after_power_loss(prepare: impl Fn(&mut Directory)) -> BTreeSet<Vec<String>> {
        (0..40)
            .map(|seed| {
                let mut directory = Directory::default();
                prepare(&mut directory);
                directory.power_loss(&mut Rng::new(seed));
                directory.names()
            })
            .collect()
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn synced_names_stay_and_others_may_vanish() {
        let outcomes = after_power_loss(|directory| {
            directory.create("a");
            synced(directory);
            directory.create("b");
        });
        assert_eq!(outcomes, [names(&["a"]), names(&["a", "b"])].into());
    }

    #[test]
    fn unsynced_rename_may_be_undone() {
        let outcomes = after_power_loss(|directory| {
            directory.create("new");
            directory.create("log");
            synced(directory);
            assert!(directory.rename("new", "log"));
        });
        assert_eq!(outcomes, [names(&["log"]), names(&["log", "new"])].into());
    }

    #[test]
    fn sync_covers_changes_before_it_only() {
        let outcomes = after_power_loss(|directory| {
            directory.create("a");
            let early = directory.capture();
            assert!(directory.remove("a"));
            directory.complete(early);
        });
        assert_eq!(outcomes, [names(&[]), names(&["a"])].into());
    }

    #[test]
    fn slow_sync_does_not_undo_a_later_one() {
        let outcomes = after_power_loss(|directory| {
            directory.create("a");
            let slow = directory.capture();
            directory.create("b");
            synced(directory);
            directory.complete(slow);
        });
        assert_eq!(outcomes, [names(&["a", "b"])].into());
    }
}
