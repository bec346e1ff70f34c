//! Opening a data directory: read all of it, decide, and only then change it.
//!
//! ```text
//! read meta, snapshot, segments   nothing changed so far: every error leaves the directory as it was
//! raise the incarnation durably, before anything else, and remember what damage is cut off
//! cut what is torn                in order, each synced before the next
//! sync                            what a killed process had only written now counts: it will be
//!                                 answered for
//! go on                           in the last segment; in a new one if that is damaged
//! ```

use derive_where::derive_where;

use crate::env::{Disk, Observer};
use crate::protocol::Record;
use crate::{marker, point};

use super::Error;
use super::base::{Base, remove};
use super::identity::{Identity, Kind};
use super::log::{Log, Options, Surroundings};
use super::meta::{self, Meta};
use super::plan::{Action, Corrupt, Found, Plan, Planned, plan};
use super::replace::{discard_unfinished, read, replace, sync_directory};
use super::segment;

/// What a node finds in its data directory when it starts.
#[derive_where(Default)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed<R> {
    /// How many times the node has been started, this time included; durable.
    pub incarnation: u32,
    /// The newest snapshot: the last log index that it covers, and what it says.
    pub snapshot: Option<(u64, Vec<u8>)>,
    /// All good records after it, in the order of their appends; where they need all before them, only
    /// those before the first gap.
    pub records: Vec<R>,
    /// There were corrupt ones, or the snapshot was, now or at an earlier start and before the snapshot
    /// was saved: what they said has to come from the other replicas.
    pub damaged: bool,
}

impl<R: Record> Log<R> {
    /// Opens the log of `node` of this family in this directory, or begins it in an empty one.
    ///
    /// On an error before the incarnation is raised (a directory of another node, a version this
    /// program does not know, a missing segment, a bad `meta`) nothing has been changed.
    pub async fn open(
        around: Surroundings,
        (family, node): (&str, &str),
        options: Options,
    ) -> Result<(Log<R>, Replayed<R>), Error> {
        let Surroundings { disk, observer, points } = around.clone();
        let mut meta = read_meta(&*disk, (family, node), options.replaces_from)?;
        let base = Base::find(&*disk, node, options.begins)?;
        let plan = plan(read_segments(&*disk, node, &base.segments)?, base.durable(), options.safeguards);
        let damaged = remember_damage(&mut meta, &base, &plan);
        replace(&around, meta::NAME, &meta.encode()).await?;
        points.pass(&point::IN_REPLAY).await;
        discard_unfinished(&*disk, |_| true)?;
        base.report(&*observer);
        report(&plan, &*observer);
        base.clean_up(&disk).await?;
        carry_out(&plan, &around, node).await?;
        points.pass(&point::REPLAYED).await;

        let snapshot = base.snapshot.map(|snapshot| (snapshot.index, snapshot.payload));
        let mut replayed = Replayed { incarnation: meta.incarnation, snapshot, records: Vec::new(), damaged };
        let mut log = Log::new(around, node, options);
        log.is_replacement = !R::NEEDS_ALL_BEFORE && meta.damaged > 0;
        let mut last = None;
        for segment in plan.segments.into_iter().filter(|segment| segment.action != Action::Remove) {
            last = Some((segment.number, segment.corrupt.is_empty()));
            replayed.records.extend(segment.records);
            log.found_damage(segment.number, segment.corrupt);
        }
        match last {
            None => log.begin(options.begins)?,
            Some((number, true)) => log.resume(number)?,
            Some((number, false)) => log.begin_after(number)?,
        }
        Ok((log, replayed))
    }
}

/// Whether anything is lost, now or since an earlier start; keeps in mind what will not show any more.
fn remember_damage<R: Record>(meta: &mut Meta, base: &Base, plan: &Plan<R>) -> bool {
    let is_new = !base.corrupt.is_empty() || plan.is_damaged();
    if !R::NEEDS_ALL_BEFORE {
        // Bad records stay where they are, and are found again; what is wholly lost is not.
        return is_new || meta.damaged > 0;
    }
    if is_new {
        // A log that has lost everything begins anew.
        meta.damaged = plan.kept().last().map_or(1, |segment| segment.number);
    } else if base.durable().segment > meta.damaged {
        meta.damaged = 0;
    }
    meta.damaged > 0
}

/// Whose directory this is, with the incarnation that begins now.
fn read_meta(
    disk: &dyn Disk,
    (family, node): (&str, &str),
    replaces_from: Option<u32>,
) -> Result<Meta, Error> {
    let names = disk.list().map_err(Error::disk("list the data directory"))?;
    let is_ours = |name: &String| Kind::OF_LOG.iter().any(|kind| kind.number(name).is_some());
    let meta = if names.iter().any(|name| name == meta::NAME) {
        Meta::decode(&read(disk, meta::NAME)?)?
    } else if names.iter().any(is_ours) {
        return Err(meta::missing());
    } else {
        let (incarnation, damaged) = (replaces_from.unwrap_or(0), u32::from(replaces_from.is_some()));
        Meta { family: family.to_owned(), node: node.to_owned(), incarnation, damaged }
    };
    if meta.family != family {
        let problem = format!(
            "this is a data directory of family {}, not of family {family}: start the node with the options that it \
             was first started with",
            meta.family
        );
        return Err(Error::directory(meta::NAME, problem));
    }
    if meta.node != node {
        let problem = format!("this is the data directory of node {}, not of {node}", meta.node);
        return Err(Error::directory(meta::NAME, problem));
    }
    if replaces_from.is_some() && meta.damaged == 0 {
        return Err(meta::not_lost());
    }
    let incarnation = meta.incarnation.checked_add(1);
    let incarnation = incarnation.ok_or_else(|| Error::directory(meta::NAME, "started too often"))?;
    Ok(Meta { incarnation, ..meta })
}

fn read_segments<R: Record>(disk: &dyn Disk, node: &str, numbers: &[u32]) -> Result<Vec<Found<R>>, Error> {
    let read_one = |&number: &u32| {
        let bytes = read(disk, &segment::name(number))?;
        Ok(Found { number, pieces: segment::scan(Identity::of_segment(node, number), &bytes)? })
    };
    numbers.iter().map(read_one).collect()
}

/// Tells the observer what was found, before anything is done about it.
fn report<R>(plan: &Plan<R>, observer: &dyn Observer) {
    for segment in &plan.segments {
        let name = segment::name(segment.number);
        for range in &segment.torn {
            let bytes = range.len();
            observer.note(&format!("{name}: {bytes} bytes at offset {} never reached the disk", range.start));
        }
        if segment.taken > 0 {
            observer.reached("torn-tail-taken");
        } else if !segment.torn.is_empty() {
            observer.reached(marker::TORN_TAIL_CUT.name);
        }
        for corrupt in &segment.corrupt {
            report_corrupt(&name, corrupt, observer);
        }
    }
    for (number, corrupt) in &plan.lost {
        report_corrupt(&segment::name(*number), corrupt, observer);
    }
    if plan.cut_silently {
        observer.reached("log-cut-silently");
    }
}

fn report_corrupt(name: &str, corrupt: &Corrupt, observer: &dyn Observer) {
    let key = corrupt.key.as_deref();
    let whose = key.map_or(String::new(), |key| format!(", of key {key:?}"));
    observer.note(&format!("{name}: corrupt record at offset {}{whose}", corrupt.range.start));
    observer.corrupt(key);
    observer.reached(marker::CORRUPT_RECORD_REPORTED.name);
}

/// Changes the directory as planned, and makes what stays in it durable: from now on the node
/// answers for it.
async fn carry_out<R: Record>(plan: &Plan<R>, around: &Surroundings, node: &str) -> Result<(), Error> {
    let disk = &around.disk;
    // From the end, so that a crash leaves no gap.
    for segment in plan.segments.iter().rev() {
        if segment.action == Action::Remove {
            remove(&**disk, &segment::name(segment.number))?;
            sync_directory(disk).await?;
        }
    }
    for segment in &plan.segments {
        if segment.action != Action::Keep || segment.number >= plan.durable.segment {
            carry_out_segment(segment, around, node).await?;
        }
    }
    sync_directory(disk).await
}

async fn carry_out_segment<R: Record>(
    segment: &Planned<R>,
    around: &Surroundings,
    node: &str,
) -> Result<(), Error> {
    let name = segment::name(segment.number);
    match segment.action {
        Action::Remove => return Ok(()),
        Action::Rewrite => {
            let content = Identity::of_segment(node, segment.number).write(&segment.records);
            let content = content.ok_or_else(|| Error::directory(&name, "its records fit no segment"))?;
            return replace(around, &name, &content).await;
        }
        Action::Keep | Action::Truncate(_) => (),
    }
    let file = around.disk.open(&name).map_err(Error::disk(format!("open {name}")))?;
    if let Action::Truncate(len) = segment.action {
        file.truncate(len.into()).map_err(Error::disk(format!("cut {name}")))?;
        around.points.pass(&point::TAIL_CUT).await;
    }
    file.sync().await.map_err(Error::disk(format!("sync {name}")))
}
