//! Where the approval of a job stands, and the decision for those who may decide.

use adit_api::jobs::JobView;
use adit_domain::job::{Approval, JobAction, JobStatus};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::progress::moment;
use crate::context::shared;
use crate::ui::Text;

/// Why the job waits, or who has decided; with the decision where the reader may make it.
#[component]
pub fn ApprovalLine(#[prop(into)] job: Signal<JobView>) -> impl IntoView {
    let approval = Memo::new(move |_| job.with(|job| (job.status, job.approval.clone())));
    let decides = Memo::new(move |_| job.with(|job| job.actions.contains(&JobAction::Approve)));
    let id = Memo::new(move |_| job.with(|job| job.id.to_string()));
    let said = move || {
        match approval.get() {
        (JobStatus::WaitingForApproval, _) => Some("Waiting for approval: jobs of this group begin only after somebody who may approve jobs has agreed. Nothing is transferred before.".to_owned()),
        (_, Some(Approval::Given { by, at })) => Some(format!("Approved by {by}, {}.", moment(at))),
        (_, Some(Approval::Rejected { by, at, reason })) => {
            let why = if reason.is_empty() { String::new() } else { format!(" Reason: {reason}") };
            Some(format!("Rejected by {by}, {}.{why}", moment(at)))
        }
        _ => None,
    }
    };
    view! {
        {move || said().map(|text| view! {
            <section class="mb-4 rounded-box border border-accent/60 bg-base-100 p-4 text-sm" aria-label="Approval">
                <p>{text}</p>
                <Show when=move || decides.get()><Decide id=id.get_untracked() done=|| ()/></Show>
            </section>
        })}
    }
}

/// Approve, or reject with a reason. `done` runs after the answer.
#[component]
pub fn Decide(id: String, done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let id = StoredValue::new(id);
    let (reason, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let decide = move |approve: bool| {
        busy.set(true);
        spawn_local(async move {
            match adit_api_client::decide(&id.get_value(), approve, &reason.get_untracked()).await {
                Ok(_) => {
                    state.say(if approve { "Approved. The transfer begins." } else { "Rejected. The owner is told." })
                }
                Err(error) => state.refuse(&error),
            }
            busy.try_set(false);
            done();
        });
    };
    view! {
        <div class="mt-2 flex flex-wrap items-end gap-2">
            <div class="min-w-60 grow"><Text label="Reason (for the owner, when you reject)" value=reason/></div>
            <button class="btn btn-primary btn-sm" disabled=move || busy.get() on:click=move |_| decide(true)>"Approve"</button>
            <button class="btn btn-error btn-sm" disabled=move || busy.get() on:click=move |_| decide(false)>"Reject"</button>
        </div>
    }
}
