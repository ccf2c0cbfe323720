//! The audit trail for auditors: search, look, export, verify.

mod filter;
mod list;
mod usage;
mod verify;

use adit_domain::Right;
use leptos::prelude::*;

use crate::context::shared;
use list::Trail;
use usage::UsageTable;

#[component]
pub fn AuditPage() -> impl IntoView {
    let state = shared();
    view! {
        <h1 class="mb-2 text-xl font-semibold">"Audit trail"</h1>
        <Show when=move || state.may(Right::ReadAudit) fallback=|| view! { <p>"Your active group may not read the audit record."</p> }>
            <p class="mb-4 text-sm">"Who did what, to what, and how it ended, the newest first. That you read it is recorded, too."</p>
            <Trail/>
            <section class="mt-6" aria-labelledby="usage">
                <h2 id="usage" class="mb-2 text-base font-semibold">"Moved in the last 30 days"</h2>
                <UsageTable/>
            </section>
        </Show>
    }
}
