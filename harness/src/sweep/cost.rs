//! What a sweep costs: real time, CPU time of a thread, memory of the process.
//!
//! The only real clocks in this crate. They are read around simulations and checkers, never inside one.

use std::sync::LazyLock;
use std::time::Instant;

/// Nanoseconds of real time since some moment in the past.
#[allow(clippy::disallowed_methods, reason = "measures the sweep; no simulation sees it")]
pub fn wall_ns() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_nanos() as u64
}

/// Nanoseconds of CPU time that this thread has used; where the system does not tell, real time.
pub fn thread_cpu_ns() -> u64 {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    wall_ns()
}

/// The memory that this process holds now, in bytes, where the system tells: what stands in main memory.
pub fn memory_bytes() -> Option<u64> {
    status_bytes("VmRSS:")
}

/// The most memory that this process has held so far, in bytes, where the system tells.
pub fn memory_bytes_max() -> Option<u64> {
    status_bytes("VmHWM:")
}

/// A line of what Linux says of this process.
fn status_bytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_work_and_not_sleep() {
        let (wall, cpu) = (wall_ns(), thread_cpu_ns());
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(wall_ns() - wall >= 20_000_000);
        if cfg!(target_os = "linux") {
            assert!(thread_cpu_ns() - cpu < 10_000_000);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn knows_its_memory_and_the_peak_of_it() {
        let now = memory_bytes().expect("Linux tells");
        assert!(now > 100_000);
        assert!(memory_bytes_max().expect("Linux tells") >= now);
    }
}
