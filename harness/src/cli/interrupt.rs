//! Ctrl-C, heard once: the sweep then begins no further run. Heard twice, the process ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::cli::exit::{self, Exit};

/// Set by Ctrl-C, from now on.
///
/// Where signals cannot be heard, Ctrl-C ends the process at once, as it does everywhere else.
pub fn flag() -> &'static AtomicBool {
    static FLAG: AtomicBool = AtomicBool::new(false);
    // The thread ends with the process. It has a runtime to itself: no simulation sees it.
    let _ = thread::Builder::new().name("interrupt".to_owned()).spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            FLAG.store(true, Ordering::Relaxed);
            exit::say("interrupted: the runs under way are finished first; once more to leave them\n");
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(Exit::Interrupted.code().into());
            }
        });
    });
    &FLAG
}
