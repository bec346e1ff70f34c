//! Panics of simulated software, caught with their message and place.
//!
//! `catch_unwind` alone gives neither: a panic in a spawned task reaches us as a second panic of the
//! runtime. So a hook takes down the first one on this thread while we are catching, and keeps it
//! from being printed; everywhere else panics are printed as before.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// None: not catching. Some(None): catching. Some(Some(words)): caught.
    static CAUGHT: RefCell<Option<Option<String>>> = const { RefCell::new(None) };
}

/// Runs `f`; a panic inside comes back as one line, `place: message`.
pub fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    let outer = CAUGHT.replace(Some(None));
    // What a panic leaves half done is thrown away by the callers: the process, or the whole run.
    let result = catch_unwind(AssertUnwindSafe(f));
    let caught = CAUGHT.replace(outer).flatten();
    result.map_err(|_| caught.unwrap_or_else(|| "a panic without a message".to_string()))
}

fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            let catching = CAUGHT.with_borrow_mut(|caught| match caught {
                Some(first) => {
                    first.get_or_insert_with(|| words(info));
                    true
                }
                None => false,
            });
            if !catching {
                previous(info);
            }
        }));
    });
}

fn words(info: &std::panic::PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = text.unwrap_or("a value that is no text");
    match info.location() {
        Some(place) => format!("{}:{}: {message}", place.file(), place.line()),
        None => message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_message_and_place() {
        let caught = catch(|| panic!("no quorum of {}", 3)).map(|()| 0);
        let words = caught.expect_err("it panicked");
        assert!(words.contains("panic.rs:"), "{words}");
        assert!(words.ends_with(": no quorum of 3"), "{words}");
    }

    #[test]
    fn inner_catch_leaves_outer_one_empty() {
        let outer = catch(|| catch(|| panic!("inner")).map(|()| 0).is_err());
        assert_eq!(outer, Ok(true));
    }
}
