//! Cutting what is missing into requests: whole series where all of it is missing, lists of images where that is better.

use std::collections::{BTreeMap, VecDeque};

use adit_dimse::{Identifier, tags};

use super::ledger::Ledger;
use super::plan::Plan;

/// Images per request at most: a UI element of explicit syntaxes holds 64 KiB.
const MAX_LIST: usize = 500;
/// Images per request at least, where a series is shared. Not many more: an archive that waits in vain for a receiver that stands still
/// gives up image by image, and serves nobody else on that association meanwhile.
const MIN_LIST: usize = 8;

/// One request to the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub series: usize,
    /// Wanted images; empty: the whole series.
    pub images: Vec<String>,
    /// How often it was tried.
    pub tries: u32,
}

impl Unit {
    /// The keys of the request.
    pub fn identifier(&self, plan: &Plan, study_instance_uid: &str) -> Identifier {
        let series = &plan.series[self.series].uid;
        if self.images.is_empty() {
            return plan.keys("SERIES", study_instance_uid).with(tags::SERIES_INSTANCE_UID, series);
        }
        plan.keys("IMAGE", study_instance_uid)
            .with(tags::SERIES_INSTANCE_UID, series)
            .with(tags::SOP_INSTANCE_UID, &self.images.join("\\"))
    }
}

/// The requests for what is missing, for `parallel` associations. `by_image`: lists of images only (a second pass).
pub(super) fn units(plan: &Plan, ledger: &Ledger, parallel: usize, by_image: bool) -> VecDeque<Unit> {
    if !plan.exact {
        return (0..plan.series.len()).map(|series| Unit { series, images: Vec::new(), tries: 0 }).collect();
    }
    let mut missing: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for (uid, one) in &plan.expected {
        *sizes.entry(one.series).or_default() += 1;
        if ledger.is_wanted(uid) {
            missing.entry(one.series).or_default().push(uid.clone());
        }
    }
    let total: usize = missing.values().map(Vec::len).sum();
    // About four requests per association keep all of them busy to the end.
    let share = if parallel > 1 { total.div_ceil(parallel * 4).clamp(MIN_LIST, MAX_LIST) } else { MAX_LIST };
    let mut units = Vec::new();
    for (series, mut images) in missing {
        let whole = sizes.get(&series) == Some(&images.len());
        if whole && !by_image && !plan.by_name && (parallel == 1 || images.len() <= share) {
            units.push(Unit { series, images: Vec::new(), tries: 0 });
            continue;
        }
        images.sort();
        units.extend(images.chunks(share).map(|images| Unit { series, images: images.to_vec(), tries: 0 }));
    }
    units.into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::transfer::plan::tests::unlisted;
    use crate::transfer::plan::{Expected, Series};

    fn plan(sizes: &[usize]) -> Plan {
        let mut expected = HashMap::new();
        for (series, size) in sizes.iter().enumerate() {
            for number in 0..*size {
                expected.insert(format!("{series}.{number}"), Expected { series, sop_class_uid: String::new() });
            }
        }
        let series = sizes.iter().map(|_| Series::default()).collect();
        Plan { series, expected, exact: true, ..unlisted() }
    }

    #[test]
    fn one_association_asks_for_whole_series() {
        let units = units(&plan(&[10, 900]), &Ledger::default(), 1, false);
        assert!(units.iter().all(|unit| unit.images.is_empty()) && units.len() == 2);
    }

    #[test]
    fn several_associations_share_a_large_series() {
        let units = units(&plan(&[1000]), &Ledger::default(), 4, false);
        assert!(units.len() >= 8);
        assert_eq!(units.iter().map(|unit| unit.images.len()).sum::<usize>(), 1000);
        assert!(units.iter().all(|unit| unit.images.len() <= MAX_LIST));
    }

    #[test]
    fn images_that_are_wanted_by_name_are_asked_for_by_name() {
        let named = Plan { by_name: true, ..plan(&[1]) };
        assert_eq!(units(&named, &Ledger::default(), 1, false)[0].images, ["0.0"]);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let ledger = Ledger::default();
        ledger.received("0.3");
        let units = units(&plan(&[5]), &ledger, 1, false);
        assert_eq!(units[0].images, ["0.0", "0.1", "0.2", "0.4"]);
    }
}
