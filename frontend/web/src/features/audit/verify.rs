//! Whether the trail holds.

use adit_api::audit::AuditVerdict;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::Spinner;

#[component]
pub fn Verify() -> impl IntoView {
    let state = shared();
    let (verdict, busy) = (RwSignal::new(None::<AuditVerdict>), RwSignal::new(false));
    let verify = move |_| {
        busy.set(true);
        verdict.set(None);
        spawn_local(async move {
            match adit_api_client::verify_audit().await {
                Ok(found) => {
                    verdict.try_set(Some(found));
                }
                Err(error) => state.refuse(&error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <button class="btn btn-sm" type="button" disabled=move || busy.get() on:click=verify>"Verify"</button>
        <Show when=move || busy.get()><Spinner label="Verifying"/></Show>
        {move || verdict.get().map(|verdict| view! { <Verdict verdict=verdict/> })}
    }
}

#[component]
fn Verdict(verdict: AuditVerdict) -> impl IntoView {
    let class = if verdict.holds { "alert alert-success alert-soft" } else { "alert alert-error alert-soft" };
    let said = if verdict.holds {
        "Everything holds: nothing was changed, added or taken away."
    } else {
        "The audit trail does NOT hold."
    };
    let more =
        (verdict.more > 0).then(|| view! { <li>{format!("{} more findings are not listed.", verdict.more)}</li> });
    view! {
        <div role="status" class=format!("{class} mt-2 w-full text-base-content")>
            <div>
                <p><span class="font-semibold">{said}</span>{format!(" {} events in {} chains were checked; {} older ones have expired.", verdict.events, verdict.chains, verdict.expired)}</p>
                <ul class="list-inside list-disc">{verdict.findings.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}{more}</ul>
            </div>
        </div>
    }
}
