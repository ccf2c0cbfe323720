//! In which transfer syntax pixel data come that are sent beside their metadata (PS3.18 8.7.3.3).

use adit_dimse::uids::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};
use adit_domain::Uid;
use adit_pixels::encapsulated::is_encapsulated;

use super::OCTETS;
use crate::accept::MediaType;

/// The transfer syntax of an object whose pixel data have this media type; none: no object can be made of them. Uncompressed ones are little
/// endian, whether they say so or not.
#[must_use]
pub fn transfer_syntax(kind: &MediaType) -> Option<String> {
    if let Some(named) = kind.parameter("transfer-syntax").filter(|named| !named.is_empty()) {
        return match named {
            EXPLICIT_VR_LITTLE_ENDIAN | IMPLICIT_VR_LITTLE_ENDIAN => Some(EXPLICIT_VR_LITTLE_ENDIAN.to_owned()),
            // Deflated, big endian, or no transfer syntax at all.
            _ => Some(named.to_owned()).filter(|named| is_encapsulated(named) && Uid::parse(named).is_ok()),
        };
    }
    // The default of each media type (PS3.18 Tables 8.7.3-2 to 8.7.3-5).
    let number = match kind.essence.as_str() {
        OCTETS | "" => return Some(EXPLICIT_VR_LITTLE_ENDIAN.to_owned()),
        "image/dicom-rle" => return Some("1.2.840.10008.1.2.5".to_owned()),
        "image/jpeg" => 70,
        "image/jls" => 80,
        "image/jp2" => 90,
        "image/jpx" => 92,
        "video/mpeg2" => 100,
        "video/mp4" => 102,
        "video/h265" => 107,
        "image/jxl" => 110,
        "image/jphc" => 201,
        _ => return None,
    };
    Some(format!("1.2.840.10008.1.2.4.{number}"))
}

/// Whether one stream holds all frames.
#[must_use]
pub fn is_video(transfer_syntax_uid: &str) -> bool {
    let number = transfer_syntax_uid.strip_prefix("1.2.840.10008.1.2.4.").and_then(|rest| rest.get(..3));
    number.and_then(|number| number.parse().ok()).is_some_and(|number: u32| (100..=108).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_counts_else_the_default() {
        let of = |text: &str| transfer_syntax(&MediaType::parse(text));
        for (text, expected) in [
            ("application/octet-stream", Some("1.2.840.10008.1.2.1")),
            ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2", Some("1.2.840.10008.1.2.1")),
            ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.5", Some("1.2.840.10008.1.2.5")),
            ("image/jpeg", Some("1.2.840.10008.1.2.4.70")),
            ("image/jpeg; transfer-syntax=\"1.2.840.10008.1.2.4.50\"", Some("1.2.840.10008.1.2.4.50")),
            ("video/H265", Some("1.2.840.10008.1.2.4.107")),
            ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.2", None),
            ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1.99", None),
            ("application/octet-stream; transfer-syntax=x", None),
            ("image/png", None),
        ] {
            assert_eq!(of(text).as_deref(), expected, "{text}");
        }
        let video = ["1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.100.1", "1.2.840.10008.1.2.4.50", "1.2"];
        assert_eq!(video.map(is_video), [true, true, false, false]);
    }
}
