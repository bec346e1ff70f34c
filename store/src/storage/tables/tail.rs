//! What stands behind the blocks of a table: where they are, and which keys they hold.
//!
//! ```text
//! | block | block | … | tail | tail offset 8 | tail length 4 | tail crc 4 | version 1 | magic 8 | crc 4 |
//!                             ╰──────────────────────────── footer ─────────────────────────────────╯
//! ```
//!
//! Each block ends with its own checksum. All of them start from the table's number and its node, and the
//! offset of what they cover. The last 13 bytes of every later version stay as they are.

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use crate::storage::Error;
use crate::storage::frame::integer;
use crate::storage::identity::Identity;

/// Length of a checksum.
pub const CRC_BYTES: usize = 4;
/// Length of the footer.
pub const FOOTER_BYTES: usize = 29;

const MAGIC: &[u8; 8] = b"perjtabl";
const VERSION: u8 = 1;

/// Where the blocks of a table are, and which keys they hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tail {
    /// The first key of each block, and the block's offset.
    pub index: Vec<(Vec<u8>, u64)>,
    /// Where the last block ends.
    pub blocks_end: u64,
    /// Which keys the table may hold.
    pub filter: Filter,
    /// How many entries there are.
    pub entries: u64,
}

/// The last bytes of a table: where its tail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// Where the tail begins.
    pub offset: u64,
    /// How long it is.
    pub length: u32,
    crc: u32,
}

/// The checksum of what stands at `offset` of a table.
pub fn crc(identity: Identity, offset: u64, bytes: &[u8]) -> u32 {
    let place = crc32c::crc32c_append(identity.seed(), &offset.to_le_bytes());
    crc32c::crc32c_append(place, bytes)
}

impl Tail {
    /// Tail and footer, to be written at `offset`.
    pub fn encode(&self, identity: Identity, offset: u64) -> Vec<u8> {
        let mut out = postcard::to_stdvec(self).expect("a vector takes every tail");
        let length = u32::try_from(out.len()).expect("a tail is a small part of a table");
        let footer = Footer { offset, length, crc: crc(identity, offset, &out) };
        out.extend_from_slice(&footer.encode(identity));
        out
    }

    /// The tail that the footer tells of; none when its bytes are not those that were written.
    pub fn decode(identity: Identity, footer: Footer, bytes: &[u8]) -> Option<Tail> {
        if crc(identity, footer.offset, bytes) != footer.crc {
            return None;
        }
        postcard::from_bytes(bytes).ok()
    }
}

impl Footer {
    fn encode(self, identity: Identity) -> [u8; FOOTER_BYTES] {
        let mut out = [0; FOOTER_BYTES];
        out[..8].copy_from_slice(&self.offset.to_le_bytes());
        out[8..12].copy_from_slice(&self.length.to_le_bytes());
        out[12..16].copy_from_slice(&self.crc.to_le_bytes());
        out[16] = VERSION;
        out[17..25].copy_from_slice(MAGIC);
        let own = crc(identity, 0, &out[..25]);
        out[25..].copy_from_slice(&own.to_le_bytes());
        out
    }

    /// Reads the footer of a table of this length; none when it is damaged. An error is a table in a format that
    /// this program does not know.
    pub fn decode(
        identity: Identity,
        bytes: &[u8; FOOTER_BYTES],
        file_bytes: u64,
    ) -> Result<Option<Footer>, Error> {
        let is_intact = integer(&bytes[25..]) == u64::from(crc(identity, 0, &bytes[..25]));
        if !is_intact || bytes[17..25] != *MAGIC {
            return Ok(None);
        }
        if bytes[16] != VERSION {
            return Err(Error::directory(
                identity.name(),
                format!(
                    "written in format version {}, and this program reads version {VERSION}; use the program that \
                     wrote it",
                    bytes[16]
                ),
            ));
        }
        let (offset, length) = (integer(&bytes[..8]), integer(&bytes[8..12]) as u32);
        let is_whole = offset.checked_add(u64::from(length) + FOOTER_BYTES as u64) == Some(file_bytes);
        Ok(is_whole.then_some(Footer { offset, length, crc: integer(&bytes[12..16]) as u32 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer(change: impl FnOnce(&mut [u8; FOOTER_BYTES])) -> Result<Option<Footer>, Error> {
        let identity = Identity::of_table("n1", 7);
        let mut bytes = Footer { offset: 100, length: 20, crc: 3 }.encode(identity);
        change(&mut bytes);
        Footer::decode(identity, &bytes, 149)
    }

    #[test]
    fn a_footer_is_whole_or_none() {
        assert_eq!(footer(|_| ()).unwrap(), Some(Footer { offset: 100, length: 20, crc: 3 }));
        for byte in 0..FOOTER_BYTES {
            assert_eq!(footer(|bytes| bytes[byte] ^= 1).unwrap(), None, "byte {byte}");
        }
    }

    #[test]
    fn refuses_a_later_format() {
        let later = footer(|bytes| {
            bytes[16] = 2;
            let own = crc(Identity::of_table("n1", 7), 0, &bytes[..25]);
            bytes[25..].copy_from_slice(&own.to_le_bytes());
        });
        let error = later.unwrap_err().to_string();
        assert!(error.starts_with("table-0000000007: written in format version 2"), "{error}");
    }
}
