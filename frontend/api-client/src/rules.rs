//! Rules: transfers that begin by themselves.

use adit_api::paths;
use adit_api::rules::{DryRun, DryRunInput, Firing, RuleInput, RuleView};

use crate::Answer;
use crate::request::{get, send, send_empty};

/// All rules.
pub async fn rules() -> Answer<Vec<RuleView>> {
    get(paths::RULES).await
}

/// Adds a rule, or changes the one with this id.
pub async fn save_rule(id: Option<&str>, input: &RuleInput) -> Answer<RuleView> {
    match id {
        Some(id) => send("PUT", &paths::fill(paths::RULE, &[id]), input).await,
        None => send("POST", paths::RULES, input).await,
    }
}

/// Deletes a rule.
pub async fn delete_rule(id: &str) -> Answer<()> {
    send_empty("DELETE", &paths::fill(paths::RULE, &[id])).await
}

/// The newest firings of a rule.
pub async fn firings(id: &str) -> Answer<Vec<Firing>> {
    get(&paths::fill(paths::RULE_FIRINGS, &[id])).await
}

/// What a rule would do; nothing is transferred.
pub async fn try_rule(input: &DryRunInput) -> Answer<DryRun> {
    send("POST", paths::RULE_DRY_RUN, input).await
}
