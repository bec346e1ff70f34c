//! Log and tables on a real disk: writes keys in random order, starts again, and reads every key back.
//!
//! ```text
//! cargo bench -p perjury-store --bench tables -- 10000000
//! ```
//!
//! A key has 16 bytes and a value 100. The log is synced after every thousand records. The directory is made in the
//! one that `TMPDIR` names, and removed in the end.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use perjury_store::env::{Env, real};
use perjury_store::quorum::message::Entry;
use perjury_store::quorum::record::{Logged, Record};
use perjury_store::quorum::version::Version;
use perjury_store::storage::tables::coverage::Coverage;
use perjury_store::storage::tables::manifest::Manifest;
use perjury_store::storage::tables::{self, Tables};
use perjury_store::storage::{self, Log, Surroundings};
use tokio::task::{JoinHandle, LocalSet};
use xxhash_rust::xxh3::xxh3_64;

const VALUE_BYTES: usize = 100;
/// Records between two syncs of the log.
const GROUP: u64 = 1000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    // What tests all targets runs this one too, and should not wait for it.
    if !arguments.any(|argument| argument == "--bench") {
        return Ok(());
    }
    let keys = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    LocalSet::new().block_on(&runtime, measure(keys))
}

async fn measure(keys: u64) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let env = real::env(directory.path())?;
    println!("{keys} keys of 16 bytes, values of {VALUE_BYTES}");
    timed(&env, "written", keys, write(&env, keys)).await?;
    let (tables, _) = timed(&env, "started again", keys, open(&env)).await?;
    timed(&env, "read back", keys, read(&tables, keys)).await?;
    Ok(())
}

/// Says how fast something was done, and the most memory that was in use until then.
async fn timed<T>(env: &Env, what: &str, keys: u64, work: impl Future<Output = Result<T>>) -> Result<T> {
    let begun = env.clock.monotonic();
    let result = work.await?;
    let seconds = (env.clock.monotonic() - begun) as f64 / 1e9;
    let memory = memory_peak_kib()? / 1024;
    println!("{what:>14}: {seconds:8.1} s {:10.0} keys/s {memory:6} MiB at most", keys as f64 / seconds);
    Ok(result)
}

async fn open(env: &Env) -> Result<(Rc<Tables>, Log<Logged>)> {
    let around = Surroundings::of(env);
    let found = Manifest::find(&env.disk, "n1")?;
    let options = storage::Options { begins: found.manifest.log_begins, ..storage::Options::default() };
    let (log, replayed) = Log::<Logged>::open(around.clone(), ("quorum", "n1"), options).await?;
    let tables = Tables::open(around, "n1", found, tables::Options::default()).await?;
    for logged in replayed.records {
        if let Logged::Held(record) = logged {
            put(&tables, record);
        }
    }
    Ok((tables, log))
}

async fn write(env: &Env, keys: u64) -> Result<()> {
    let (tables, mut log) = open(env).await?;
    let mut coverage = Coverage::default();
    let mut work: Vec<JoinHandle<Result<(), storage::Error>>> = Vec::new();
    for first in (0..keys).step_by(GROUP as usize) {
        let group = first..keys.min(first + GROUP);
        for number in group.clone() {
            log.append(&Logged::Held(record(number)))?;
            coverage.appended(log.active(), number + 1);
        }
        log.sync().await?;
        group.clone().for_each(|number| put(&tables, record(number)));
        if tables.wants_flush() {
            work.extend(
                tables.flush(coverage.needed_from(group.end, log.active())).map(tokio::task::spawn_local),
            );
        }
        work.extend(tables.compact().map(tokio::task::spawn_local));
        tokio::task::yield_now().await;
    }
    for done in work {
        done.await??;
    }
    Ok(())
}

/// Reads every key, in an order that has nothing to do with that of the writes, or of the keys.
async fn read(tables: &Tables, keys: u64) -> Result<()> {
    const STRIDE: u64 = 7_368_787;
    for number in (0..keys).map(|step| step * STRIDE % keys) {
        let Record { key, entry } = record(number);
        let value = tables.get(key.as_bytes())?.with_context(|| format!("{key} is missing"))?;
        ensure!(value == encoded(&entry), "{key} has another value");
    }
    Ok(())
}

fn put(tables: &Tables, Record { key, entry }: Record) {
    tables.put(key.as_bytes(), encoded(&entry));
}

fn encoded(entry: &Entry) -> Bytes {
    postcard::to_stdvec(entry).expect("a vector takes every entry").into()
}

fn record(number: u64) -> Record {
    let value = number.to_le_bytes().into_iter().cycle().take(VALUE_BYTES).collect();
    let version = Version { millis: number, ..Version::default() };
    let key = format!("{:016x}", xxh3_64(&number.to_le_bytes()));
    Record { key, entry: Entry { version, atomic: false, value: Some(value) } }
}

/// The most memory that this process has had.
fn memory_peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
