//! A data set as a JSON object, written as it is walked.

use adit_dimse::{Identifier, Tag, Value, dictionary, tags};

use super::value;

/// UTF-8, as (0008,0005) names it.
const UTF_8: &str = "ISO_IR 192";

/// Attributes whose values stay outside of the JSON, and where they are.
#[derive(Debug, Clone, Default)]
pub struct Bulk {
    /// The outermost attributes whose values are left out.
    pub attributes: Vec<Tag>,
    /// Their values are at this address followed by `/` and the tag; none: the attributes are left out with their values.
    pub address: Option<String>,
}

/// A data set as JSON. Group lengths and file meta information do not belong into it.
#[must_use]
pub fn to_json(set: &Identifier) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write(set, &Bulk::default(), &mut out);
    out
}

/// Appends a data set as a JSON object to `out`.
pub fn write(set: &Identifier, bulk: &Bulk, out: &mut Vec<u8>) {
    object(set, bulk, b"", out);
}

fn object(set: &Identifier, bulk: &Bulk, outer_charset: &[u8], out: &mut Vec<u8>) {
    let own = set.raw(tags::SPECIFIC_CHARACTER_SET).filter(|value| !value.is_empty());
    let charset = own.unwrap_or(outer_charset);
    out.push(b'{');
    let mut is_first = true;
    let mut entries = set.entries().peekable();
    let mut bulks = bulk.attributes.iter().filter(|_| bulk.address.is_some()).peekable();
    // Both are sorted; what is in both is written as bulk.
    loop {
        let next_bulk = bulks.peek().map(|tag| (tag.0, tag.1));
        let next = entries.peek().map(|(tag, _)| (tag.0, tag.1));
        let is_bulk = match (next_bulk, next) {
            (None, None) => break,
            (Some(bulk), Some(entry)) => bulk <= entry,
            (bulk, _) => bulk.is_some(),
        };
        if is_bulk {
            let Some(tag) = bulks.next() else { break };
            entries.next_if(|(entry, _)| (entry.0, entry.1) == (tag.0, tag.1));
            begin(*tag, &mut is_first, out);
            let address = bulk.address.as_deref().unwrap_or_default();
            out.extend_from_slice(b",\"BulkDataURI\":");
            value::string(&format!("{address}/{:04X}{:04X}", tag.0, tag.1), out);
            out.push(b'}');
            continue;
        }
        let Some((tag, value)) = entries.next() else { break };
        if tag.0 == 2 || tag.1 == 0 {
            continue;
        }
        let tag = known(tag, value);
        begin(tag, &mut is_first, out);
        match value {
            Value::Items(items) => sequence(items, charset, out),
            Value::Bytes(_) if tag == tags::SPECIFIC_CHARACTER_SET => {
                out.extend_from_slice(b",\"Value\":[");
                value::string(UTF_8, out);
                out.push(b']');
            }
            Value::Bytes(bytes) => value::write(tag.2, bytes, charset, out),
        }
        out.push(b'}');
    }
    out.push(b'}');
}

/// A value of unknown representation gets the one of the standard, if it knows one (PS3.5 6.2.2 Note 5).
fn known(tag: Tag, value: &Value) -> Tag {
    let Value::Bytes(_) = value else { return Tag(tag.0, tag.1, *b"SQ") };
    if &tag.2 != b"UN" {
        return tag;
    }
    match dictionary::vr_of(tag.0, tag.1, false) {
        vr if &vr == b"SQ" => tag,
        vr => Tag(tag.0, tag.1, vr),
    }
}

fn begin(tag: Tag, is_first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(is_first) {
        out.push(b',');
    }
    // A representation is two capital letters; what a peer sent instead of one does not get into the JSON.
    let vr = if tag.2.iter().all(u8::is_ascii_uppercase) { tag.2 } else { *b"UN" };
    let [first, second] = vr.map(char::from);
    out.extend_from_slice(format!("\"{:04X}{:04X}\":{{\"vr\":\"{first}{second}\"", tag.0, tag.1).as_bytes());
}

fn sequence(items: &[Identifier], charset: &[u8], out: &mut Vec<u8>) {
    if items.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"Value\":[");
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        object(item, &Bulk::default(), charset, out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn parsed(set: &Identifier) -> Json {
        serde_json::from_slice(&to_json(set)).unwrap()
    }

    #[test]
    fn values_look_as_annex_f_says() {
        let mut set = Identifier::new()
            .with(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 100")
            .with(tags::PATIENT_ID, "P\"1 ")
            .with(tags::STUDY_DATE, "20240301")
            .with(tags::MODALITIES_IN_STUDY, "CT\\\\MR")
            .with(tags::SERIES_NUMBER, "007 ")
            .asking(&[tags::STUDY_TIME]);
        set.set_raw(tags::PATIENT_NAME, b"M\xfcller^Hans=\xd6\xd6");
        set.set_raw(Tag(0x28, 0x10, *b"US"), &[0, 2]);
        set.set_raw(Tag(0x28, 0x9, *b"AT"), &[0x18, 0, 0x63, 0x10]);
        set.set_raw(Tag(0x18, 0x50, *b"DS"), b" 1.50\\+.5\\x");
        set.set_raw(Tag(0x18, 0x9087, *b"FD"), &f64::INFINITY.to_le_bytes());
        set.set_raw(Tag(0x9, 0x1001, *b"OB"), &[1, 2, 3, 4]);
        assert_eq!(
            parsed(&set),
            json!({
                "00080005": { "vr": "CS", "Value": ["ISO_IR 192"] },
                "00080020": { "vr": "DA", "Value": ["20240301"] },
                "00080030": { "vr": "TM" },
                "00080061": { "vr": "CS", "Value": ["CT", null, "MR"] },
                "00091001": { "vr": "OB", "InlineBinary": "AQIDBA==" },
                "00100010": { "vr": "PN", "Value": [{ "Alphabetic": "Müller^Hans", "Ideographic": "ÖÖ" }] },
                "00100020": { "vr": "LO", "Value": ["P\"1"] },
                "00180050": { "vr": "DS", "Value": [1.50, 0.5, "x"] },
                "00189087": { "vr": "FD", "Value": ["Infinity"] },
                "00200011": { "vr": "IS", "Value": [7] },
                "00280009": { "vr": "AT", "Value": ["00181063"] },
                "00280010": { "vr": "US", "Value": [512] },
            })
        );
    }

    #[test]
    fn items_are_objects_and_inherit_their_character_set() {
        let mut item = Identifier::new();
        item.set_raw(tags::STUDY_DESCRIPTION, b"Sch\xe4del");
        let mut set = Identifier::new().with(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 100");
        set.set_items(Tag(0x40, 0x275, *b"SQ"), vec![item, Identifier::new()]);
        set.set_items(Tag(0x40, 0x260, *b"SQ"), Vec::new());
        let json = parsed(&set);
        assert_eq!(json["00400275"]["Value"][0]["00081030"]["Value"][0], "Schädel");
        assert_eq!(json["00400275"]["Value"][1], json!({}));
        assert_eq!(json["00400260"], json!({ "vr": "SQ" }));
    }

    #[test]
    fn what_is_elsewhere_is_named_or_left_out() {
        let set = Identifier::new().with(tags::PATIENT_ID, "P1").with(Tag(0xFFFC, 0xFFFC, *b"OB"), "");
        let pixels = vec![Tag(0x7FE0, 0x10, *b"OW")];
        let mut out = Vec::new();
        write(&set, &Bulk { attributes: pixels.clone(), address: Some("http://a/b".into()) }, &mut out);
        let json: Json = serde_json::from_slice(&out).unwrap();
        assert_eq!(json["7FE00010"], json!({ "vr": "OW", "BulkDataURI": "http://a/b/7FE00010" }));
        assert_eq!(json.as_object().unwrap().len(), 3);
        out.clear();
        write(&set, &Bulk { attributes: pixels, address: None }, &mut out);
        assert!(serde_json::from_slice::<Json>(&out).unwrap().get("7FE00010").is_none());
    }

    #[test]
    fn a_known_attribute_of_unknown_representation_is_read_as_the_standard_says() {
        let mut set = Identifier::new();
        set.set_raw(Tag(0x10, 0x20, *b"UN"), b"P1");
        set.set_raw(Tag(0x9, 0x1002, *b"UN"), b"P1");
        set.set_raw(Tag(0x9, 0x1003, *b"\"}"), b"P1");
        let json = parsed(&set);
        assert_eq!(json["00100020"], json!({ "vr": "LO", "Value": ["P1"] }));
        assert_eq!(json["00091002"], json!({ "vr": "UN", "InlineBinary": "UDE=" }));
        assert_eq!(json["00091003"]["vr"], "UN");
    }
}
