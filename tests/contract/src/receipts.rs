//! Receipts against a simple model: a map from instance to what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use adit_domain::{TaskId, Timestamp};
use adit_store::items::{Condition, Item, ItemStore, Key};
use adit_store::repositories::{Conversion, Receipt, ReceiptState, Receipts};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Histories that are tried.
const HISTORIES: u128 = 24;

/// Something that happens to the receipts of a task.
#[derive(Debug, Clone)]
enum Step {
    /// Instances from the first number on, so many, are delivered or held back.
    Put {
        first: u16,
        count: u16,
        delivered: bool,
        twice: bool,
    },
    /// Every so-manieth instance is forgotten.
    Forget {
        every: u16,
    },
    /// A process of an earlier version wrote one.
    Old {
        number: u16,
    },
    ForgetAll,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..400_u16, 0..260_u16, any::<bool>(), any::<bool>())
            .prop_map(|(first, count, delivered, twice)| Step::Put { first, count, delivered, twice }),
        3 => (1..9_u16).prop_map(|every| Step::Forget { every }),
        1 => (0..400_u16).prop_map(|number| Step::Old { number }),
        1 => Just(Step::ForgetAll),
    ]
}

fn receipt(number: u16, state: ReceiptState) -> Receipt {
    Receipt {
        sop_instance_uid: format!("1.2.{number}"),
        series_instance_uid: format!("1.{}", number % 7),
        delivered_as: format!("2.25.{number}"),
        pseudonym: "P-1".into(),
        size: u64::from(number),
        state,
        conversion: number.is_multiple_of(3).then(|| Conversion {
            instances: 2,
            files: vec![format!("{number}.nii.gz")],
            trouble: None,
        }),
    }
}

/// Runs everything.
pub async fn run(items: Arc<dyn ItemStore>) {
    let mut runner = TestRunner::deterministic();
    let histories = vec(step(), 1..9);
    for number in 0..HISTORIES {
        let history = histories.new_tree(&mut runner).expect("a history").current();
        follow(&items, &history, &TaskId::new(Timestamp(5), number)).await;
    }
    what_nobody_can_read_counts_for_none(&items, &TaskId::new(Timestamp(5), HISTORIES)).await;
}

/// A later version of ADIT may have written what this one does not know.
async fn what_nobody_can_read_counts_for_none(items: &Arc<dyn ItemStore>, task: &TaskId) {
    let receipts = Receipts::new(Arc::clone(items));
    let known = receipt(1, ReceiptState::Delivered);
    receipts.put(task, 1, std::slice::from_ref(&known)).await.expect("it is stored");
    let key = Key { pk: format!("TASK#{task}#1"), sk: "R#Bfuture".into() };
    let (body, counters) = (serde_json::json!({ "bundles": [1, 2] }), BTreeMap::new());
    let item = Item { key: key.clone(), body, counters, index1: None, index2: None, version: 0, expires_at: None };
    items.put(item, Condition::None).await.expect("it is stored");
    assert_eq!(receipts.all(task, 1).await.expect("an answer"), [known]);
    receipts.forget(task, 1, &["1.2.1".to_owned()]).await.expect("it is forgotten");
    assert!(receipts.all(task, 1).await.expect("an answer").is_empty());
    receipts.forget_all(task, 1).await.expect("they are forgotten");
    assert!(items.get(&key).await.expect("an answer").is_none(), "it is forgotten, too");
}

async fn follow(items: &Arc<dyn ItemStore>, history: &[Step], task: &TaskId) {
    let receipts = Receipts::new(Arc::clone(items));
    let mut model: BTreeMap<String, Receipt> = BTreeMap::new();
    let note = |model: &mut BTreeMap<String, Receipt>, new: Receipt| {
        let known = model.get(&new.sop_instance_uid);
        if known.is_none_or(|known| known.state != ReceiptState::Delivered) {
            model.insert(new.sop_instance_uid.clone(), new);
        }
    };
    for step in history {
        match *step {
            Step::Put { first, count, delivered, twice } => {
                let state = if delivered { ReceiptState::Delivered } else { ReceiptState::HeldBack };
                let new: Vec<Receipt> = (first..first + count).map(|number| receipt(number, state)).collect();
                for _ in 0..=u8::from(twice) {
                    receipts.put(task, 1, &new).await.expect("they are stored");
                }
                new.into_iter().for_each(|new| note(&mut model, new));
            }
            Step::Forget { every } => {
                let gone: Vec<String> = (0..700).step_by(every.into()).map(|n| format!("1.2.{n}")).collect();
                receipts.forget(task, 1, &gone).await.expect("they are forgotten");
                gone.iter().for_each(|uid| _ = model.remove(uid));
            }
            Step::Old { number } => {
                let old = receipt(number, ReceiptState::Delivered);
                let key = Key { pk: format!("TASK#{task}#1"), sk: format!("R#{}", old.sop_instance_uid) };
                let body = serde_json::to_value(&old).expect("JSON");
                let counters = BTreeMap::new();
                let item = Item { key, body, counters, index1: None, index2: None, version: 0, expires_at: None };
                items.put(item, Condition::None).await.expect("it is stored");
                note(&mut model, old);
            }
            Step::ForgetAll => {
                receipts.forget_all(task, 1).await.expect("they are forgotten");
                model.clear();
            }
        }
        let mut found = receipts.all(task, 1).await.expect("an answer");
        found.sort_by(|a, b| a.sop_instance_uid.cmp(&b.sop_instance_uid));
        assert_eq!(found, model.values().cloned().collect::<Vec<_>>(), "after {step:?} of {history:?}");
        assert!(receipts.all(task, 2).await.expect("an answer").is_empty(), "another epoch has its own");
    }
}
