//! Tokens of one object that fall although they should rise.

use perjury_histories::Operation;

/// An operation that is ok, and the token that it showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    pub operation: Operation<'a>,
    pub token: i128,
}

impl Told<'_> {
    /// The position at which it had returned.
    fn ended(&self) -> usize {
        self.operation.returned_at().unwrap_or(self.operation.invoked_at())
    }

    /// Whether it shows what had been accepted, perhaps long ago.
    fn is_read(&self) -> bool {
        self.operation.function() == "read"
    }
}

/// Each that is certainly later than one with a higher token, with the one that has the highest: by version, where all
/// have one, else by real time, in which a read may show what is long past.
pub(super) fn lower<'a>(told: &[Told<'a>]) -> impl Iterator<Item = (Told<'a>, Told<'a>)> + use<'a> {
    let has_versions = told.iter().all(|told| told.operation.version().is_some());
    let lower = if has_versions { by_version(told) } else { by_time(told) };
    lower.into_iter()
}

fn by_version<'a>(told: &[Told<'a>]) -> Vec<(Told<'a>, Told<'a>)> {
    let mut told = told.to_vec();
    // Of one version the highest token comes last: they are one write, or none is later.
    told.sort_by_key(|told| (told.operation.version(), told.token));
    let mut lower = Vec::new();
    let mut highest: Option<Told<'a>> = None;
    for told in told {
        match highest {
            Some(highest) if told.token < highest.token => lower.push((highest, told)),
            _ => highest = Some(told),
        }
    }
    lower
}

fn by_time<'a>(told: &[Told<'a>]) -> Vec<(Told<'a>, Told<'a>)> {
    let mut ended = told.to_vec();
    ended.sort_by_key(Told::ended);
    let mut ended = ended.into_iter().peekable();
    let mut begun: Vec<Told<'a>> = told.iter().filter(|told| !told.is_read()).copied().collect();
    begun.sort_by_key(|told| told.operation.invoked_at());
    let mut lower = Vec::new();
    let mut highest: Option<Told<'a>> = None;
    for told in begun {
        while let Some(earlier) = ended.next_if(|earlier| earlier.ended() < told.operation.invoked_at()) {
            highest = highest.filter(|highest| highest.token >= earlier.token).or(Some(earlier));
        }
        lower.extend(highest.filter(|highest| told.token < highest.token).map(|highest| (highest, told)));
    }
    lower
}
