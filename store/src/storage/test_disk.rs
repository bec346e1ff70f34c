//! A disk in memory that loses power, for the tests of the log.
//!
//! It remembers what was synced, and in order what was done since; a power loss keeps the former and,
//! of the latter, what the test asks for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use crate::env::{Disk, File, LocalFuture};

/// What a power loss keeps of that which was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Keep {
    /// Nothing.
    Nothing,
    /// Everything: the process died, not the machine.
    Everything,
    /// Some of it, by this seed: writes cut short, holes of zeros, names that come and go.
    Some(u64),
}

impl Keep {
    /// Each kind, the random one with several seeds.
    pub fn all() -> impl Iterator<Item = Keep> {
        [Keep::Nothing, Keep::Everything].into_iter().chain((1..12).map(Keep::Some))
    }
}

/// A disk in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    state: Rc<RefCell<State>>,
    faults: Rc<Faults>,
}

/// What goes wrong.
pub struct Faults {
    /// Changes until the power fails; from then on every operation does.
    pub changes_left: Cell<usize>,
    /// Bytes until the disk is full.
    pub bytes_left: Cell<usize>,
    /// Reads until every further one fails.
    pub reads_left: Cell<usize>,
    /// Syncs fail.
    pub sync_fails: Cell<bool>,
    /// Truncations fail.
    pub truncate_fails: Cell<bool>,
    /// Syncs let others have their turn first.
    pub syncs_wait: Cell<bool>,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            changes_left: Cell::new(usize::MAX),
            bytes_left: Cell::new(usize::MAX),
            reads_left: Cell::new(usize::MAX),
            sync_fails: Cell::new(false),
            truncate_fails: Cell::new(false),
            syncs_wait: Cell::new(false),
        }
    }
}

#[derive(Clone, Default)]
struct State {
    names: BTreeMap<String, Rc<RefCell<Inode>>>,
    durable_names: BTreeMap<String, Rc<RefCell<Inode>>>,
    name_changes: Vec<NameChange>,
}

#[derive(Clone)]
enum NameChange {
    Link(String, Rc<RefCell<Inode>>),
    Rename(String, String),
    Remove(String),
}

#[derive(Clone, Default)]
struct Inode {
    content: Vec<u8>,
    durable: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl MemoryDisk {
    /// What goes wrong from now on.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The disk as a log takes it.
    pub fn shared(&self) -> Rc<dyn Disk> {
        Rc::new(self.clone())
    }

    /// Every file with its content.
    pub fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let names = &self.state.borrow().names;
        names.iter().map(|(name, inode)| (name.clone(), inode.borrow().content.clone())).collect()
    }

    /// A disk with these files, all durable.
    pub fn holding(files: &BTreeMap<String, Vec<u8>>) -> MemoryDisk {
        let disk = MemoryDisk::default();
        for (name, content) in files {
            let inode = Inode { content: content.clone(), durable: content.clone(), changes: Vec::new() };
            disk.state.borrow_mut().names.insert(name.clone(), Rc::new(RefCell::new(inode)));
        }
        let names = disk.state.borrow().names.clone();
        disk.state.borrow_mut().durable_names = names;
        disk
    }

    /// Turns over a bit of a file that may be open.
    pub fn flip(&self, name: &str, at: usize) {
        let state = self.state.borrow();
        let mut inode = state.names[name].borrow_mut();
        inode.content[at] ^= 4;
        inode.durable[at] ^= 4;
    }

    /// The disk after a power loss, with no faults any more.
    pub fn after_power_loss(&self, keep: Keep) -> MemoryDisk {
        let mut dice = Dice(match keep {
            Keep::Some(seed) => Some(seed),
            _ => None,
        });
        let state = self.state.borrow();
        let names = match keep {
            Keep::Nothing => state.durable_names.clone(),
            Keep::Everything => state.names.clone(),
            Keep::Some(_) => state.some_names(&mut dice),
        };
        let files = names.iter().map(|(name, inode)| {
            let inode = inode.borrow();
            let content = match keep {
                Keep::Nothing => inode.durable.clone(),
                Keep::Everything => inode.content.clone(),
                Keep::Some(_) => inode.some_content(&mut dice),
            };
            (name.clone(), content)
        });
        MemoryDisk::holding(&files.collect())
    }

    fn change(&self) -> io::Result<()> {
        let left = self.faults.changes_left.get();
        if left == 0 {
            return Err(io::Error::other("the power is off"));
        }
        self.faults.changes_left.set(left - 1);
        Ok(())
    }

    fn read(&self) -> io::Result<()> {
        let left = self.faults.reads_left.get();
        self.faults.reads_left.set(left.checked_sub(1).ok_or_else(|| io::Error::other("read failed"))?);
        Ok(())
    }

    /// A sync begins: others get their turn, if they are to have it.
    async fn sync_begins(&self) {
        if self.faults.syncs_wait.get() {
            tokio::task::yield_now().await;
        }
    }
}

impl State {
    fn some_names(&self, dice: &mut Dice) -> BTreeMap<String, Rc<RefCell<Inode>>> {
        let mut names = self.durable_names.clone();
        for change in &self.name_changes {
            match change {
                _ if dice.roll(2) == 0 => continue,
                NameChange::Link(name, inode) => {
                    names.insert(name.clone(), inode.clone());
                }
                NameChange::Rename(from, to) => {
                    if let Some(inode) = names.remove(from) {
                        names.insert(to.clone(), inode);
                    }
                }
                NameChange::Remove(name) => {
                    names.remove(name);
                }
            }
        }
        names
    }
}

impl Inode {
    fn some_content(&self, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.durable.clone();
        for change in &self.changes {
            match change {
                Change::Write(at, bytes) => {
                    let kept = match dice.roll(3) {
                        0 => continue,
                        1 => dice.roll(bytes.len()),
                        _ => bytes.len(),
                    };
                    content.resize(content.len().max(at + kept), 0);
                    content[*at..at + kept].copy_from_slice(&bytes[..kept]);
                }
                Change::Truncate(len) if dice.roll(2) == 0 => content.truncate(*len),
                Change::Truncate(_) => (),
            }
        }
        // The length may have been recorded where the bytes were not.
        if content.len() < self.content.len() && dice.roll(2) == 0 {
            content.resize(self.content.len(), 0);
        }
        content
    }
}

struct Dice(Option<u64>);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        let state = self.0.as_mut().expect("dice have a seed");
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize % sides.max(1)
    }
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, name.to_owned())
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state.borrow().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.change()?;
        let state = &mut *self.state.borrow_mut();
        if state.names.contains_key(name) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, name.to_owned()));
        }
        let inode = Rc::<RefCell<Inode>>::default();
        state.names.insert(name.to_owned(), inode.clone());
        state.name_changes.push(NameChange::Link(name.to_owned(), inode.clone()));
        Ok(Box::new(MemoryFile { disk: self.clone(), inode }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let inode = self.state.borrow().names.get(name).cloned().ok_or_else(|| missing(name))?;
        Ok(Box::new(MemoryFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change()?;
        let state = &mut *self.state.borrow_mut();
        let inode = state.names.remove(from).ok_or_else(|| missing(from))?;
        state.names.insert(to.to_owned(), inode);
        state.name_changes.push(NameChange::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change()?;
        let state = &mut *self.state.borrow_mut();
        state.names.remove(name).ok_or_else(|| missing(name))?;
        state.name_changes.push(NameChange::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_directory(&self) -> LocalFuture<'static, io::Result<()>> {
        let disk = self.clone();
        Box::pin(async move {
            disk.sync_begins().await;
            disk.change()?;
            let state = &mut *disk.state.borrow_mut();
            state.durable_names = state.names.clone();
            state.name_changes.clear();
            Ok(())
        })
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    inode: Rc<RefCell<Inode>>,
}

impl File for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.inode.borrow().content.len() as u64)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.disk.change()?;
        let left = &self.disk.faults.bytes_left;
        let fits = bytes.len().min(left.get());
        left.set(left.get() - fits);
        let inode = &mut *self.inode.borrow_mut();
        inode.changes.push(Change::Write(inode.content.len(), bytes[..fits].to_vec()));
        inode.content.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        self.disk.read()?;
        Ok(self.inode.borrow().content.clone())
    }

    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.disk.read()?;
        let content = &self.inode.borrow().content;
        let part = content.get(offset as usize..).and_then(|rest| rest.get(..length));
        part.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.disk.change()?;
        if self.disk.faults.truncate_fails.get() {
            return Err(io::Error::other("truncation failed"));
        }
        let inode = &mut *self.inode.borrow_mut();
        inode.content.truncate(len as usize);
        inode.changes.push(Change::Truncate(len as usize));
        Ok(())
    }

    fn sync(&self) -> LocalFuture<'static, io::Result<()>> {
        let (disk, inode) = (self.disk.clone(), self.inode.clone());
        Box::pin(async move {
            disk.sync_begins().await;
            disk.change()?;
            if disk.faults.sync_fails.get() {
                return Err(io::Error::other("sync failed"));
            }
            let inode = &mut *inode.borrow_mut();
            inode.durable = inode.content.clone();
            inode.changes.clear();
            Ok(())
        })
    }
}
