//! One value as JSON (PS3.18 F.2.3): the part of an attribute's object behind its `vr`.

use adit_domain::text::decode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::number;

/// Appends a JSON string.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    // Writing to a vector does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// Appends `,"Value":[..]` or `,"InlineBinary":".."`; nothing for an empty value.
pub(super) fn write(vr: [u8; 2], bytes: &[u8], charset: &[u8], out: &mut Vec<u8>) {
    match &vr {
        _ if bytes.is_empty() => {}
        b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN" => binary(bytes, out),
        b"AT" => values(bytes.chunks_exact(4), out, |one, out| {
            string(&tag(one), out);
        }),
        b"US" | b"SS" | b"UL" | b"SL" | b"UV" | b"SV" | b"FL" | b"FD" => {
            values(bytes.chunks_exact(number::size(vr)), out, |one, out| number::binary(vr, one, out));
        }
        b"ST" | b"LT" | b"UT" | b"UR" => {
            let text = decode(unpadded(bytes), charset).text;
            let text = text.trim_end();
            if !text.is_empty() {
                values(std::iter::once(text), out, string);
            }
        }
        b"SH" | b"LO" | b"UC" | b"PN" => texts(vr, &decode(unpadded(bytes), charset).text, out),
        // All others are of the default repertoire.
        b"AE" | b"AS" | b"CS" | b"DA" | b"DS" | b"DT" | b"IS" | b"TM" | b"UI" => {
            texts(vr, &String::from_utf8_lossy(unpadded(bytes)), out);
        }
        _ => binary(bytes, out),
    }
}

/// A tag from its four bytes.
pub(super) fn tag(one: &[u8]) -> String {
    format!("{:04X}{:04X}", u16::from_le_bytes([one[0], one[1]]), u16::from_le_bytes([one[2], one[3]]))
}

fn unpadded(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"InlineBinary\":\"");
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

fn values<T>(all: impl Iterator<Item = T>, out: &mut Vec<u8>, mut one: impl FnMut(T, &mut Vec<u8>)) {
    out.extend_from_slice(b",\"Value\":[");
    for (number, value) in all.enumerate() {
        if number > 0 {
            out.push(b',');
        }
        one(value, out);
    }
    out.push(b']');
}

/// Values that are separated by backslashes; an empty one among others is null.
fn texts(vr: [u8; 2], text: &str, out: &mut Vec<u8>) {
    if text.trim().is_empty() {
        return;
    }
    values(text.split('\\'), out, |one, out| {
        let one = one.trim();
        match &vr {
            _ if one.is_empty() => out.extend_from_slice(b"null"),
            b"PN" => person(one, out),
            b"IS" => number::integer(one, out),
            b"DS" => number::decimal(one, out),
            _ => string(one, out),
        }
    });
}

/// A name by its groups (PS3.18 F.2.2).
fn person(name: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    let groups = ["Alphabetic", "Ideographic", "Phonetic"].into_iter().zip(name.split('='));
    let mut is_first = true;
    for (group, text) in groups.filter(|(_, text)| !text.trim().is_empty()) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        string(group, out);
        out.push(b':');
        string(text.trim(), out);
    }
    out.push(b'}');
}
