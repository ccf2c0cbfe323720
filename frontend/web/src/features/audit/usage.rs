//! What people and their programs have moved in the last thirty days.

use adit_api::usage::{Usage, UsageQuery, UsageRow};
use adit_domain::usage::{Amount, Way};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::format::{bytes, counted};
use crate::ui::Spinner;

const HEADS: [&str; 5] = ["Retrieved", "Stored", "Downloaded", "As NIfTI", "Transferred"];

#[component]
pub fn UsageTable() -> impl IntoView {
    let state = shared();
    let found = RwSignal::new(None::<Usage>);
    spawn_local(async move {
        match adit_api_client::usage(&UsageQuery::default()).await {
            Ok(usage) => {
                found.try_set(Some(usage));
            }
            Err(error) => state.refuse(&error),
        }
    });
    move || match found.get() {
        None => view! { <Spinner label="Adding up what was moved"/> }.into_any(),
        Some(usage) if usage.rows.is_empty() => {
            view! { <p class="text-sm">"Nobody has moved anything in the last 30 days."</p> }.into_any()
        }
        Some(usage) => view! { <Rows usage=usage/> }.into_any(),
    }
}

#[component]
fn Rows(usage: Usage) -> impl IntoView {
    let caption = format!("{} to {} (UTC). Programs count to the owner of their token.", usage.from, usage.until);
    view! {
        <div class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
            <table class="table table-sm" aria-label="Usage by person">
                <caption class="px-3 py-2 text-left text-xs text-base-content/75">{caption}</caption>
                <thead><tr><th>"Person"</th>{HEADS.map(|head| view! { <th class="text-right">{head}</th> }).collect_view()}</tr></thead>
                <tbody>{usage.rows.into_iter().map(|row| view! { <Row row=row/> }).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(row: UsageRow) -> impl IntoView {
    let cells = Way::ALL.map(|way| view! { <td class="text-right align-top">{cell(row.amount(way))}</td> });
    view! { <tr><th scope="row" class="align-top font-medium">{row.person.unwrap_or_default()}</th>{cells.collect_view()}</tr> }
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn cell(amount: Amount) -> impl IntoView {
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    (amount.requests > 0).then(|| {
        let requests = counted(number(amount.requests), "request", "requests");
        let images = counted(number(amount.instances), "image", "images");
        view! {
            <div class="tabular-nums">{bytes(amount.bytes as f64)}</div>
            <div class="text-xs text-base-content/75 tabular-nums">{format!("{requests}, {images}")}</div>
        }
    })
}
