//! Rules: transfers that begin by themselves. Administrators write them here; what arrives is recorded by `arrive`, looked at by
//! `due`, and becomes jobs in `fire`. Rules of other processes are seen a few seconds late.

mod arrive;
mod check;
mod dry_run;
mod due;
mod facts;
mod filter;
mod fire;
mod inbox;
mod late;
mod look_again;
mod place;
mod schedule;
mod scheduled;
#[cfg(test)]
mod tests;
mod tidy;
mod watch;
mod words;

use std::sync::{Arc, Mutex, PoisonError};

use adit_api::rules::{Firing, RuleInput, RuleView};
use adit_domain::rule::{Rule, RuleConfig};
use adit_domain::{GroupId, NodeId, RuleId, Timestamp};
use adit_store::repositories::Versioned;
use adit_store::repositories::firings::FiringRecord;
use adit_store::repositories::rules::MAX_RULES;

pub use arrive::Arrived;
pub(crate) use facts::{SERIES, STUDY, first, glance, header};
pub(crate) use fire::INBOX_NAME;
pub(crate) use inbox::Senders;
pub(crate) use place::{Place, Unread, head_of};
pub use watch::Watch;

use crate::clock::random;
use crate::{Actor, Engine, Refusal, now};

/// Milliseconds after which the rules are read again.
const FRESH_MS: i64 = 5_000;
/// Firings in a list.
const FIRINGS: usize = 100;

/// All rules as they were a moment ago.
type Cached = Option<(Timestamp, Arc<Vec<Versioned<Rule>>>)>;

/// The rules as they were a moment ago: every arriving image asks for them.
#[derive(Default)]
pub(crate) struct RuleCache(Mutex<Cached>);

impl Engine {
    /// All rules in the order in which they were made.
    pub async fn rules(&self) -> Result<Vec<RuleView>, Refusal> {
        let mut views = Vec::new();
        for rule in self.0.rules.list().await? {
            views.push(self.rule_view(rule).await?);
        }
        Ok(views)
    }

    /// One rule.
    pub async fn rule(&self, id: &RuleId) -> Result<RuleView, Refusal> {
        let rule = self.stored_rule(id).await?;
        self.rule_view(rule).await
    }

    /// Adds a rule; the actor owns its jobs.
    pub async fn add_rule(&self, actor: &Actor, input: RuleInput) -> Result<RuleView, Refusal> {
        let group = actor.acting_group()?.id.clone();
        let config = self.checked_rule(input.config, true).await?;
        if self.0.rules.list().await?.len() >= MAX_RULES {
            return Err(Refusal::conflict(format!("There may be {MAX_RULES} rules at most. Delete one first.")));
        }
        let now = now();
        let id = RuleId::new(now, random());
        self.store_rule(actor, Rule { id, ..new_rule(actor, group, config, now) }, None).await
    }

    /// Changes a rule; a stale version is refused. The actor owns its jobs from now on.
    pub async fn change_rule(&self, actor: &Actor, id: &RuleId, input: RuleInput) -> Result<RuleView, Refusal> {
        let group = actor.acting_group()?.id.clone();
        let before = self.stored_rule(id).await?;
        if input.version.is_some_and(|version| version != before.version) {
            return Err(Refusal::conflict(
                "Somebody else changed this rule meanwhile. Reload the page and enter your change again.",
            ));
        }
        let must_work = input.config.enabled;
        let config = self.checked_rule(input.config, must_work).await?;
        let rule = Rule { id: id.clone(), created: before.value.created, ..new_rule(actor, group, config, now()) };
        self.store_rule(actor, rule, Some(before.version)).await
    }

    /// Deletes a rule; its jobs stay.
    pub async fn delete_rule(&self, id: &RuleId) -> Result<(), Refusal> {
        let rule = self.stored_rule(id).await?;
        self.0.rules.delete(id, rule.version).await?;
        self.fresh_rules().await?;
        self.0.firings.forget(id).await?;
        tracing::info!(rule = %id, "rule deleted");
        Ok(())
    }

    /// The newest firings of a rule first.
    pub async fn firings(&self, id: &RuleId) -> Result<Vec<Firing>, Refusal> {
        self.stored_rule(id).await?;
        Ok(self.0.firings.list(id, FIRINGS).await?.into_iter().map(firing).collect())
    }

    async fn store_rule(&self, actor: &Actor, rule: Rule, before: Option<u64>) -> Result<RuleView, Refusal> {
        self.0.rules.put(&rule, before).await?;
        self.fresh_rules().await?;
        self.look_again(&rule).await;
        tracing::info!(rule = %rule.id, user = %actor.user_id, enabled = rule.config.enabled, "rule saved");
        self.rule(&rule.id).await
    }

    async fn stored_rule(&self, id: &RuleId) -> Result<Versioned<Rule>, Refusal> {
        self.0.rules.get(id).await?.ok_or_else(|| Refusal::not_found("rule"))
    }

    async fn rule_view(&self, rule: Versioned<Rule>) -> Result<RuleView, Refusal> {
        let config = &rule.value.config;
        let names = self.names().await?;
        let last = self.0.firings.list(&rule.value.id, 1).await?;
        Ok(RuleView {
            version: rule.version,
            summary: words::summary(config, &names),
            next: self.next_of(config).filter(|_| config.enabled),
            problem: self.problem_of(config).await?,
            last: last.into_iter().next().map(firing),
            rule: rule.value,
        })
    }

    /// Reads the rules now and tells the receiver whom they name.
    pub(crate) async fn fresh_rules(&self) -> Result<Arc<Vec<Versioned<Rule>>>, Refusal> {
        let rules = Arc::new(self.0.rules.list().await?);
        self.0.senders.set(&rules);
        let mut cached = self.0.rule_cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        *cached = Some((now(), Arc::clone(&rules)));
        Ok(rules)
    }

    /// Enabled rules that are about objects of this source.
    pub(crate) async fn rules_of(&self, source: &NodeId) -> Result<Vec<Rule>, Refusal> {
        let cached = self.0.rule_cache.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let rules = match cached.filter(|(at, _)| now().since_ms(*at) < FRESH_MS) {
            Some((_, rules)) => rules,
            None => self.fresh_rules().await?,
        };
        let wanted = rules.iter().filter(|rule| rule.value.config.enabled && arrive::is_about(&rule.value, source));
        Ok(wanted.map(|rule| rule.value.clone()).collect())
    }

    /// Names of nodes by id.
    pub(crate) async fn names(&self) -> Result<words::Names, Refusal> {
        let records = self.0.nodes.list().await?;
        Ok(records.into_iter().map(|record| (record.node.id, record.node.config.name)).collect())
    }
}

fn new_rule(actor: &Actor, group: GroupId, config: RuleConfig, now: Timestamp) -> Rule {
    Rule {
        id: RuleId::new(now, 0),
        owner: actor.user_id.clone(),
        owner_name: actor.username.clone(),
        group: Some(group),
        config,
        created: now,
        changed: now,
    }
}

fn firing(record: FiringRecord) -> Firing {
    Firing { at: record.at, event: record.event, job: record.job, problem: record.problem }
}
