//! Opening a data directory: the log, and the tables that stand for its beginning.

use crate::env::Env;
use crate::storage::tables::Tables;
use crate::storage::tables::manifest::{Found, Manifest, State};
use crate::storage::{self, Log, Replayed, Surroundings};

use super::keeper::Keeper;
use super::{Family, Record, ServerOptions};

/// What a node works with.
type Opened<F> = (Log<Record<F>>, Replayed<Record<F>>, Option<Keeper>);

/// Opens the data directory of this node. What the tables have lost counts as damage, like what the log has.
pub(super) async fn open<F: Family>(
    options: &ServerOptions<F>,
    name: &str,
    env: &Env,
) -> Result<Opened<F>, storage::Error> {
    let (around, safeguards) = (Surroundings::of(env), options.config.safeguards());
    let found = Manifest::find(&env.disk, name)?;
    let table_options = options.config.tables();
    if table_options.is_none() {
        refuse_tables(&found)?;
    }
    let begins = found.manifest.log_begins;
    let replaces_from = options.replaces.then(|| (env.clock.wall() / 1_000_000_000) as u32);
    let segment_bytes_max = options.segment_bytes_max;
    let log_options = storage::Options { segment_bytes_max, begins, replaces_from, safeguards };
    let family = options.config.directory();
    let (log, mut replayed) = Log::open(around.clone(), (&family, name), log_options).await?;
    let Some(table_options) = table_options else { return Ok((log, replayed, None)) };
    let tables = Tables::open(around, name, found, table_options).await?;
    replayed.damaged |= tables.is_damaged();
    Ok((log, replayed, Some(Keeper::new(tables))))
}

/// A node that does not look into its tables would have forgotten what is in them.
fn refuse_tables(found: &Found) -> Result<(), storage::Error> {
    match found.state {
        State::Missing => Ok(()),
        State::Whole | State::Corrupt => Err(storage::Error::directory(
            "manifest",
            "this directory holds tables: start the node with --storage tables",
        )),
    }
}
