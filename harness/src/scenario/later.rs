//! Settings that came later: absent from reports where they have their defaults, as in reports from before.

/// The default of `mode`.
pub(super) fn mode() -> String {
    "majority".to_owned()
}

pub(super) fn is_default_mode(text: &str) -> bool {
    text == mode()
}

/// The default of `data_centres`.
pub(super) fn data_centres() -> usize {
    1
}

pub(super) fn is_default_data_centres(count: &usize) -> bool {
    *count == data_centres()
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

/// The default of `fault_gap_ms`: two and a half seconds.
pub(super) fn fault_gap_ms() -> u64 {
    2_500
}

pub(super) fn is_default_fault_gap_ms(ms: &u64) -> bool {
    *ms == fault_gap_ms()
}

/// The default of `fault_ms_max`: eight seconds.
pub(super) fn fault_ms_max() -> u64 {
    8_000
}

pub(super) fn is_default_fault_ms_max(ms: &u64) -> bool {
    *ms == fault_ms_max()
}

/// The default of `latency_ms_min`: one step of the simulation.
pub(super) fn latency_ms_min() -> u64 {
    5
}

pub(super) fn is_default_latency_ms_min(ms: &u64) -> bool {
    *ms == latency_ms_min()
}

/// The default of `latency_ms_max`: as within one region.
pub(super) fn latency_ms_max() -> u64 {
    25
}

pub(super) fn is_default_latency_ms_max(ms: &u64) -> bool {
    *ms == latency_ms_max()
}

/// The default of `segment_bytes`: small, so that a run rotates often.
pub(super) fn segment_bytes() -> u32 {
    16 << 10
}

pub(super) fn is_default_segment_bytes(bytes: &u32) -> bool {
    *bytes == segment_bytes()
}

/// The default of `tombstone_grace_ms`: half a minute, longer than three of the longest faults one upon the other.
pub(super) fn tombstone_grace_ms() -> u64 {
    30_000
}

pub(super) fn is_default_tombstone_grace_ms(ms: &u64) -> bool {
    *ms == tombstone_grace_ms()
}

/// The default of `storage`.
pub(super) fn storage() -> String {
    "log".to_owned()
}

pub(super) fn is_default_storage(text: &str) -> bool {
    text == storage()
}

/// The default of `batch_bytes`: small, so that a follower far behind catches up in several messages.
pub(super) fn batch_bytes() -> usize {
    512
}

pub(super) fn is_default_batch_bytes(bytes: &usize) -> bool {
    *bytes == batch_bytes()
}

/// By default nobody is aimed at, and no session only reads.
pub(super) fn is_nobody(percent: &u64) -> bool {
    *percent == 0
}
