//! Rules act for a group.

use adit_api::error::ErrorCode;
use adit_api::rules::{DryRunInput, RuleInput};
use adit_domain::group::GroupSettings;
use adit_domain::rule::{Rule, RuleConfig};
use adit_domain::{Timestamp, UserId};
use adit_engine::{Actor, now};
use adit_store::queue::RulePointer;
use adit_store::repositories::Rules;
use serde_json::json;

use crate::house::House;
use crate::limits::code;

fn config(house: &House) -> RuleConfig {
    serde_json::from_value(json!({
        "name": "Nightly", "destination": house.nodes[1], "options": { "identity": "pseudonymise" },
        "trigger": { "kind": "schedule", "cron": "0 3 * * *", "time_zone": "Europe/Berlin", "source": house.nodes[0],
            "search": { "patient_id": "1" } }
    }))
    .expect("a rule")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_needs_a_group_and_a_dry_run_its_servers() {
    let house = House::with(GroupSettings::default()).await;
    let input = || RuleInput { config: config(&house), version: None };
    let nobody = Actor { group: None, ..house.staff.clone() };
    assert_eq!(code(house.engine.add_rule(&nobody, input()).await), ErrorCode::Forbidden);
    let owner = Actor { staff: true, ..house.actor(1).await };
    let rule = house.engine.add_rule(&owner, input()).await.expect("a rule").rule;
    assert_eq!(rule.group.as_ref(), Some(&house.groups[0]));
    assert_eq!(code(house.engine.change_rule(&nobody, &rule.id, input()).await), ErrorCode::Forbidden);

    let tried = || DryRunInput { config: config(&house), id: None };
    assert_eq!(code(house.engine.dry_run(&nobody, tried()).await), ErrorCode::Forbidden);
    let none = adit_api::groups::GrantInput { source: false, destination: true };
    house.engine.set_grant(&house.groups[0], &house.nodes[0], none).await.expect("a grant");
    assert_eq!(code(house.engine.dry_run(&owner, tried()).await), ErrorCode::Forbidden);

    let rules = Rules::new(house.backend.items.clone());
    let mut stored = rules.get(&rule.id).await.expect("an answer").expect("the rule");
    stored.value.group = None;
    rules.put(&stored.value, Some(stored.version)).await.expect("as it was before groups");
    // It has been tried for long enough.
    let (minute, never) = (Timestamp(60_000), now().seconds() + 1000);
    rules.first_failure(&rule.id, minute, Timestamp(60_000), never).await.expect("a failure");
    let due = house.engine.rule_due(&RulePointer::new(&rule.id, minute)).await;
    assert_eq!(due.expect("an answer"), None);
    let problem = &house.engine.firings(&rule.id).await.expect("firings")[0].problem;
    assert!(problem.contains("Save this rule again for a group."), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_from_before_groups_go_on_for_the_first_one() {
    let house = House::unfounded().await;
    let made = house.engine.add_node(&house.staff, crate::house::server(0)).await.expect("a node").id;
    let old: Rule = serde_json::from_value(json!({
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "owner": UserId::new(Timestamp(1), 1), "owner_name": "admin", "created": 1, "changed": 1,
        "name": "Old", "destination": made, "trigger": { "kind": "inbox", "calling_ae_titles": ["CT1"] }
    }))
    .expect("as former versions wrote it");
    let rules = Rules::new(house.backend.items.clone());
    rules.put(&old, None).await.expect("a rule");
    house.engine.found_groups(&[]).await.expect("the upgrade");
    let group = rules.get(&old.id).await.expect("an answer").expect("the rule").value.group;
    let groups = house.engine.groups(&adit_api::groups::PageQuery::default()).await.expect("a page").groups;
    assert_eq!(group, Some(groups[0].id.clone()));
}
