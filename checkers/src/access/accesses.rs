//! All accesses of a history: who wrote what, and where in the order of its key each of them stands.

use perjury_histories::{History, Key, Operation, Value, Version};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{Access, Act, Cells, NONE, Position, act, sets};
use crate::checker::Undecided;
use crate::counted;

/// All accesses of a history, in the order of their invocations.
pub(crate) struct Accesses<'a> {
    list: Vec<Access<'a>>,
    cells: Cells<'a>,
    /// The writers of cell c are `writers[begins[c]..begins[c + 1]]`.
    begins: Vec<u32>,
    writers: Vec<u32>,
    by_version: FxHashMap<(u32, &'a Version), SmallVec<[u32; 1]>>,
    reads_have_versions: bool,
    /// The registers that are counters.
    counters: FxHashSet<u32>,
    initial: &'a Value,
}

impl<'a> Accesses<'a> {
    /// The accesses of this history, but for those of [`sets`]. Errs on an operation that may have
    /// happened and that has no meaning on a register.
    pub fn of(history: &'a History, initial: &'a Value) -> Result<Accesses<'a>, Undecided> {
        Accesses::with(history, initial, |operation| act(operation))
    }

    /// The same, with counters and lists, whose accesses have a place where versions tell it.
    pub fn placed(history: &'a History, initial: &'a Value) -> Result<Accesses<'a>, Undecided> {
        let counters = counted::counters(history);
        Accesses::with(history, initial, |operation| {
            let is_counter = || operation.key_id().is_some_and(|key| counters.contains(&key));
            match operation.function() {
                "append" => Ok(Some(Act::Change)),
                "add" if is_counter() => Ok(Some(Act::Change)),
                _ => act(operation),
            }
        })
    }

    fn with(
        history: &'a History,
        initial: &'a Value,
        act: impl Fn(Operation<'a>) -> Result<Option<Act<'a>>, Undecided>,
    ) -> Result<Accesses<'a>, Undecided> {
        let sets = sets(history);
        let mut accesses = Accesses {
            list: Vec::with_capacity(history.operations().len()),
            cells: Cells::of(history),
            begins: Vec::new(),
            writers: Vec::new(),
            by_version: FxHashMap::default(),
            reads_have_versions: false,
            counters: FxHashSet::default(),
            initial,
        };
        for operation in history.operations() {
            let key = operation.key();
            if !sets.is_empty() && matches!(operation.function(), "read" | "add") && sets.contains(&key) {
                continue;
            }
            if let Some(act) = act(operation)? {
                accesses.push(operation, act);
            }
        }
        accesses.gather_writers();
        Ok(accesses)
    }

    fn push(&mut self, operation: Operation<'a>, act: Act<'a>) {
        let (met, brings) = self.cells.of_act(operation, act);
        let access = Access {
            operation,
            key: operation.key(),
            act,
            met: met.unwrap_or(NONE),
            brings: brings.unwrap_or(NONE),
        };
        if act == Act::Change && operation.function() == "add" {
            self.counters.insert(access.register());
        }
        if let Some(version) = operation.version() {
            if access.is_write() {
                self.by_version.entry((access.register(), version)).or_default().push(self.list.len() as u32);
            } else {
                self.reads_have_versions = true;
            }
        }
        self.list.push(access);
    }

    /// Sorts the writers by what they write, in two passes.
    fn gather_writers(&mut self) {
        let mut begins = vec![0_u32; self.cells.len() + 2];
        let written = self.list.iter().filter_map(Access::brings);
        written.for_each(|(cell, _)| begins[cell as usize + 2] += 1);
        (2..begins.len()).for_each(|cell| begins[cell] += begins[cell - 1]);
        self.writers = vec![0; begins.last().map_or(0, |&end| end as usize)];
        for (number, access) in (0..).zip(&self.list) {
            if let Some((cell, _)) = access.brings() {
                let next = &mut begins[cell as usize + 1];
                self.writers[*next as usize] = number;
                *next += 1;
            }
        }
        self.begins = begins;
    }

    /// The access of this number, in the order of [`Accesses::iter`].
    pub fn get(&self, number: u32) -> &Access<'a> {
        &self.list[number as usize]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Access<'a>> {
        self.list.iter()
    }

    /// The cells of all that anything tried to write, for those who ask with a value of another origin.
    pub fn by_value(&self) -> FxHashMap<(Option<&'a Key>, &'a Value), u32> {
        let written = self.list.iter().filter_map(|write| Some((write.key, write.brings()?)));
        written.map(|(key, (cell, value))| ((key, value), cell)).collect()
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Everything that tried to write this, also what failed.
    pub fn writers(&self, cell: Option<u32>) -> impl Iterator<Item = &Access<'a>> {
        let cell = cell.map(|cell| cell as usize);
        let place = cell.map_or(0..0, |cell| self.begins[cell] as usize..self.begins[cell + 1] as usize);
        self.writers[place].iter().map(|&number| &self.list[number as usize])
    }

    /// The ok writes of this key that have this version: one, unless the store is badly broken.
    pub fn at_version<'s>(
        &'s self,
        key: Option<&Key>,
        version: &'s Version,
    ) -> impl Iterator<Item = &'s Access<'a>> + use<'s, 'a> {
        let numbers = self.cells.key_of(key).and_then(|key| self.by_version.get(&(key, version)));
        numbers.map_or(&[][..], SmallVec::as_slice).iter().map(|&number| &self.list[number as usize])
    }

    /// The write whose value this read returned: the ok write of the same version, else the only
    /// operation that may have written that value. None for the initial value, or when several might.
    pub fn writer(&self, read: &Access<'a>) -> Option<&Access<'a>> {
        let value = read.observed()?;
        if let Some(version) = read.operation.version().filter(|_| read.is_read())
            && let Some(write) = self.at_version(read.key, version).next()
        {
            return Some(write);
        }
        let mut possible = self.writers(read.cell()).filter(|write| write.is_possible());
        possible.next().filter(|_| value != self.initial && possible.next().is_none())
    }

    /// Where an ok access stands in the order of its key: by its version, else by what the value it
    /// read proves.
    ///
    /// A read of the initial value without a version stands before every write if versions are recorded
    /// with reads at all, or if nobody may have written that value again. A counter may come back to the number that
    /// it began with: only a read of nothing stands before every add.
    pub fn position(&self, access: &Access<'a>) -> Option<Position<'a>> {
        if !access.is_ok() {
            return None;
        }
        if let Some(version) = access.operation.version() {
            return Some(Position::At(version));
        }
        let Act::Read(value) = access.act else {
            return Some(Position::Somewhere);
        };
        let value = value?;
        let mut possible = self.writers(access.cell()).filter(|write| write.is_possible()).peekable();
        if value == self.initial {
            let is_initial = self.reads_have_versions || possible.peek().is_none();
            let may_be_back = !value.is_null() && self.counters.contains(&access.register());
            return (is_initial && !may_be_back).then_some(Position::Initial);
        }
        possible.peek()?;
        let version = self.writer(access).and_then(|write| write.operation.version());
        Some(version.map_or(Position::Somewhere, Position::At))
    }
}

#[cfg(test)]
mod tests {
    use perjury_histories::Value;

    use crate::checker::read_your_writes::ReadYourWrites;
    use crate::checker::{Checker, Context};
    use crate::testing::history;

    /// What is added can be taken away again; only a counter that nobody touched holds nothing at all.
    #[test]
    fn do_not_take_a_counter_that_came_back_for_an_untouched_one() {
        let is_broken = |initial: Value, last| {
            let history = history(&format!("0:add(x,1) 0:add(x,-1) 1:read(x)=5 0:read(x)={last}"));
            ReadYourWrites.check(&history, &Context { initial, ..Context::default() }).is_invalid()
        };
        assert!(!is_broken(Value::from(0), "0"));
        assert!(is_broken(Value::Null, "null"));
    }

    /// Nothing is taken away from a list.
    #[test]
    fn know_a_list_as_it_was_at_first() {
        let is_broken = |seen| {
            let history = history(&format!("0:append(x,1) 0:read(x)={seen}"));
            let context = Context { initial: Value::from(vec![7]), ..Context::default() };
            ReadYourWrites.check(&history, &context).is_invalid()
        };
        assert!(is_broken("[7]"));
        assert!(!is_broken("[7,1]"));
    }
}
