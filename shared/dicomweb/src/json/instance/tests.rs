use adit_dimse::{Identifier, uids};

use super::*;

fn one(text: &str) -> Instance {
    instance(text.as_bytes()).unwrap()
}

fn bytes(instance: &Instance) -> Vec<u8> {
    let pieces = instance.pieces.as_ref().unwrap();
    pieces.iter().flat_map(|piece| if let Piece::Bytes(bytes) = piece { bytes.clone() } else { Vec::new() }).collect()
}

#[test]
fn a_data_set_is_what_the_json_says_in_its_order() {
    let instance = one(r#"{
        "7FE00010": {"vr":"OW","BulkDataURI":"bulk/1"},
        "00081140": {"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2.3"]}}, {}]},
        "00100010": {"vr":"PN","Value":[{"Alphabetic":"Müller^Hans"}]},
        "00080005": {"vr":"CS","Value":["ISO_IR 100"]},
        "00080016": {"vr":"UI","Value":["1.2"]}, "00080018": {"vr":"UI","Value":["1.3"]},
        "0020000D": {"vr":"UI","Value":["1.4"]}, "00280008": {"vr":"IS","Value":["5"]},
        "00020010": {"vr":"UI","Value":["9.9"]}, "00083002": {"vr":"UI","Value":["9.9"]},
        "00281201": {"vr":"OW","InlineBinary":"AQID"}, "00180050": {"vr":"DS","Value":[0.30000000000000004]},
        "00080060": {"vr":"CS"}
    }"#);
    assert_eq!((&*instance.sop_class_uid, &*instance.sop_instance_uid), ("1.2", "1.3"));
    assert_eq!((&*instance.study_instance_uid, instance.frames), ("1.4", 5));
    let set = Identifier::decode(&bytes(&instance), uids::EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
    assert_eq!(set.text(tags::PATIENT_NAME), "Müller^Hans");
    assert_eq!(set.raw(tags::SPECIFIC_CHARACTER_SET), Some(&b"ISO_IR 192"[..]));
    assert!(bytes(&instance).windows(8).any(|window| window == [4, 0, 0, 0, 1, 2, 3, 0]), "it is not padded");
    assert!(set.text(Tag(0x18, 0x50, *b"DS")).len() <= 16);
    assert_eq!(set.items(Tag(0x8, 0x1140, *b"SQ")).unwrap().len(), 2);
    assert!(!set.contains(Tag(0x8, 0x3002, *b"UI")) && set.contains(tags::MODALITY));
    let pixels = Elsewhere { tag: Tag(0x7FE0, 0x10, *b"OW"), address: "bulk/1".into(), is_pixels: true };
    assert_eq!(instance.pieces.unwrap().last(), Some(&Piece::Elsewhere(pixels)));
}

#[test]
fn an_instance_that_makes_no_sense_is_none_and_says_who_it_is() {
    assert!(one(r#"{"00080018":{"vr":"UI","Value":["1"]}}"#).pieces.is_ok() && one("{}").pieces.is_ok());
    let wrong = one(r#"{"00080018":{"vr":"UI","Value":["1"]},"00280010":{"vr":"US","Value":["x"]}}"#);
    assert!(wrong.pieces.is_err() && wrong.sop_instance_uid == "1");
    for wrong in [
        r#"{"FFFEE000":{"vr":"OB"}}"#,
        r#"{"00100010":{"vr":"XX"}}"#,
        r#"{"7FE00010":{"vr":"OW"},"7fe00010":{"vr":"OW"}}"#,
        r#"{"00081140":{"vr":"SQ","BulkDataURI":"x"}}"#,
        r#"{"7FE00010":{"vr":"OW","Value":[1]}}"#,
        r#"{"7FE00010":{"vr":"OW","InlineBinary":"?"}}"#,
        r#"{"00100010":1}"#,
    ] {
        assert!(one(wrong).pieces.is_err(), "{wrong}");
    }
    let nested =
        |levels| format!("{}{{}}{}", r#"{"00400275":{"vr":"SQ","Value":["#.repeat(levels), "]}}".repeat(levels));
    assert!(one(&nested(32)).pieces.is_ok() && one(&nested(33)).pieces.is_err());
}
