//! What counts as whole.

use super::*;

fn series(count: Option<u64>) -> Series {
    Series { uid: "1".into(), count, ..Series::default() }
}

/// What is said of a series of which so many have come, when the request for it ended like this.
fn weighed(count: Option<u64>, come: u64, ended: Option<Ended>) -> Wholeness {
    let instances = (0..come).map(|number| number.to_string()).collect();
    let arrival = Arrival { instances, ended, ..Arrival::default() };
    let counted = Counted(Mutex::new(HashMap::from([("1".to_owned(), arrival)])));
    counted.weigh(&series(count), 0, &[])
}

fn well(images: Option<u64>) -> Option<Ended> {
    Some(Ended { trouble: None, images })
}

fn badly(images: Option<u64>) -> Option<Ended> {
    Some(Ended { trouble: Some("trouble".into()), images })
}

#[test]
fn a_series_is_whole_only_by_numbers_that_agree() {
    for (count, come, ended) in [
        (Some(3), 3, None),
        (Some(3), 3, well(None)),
        (Some(3), 3, well(Some(3))),
        (Some(3), 4, well(Some(4))),
        (Some(3), 3, badly(None)),
        (None, 3, well(Some(3))),
        (None, 0, well(Some(0))),
        (Some(0), 0, well(Some(0))),
        (Some(0), 3, well(Some(3))),
    ] {
        assert_eq!(weighed(count, come, ended.clone()), Wholeness::Whole, "{count:?} {come} {ended:?}");
    }
    for (count, come, ended) in [
        (Some(3), 2, well(Some(2))),
        (Some(3), 3, well(Some(4))),
        (Some(3), 3, badly(Some(4))),
        (Some(3), 3, badly(Some(1))),
        (Some(3), 2, badly(None)),
        (None, 3, badly(None)),
        (None, 3, None),
        (Some(0), 0, None),
        (Some(0), 3, badly(None)),
        (None, 3, badly(Some(3))),
        (None, 2, well(Some(3))),
    ] {
        let said = weighed(count, come, ended.clone());
        assert!(matches!(said, Wholeness::Lacks { for_good: false, .. }), "{count:?} {come} {ended:?}: {said:?}");
    }
    for (come, ended) in [(3, well(None)), (4, well(Some(3)))] {
        assert_eq!(weighed(None, come, ended.clone()), Wholeness::Unknown, "{come} {ended:?}");
    }
}

#[test]
fn what_has_failed_is_missing_and_asked_for_again_unless_that_is_of_no_use() {
    let counted = Counted::default();
    counted.all().entry("1".into()).or_default().instances.insert("0".into());
    let for_good = |count, failed, lost: &[&str]| {
        let lost: Vec<String> = lost.iter().map(|uid| (*uid).to_owned()).collect();
        match counted.weigh(&series(Some(count)), failed, &lost) {
            Wholeness::Lacks { for_good, .. } => for_good,
            other => panic!("{other:?}"),
        }
    };
    assert!(for_good(2, 1, &["1"]) && !for_good(2, 1, &[]) && !for_good(3, 1, &["1"]) && !for_good(3, 2, &["1"]));
    assert!(!for_good(2, 1, &["0"]), "what has come and then failed says nothing of the other");
}

/// A plan of one series that the source has counted.
fn plan(count: Option<u64>) -> Plan {
    Plan { series: vec![series(count)], ..crate::transfer::plan::tests::unlisted() }
}

/// A request for the series that sends these and ends like this.
fn asks(counted: &Counted, plan: &Plan, sent: &[&str], ended: Option<Ended>) {
    counted.asked(plan, &Unit { series: 0, images: Vec::new(), tries: 0 });
    sent.iter().for_each(|uid| counted.came(plan, "1", uid));
    counted.ended(plan, "1", ended.unwrap());
}

#[test]
fn what_a_source_could_not_send_is_not_forgotten() {
    let (plan, counted) = (plan(Some(2)), Counted::default());
    let is_whole = || counted.weigh(&plan.series[0], 0, &[]) == Wholeness::Whole;
    asks(&counted, &plan, &["0", "1"], badly(Some(3)));
    asks(&counted, &plan, &["0"], badly(None));
    assert!(!is_whole(), "the other request broke off");
    asks(&counted, &plan, &["0", "1"], well(Some(2)));
    assert!(!is_whole(), "the other method knows of fewer");
    asks(&counted, &plan, &["0", "1", "2"], well(Some(3)));
    assert!(is_whole());
}

#[test]
fn what_is_sent_twice_counts_once() {
    for count in [None, Some(2)] {
        let (plan, counted) = (plan(count), Counted::default());
        asks(&counted, &plan, &["0", "1", "1"], well(Some(3)));
        assert_eq!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Whole, "{count:?}");
        asks(&counted, &plan, &["0", "1"], well(Some(2)));
        assert_eq!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Whole, "again by the other method");
    }
}

#[test]
fn what_an_earlier_run_has_staged_is_not_whole_by_a_count_alone() {
    let (plan, counted) = (plan(Some(2)), Counted::default());
    ["0", "1"].iter().for_each(|uid| counted.inherit(&plan, "1", uid));
    assert!(matches!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Lacks { for_good: false, .. }));
    asks(&counted, &plan, &["0", "1"], well(None));
    assert_eq!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Whole);
}

#[test]
fn an_image_of_another_series_is_none_of_this_one() {
    let (plan, counted) = (plan(Some(3)), Counted::default());
    counted.asked(&plan, &Unit { series: 0, images: Vec::new(), tries: 0 });
    ["0", "1"].iter().for_each(|uid| counted.came(&plan, "1", uid));
    ["1", "elsewhere"].iter().for_each(|uid| counted.came_again(&plan, "1", uid));
    counted.ended(&plan, "1", well(Some(4)).unwrap());
    assert!(matches!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Lacks { .. }), "two of three");
}

#[test]
fn who_begins_anew_after_trouble_asks_again() {
    let (plan, counted) = (plan(Some(2)), Counted::default());
    asks(&counted, &plan, &["0", "1"], badly(Some(3)));
    counted.begin_anew();
    assert!(matches!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Lacks { for_good: false, .. }));
    asks(&counted, &plan, &["0", "1"], well(Some(2)));
    assert_eq!(counted.weigh(&plan.series[0], 0, &[]), Wholeness::Whole, "it asked for more and got no more");
}
