//! Cutting damage out of the log, once the replica has caught up.

use crate::point;
use crate::protocol::Record;

use super::Error;
use super::identity::Identity;
use super::log::{Damage, Log};
use super::meta::{self, Meta};
use super::plan::Corrupt;
use super::replace::{read, replace};
use super::segment::{self, Content, Piece};

impl<R: Record> Log<R> {
    /// Cuts out of the log what replay found corrupt: each damaged segment is replaced by one that
    /// holds its good records and nothing else.
    ///
    /// The caller must have made durable what it learnt from the other replicas. Until this is done
    /// the damage stays where it is, so that a crash in the middle of catching up finds it again; a
    /// crash in the middle of this leaves each segment as it was or repaired.
    pub async fn repair(&mut self) -> Result<(), Error> {
        while let Some(damage) = self.damage.last() {
            self.repair_segment(damage).await?;
            self.damage.pop();
        }
        if self.is_replacement {
            let meta = Meta::decode(&read(&*self.around.disk, meta::NAME)?)?;
            replace(&self.around, meta::NAME, &Meta { damaged: 0, ..meta }.encode()).await?;
            self.is_replacement = false;
        }
        Ok(())
    }

    async fn repair_segment(&self, damage: &Damage) -> Result<(), Error> {
        let name = segment::name(damage.segment);
        let identity = Identity::of_segment(&self.node, damage.segment);
        let pieces = segment::scan(identity, &read(&*self.around.disk, &name)?)?;
        if !same_damage(&pieces, damage) {
            // What went bad since then has not been reported, and catching up did not ask for it. The
            // node still has it in memory; the next start finds it missing, and reports it.
            self.around.observer.note(&format!("{name}: more damage since replay; left as it is"));
            return Ok(());
        }
        let good = pieces.into_iter().filter_map(|piece| match piece.content {
            Content::Good(record, _) => Some(record),
            Content::Bad(_) => None,
        });
        let content = identity.write(&good.collect::<Vec<R>>());
        let content = content.expect("the good records of a segment fit a segment");
        self.around.points.pass(&point::IN_REPAIR).await;
        replace(&self.around, &name, &content).await?;
        self.around.observer.note(&format!("{name}: corrupt records cut out"));
        Ok(())
    }
}

fn same_damage<R>(pieces: &[Piece<R>], damage: &Damage) -> bool {
    let bad = pieces.iter().filter(|piece| matches!(piece.content, Content::Bad(_)));
    let found = bad.map(|piece| &piece.range);
    found.eq(damage.corrupt.iter().map(|Corrupt { range, .. }| range))
}
