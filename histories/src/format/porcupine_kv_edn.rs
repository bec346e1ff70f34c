//! The key-value histories of Porcupine's tests: operation maps with a `:key`, in EDN.
//!
//! ```text
//! {:process 0, :type :invoke, :f :append, :key "7", :value "x 0 0 y"}
//! {:process 0, :type :ok, :f :append, :key "7", :value "x 0 0 y"}
//! {:process 1, :type :invoke, :f :get, :key "7", :value nil}
//! {:process 1, :type :ok, :f :get, :key "7", :value "x 0 0 y"}
//! ```
//!
//! Functions are get, put and append; values are strings, at first empty. Read like
//! [`jepsen_edn`].

use super::{Format, Read, jepsen_edn};
use crate::edn::Cursor;

/// Operation maps of a key-value store.
pub const FORMAT: Format = Format {
    name: "porcupine-kv-edn",
    about: "Porcupine's key-value histories: operation maps in EDN, with get, put and append",
    fits: |head| super::text(head).is_some_and(fits),
    read: Read::File(|input| jepsen_edn::read(input)),
    write: None,
};

fn fits(text: &str) -> bool {
    let mut cursor = Cursor::new(text, true);
    if !jepsen_edn::fits(text, false) || cursor.skip(0).is_err() {
        return false;
    }
    jepsen_edn::operation(&mut cursor, 0)
        .is_ok_and(|event| event.key.is_some() && matches!(event.function.as_str(), "get" | "put" | "append"))
}
