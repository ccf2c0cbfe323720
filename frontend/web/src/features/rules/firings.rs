//! The newest firings of a rule.

use adit_api::rules::Firing;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use crate::context::shared;
use crate::features::jobs::moment;
use crate::ui::Spinner;

/// Loads the list anew whenever `newest` changes.
#[component]
pub fn Firings(rule: String, newest: Memo<Option<Firing>>) -> impl IntoView {
    let state = shared();
    let firings = RwSignal::new(None::<Vec<Firing>>);
    let rule = StoredValue::new(rule);
    Effect::new(move |_| {
        newest.track();
        spawn_local(async move {
            let Some(rule) = rule.try_get_value() else { return };
            match adit_api_client::firings(&rule).await {
                Ok(all) => {
                    firings.try_set(Some(all));
                }
                Err(error) => state.refuse(&error),
            }
        });
    });
    move || match firings.get() {
        None => view! { <Spinner label="Loading what the rule has done"/> }.into_any(),
        Some(all) if all.is_empty() => view! { <p class="mt-3 text-sm">"It has not fired yet."</p> }.into_any(),
        Some(all) => view! {
            <div class="mt-3 max-h-96 overflow-auto" tabindex="0" role="region" aria-label="What the rule has done">
                <table class="table table-sm">
                    <thead><tr><th>"When"</th><th>"What happened"</th><th>"Job"</th></tr></thead>
                    <tbody>{all.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any(),
    }
}

fn row(firing: Firing) -> impl IntoView {
    let job = firing.job.map(|job| view! { <JobLink job=job.to_string()/> });
    let none = job.is_none();
    view! {
        <tr>
            <td class="sm:whitespace-nowrap">{moment(firing.at)}</td>
            <td>{firing.event}{(!firing.problem.is_empty()).then(|| view! { <span class="block font-medium">{format!("Problem: {}", firing.problem)}</span> })}</td>
            <td>{job}{none.then_some("none")}</td>
        </tr>
    }
}

#[component]
pub fn JobLink(job: String) -> impl IntoView {
    view! { <A href=format!("/jobs/{job}") attr:class="link">"Show job"</A> }
}
