//! Opening a data directory: read all of it, decide, and only then change it.
//!
//! ```text
//! read meta, segments   nothing changed so far: every error leaves the directory as it was
//! raise the incarnation durably, before anything else
//! cut what is torn      in order, each synced before the next
//! sync                  what a killed process had only written now counts: it will be answered for
//! go on                 in the last segment; in a new one if that is damaged
//! ```

use std::rc::Rc;

use derive_where::derive_where;

use crate::env::{Disk, Observer};
use crate::protocol::Record;

use super::Error;
use super::log::{Log, Options};
use super::meta::{self, Meta};
use super::plan::{Action, Found, Plan, Planned, plan};
use super::replace::{discard_unfinished, read, replace, sync_directory};
use super::segment::{self, Identity};

/// What a node finds in its data directory when it starts.
#[derive_where(Default)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed<R> {
    /// How many times the node has been started, this time included; durable.
    pub incarnation: u32,
    /// All good records, in the order of their appends.
    pub records: Vec<R>,
    /// There were corrupt ones: what they said has to come from the other replicas.
    pub damaged: bool,
}

impl<R: Record> Log<R> {
    /// Opens the log of `node` in this directory, or begins it in an empty one.
    ///
    /// On an error before the incarnation is raised (a directory of another node, a version this
    /// program does not know, a missing segment, a bad `meta`) nothing has been changed.
    pub async fn open(
        disk: Rc<dyn Disk>,
        observer: Rc<dyn Observer>,
        node: &str,
        options: Options,
    ) -> Result<(Log<R>, Replayed<R>), Error> {
        let meta = read_meta(&*disk, node)?;
        let plan = plan(read_segments(&*disk, node)?, options.safeguards);
        replace(&disk, meta::NAME, &meta.encode()).await?;
        discard_unfinished(&*disk, |_| true)?;
        report(&plan, &*observer);
        carry_out(&plan, &disk, node).await?;

        let mut log = Log::new(disk, observer, node, options);
        let mut replayed = Replayed { incarnation: meta.incarnation, ..Replayed::default() };
        let kept = plan.segments.into_iter().filter(|segment| segment.action != Action::Remove);
        let mut last = None;
        for segment in kept {
            last = Some((segment.number, segment.corrupt.is_empty()));
            replayed.records.extend(segment.records);
            replayed.damaged |= !segment.corrupt.is_empty();
            log.found_damage(segment.number, segment.corrupt);
        }
        match last {
            None => log.begin(1)?,
            Some((number, true)) => log.resume(number)?,
            Some((number, false)) => log.begin_after(number)?,
        }
        Ok((log, replayed))
    }
}

/// Whose directory this is, with the incarnation that begins now.
fn read_meta(disk: &dyn Disk, node: &str) -> Result<Meta, Error> {
    let names = disk.list().map_err(Error::disk("list the data directory"))?;
    let meta = if names.iter().any(|name| name == meta::NAME) {
        Meta::decode(&read(disk, meta::NAME)?)?
    } else if names.iter().any(|name| segment::number(name).is_some()) {
        return Err(meta::missing());
    } else {
        Meta { node: node.to_owned(), incarnation: 0 }
    };
    if meta.node != node {
        let problem = format!("this is the data directory of node {}, not of {node}", meta.node);
        return Err(Error::directory(meta::NAME, problem));
    }
    let incarnation = meta.incarnation.checked_add(1);
    let incarnation = incarnation.ok_or_else(|| Error::directory(meta::NAME, "started too often"))?;
    Ok(Meta { incarnation, ..meta })
}

fn read_segments<R: Record>(disk: &dyn Disk, node: &str) -> Result<Vec<Found<R>>, Error> {
    let names = disk.list().map_err(Error::disk("list the data directory"))?;
    let numbers = names.iter().filter_map(|name| segment::number(name));
    let mut found = Vec::new();
    for (expected, number) in (1..).zip(numbers) {
        if number != expected {
            let problem = "missing, and later segments are there: restore this file from a copy, or start the \
                 node under a new name with an empty directory, so that it catches up from the others";
            return Err(Error::directory(segment::name(expected), problem));
        }
        let bytes = read(disk, &segment::name(number))?;
        let pieces = segment::scan(Identity::new(node, number), &bytes)?;
        found.push(Found { number, pieces });
    }
    Ok(found)
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
            observer.reached("torn-tail-cut");
        }
        for corrupt in &segment.corrupt {
            let key = corrupt.key.as_deref();
            let whose = key.map_or(String::new(), |key| format!(", of key {key:?}"));
            let at = corrupt.range.start;
            observer.note(&format!("{name}: corrupt record at offset {at}{whose}"));
            observer.corrupt(key);
            observer.reached("corrupt-record-reported");
        }
    }
    if plan.cut_silently {
        observer.reached("log-cut-silently");
    }
}

/// Changes the directory as planned, and makes what stays in it durable: from now on the node
/// answers for it.
async fn carry_out<R: Record>(plan: &Plan<R>, disk: &Rc<dyn Disk>, node: &str) -> Result<(), Error> {
    // From the end, so that a crash leaves no gap.
    for segment in plan.segments.iter().rev() {
        if segment.action == Action::Remove {
            let name = segment::name(segment.number);
            disk.remove(&name).map_err(Error::disk(format!("remove {name}")))?;
            sync_directory(disk).await?;
        }
    }
    for segment in &plan.segments {
        if segment.action != Action::Keep || segment.number >= plan.durable.segment {
            carry_out_segment(segment, disk, node).await?;
        }
    }
    sync_directory(disk).await
}

async fn carry_out_segment<R: Record>(
    segment: &Planned<R>,
    disk: &Rc<dyn Disk>,
    node: &str,
) -> Result<(), Error> {
    let name = segment::name(segment.number);
    match segment.action {
        Action::Remove => return Ok(()),
        Action::Rewrite => {
            let content = Identity::new(node, segment.number).write(&segment.records);
            let content = content.ok_or_else(|| Error::directory(&name, "its records fit no segment"))?;
            return replace(disk, &name, &content).await;
        }
        Action::Keep | Action::Truncate(_) => (),
    }
    let file = disk.open(&name).map_err(Error::disk(format!("open {name}")))?;
    if let Action::Truncate(len) = segment.action {
        file.truncate(len.into()).map_err(Error::disk(format!("cut {name}")))?;
    }
    file.sync().await.map_err(Error::disk(format!("sync {name}")))
}
