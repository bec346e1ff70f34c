//! Framing: a stream of bytes as a stream of frames.

use std::marker::PhantomData;

use bytes::{Buf, Bytes, BytesMut};
use derive_where::derive_where;
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

use crate::protocol::Protocol;

use super::{FRAME_BYTES_MAX, Frame, MAGIC, WireError};

/// One direction of a connection: the magic, then length-delimited frames.
#[derive_where(Debug)]
pub struct Codec<P> {
    /// The magic was sent, or read.
    opened: bool,
    /// The length of a frame was read, and not yet all of its body.
    within_frame: bool,
    frames: LengthDelimitedCodec,
    family: PhantomData<fn() -> P>,
}

impl<P> Default for Codec<P> {
    fn default() -> Codec<P> {
        Codec {
            opened: false,
            within_frame: false,
            frames: LengthDelimitedCodec::builder().max_frame_length(FRAME_BYTES_MAX).new_codec(),
            family: PhantomData,
        }
    }
}

impl<P: Protocol> Decoder for Codec<P> {
    type Item = Frame<P>;
    type Error = WireError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame<P>>, WireError> {
        if !self.opened {
            let Some(magic) = bytes.first_chunk().copied() else {
                return Ok(None);
            };
            if magic != MAGIC {
                return Err(WireError::Magic(magic));
            }
            bytes.advance(MAGIC.len());
            self.opened = true;
        }
        let before = bytes.len();
        // The one thing that it refuses is a length above the maximum.
        let frame = self.frames.decode(bytes).map_err(|_| WireError::TooLarge)?;
        match frame {
            Some(frame) => {
                self.within_frame = false;
                Frame::decode(&frame).map(Some)
            }
            None => {
                self.within_frame |= bytes.len() < before;
                Ok(None)
            }
        }
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Frame<P>>, WireError> {
        match self.decode(bytes)? {
            None if self.within_frame || !bytes.is_empty() => Err(WireError::Cut),
            frame => Ok(frame),
        }
    }
}

impl<P: Protocol> Encoder<Bytes> for Codec<P> {
    type Error = WireError;

    fn encode(&mut self, frame: Bytes, bytes: &mut BytesMut) -> Result<(), WireError> {
        if !self.opened {
            bytes.extend_from_slice(&MAGIC);
            self.opened = true;
        }
        self.frames.encode(frame, bytes).map_err(|_| WireError::TooLarge)
    }
}
