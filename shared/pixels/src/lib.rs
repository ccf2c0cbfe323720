//! Frames of pixel data: where each one lies, compressed bytes to samples, samples to RLE, samples to pictures. Knows nothing of data
//! sets or policies.
//!
//! Everything but JPEG 2000 is decoded here: the decoders take hostile bytes, allocate no more than the frame's shape asks
//! for, and refuse what they do not understand instead of guessing.

mod bits;
pub mod encapsulated;
mod error;
mod geometry;
mod jpeg;
mod jpeg2000;
mod jpegls;
pub mod native;
pub mod render;
pub mod rle;
mod shape;

pub use error::CodecError;
pub use geometry::{Geometry, expected_length};
pub use shape::FrameShape;

/// Whether frames in this transfer syntax can be decoded.
#[must_use]
pub fn supports(transfer_syntax_uid: &str) -> bool {
    codec(transfer_syntax_uid).is_some()
}

/// Decodes one frame to little-endian samples, color by pixel. Lossy JPEG in YCbCr becomes RGB, and JPEG 2000 undoes its own
/// color transform; all other color stays as coded.
pub fn decode(transfer_syntax_uid: &str, data: &[u8], shape: &FrameShape) -> Result<Vec<u8>, CodecError> {
    shape.check()?;
    let decoded = match codec(transfer_syntax_uid).ok_or(CodecError::Unsupported("transfer syntax"))? {
        Codec::RunLength => rle::decode(data, shape),
        Codec::Jpeg => jpeg::decode(data, shape),
        Codec::JpegLs => jpegls::decode(data, shape),
        Codec::Jpeg2000 => jpeg2000::decode(data, shape),
    }?;
    if decoded.len() == shape.length() { Ok(decoded) } else { Err(CodecError::Shape) }
}

enum Codec {
    RunLength,
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// PS3.5 Section 10, PS3.6 Annex A.
fn codec(transfer_syntax_uid: &str) -> Option<Codec> {
    match transfer_syntax_uid {
        "1.2.840.10008.1.2.5" => Some(Codec::RunLength),
        "1.2.840.10008.1.2.4.50" | "1.2.840.10008.1.2.4.51" | "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => {
            Some(Codec::Jpeg)
        }
        "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => Some(Codec::JpegLs),
        "1.2.840.10008.1.2.4.90" | "1.2.840.10008.1.2.4.91" => Some(Codec::Jpeg2000),
        _ => None,
    }
}
