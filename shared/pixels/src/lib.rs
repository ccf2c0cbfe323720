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

/// One frame of this shape as [`decode`] gives it. Its color is what the code stream says, not what the header does: the decoders go by
/// the stream, too.
#[must_use]
pub fn decoded(transfer_syntax_uid: &str, data: &[u8], geometry: &Geometry) -> Geometry {
    let by_header = geometry.decoded(transfer_syntax_uid);
    let photometric = match codec(transfer_syntax_uid) {
        _ if geometry.samples != 3 => None,
        Some(Codec::Jpeg2000) => match (jpeg2000::has_transform(data), geometry.photometric.as_str()) {
            (Some(true), _) => Some("RGB"),
            // The stream holds luminance and chrominances as they are.
            (Some(false), "YBR_ICT") => Some("YBR_FULL"),
            _ => None,
        },
        Some(Codec::Jpeg) => match (jpeg::is_dct(data), geometry.photometric.as_str()) {
            (Some(true), _) => Some("RGB"),
            (Some(false), "YBR_FULL" | "YBR_FULL_422") => Some("YBR_FULL"),
            _ => None,
        },
        _ => None,
    };
    match photometric {
        Some(photometric) => Geometry { photometric: photometric.to_owned(), ..by_header },
        None => by_header,
    }
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
