//! In which form frames go to a client (PS3.18 8.7.3.3).

use adit_dimse::uids::EXPLICIT_VR_LITTLE_ENDIAN;
use adit_pixels::encapsulated::is_encapsulated;

use super::InvalidAddress;
use crate::accept::{MediaType, NotAcceptable, ranges};

/// Media type of what is uncompressed.
pub const OCTETS: &str = "application/octet-stream";
/// Frames in one address at most.
const MAX_FRAMES: usize = 10_000;

/// How frames go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameForm {
    /// They are decoded first.
    pub decode: bool,
    /// Media type of a part.
    pub media_type: &'static str,
    /// Transfer syntax of a part.
    pub transfer_syntax_uid: String,
    /// One frame goes as it is, not as a part.
    pub is_single: bool,
}

/// The frames of an address, counted from 1: `3`, or `1,2,5`.
pub fn numbers(list: &str) -> Result<Vec<u32>, InvalidAddress> {
    let frames: Option<Vec<u32>> =
        list.split(',').take(MAX_FRAMES + 1).map(|one| one.trim().parse().ok().filter(|number| *number > 0)).collect();
    frames.filter(|frames| frames.len() <= MAX_FRAMES).ok_or_else(|| {
        InvalidAddress(
            "Frames are named by their numbers, counted from 1, such as frames/1 or frames/1,2,3.".to_owned(),
        )
    })
}

/// How frames that are stored in this transfer syntax go to a client. Without a wish they go as they are stored; uncompressed ones that it
/// asks for are decoded if `can_decode`.
///
/// `application/octet-stream` with the transfer syntax `*` gives compressed frames as they are under this name: viewers ask so, and look at
/// the transfer syntax of the part.
pub fn frames(header: &str, stored: &str, can_decode: bool) -> Result<FrameForm, NotAcceptable> {
    let is_compressed = is_encapsulated(stored);
    let own = if is_compressed { media_type(stored) } else { OCTETS };
    let uncompressed = if is_compressed { stored } else { EXPLICIT_VR_LITTLE_ENDIAN };
    let as_stored = |media_type, is_single| FrameForm {
        decode: false,
        media_type,
        transfer_syntax_uid: uncompressed.to_owned(),
        is_single,
    };
    for range in ranges(header) {
        let (kind, is_single) = match range.essence.as_str() {
            "multipart/related" => (range.parameter("type").unwrap_or("*/*").to_ascii_lowercase(), false),
            "multipart/*" | "*/*" => ("*/*".to_owned(), false),
            other => (other.to_owned(), true),
        };
        let syntax = range.parameter("transfer-syntax").filter(|syntax| !syntax.is_empty());
        let takes_stored = syntax.is_none_or(|syntax| syntax == "*" || syntax == stored || syntax == uncompressed);
        let wants_plain = syntax.is_none_or(|syntax| syntax == EXPLICIT_VR_LITTLE_ENDIAN);
        match kind.as_str() {
            "*/*" if takes_stored => return Ok(as_stored(own, is_single)),
            OCTETS | "application/*" | "*/*" if is_compressed && wants_plain && can_decode => {
                let transfer_syntax_uid = EXPLICIT_VR_LITTLE_ENDIAN.to_owned();
                return Ok(FrameForm { decode: true, media_type: OCTETS, transfer_syntax_uid, is_single });
            }
            OCTETS | "application/*" if takes_stored && (!is_compressed || syntax.is_some()) => {
                return Ok(as_stored(OCTETS, is_single));
            }
            wanted if takes_stored && covers(wanted, own) => return Ok(as_stored(own, is_single)),
            _ => {}
        }
    }
    let other = if is_compressed && can_decode { ", or application/octet-stream for uncompressed ones" } else { "" };
    Err(NotAcceptable(format!(
        "The frames are stored as {own} in the transfer syntax {stored}. Send multipart/related; type=\"{own}\"; transfer-syntax=* as the header Accept{other}."
    )))
}

/// Whether a client takes a value as it is, or as the only part of a body.
pub fn octets(header: &str) -> Result<bool, NotAcceptable> {
    let takes = |range: &MediaType| match range.essence.as_str() {
        "multipart/related" => match range.parameter("type").unwrap_or("*/*") {
            OCTETS | "application/*" | "*/*" => Some(false),
            _ => None,
        },
        "multipart/*" => Some(false),
        OCTETS | "application/*" | "*/*" => Some(true),
        _ => None,
    };
    let taken = ranges(header).iter().find_map(takes);
    taken.ok_or_else(|| {
        NotAcceptable("Values are given as application/octet-stream. Send that as the header Accept.".to_owned())
    })
}

fn covers(wanted: &str, own: &str) -> bool {
    wanted == own || wanted.strip_suffix('*').is_some_and(|class| class.ends_with('/') && own.starts_with(class))
}

/// The media type of one stored frame (PS3.18 Tables 8.7.3-4 and 8.7.3-5).
fn media_type(transfer_syntax_uid: &str) -> &'static str {
    let number = transfer_syntax_uid.strip_prefix("1.2.840.10008.1.2.4.").and_then(|rest| rest.parse().ok());
    match number {
        _ if transfer_syntax_uid == "1.2.840.10008.1.2.5" => "image/dicom-rle",
        Some(50_u32..=70) => "image/jpeg",
        Some(80 | 81) => "image/jls",
        Some(90 | 91) => "image/jp2",
        Some(92 | 93) => "image/jpx",
        Some(100 | 101) => "video/mpeg2",
        Some(102..=106) => "video/mp4",
        Some(107 | 108) => "video/H265",
        Some(110..=112) => "image/jxl",
        Some(201..=203) => "image/jphc",
        _ => OCTETS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &str = "1.2.840.10008.1.2.4.50";
    const IMPLICIT: &str = "1.2.840.10008.1.2";

    fn form(header: &str, stored: &str) -> Option<(bool, &'static str, String, bool)> {
        let form = frames(header, stored, true).ok()?;
        Some((form.decode, form.media_type, form.transfer_syntax_uid, form.is_single))
    }

    #[test]
    fn frames_go_as_they_are_stored_unless_somebody_asks_otherwise() {
        let stored = Some((false, "image/jpeg", JPEG.to_owned(), false));
        for header in [
            "",
            "*/*",
            "multipart/related",
            "multipart/related; type=\"image/jpeg\"",
            "multipart/related; type=\"image/*\"; transfer-syntax=*",
            "multipart/related; type=\"image/jls\", multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.50",
        ] {
            assert_eq!(form(header, JPEG), stored, "{header}");
        }
        assert_eq!(form("image/jpeg", JPEG), Some((false, "image/jpeg", JPEG.to_owned(), true)));
        let plain = Some((false, OCTETS, EXPLICIT_VR_LITTLE_ENDIAN.to_owned(), false));
        assert_eq!(form("*/*", IMPLICIT), plain);
        assert_eq!(form("multipart/related; type=\"application/octet-stream\"; transfer-syntax=*", IMPLICIT), plain);
        assert_eq!(form("multipart/related; type=\"application/octet-stream\"", IMPLICIT), plain);
    }

    #[test]
    fn uncompressed_frames_are_decoded_and_viewers_get_what_they_mean() {
        let decoded = Some((true, OCTETS, EXPLICIT_VR_LITTLE_ENDIAN.to_owned(), false));
        assert_eq!(form("multipart/related; type=\"application/octet-stream\"", JPEG), decoded);
        let named = "multipart/related; type=application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1";
        assert_eq!(form(named, JPEG), decoded);
        for header in [named, "multipart/related; type=\"application/octet-stream\""] {
            assert!(frames(header, JPEG, false).is_err(), "{header}");
        }
        let any = "multipart/related; type=application/octet-stream; transfer-syntax=*";
        assert_eq!(form(any, JPEG), Some((false, OCTETS, JPEG.to_owned(), false)));
    }

    #[test]
    fn what_is_not_there_is_not_given() {
        for header in [
            "image/png",
            "multipart/related; type=\"image/jls\"",
            "multipart/related; type=\"image/jpeg\"; transfer-syntax=1.2.840.10008.1.2.4.70",
        ] {
            assert_eq!(form(header, JPEG), None, "{header}");
        }
        assert_eq!(form("multipart/related; type=\"image/jpeg\"", IMPLICIT), None);
        let refused = frames("image/png", JPEG, true).unwrap_err().0;
        assert!(refused.contains("image/jpeg") && refused.contains("uncompressed"), "{refused}");
    }

    #[test]
    fn stored_frames_have_a_media_type() {
        for (syntax, expected) in [
            ("1.2.840.10008.1.2.5", "image/dicom-rle"),
            ("1.2.840.10008.1.2.4.57", "image/jpeg"),
            ("1.2.840.10008.1.2.4.80", "image/jls"),
            ("1.2.840.10008.1.2.4.90", "image/jp2"),
            ("1.2.840.10008.1.2.4.202", "image/jphc"),
            ("1.2.840.10008.1.2.4.103", "video/mp4"),
            ("1.2.3", OCTETS),
        ] {
            assert_eq!(media_type(syntax), expected, "{syntax}");
        }
    }

    #[test]
    fn values_go_as_they_are_or_as_a_part() {
        assert_eq!(octets(""), Ok(true));
        assert_eq!(octets("multipart/related; type=\"application/octet-stream\""), Ok(false));
        assert!(octets("image/png").is_err());
    }

    #[test]
    fn frames_are_named_by_numbers() {
        assert_eq!(numbers("3"), Ok(vec![3]));
        assert_eq!(numbers("1,2, 5"), Ok(vec![1, 2, 5]));
        for wrong in ["", "0", "a", "1,,2", "-1", "4294967296", &"1,".repeat(20_000)] {
            assert!(numbers(wrong).is_err());
        }
    }
}
