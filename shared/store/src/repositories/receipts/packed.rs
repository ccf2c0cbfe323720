//! How receipts lie in an item: those of one series together, so that its UIDs and what UIDs have in common are written once. An item
//! costs by its size: a hundred receipts as they are take 25 to 30 KB, packed about 9.

use serde::{Deserialize, Serialize};

use super::{Receipt, ReceiptState};

/// The receipts of one item.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Packed {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
    /// Those that say more than a group can; earlier versions of ADIT wrote all of them so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<Receipt>,
}

/// Instances that share everything but their UIDs and sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Group {
    series: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pseudonym: String,
    state: ReceiptState,
    /// How all UIDs at the source begin, and those at the destination that are others.
    begin: (String, String),
    /// The rest of the UID at the source; that at the destination, absent if it is the same UID; bytes of the data set.
    instances: Vec<(String, Option<String>, u64)>,
}

impl Packed {
    pub fn new(receipts: &[Receipt]) -> Self {
        let (plain, rich): (Vec<&Receipt>, Vec<&Receipt>) =
            receipts.iter().partition(|receipt| receipt.conversion.is_none());
        let mut groups: Vec<Vec<&Receipt>> = Vec::new();
        for receipt in plain {
            let alike =
                |group: &&mut Vec<&Receipt>| group.first().is_some_and(|first| shared(first) == shared(receipt));
            match groups.iter_mut().find(alike) {
                Some(group) => group.push(receipt),
                None => groups.push(vec![receipt]),
            }
        }
        Self {
            groups: groups.iter().filter_map(|group| Group::of(group)).collect(),
            receipts: rich.into_iter().cloned().collect(),
        }
    }

    pub fn unpacked(self) -> Vec<Receipt> {
        self.groups.into_iter().flat_map(Group::unpacked).chain(self.receipts).collect()
    }
}

/// What the receipts of a group have in common.
fn shared(receipt: &Receipt) -> (&str, &str, ReceiptState) {
    (&receipt.series_instance_uid, &receipt.pseudonym, receipt.state)
}

impl Group {
    /// `None` of no receipts.
    fn of(receipts: &[&Receipt]) -> Option<Self> {
        let first = receipts.first()?;
        let other = |receipt: &&Receipt| receipt.delivered_as != receipt.sop_instance_uid;
        let begin = (
            beginning(receipts.iter().map(|receipt| receipt.sop_instance_uid.as_str())),
            beginning(receipts.iter().filter(|receipt| other(receipt)).map(|receipt| receipt.delivered_as.as_str())),
        );
        let instances = receipts.iter().map(|receipt| {
            let delivered_as = other(receipt).then(|| receipt.delivered_as[begin.1.len()..].to_owned());
            (receipt.sop_instance_uid[begin.0.len()..].to_owned(), delivered_as, receipt.size)
        });
        Some(Self {
            series: first.series_instance_uid.clone(),
            pseudonym: first.pseudonym.clone(),
            state: first.state,
            instances: instances.collect(),
            begin,
        })
    }

    fn unpacked(self) -> impl Iterator<Item = Receipt> {
        let Self { series, pseudonym, state, begin, instances } = self;
        instances.into_iter().map(move |(uid, delivered_as, size)| {
            let sop_instance_uid = format!("{}{uid}", begin.0);
            Receipt {
                delivered_as: delivered_as
                    .map_or_else(|| sop_instance_uid.clone(), |rest| format!("{}{rest}", begin.1)),
                sop_instance_uid,
                series_instance_uid: series.clone(),
                pseudonym: pseudonym.clone(),
                size,
                state,
                conversion: None,
            }
        })
    }
}

/// The beginning that all texts have in common.
fn beginning<'a>(mut texts: impl Iterator<Item = &'a str>) -> String {
    let Some(mut common) = texts.next() else { return String::new() };
    for text in texts {
        let same =
            common.char_indices().zip(text.chars()).find(|((_, one), other)| one != other).map(|((at, _), _)| at);
        let end = same.unwrap_or_else(|| common.len().min(text.len()));
        common = &common[..end];
    }
    common.to_owned()
}

/// An item as it may be found: the earliest versions of ADIT wrote one for each instance.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Stored {
    Single(Receipt),
    Packed(Packed),
}

impl From<Stored> for Vec<Receipt> {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Single(receipt) => vec![receipt],
            Stored::Packed(packed) => packed.unpacked(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Conversion;
    use super::*;

    fn receipt(series: &str, uid: &str, delivered_as: &str) -> Receipt {
        Receipt {
            sop_instance_uid: uid.to_owned(),
            series_instance_uid: series.to_owned(),
            delivered_as: delivered_as.to_owned(),
            pseudonym: "P".into(),
            size: 524_288,
            state: ReceiptState::Delivered,
            conversion: None,
        }
    }

    fn through(receipts: &[Receipt]) -> Vec<Receipt> {
        let text = serde_json::to_string(&Packed::new(receipts)).unwrap();
        let mut back: Vec<Receipt> = serde_json::from_str::<Stored>(&text).unwrap().into();
        back.sort_by(|one, other| one.sop_instance_uid.cmp(&other.sop_instance_uid));
        back
    }

    #[test]
    fn what_is_packed_comes_back() {
        let mut held = receipt("1.1", "1.2.5", "1.2.5");
        held.state = ReceiptState::HeldBack;
        let mut converted = receipt("1.1", "1.2.6", "2.25.6");
        converted.conversion = Some(Conversion { instances: 1, files: vec!["a/b".into()], trouble: None });
        let receipts = [
            receipt("1.1", "1.2.1", "2.25.11"),
            receipt("1.1", "1.2.2", "1.2.2"),
            receipt("1.2", "1.2.3", "2.25.13"),
            receipt("1.1", "1.2.4", ""),
            held,
            converted,
            receipt("1.1", "Ä1", "Ö2"),
            receipt("1.1", "Ö1", "Ä2"),
        ];
        assert_eq!(through(&receipts), receipts);
        for some in receipts.chunks(1).chain(receipts.chunks(2)) {
            assert_eq!(through(some), some);
        }
        assert!(through(&[]).is_empty());
    }

    #[test]
    fn a_hundred_receipts_of_a_series_take_little_room() {
        let receipts: Vec<Receipt> = (0..100)
            .map(|number| {
                let uid = format!("1.3.12.2.1107.5.1.4.54693.30000007{:024}", number * 7_919);
                let delivered_as = format!("2.25.{:039}", u128::MAX / (number + 3));
                receipt("1.3.12.2.1107.5.1.4.54693.30000007112108125156200000002", &uid, &delivered_as)
            })
            .collect();
        let packed = serde_json::to_vec(&Packed::new(&receipts)).unwrap().len();
        let plain = serde_json::to_vec(&receipts).unwrap().len();
        assert!(packed < 9 * 1024 && plain > 25 * 1024, "{packed} and {plain} bytes");
    }

    #[test]
    fn the_forms_of_earlier_versions_are_read() {
        let old =
            r#"{"sop_instance_uid":"1.2","series_instance_uid":"1","delivered_as":"2","size":7,"state":"held_back"}"#;
        for text in [old.to_owned(), format!(r#"{{"receipts":[{old}]}}"#)] {
            let receipts: Vec<Receipt> = serde_json::from_str::<Stored>(&text).unwrap().into();
            assert_eq!((receipts.len(), receipts[0].state, receipts[0].size), (1, ReceiptState::HeldBack, 7));
            assert_eq!(receipts[0].conversion, None);
        }
        let conversion: Conversion = serde_json::from_str(r#"{"instances":1,"files":["a"]}"#).unwrap();
        assert_eq!(conversion, Conversion { instances: 1, files: vec!["a".into()], trouble: None });
    }
}
