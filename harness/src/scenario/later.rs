//! Settings that came later: absent from reports where they have their defaults, as in reports from before.

/// The default of `mode`.
pub(super) fn mode() -> String {
    "majority".to_owned()
}

pub(super) fn is_default_mode(text: &str) -> bool {
    text == mode()
}

/// The default of `loss_entries`.
pub(super) fn loss_entries() -> u64 {
    50
}

pub(super) fn is_default_loss_entries(count: &u64) -> bool {
    *count == loss_entries()
}

/// The default of `snapshot_every`: a run takes many.
pub(super) fn snapshot_every() -> u64 {
    200
}

pub(super) fn is_default_snapshot_every(count: &u64) -> bool {
    *count == snapshot_every()
}
