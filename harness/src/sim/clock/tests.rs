//! Readings of the clocks, exact to the nanosecond.

use super::*;

const SECOND: u64 = 1_000_000_000;

fn clock() -> (Rc<TrueTime>, SimClock) {
    let time = Rc::new(TrueTime::default());
    (time.clone(), SimClock::new(time))
}

#[test]
fn jump_moves_wall_only_and_heals() {
    let (time, clock) = clock();
    time.leave(Duration::from_secs(2));
    clock.set(FaultId(1), ClockFault::Offset(-500));
    assert_eq!(clock.wall(), EPOCH + 2 * SECOND - SECOND / 2);
    assert_eq!(clock.monotonic(), 2 * SECOND);
    assert_eq!(clock.error(), -(SECOND as i64) / 2);
    assert!(clock.clear(FaultId(1)));
    assert!(!clock.clear(FaultId(1)));
    assert_eq!(clock.wall(), EPOCH + 2 * SECOND);
}

#[test]
fn drift_moves_both_exactly() {
    let (time, clock) = clock();
    time.leave(Duration::from_secs(10));
    clock.set(FaultId(1), ClockFault::Drift(200_000));
    time.leave(Duration::from_secs(20));
    assert_eq!(clock.monotonic(), 22 * SECOND);
    assert_eq!(clock.wall(), EPOCH + 22 * SECOND);
    clock.clear(FaultId(1));
    assert_eq!(clock.wall(), EPOCH + 20 * SECOND);
    assert_eq!(clock.monotonic(), 22 * SECOND);
    time.leave(Duration::from_secs(21));
    assert_eq!(clock.monotonic(), 23 * SECOND);
}

#[test]
fn strobe_jumps_forth_and_back() {
    let (time, clock) = clock();
    let period = Duration::from_millis(20);
    clock.set(FaultId(1), ClockFault::Strobe { amplitude_ms: 300, period });
    let errors: Vec<i64> = (0..6)
        .map(|step| {
            time.leave(Duration::from_millis(step * 5));
            clock.error() / MILLION
        })
        .collect();
    assert_eq!(errors, [300, 300, 0, 0, 300, 300]);
}

#[test]
fn overlapping_faults_add_up_and_heal_in_any_order() {
    let (time, clock) = clock();
    clock.set(FaultId(1), ClockFault::Drift(-100_000));
    clock.set(FaultId(2), ClockFault::Drift(-200_000));
    clock.set(FaultId(3), ClockFault::Offset(1_000));
    time.leave(Duration::from_secs(10));
    assert_eq!(clock.monotonic(), 7 * SECOND);
    clock.clear(FaultId(1));
    time.leave(Duration::from_secs(20));
    assert_eq!(clock.monotonic(), 7 * SECOND + 8 * SECOND);
    assert_eq!(clock.wall(), EPOCH + 15 * SECOND + SECOND);
    clock.clear(FaultId(2));
    assert_eq!(clock.error(), SECOND as i64);
}

#[test]
fn drifts_together_stay_within_the_declared_bound() {
    for (sign, after_ten) in [(-1, 6 * SECOND), (1, 14 * SECOND)] {
        let (time, clock) = clock();
        clock.set(FaultId(1), ClockFault::Drift(sign * 350_000));
        clock.set(FaultId(2), ClockFault::Drift(sign * 300_000));
        time.leave(Duration::from_secs(10));
        assert_eq!(clock.monotonic(), after_ten);
    }
}

#[test]
fn monotonic_never_goes_back() {
    let (time, clock) = clock();
    let mut rng = crate::rng::Rng::new(1);
    let mut last = 0;
    for step in 0..2_000 {
        time.leave(Duration::from_millis(step * 5));
        let id = FaultId(rng.below(4));
        match rng.below(4) {
            0 => clock.set(id, ClockFault::Drift(rng.range(0..1_000_000) as i64 - 500_000)),
            1 => clock.set(id, ClockFault::Offset(rng.range(0..100_000) as i64 - 50_000)),
            _ => {
                clock.clear(id);
            }
        }
        assert!(clock.monotonic() >= last);
        last = clock.monotonic();
    }
}
