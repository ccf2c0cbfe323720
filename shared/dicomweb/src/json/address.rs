//! Addresses of values that stay outside: written once, completed for each client that reads them.

use memchr::memmem;

use super::value;

/// How the address of a value begins in what [`super::write`] makes. A text never holds this: in it, each quotation mark has a backslash.
const KEY: &[u8] = b"\"BulkDataURI\":\"";

/// Completes the addresses in an object that [`super::write`] has made: `before` goes before each of them, `after` behind it.
#[must_use]
pub fn complete(json: &[u8], before: &str, after: &str) -> Vec<u8> {
    let (before, after) = (escaped(before), escaped(after));
    let mut out = Vec::with_capacity(json.len() + 256);
    let mut rest = json;
    while let Some(place) = memmem::find(rest, KEY) {
        let (head, address) = rest.split_at(place + KEY.len());
        let Some(end) = memchr::memchr(b'"', address) else { break };
        out.extend_from_slice(head);
        out.extend_from_slice(&before);
        out.extend_from_slice(&address[..end]);
        out.extend_from_slice(&after);
        rest = &address[end..];
    }
    out.extend_from_slice(rest);
    out
}

/// As a part of a JSON string.
fn escaped(text: &str) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    value::string(text, &mut quoted);
    quoted.pop();
    quoted.drain(..1);
    quoted
}

#[cfg(test)]
mod tests {
    use adit_dimse::{Identifier, Tag, tags};
    use serde_json::Value;

    use super::super::{Bulk, write};
    use super::*;

    #[test]
    fn addresses_are_completed_and_texts_that_look_like_them_are_not() {
        let sly = "\"BulkDataURI\":\"x";
        let set = Identifier::new().with(tags::PATIENT_NAME, sly).with(tags::PATIENT_ID, "a\\\",\"BulkDataURI\":\"");
        let attributes = vec![Tag(0x28, 0x3006, *b"OW"), Tag(0x7FE0, 0x10, *b"OW")];
        let mut json = Vec::new();
        write(&set, &Bulk { attributes, address: Some("series/1/bulkdata".into()) }, &mut json);
        let done: Value = serde_json::from_slice(&complete(&json, "http://a\"b/", "?pseudonym=P%22")).unwrap();
        let plain: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(done["7FE00010"]["BulkDataURI"], "http://a\"b/series/1/bulkdata/7FE00010?pseudonym=P%22");
        assert_eq!(done["00283006"]["BulkDataURI"], "http://a\"b/series/1/bulkdata/00283006?pseudonym=P%22");
        assert_eq!((&done["00100010"], &done["00100020"]), (&plain["00100010"], &plain["00100020"]));
        assert_eq!(complete(b"{}", "x", "y"), b"{}");
    }
}
