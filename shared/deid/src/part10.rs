//! File meta information (PS3.10 Section 7): written anew for every file, read with limits.

use thiserror::Error;

use crate::element::{header, put_header};
use crate::syntax::Syntax;

/// Preamble and prefix.
const PREFIX: usize = 132;
/// Longest file meta information that is read.
const MAX_META: usize = 1 << 20;

/// What the beginning of a file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part10Head {
    /// (0002,0002)
    pub sop_class_uid: String,
    /// (0002,0003)
    pub sop_instance_uid: String,
    /// (0002,0010)
    pub transfer_syntax_uid: String,
    /// Where the data set begins, in bytes.
    pub data_set_offset: u64,
}

/// A file that is not DICOM, or not readable as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a DICOM file")]
pub struct NotPart10;

/// 128 zero bytes, `DICM`, and file meta information that names us as its writer.
#[must_use]
pub fn file_meta(
    sop_class_uid: &str,
    sop_instance_uid: &str,
    transfer_syntax_uid: &str,
    implementation_class_uid: &str,
    implementation_version_name: &str,
) -> Vec<u8> {
    let mut group = Vec::with_capacity(256);
    put_header(&mut group, Syntax::EXPLICIT, 0x0002_0001, *b"OB", 2);
    group.extend_from_slice(&[0, 1]);
    for (tag, vr, text) in [
        (0x0002_0002, *b"UI", sop_class_uid),
        (0x0002_0003, *b"UI", sop_instance_uid),
        (0x0002_0010, *b"UI", transfer_syntax_uid),
        (0x0002_0012, *b"UI", implementation_class_uid),
        (0x0002_0013, *b"SH", implementation_version_name),
    ] {
        let even = text.len().next_multiple_of(2);
        put_header(&mut group, Syntax::EXPLICIT, tag, vr, u32::try_from(even).unwrap_or(0));
        group.extend_from_slice(text.as_bytes());
        if even > text.len() {
            group.push(if vr == *b"UI" { 0 } else { b' ' });
        }
    }
    let mut all = vec![0; 128];
    all.extend_from_slice(b"DICM");
    put_header(&mut all, Syntax::EXPLICIT, 0x0002_0000, *b"UL", 4);
    all.extend_from_slice(&u32::try_from(group.len()).unwrap_or(0).to_le_bytes());
    all.extend_from_slice(&group);
    all
}

/// Reads the beginning of a file; `bytes` should hold its first few kilobytes. A wrong or missing group length does no harm.
pub fn parse_head(bytes: &[u8]) -> Result<Part10Head, NotPart10> {
    if bytes.get(128..PREFIX) != Some(b"DICM") {
        return Err(NotPart10);
    }
    let mut head = Part10Head::default();
    let mut at = PREFIX;
    while let Some(element) = header(&bytes[at..], Syntax::EXPLICIT).filter(|element| element.tag >> 16 == 2) {
        let length = element.length as usize;
        let value = bytes.get(at + element.size..).and_then(|rest| rest.get(..length)).ok_or(NotPart10)?;
        let text = || String::from_utf8_lossy(value).trim_matches(|c: char| c == '\0' || c == ' ').to_owned();
        match element.tag {
            0x0002_0002 => head.sop_class_uid = text(),
            0x0002_0003 => head.sop_instance_uid = text(),
            0x0002_0010 => head.transfer_syntax_uid = text(),
            _ => {}
        }
        at += element.size + length;
        if at > MAX_META {
            return Err(NotPart10);
        }
    }
    head.data_set_offset = at as u64;
    if head.transfer_syntax_uid.is_empty() { Err(NotPart10) } else { Ok(head) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = file_meta("1.2.840.10008.5.1.4.1.1.2", "1.2.3", "1.2.840.10008.1.2.1", "2.25.1", "ADIT");
        let offset = bytes.len() as u64;
        bytes.extend_from_slice(&[8, 0, 5, 0, b'C', b'S', 0, 0]);
        let head = parse_head(&bytes).unwrap();
        assert_eq!((head.sop_instance_uid.as_str(), head.data_set_offset), ("1.2.3", offset));
        assert!(bytes[..128].iter().all(|byte| *byte == 0));
        assert_eq!(parse_head(b"no"), Err(NotPart10));
    }
}
