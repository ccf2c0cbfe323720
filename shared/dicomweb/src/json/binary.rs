//! Values of binary representations as people write them, and back: numbers, and tags as eight hexadecimal digits.

use adit_dimse::Tag;
use serde_json::Value;

use super::{number, read, value};

/// Whether values of this VR are binary numbers or tags.
#[must_use]
pub fn is_binary(vr: [u8; 2]) -> bool {
    matches!(&vr, b"AT" | b"FD" | b"FL" | b"SL" | b"SS" | b"SV" | b"UL" | b"US" | b"UV")
}

/// Little endian values as text; none if those of this VR are no binary numbers.
#[must_use]
pub fn to_texts(vr: [u8; 2], bytes: &[u8]) -> Option<Vec<String>> {
    let text = |one: &[u8]| {
        if &vr == b"AT" {
            return value::tag(one);
        }
        let mut text = Vec::new();
        number::binary(vr, one, &mut text);
        // What JSON cannot hold as a number stands in quotes.
        String::from_utf8_lossy(&text).trim_matches('"').to_owned()
    };
    is_binary(vr).then(|| bytes.chunks_exact(number::size(vr)).map(text).collect())
}

/// One value of a binary VR in little endian; none if the text is no number that has room in it.
#[must_use]
pub fn from_text(vr: [u8; 2], text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let is_plain = match &vr {
        b"AT" => text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
        b"FL" | b"FD" => text.parse::<f64>().is_ok_and(f64::is_finite),
        _ => is_binary(vr),
    };
    let value = is_plain.then(|| Value::String(text.to_owned()))?;
    read::encoded(Tag(0, 0, vr), &[value]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_there_and_back() {
        for (vr, text, bytes) in [
            (*b"US", "512", &[0, 2][..]),
            (*b"US", "5", &[5, 0]),
            (*b"SS", "-2", &[0xFE, 0xFF]),
            (*b"UL", "4294967295", &[0xFF; 4]),
            (*b"SL", "-1", &[0xFF; 4]),
            (*b"FL", "0.5", &[0, 0, 0, 0x3F]),
            (*b"FD", "-1.5", &[0, 0, 0, 0, 0, 0, 0xF8, 0xBF]),
            (*b"SV", "-9223372036854775808", &[0, 0, 0, 0, 0, 0, 0, 0x80]),
            (*b"UV", "18446744073709551615", &[0xFF; 8]),
            (*b"AT", "00186310", &[0x18, 0, 0x10, 0x63]),
        ] {
            assert_eq!(from_text(vr, text).as_deref(), Some(bytes), "{text}");
            assert_eq!(to_texts(vr, bytes), Some(vec![text.to_owned()]));
        }
        assert_eq!(to_texts(*b"US", &[1, 0, 2, 0]), Some(vec!["1".to_owned(), "2".to_owned()]));
        assert_eq!((to_texts(*b"IS", b"12"), from_text(*b"IS", "12")), (None, None));
    }

    #[test]
    fn what_has_no_room_is_none() {
        for (vr, text) in [
            (*b"US", "65536"),
            (*b"US", "-1"),
            (*b"US", "many"),
            (*b"US", "5*"),
            (*b"SS", "40000"),
            (*b"FL", "1e300"),
            (*b"FD", "NaN"),
            (*b"UV", "1.5"),
            (*b"AT", "1863"),
            (*b"AT", "+0186310"),
        ] {
            assert_eq!(from_text(vr, text), None, "{text}");
        }
    }
}
