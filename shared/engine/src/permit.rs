//! May this group use this node, and may this job be made? The only place that asks for grants, restrictions and limits.
//!
//! They are read at each request and once more when a task begins: what was revoked meanwhile counts.

use std::collections::{BTreeSet, HashMap};

use adit_domain::group::{Direction, NodeGrant};
use adit_domain::job::Job;
use adit_domain::rule::{Rule, inbox};
use adit_domain::task::Task;
use adit_domain::transfer::TransferOptions;
use adit_domain::{Group, GroupId, NodeId, Right, Timestamp};
use adit_mail::Letter;
use adit_store::items::Write;
use adit_store::repositories::GroupLimits;

use crate::transfer::Problem;
use crate::{Actor, Engine, Refusal, now};

/// Jobs of a person that are looked at for one that is not finished.
const LOOKED_AT: usize = 50;

/// What a group may do with its nodes.
pub(crate) struct Reach(HashMap<NodeId, NodeGrant>);

impl Reach {
    /// Whether the node may be used in this way.
    pub fn allows(&self, node: &NodeId, direction: Direction) -> bool {
        self.0.get(node).is_some_and(|grant| grant.allows(direction))
    }

    /// Whether the node may be used at all.
    pub fn includes(&self, node: &NodeId) -> bool {
        self.0.contains_key(node)
    }
}

impl Engine {
    /// Refuses unless the actor's group may use the node in this way now. A node of which the group knows nothing answers as absent.
    pub(crate) async fn permit(&self, actor: &Actor, node: &NodeId, direction: Direction) -> Result<(), Refusal> {
        let group = actor.acting_group()?;
        let grant = self.0.groups.grant(&group.id, node).await?;
        match grant {
            _ if !actor.token_reaches(node) => Err(self.unseen(node).await?),
            Some(grant) if grant.allows(direction) => Ok(()),
            None if !actor.staff => Err(self.unseen(node).await?),
            _ => match self.node_name(node).await? {
                Some(name) => Err(not_granted(group, &name, direction)),
                None => Err(self.unseen(node).await?),
            },
        }
    }

    /// Everything that the actor may use.
    pub(crate) async fn reach(&self, actor: &Actor) -> Result<Reach, Refusal> {
        let Some(group) = &actor.group else { return Ok(Reach(HashMap::new())) };
        let grants = self.0.groups.grants_of(&group.id).await?;
        let mine = grants.into_iter().filter(|grant| actor.token_reaches(&grant.node));
        Ok(Reach(mine.map(|grant| (grant.node.clone(), grant)).collect()))
    }

    /// Refuses a job that the actor's rights, restrictions, grants or limits do not allow.
    pub(crate) async fn permit_job(
        &self,
        actor: &Actor,
        options: &TransferOptions,
        urgent: bool,
        sources: &BTreeSet<NodeId>,
        destination: &NodeId,
        studies: usize,
    ) -> Result<(), Refusal> {
        actor.demand(Right::Transfer)?;
        let group = actor.acting_group()?;
        for source in sources {
            self.permit(actor, source, Direction::Source).await.map_err(|error| error.at("studies"))?;
        }
        self.permit(actor, destination, Direction::Destination).await.map_err(|error| error.at("destination"))?;
        if urgent {
            actor.demand(Right::TransferUrgently).map_err(|error| error.at("urgent"))?;
        }
        restrict(group, actor.pseudonymised_only(), options)?;
        if !options.pseudonymises() {
            actor.demand(Right::TransferUnpseudonymised).map_err(|error| error.at("identity"))?;
        }
        let most = group.config.settings.studies_per_job;
        if most > 0 && studies > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(Refusal::invalid(format!(
                "A job of the group {} may hold {most} studies at most. Split your choice into several jobs.",
                group.config.name
            ))
            .at("studies"));
        }
        self.permit_bytes(group).await
    }

    /// Refuses to give images or their data to the actor's programs, if rights, restrictions or limits do not allow it in this form.
    pub(crate) async fn permit_reading(&self, actor: &Actor, options: &TransferOptions) -> Result<(), Refusal> {
        let group = actor.acting_group()?;
        let may_identify = !actor.pseudonymised_only() && actor.may(Right::TransferUnpseudonymised);
        if !options.pseudonymises() && !may_identify {
            return Err(Refusal::forbidden(format!(
                "Images may leave with a pseudonym only (group {}). Send one as the parameter pseudonym.",
                group.config.name
            )));
        }
        self.permit_bytes(group).await
    }

    /// Refuses when the group has moved as many bytes today as it may.
    pub(crate) async fn permit_bytes(&self, group: &Group) -> Result<(), Refusal> {
        let Some(until) = self.full_until(group).await? else { return Ok(()) };
        let full = day_is_full(group);
        Err(Refusal::too_much(format!("{full} It is possible again from {} on.", moment(until)), until))
    }

    /// When the group may move bytes again; none: now.
    async fn full_until(&self, group: &Group) -> Result<Option<Timestamp>, Refusal> {
        let most = group.config.settings.bytes_per_day;
        let now = now();
        let is_full = most > 0 && self.0.limits.bytes_of_day(&group.id, now).await? >= most;
        Ok(is_full.then(|| GroupLimits::next_day(now)))
    }

    /// The writes that go with a new job of its owner, or with one that goes on: that it is their unfinished one. Refuses when the group
    /// allows one at a time and there is another.
    pub(crate) async fn one_at_a_time(&self, group: &Group, job: &Job) -> Result<Vec<Write>, Refusal> {
        let known = self.0.limits.active_job(&job.owner, &group.id).await?;
        if group.config.settings.one_active_job {
            let (mut records, _) = self.0.jobs.list(Some(&job.owner), LOOKED_AT, None).await?;
            if let Some(known) = &known {
                // The list may lag behind, this row does not.
                records.extend(self.0.jobs.get(&known.value).await?);
            }
            let another = records.iter().find(|record| {
                let other = &record.job;
                other.id != job.id && other.group.as_ref() == Some(&group.id) && !other.status.is_final()
            });
            if another.is_some() {
                return Err(Refusal::conflict(format!(
                    "You have a job that has not finished, and the group {} allows one at a time. Wait for it or cancel it.",
                    group.config.name
                )));
            }
        }
        let before = known.map(|known| known.version);
        Ok(vec![self.0.limits.begin_job(&job.owner, &group.id, &job.id, before)?])
    }

    /// Refuses a task that may not begin now, by the grants, rights, restrictions and limits of this moment; it waits while its group's
    /// day is full. A job that is older than groups is asked for its owner only.
    pub(crate) async fn permit_task(&self, job: &Job, task: &Task) -> Result<(), Problem> {
        // A rule acts for its group, whoever has written it.
        let is_staff = job.cause.is_some() || self.owner_is_staff(job).await?;
        let by_staff = job.by_staff && is_staff;
        let Some(id) = &job.group else { return Ok(()) };
        let Some(group) = self.0.groups.get(id).await?.map(|found| found.value) else {
            return Err(Problem::Permanent("The group for which this job was made was deleted.".to_owned()));
        };
        if job.cause.is_none() && !self.0.groups.is_member(&job.owner, id).await? {
            let name = &group.config.name;
            return Err(Problem::Permanent(format!(
                "{} does not belong to the group {name} any more.",
                job.owner_name
            )));
        }
        let needed = [(true, Right::Transfer), (!job.options.pseudonymises(), Right::TransferUnpseudonymised)];
        for (_, right) in needed.into_iter().filter(|(is_needed, _)| *is_needed) {
            if !by_staff && !group.may(right) {
                let (name, title) = (&group.config.name, right.title());
                return Err(Problem::Permanent(format!(
                    "The group {name} does not have the right \"{title}\" any more."
                )));
            }
        }
        restrict(&group, group.config.settings.pseudonymised_only, &job.options)
            .map_err(|refusal| Problem::Permanent(refusal.body.detail))?;
        if let Some(why) = self.permit_ends(&group, &task.source, &task.destination).await? {
            return Err(Problem::Permanent(why));
        }
        match self.full_until(&group).await? {
            Some(until) => {
                self.tell_day_is_full(&group).await;
                Err(Problem::Deferred(until, format!("{} The transfer waits for the next day.", day_is_full(&group))))
            }
            None => Ok(()),
        }
    }

    /// Tells administrators, once a day, that a group's transfers wait. A letter that cannot be posted changes nothing for the task.
    async fn tell_day_is_full(&self, group: &Group) {
        let told = async {
            let now = now();
            if !self.0.limits.first_full(&group.id, now).await? {
                return Ok(());
            }
            let letter = Letter::QuotaExceeded {
                what: format!("Group {}, per day", group.config.name),
                used: self.0.limits.bytes_of_day(&group.id, now).await?,
                allowed: group.config.settings.bytes_per_day,
                path: "/admin".to_owned(),
            };
            self.post_to_administrators(&letter).await
        };
        if let Err(error) = told.await {
            tracing::warn!(group = %group.id, error = %error.body.detail, "administrators could not be told that a group's day is full");
        }
    }

    /// Whether the owner of a job is an administrator at this moment. Refuses for who may not log in any more.
    async fn owner_is_staff(&self, job: &Job) -> Result<bool, Problem> {
        match self.account(&job.owner).await? {
            Some(account) if account.active => Ok(account.staff),
            _ => Err(Problem::Permanent(format!("The account of {} was deactivated or deleted.", job.owner_name))),
        }
    }

    /// Whether a rule may fire now; the refusal says why not.
    pub(crate) async fn permit_rule(&self, rule: &Rule, source: &NodeId) -> Result<(), Refusal> {
        let none = || Refusal::conflict("This rule has no group. Save this rule again for a group.");
        let id = rule.group.as_ref().ok_or_else(none)?;
        let found = self.0.groups.get(id).await?;
        let group = found.ok_or_else(|| Refusal::conflict("The group for which this rule acts was deleted."))?.value;
        restrict(&group, group.config.settings.pseudonymised_only, &rule.config.options)?;
        self.permit_bytes(&group).await?;
        let why = self.permit_ends(&group, source, &rule.config.destination).await?;
        why.map_or(Ok(()), |why| Err(Refusal::forbidden(why)))
    }

    /// Whether a group may send from one node to another now; the sentence says why not. The inbox is granted to everybody who may write
    /// a rule on it.
    async fn permit_ends(
        &self,
        group: &Group,
        source: &NodeId,
        destination: &NodeId,
    ) -> Result<Option<String>, Refusal> {
        for (node, direction) in [(source, Direction::Source), (destination, Direction::Destination)] {
            if *node == inbox() {
                continue;
            }
            let grant = self.0.groups.grant(&group.id, node).await?;
            if grant.is_some_and(|grant| grant.allows(direction)) {
                continue;
            }
            // A node that was deleted cannot be used either; whoever tries says so.
            if let Some(name) = self.node_name(node).await? {
                return Ok(Some(not_granted(group, &name, direction).body.detail));
            }
        }
        Ok(None)
    }

    /// Whether a person who acts as `actor` holds a right in the group of a job, which need not be their active one.
    pub(crate) async fn demand_in(&self, actor: &Actor, group: Option<&GroupId>, right: Right) -> Result<(), Refusal> {
        let own = actor.group.as_ref().map(|own| &own.id);
        let Some(id) = group.filter(|id| Some(*id) != own && !actor.staff) else { return actor.demand(right) };
        let group = self.group_of(&actor.user_id, id).await?;
        Actor { group, ..actor.clone() }.demand(right)
    }

    /// The refusal of a node that is not there for the actor.
    pub(crate) async fn unseen(&self, node: &NodeId) -> Result<Refusal, Refusal> {
        const WHAT: &str = "server or folder";
        let is_there = self.0.nodes.get(node).await?.is_some();
        Ok(if is_there { Refusal::foreign(WHAT) } else { Refusal::not_found(WHAT) })
    }

    /// The name of a node for the record; empty: there is none, or it cannot be read now.
    pub async fn name_of_node(&self, id: &NodeId) -> String {
        let found = self.0.nodes.get(id).await.ok().flatten();
        found.map(|record| record.node.config.name).unwrap_or_default()
    }

    async fn node_name(&self, id: &NodeId) -> Result<Option<String>, Refusal> {
        Ok(self.0.nodes.get(id).await?.map(|record| record.node.config.name))
    }
}

fn not_granted(group: &Group, node: &str, direction: Direction) -> Refusal {
    let what = match direction {
        Direction::Source => "search or fetch from",
        Direction::Destination => "send to",
    };
    Refusal::forbidden(format!(
        "The group {} may not {what} {node}. An administrator can allow it among the group's servers.",
        group.config.name
    ))
}

/// Refuses what the restrictions of a group or token exclude.
fn restrict(group: &Group, pseudonymised_only: bool, options: &TransferOptions) -> Result<(), Refusal> {
    let name = &group.config.name;
    if pseudonymised_only && !options.pseudonymises() {
        return Err(Refusal::forbidden(format!(
            "Only pseudonymised transfers are allowed here (group {name}). Choose to pseudonymise the images."
        ))
        .at("identity"));
    }
    if pseudonymised_only && options.allow_risky_pixels {
        return Err(Refusal::forbidden(format!(
            "Only pseudonymised transfers are allowed here (group {name}), so images that may show who the patient is have to stay behind. \
             Do not let them pass."
        ))
        .at("allow_risky_pixels"));
    }
    if options.direct_move && group.config.settings.bytes_per_day > 0 {
        return Err(Refusal::forbidden(format!(
            "The group {name} may transfer only so much in a day, and a direct transfer passes by uncounted. Switch the direct transfer off."
        ))
        .at("direct_move"));
    }
    Ok(())
}

fn day_is_full(group: &Group) -> String {
    let most = adit_mail::bytes(group.config.settings.bytes_per_day);
    format!("The group {} has transferred as much today as it may in a day ({most}).", group.config.name)
}

/// A moment as people read it.
pub(crate) fn moment(at: Timestamp) -> String {
    let known = jiff::Timestamp::from_millisecond(at.0);
    known.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_readable() {
        assert_eq!(moment(GroupLimits::next_day(Timestamp(1_700_000_000_000))), "2023-11-15 00:00 UTC");
    }
}
