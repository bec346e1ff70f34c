//! Ctrl-C or SIGTERM, heard once: the sweep then begins no further run. Heard twice, the process ends.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::cli::exit::{self, Exit};

/// Set by Ctrl-C or SIGTERM, from now on.
///
/// Where signals cannot be heard, they end the process at once, as they do everywhere else.
pub fn flag() -> &'static AtomicBool {
    static FLAG: AtomicBool = AtomicBool::new(false);
    // The thread ends with the process. It has a runtime to itself: no simulation sees it.
    let _ = thread::Builder::new().name("interrupt".to_owned()).spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            if asked_to_end().await.is_err() {
                return;
            }
            FLAG.store(true, Ordering::Relaxed);
            exit::say("interrupted: the runs under way are finished first; once more to leave them\n");
            if asked_to_end().await.is_ok() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        });
    });
    &FLAG
}

/// Waits for either signal.
async fn asked_to_end() -> io::Result<()> {
    tokio::select! {
        heard = tokio::signal::ctrl_c() => heard,
        heard = terminated() => heard,
    }
}

/// How whoever runs machines for others ends a job: Slurm, Kubernetes, systemd, `timeout`.
#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let _heard = signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    std::future::pending().await
}
