//! Jepsen's history in EDN: one vector or list of operation maps, as Knossos keeps its examples.
//!
//! ```text
//! [{:process 0, :type :invoke, :f :read, :value nil}
//!  {:process 0, :type :ok, :f :read, :value 3}]
//! ```
//!
//! Read like [`jepsen_edn`], operation by operation.

use super::{Format, Read, jepsen_edn};

/// One vector or list of operation maps.
pub const FORMAT: Format = Format {
    name: "jepsen-edn-vec",
    about: "Jepsen's history in EDN: one vector or list of operation maps",
    fits: |head| super::text(head).is_some_and(|text| jepsen_edn::fits(text, true)),
    read: Read::File(|input| jepsen_edn::read(input)),
    write: None,
};
