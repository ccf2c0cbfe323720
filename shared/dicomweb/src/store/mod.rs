//! The answer of a store transaction (PS3.18 10.5.3, PS3.3 C.34 Store Instances Response Module), in both directions.

mod read;
mod write;

pub use read::InvalidAnswer;

/// What has become of each instance of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreAnswer {
    /// Where the study can be retrieved (0008,1190); empty: not said, or there are several.
    pub retrieve_url: String,
    /// Referenced SOP Sequence (0008,1199).
    pub stored: Vec<Stored>,
    /// Failed SOP Sequence (0008,1198).
    pub failed: Vec<Failed>,
}

/// An instance that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// Referenced SOP Class UID (0008,1150).
    pub sop_class_uid: String,
    /// Referenced SOP Instance UID (0008,1155).
    pub sop_instance_uid: String,
    /// Where it can be retrieved (0008,1190); empty: not said.
    pub retrieve_url: String,
    /// Warning Reason (0008,1196): it was stored with a remark.
    pub warning: Option<u16>,
}

/// An instance that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failed {
    /// Referenced SOP Class UID (0008,1150); empty: nobody knows.
    pub sop_class_uid: String,
    /// Referenced SOP Instance UID (0008,1155); empty: nobody knows.
    pub sop_instance_uid: String,
    /// Failure Reason (0008,1197), one of [`reason`] or a status of the archive behind.
    pub reason: u16,
}

/// Reasons of failures and warnings (PS3.18 Table I.2-2, PS3.4 B.2.3), which are DIMSE statuses.
pub mod reason {
    /// Refused: out of resources.
    pub const OUT_OF_RESOURCES: u16 = 0xA700;
    /// The data set does not match: another study than the path's, another instance than the header's.
    pub const DOES_NOT_MATCH: u16 = 0xA900;
    /// The data set cannot be understood.
    pub const CANNOT_UNDERSTAND: u16 = 0xC000;
    /// A value that the metadata name did not come.
    pub const VALUE_MISSING: u16 = 0xC001;
    /// The transfer syntax is not supported.
    pub const SYNTAX_NOT_SUPPORTED: u16 = 0xC122;
    /// Processing failure.
    pub const PROCESSING_FAILURE: u16 = 0x0110;
    /// The SOP class is not supported.
    pub const CLASS_NOT_SUPPORTED: u16 = 0x0122;
    /// Refused: not authorized.
    pub const NOT_AUTHORIZED: u16 = 0x0124;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> StoreAnswer {
        StoreAnswer {
            retrieve_url: "https://a/studies/1.2".into(),
            stored: vec![
                Stored {
                    sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".into(),
                    sop_instance_uid: "1.2.3".into(),
                    retrieve_url: "https://a/studies/1.2/series/1/instances/1.2.3".into(),
                    warning: None,
                },
                Stored { sop_instance_uid: "1.2.4".into(), warning: Some(0xB007), ..Stored::default() },
            ],
            failed: vec![Failed {
                sop_instance_uid: "1.2.5".into(),
                reason: reason::DOES_NOT_MATCH,
                ..Failed::default()
            }],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let given = answer();
        assert_eq!(StoreAnswer::parse(&given.to_json()).unwrap(), given);
        assert_eq!(StoreAnswer::parse(&StoreAnswer::default().to_json()).unwrap(), StoreAnswer::default());
    }

    #[test]
    fn the_form_is_one_object_with_both_sequences() {
        let value: serde_json::Value = serde_json::from_slice(&answer().to_json()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "00081190": {"vr": "UR", "Value": ["https://a/studies/1.2"]},
                "00081198": {"vr": "SQ", "Value": [{
                    "00080018": {"vr": "UI", "Value": ["1.2.5"]},
                    "00081155": {"vr": "UI", "Value": ["1.2.5"]},
                    "00081197": {"vr": "US", "Value": [0xA900]}
                }]},
                "00081199": {"vr": "SQ", "Value": [
                    {
                        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
                        "00080018": {"vr": "UI", "Value": ["1.2.3"]},
                        "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
                        "00081155": {"vr": "UI", "Value": ["1.2.3"]},
                        "00081190": {"vr": "UR", "Value": ["https://a/studies/1.2/series/1/instances/1.2.3"]}
                    },
                    {
                        "00080018": {"vr": "UI", "Value": ["1.2.4"]},
                        "00081155": {"vr": "UI", "Value": ["1.2.4"]},
                        "00081196": {"vr": "US", "Value": [0xB007]}
                    }
                ]}
            })
        );
        let none: serde_json::Value = serde_json::from_slice(&StoreAnswer::default().to_json()).unwrap();
        assert_eq!(none, serde_json::json!({"00081198": {"vr": "SQ"}, "00081199": {"vr": "SQ"}}));
    }

    #[test]
    fn answers_of_others_are_read() {
        // An array around it, keywords of the instance itself, numbers as text, and things that nobody asked for.
        let text = br#" [{"00081199": {"vr": "SQ", "Value": [{"00080018": {"vr": "UI", "Value": ["1.2"]}, "00081196": {"vr": "US", "Value": ["45063"]}}, null]},
            "00081198": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.3"]}}]}, "00100010": 7}]"#;
        let found = StoreAnswer::parse(text).unwrap();
        assert_eq!((found.stored.len(), found.stored[0].warning), (1, Some(0xB007)));
        assert_eq!(
            (found.failed[0].sop_instance_uid.as_str(), found.failed[0].reason),
            ("1.3", reason::PROCESSING_FAILURE)
        );
        for text in ["", "7", "[]", "{", "\"a\""] {
            assert_eq!(StoreAnswer::parse(text.as_bytes()), Err(InvalidAnswer), "{text}");
        }
    }
}
