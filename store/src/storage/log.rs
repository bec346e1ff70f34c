//! The log while the node runs: append and sync.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use tokio::sync::watch;

use crate::Safeguards;
use crate::env::{Disk, Env, File, LocalFuture, Observer, Points};
use crate::point;
use crate::protocol::Record;

use super::Error;
use super::frame::{self, Position};
use super::identity::{HEADER_BYTES, Identity};
use super::plan::Corrupt;
use super::replace::UNFINISHED;
use super::segment;

/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A segment of at least this length is full: the next record goes to a new one.
    pub segment_bytes_max: u32,
    /// The segment that the log begins with, where no snapshot says: tables stand for those before it.
    pub begins: u32,
    /// The directory is empty because the one that the node had is lost: what was in that has to come from the other
    /// replicas. Starts are counted from here, above all that there were.
    pub replaces_from: Option<u32>,
    /// Which safeguards are on.
    pub safeguards: Safeguards,
}

impl Default for Options {
    fn default() -> Options {
        let safeguards = Safeguards::default();
        Options { segment_bytes_max: 16 << 20, begins: 1, replaces_from: None, safeguards }
    }
}

/// What a log takes from outside.
#[derive(Clone)]
pub struct Surroundings {
    /// Its data directory.
    pub disk: Rc<dyn Disk>,
    /// Who is told what was found.
    pub observer: Rc<dyn Observer>,
    /// Where it can be held up.
    pub points: Rc<dyn Points>,
}

impl Surroundings {
    /// Those of a node.
    pub fn of(env: &Env) -> Surroundings {
        let Env { disk, observer, points, .. } = env.clone();
        Surroundings { disk, observer, points }
    }
}

/// A write-ahead log of records `R`, open for appends.
///
/// - A record is durable once a [`sync`](Log::sync) begun after its append has succeeded.
/// - The active segment holds no damage; damaged ones are never appended to.
/// - At most one segment that has a name has one that is not durable yet, and it is the last of these.
///   A segment begun for a snapshot, perhaps after that one, has no name until a sync gives it one.
pub struct Log<R> {
    pub(super) around: Surroundings,
    pub(super) node: String,
    pub(super) damage: Vec<Damage>,
    /// The directory stands for one that is lost.
    pub(super) is_replacement: bool,
    options: Options,
    /// Segments that may not be durable yet, in order; the last is active.
    open: Vec<Open>,
    pub(super) progress: Rc<Progress>,
    frame: Vec<u8>,
    records: PhantomData<fn(R)>,
}

/// What replay found corrupt in a segment, and nobody has cut out yet.
#[derive(Debug)]
pub(super) struct Damage {
    pub segment: u32,
    pub corrupt: Vec<Corrupt>,
}

struct Open {
    identity: Identity,
    file: Rc<dyn File>,
    len: u32,
    /// It was begun under another name, which a sync replaces.
    unnamed: bool,
}

/// What a sync under way shares with the log.
#[derive(Default)]
pub(super) struct Progress {
    durable: watch::Sender<Position>,
    poison: RefCell<Option<String>>,
}

impl Progress {
    fn durable(&self) -> Position {
        *self.durable.borrow()
    }

    fn rise(&self, position: Position) {
        self.durable.send_replace(position.max(self.durable()));
    }

    /// Returns once the log is durable up to there; never, if syncs fail.
    pub(super) async fn reach(&self, position: Position) {
        // The sender is our own, so it cannot be gone.
        let _ = self.durable.subscribe().wait_for(|durable| *durable >= position).await;
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match &*self.poison.borrow() {
            Some(reason) => Err(Error::Poisoned(reason.clone())),
            None => Ok(()),
        }
    }

    fn poison(&self, reason: String) -> Error {
        self.poison.borrow_mut().get_or_insert(reason.clone());
        Error::Poisoned(reason)
    }

    async fn sync_names(&self, disk: &dyn Disk) -> Result<(), Error> {
        let synced = disk.sync_directory().await;
        synced.map_err(|error| self.poison(format!("cannot sync the data directory: {error}")))
    }
}

impl<R: Record> Log<R> {
    /// A log without an active segment: to be followed by `begin`, `begin_after` or `resume`.
    pub(super) fn new(around: Surroundings, node: &str, options: Options) -> Log<R> {
        Log {
            around,
            node: node.to_owned(),
            damage: Vec::new(),
            is_replacement: false,
            options,
            open: Vec::new(),
            progress: Rc::default(),
            frame: Vec::new(),
            records: PhantomData,
        }
    }

    /// Goes on in segment `number`, all of which is durable.
    pub(super) fn resume(&mut self, number: u32) -> Result<(), Error> {
        let name = segment::name(number);
        let file = self.around.disk.open(&name).map_err(Error::disk(format!("open {name}")))?;
        let len = file.len().map_err(Error::disk(format!("measure {name}")))?;
        // Replay has read it and found it short enough.
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        self.progress.rise(Position { segment: number, offset: len });
        let identity = Identity::of_segment(&self.node, number);
        self.open.push(Open { identity, file: file.into(), len, unnamed: false });
        Ok(())
    }

    /// Begins a segment after segment `number`, all of which is durable, and damaged.
    pub(super) fn begin_after(&mut self, number: u32) -> Result<(), Error> {
        self.progress.rise(Position { segment: number, offset: u32::MAX });
        self.begin(number + 1)
    }

    /// Keeps in mind what replay found corrupt in segment `number`.
    pub(super) fn found_damage(&mut self, segment: u32, corrupt: Vec<Corrupt>) {
        if !corrupt.is_empty() {
            self.damage.push(Damage { segment, corrupt });
        }
    }

    /// Begins segment `number`. It is the first, or the one before is durable or will be synced first.
    pub(super) fn begin(&mut self, number: u32) -> Result<(), Error> {
        self.begin_as(number, &segment::name(number), false)
    }

    /// Begins segment `number` whatever the names before it are worth: the sync that makes them durable
    /// gives this one its name.
    pub(super) fn begin_unnamed(&mut self, number: u32) -> Result<(), Error> {
        self.begin_as(number, &unfinished(number), true)
    }

    fn begin_as(&mut self, number: u32, name: &str, unnamed: bool) -> Result<(), Error> {
        let identity = Identity::of_segment(&self.node, number);
        let header = identity.encode();
        let file = self.around.disk.create(name).map_err(Error::disk(format!("create {name}")))?;
        if let Err(error) = file.append(&header) {
            // Gone again, so that the next attempt finds its name free.
            if let Err(second) = self.around.disk.remove(name) {
                let reason = format!("cannot begin {name} ({error}), nor remove it again ({second})");
                return Err(self.progress.poison(reason));
            }
            return Err(Error::disk(format!("begin {name}"))(error));
        }
        self.open.push(Open { identity, file: file.into(), len: header.len() as u32, unnamed });
        Ok(())
    }

    /// Whether the last segment has no name yet.
    pub(super) fn ends_unnamed(&self) -> bool {
        let active = self.open.last().expect("a log has an active segment");
        active.unnamed && active.identity.number > self.progress.durable().segment
    }

    /// The segment that the last record went to.
    pub fn active(&self) -> u32 {
        self.end().segment
    }

    /// The first segment that must stay as long as damage is to be found in the log again.
    pub fn first_damaged(&self) -> Option<u32> {
        self.damage.iter().map(|damage| damage.segment).min()
    }

    /// The end of the log.
    pub(super) fn end(&self) -> Position {
        let active = self.open.last().expect("a log has an active segment");
        Position { segment: active.identity.number, offset: active.len }
    }

    /// Appends a record; it reaches the operating system at once.
    ///
    /// After [`Error::NotAppended`] the log is as before the call. After [`Error::Poisoned`] the node
    /// must stop.
    pub fn append(&mut self, record: &R) -> Result<(), Error> {
        self.progress.check()?;
        self.rotate_if_full()?;
        let active = self.open.last_mut().expect("a log has an active segment");
        self.frame.clear();
        let seed = active.identity.seed();
        let durable = self.progress.durable();
        let fits = frame::encode(&mut self.frame, record, active.len as usize, durable, seed);
        let end = u32::try_from(self.frame.len()).ok().and_then(|len| active.len.checked_add(len));
        let Some(end) = end.filter(|_| fits) else {
            return Err(Error::NotAppended("too long for the log".to_owned()));
        };
        if let Err(error) = active.file.append(&self.frame) {
            return Err(self.cut_partial_frame(error));
        }
        active.len = end;
        Ok(())
    }

    /// A part of the frame may have been written. It must go, or a later sync would make it durable
    /// and replay would take it for corruption.
    fn cut_partial_frame(&self, error: std::io::Error) -> Error {
        let active = self.open.last().expect("a log has an active segment");
        match active.file.truncate(active.len.into()) {
            Ok(()) => Error::NotAppended(error.to_string()),
            Err(second) => self.progress.poison(format!(
                "cannot append to {} ({error}), nor cut off again what was written ({second})",
                segment::name(active.identity.number)
            )),
        }
    }

    /// Begins a new segment when the active one is full, unless the name of the active one is not
    /// durable yet: then a power loss could leave a later segment without this one.
    fn rotate_if_full(&mut self) -> Result<(), Error> {
        let active = self.open.last().expect("a log has an active segment");
        let number = active.identity.number;
        let full = active.len >= self.options.segment_bytes_max && active.len > HEADER_BYTES as u32;
        if !full || self.progress.durable().segment < number {
            return Ok(());
        }
        match self.begin(number + 1) {
            Err(Error::Disk { action, source }) => {
                Err(Error::NotAppended(format!("cannot {action}: {source}")))
            }
            begun => begun,
        }
    }

    /// Makes everything appended before this call durable. Appends may go on meanwhile.
    ///
    /// After an error the log is poisoned: the kernel may have dropped the pages it could not write
    /// and report success the next time (Rebello et al., "Can Applications Recover from fsync
    /// Failures?", USENIX ATC 2020), so trying again would prove nothing.
    pub fn sync(&mut self) -> LocalFuture<'static, Result<(), Error>> {
        let progress = self.progress.clone();
        let durable = progress.durable();
        self.open.retain(|open| open.identity.number >= durable.segment);
        let target = self.end();
        let new = self.open.iter().filter(|open| open.identity.number > durable.segment);
        let (unnamed, named): (Vec<&Open>, Vec<&Open>) = new.partition(|open| open.unnamed);
        let (nameless, is_new) = (unnamed.last().map(|open| open.identity.number), !named.is_empty());
        let files: Vec<Rc<dyn File>> = self.open.iter().map(|open| open.file.clone()).collect();
        let Surroundings { disk, points, observer } = self.around.clone();
        let directory_synced = self.options.safeguards.directory_synced;
        Box::pin(async move {
            progress.check()?;
            if target <= durable {
                return Ok(());
            }
            for file in files {
                let synced = file.sync().await;
                synced.map_err(|error| progress.poison(format!("cannot sync the log: {error}")))?;
            }
            if is_new && (directory_synced || durable.segment == 0) {
                points.pass(&point::IN_ROTATION).await;
                progress.sync_names(&*disk).await?;
            } else if is_new {
                observer.reached("rotation-not-synced");
            }
            if let Some(number) = nameless {
                let named = disk.rename(&unfinished(number), &segment::name(number));
                named.map_err(|error| progress.poison(format!("cannot name a log segment: {error}")))?;
                progress.sync_names(&*disk).await?;
            }
            progress.rise(target);
            Ok(())
        })
    }
}

/// What segment `number` is called until it has its name: a start throws it away.
fn unfinished(number: u32) -> String {
    format!("{}{UNFINISHED}", segment::name(number))
}
