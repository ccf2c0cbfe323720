//! The events that were found, with more on demand.

use adit_api::audit::{AuditEntry, AuditQuery, kind_title};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use super::filter::{Fields, FilterForm};
use crate::context::shared;
use crate::features::jobs::moment;
use crate::ui::{Badge, Problem, Spinner};

#[component]
pub fn Trail() -> impl IntoView {
    let state = shared();
    let fields = Fields::new();
    let entries = RwSignal::new(Vec::<AuditEntry>::new());
    let asked = RwSignal::new(None::<AuditQuery>);
    let [unreadable, searches] = std::array::from_fn(|_| RwSignal::new(0_u64));
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(String::new()));
    let more = RwSignal::new(None::<String>);
    let fetch = move |query: AuditQuery| {
        busy.set(true);
        let search = searches.get_untracked();
        spawn_local(async move {
            let answer = adit_api_client::audit(&query).await;
            // Somebody has searched for something else meanwhile.
            if searches.try_get_untracked() != Some(search) {
                return;
            }
            busy.set(false);
            match answer {
                Ok(page) => {
                    entries.update(|all| all.extend(page.entries));
                    unreadable.update(|all| *all += page.unreadable);
                    more.set(page.next);
                }
                Err(error) if error.field.is_some() => problem.set(error.detail),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let search = move || {
        problem.set(String::new());
        match fields.query() {
            Ok(query) => {
                searches.update(|all| *all += 1);
                entries.set(Vec::new());
                unreadable.set(0);
                more.set(None);
                asked.set(Some(query.clone()));
                fetch(query);
            }
            Err(text) => problem.set(text),
        }
    };
    search();
    let go_on = move |_| {
        if let (Some(query), Some(after)) = (asked.get_untracked(), more.get_untracked()) {
            fetch(AuditQuery { after: Some(after), ..query });
        }
    };
    let broken = move || {
        let count = unreadable.get();
        (count > 0).then(|| view! { <p role="alert" class="mb-2 font-semibold text-error">{format!("{count} rows are no readable events. Verify the trail.")}</p> })
    };
    view! {
        <FilterForm fields=fields search=search/>
        <Problem text=problem/>
        {broken}
        <section class="overflow-x-auto rounded-box border border-base-300 bg-base-100" aria-label="Events">
            <table class="table table-sm">
                <thead><tr><th>"When"</th><th>"Kind"</th><th>"Outcome"</th><th>"What happened"</th><th>"From"</th></tr></thead>
                <tbody><For each=move || entries.get() key=|entry| entry.id.clone() children=|entry| view! { <Row entry=entry/> }/></tbody>
            </table>
        </section>
        <Show when=move || !busy.get() && entries.with(Vec::is_empty)><p class="mt-3 text-sm">"Nothing found so far."</p></Show>
        <div class="mt-3 flex items-center gap-2">
            <Show when=move || more.with(Option::is_some)><button class="btn btn-sm" disabled=move || busy.get() on:click=go_on>"More"</button></Show>
            <Show when=move || busy.get()><Spinner label="Searching the audit trail"/></Show>
        </div>
    }
}

fn outcome(code: u8) -> (&'static str, &'static str) {
    match code {
        0 => ("Success", "badge-success badge-outline"),
        4 => ("Minor failure", "badge-warning"),
        8 => ("Refused or failed", "badge-error"),
        _ => ("Major failure", "badge-error"),
    }
}

#[component]
fn Row(entry: AuditEntry) -> impl IntoView {
    let changed =
        (!entry.intact).then(|| view! { <p class="font-semibold text-error">"CHANGED since it was recorded"</p> });
    let job = entry.job.map(|id| view! { <A href=format!("/jobs/{id}") attr:class="link">"Job"</A> });
    let patient = entry.patient_id.map(|id| view! { <span>"Patient ID "{id}</span> });
    view! {
        <tr class="align-top hover:bg-base-200">
            <td class="whitespace-nowrap">{moment(entry.at)}</td>
            <td class="whitespace-nowrap">{kind_title(&entry.kind)}</td>
            <td><Badge state=outcome(entry.outcome)/></td>
            <td class="min-w-80">{changed}<p class="break-words">{entry.sentence}</p><p class="flex gap-3 text-xs text-base-content/75">{job}{patient}</p></td>
            <td class="whitespace-nowrap text-xs">{entry.address.unwrap_or_default()}</td>
        </tr>
    }
}
