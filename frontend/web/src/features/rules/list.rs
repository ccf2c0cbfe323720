//! All rules, refreshed while the page is open.

use adit_api::nodes::NodeView;
use adit_api::rules::RuleView;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::card::RuleCard;
use super::form::RuleForm;
use crate::context::shared;
use crate::ui::{Cards, Spinner};

/// How often the list is asked for, in milliseconds.
const REFRESH_MS: u32 = 5000;

#[component]
pub fn RulesPage() -> impl IntoView {
    let state = shared();
    view! {
        <Show when=move || state.is_staff() fallback=|| view! { <h1 class="mb-2 text-xl font-semibold">"Rules"</h1><p>"Only administrators see the rules."</p> }>
            <Rules/>
        </Show>
    }
}

#[component]
fn Rules() -> impl IntoView {
    let state = shared();
    let rules = RwSignal::new(None::<Vec<RuleView>>);
    // `None`: no form; `Some(None)`: a new rule. The places come with it, so that they are fresh.
    let editing = RwSignal::new(None::<(Option<RuleView>, Vec<NodeView>)>);
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    let load = move || {
        spawn_local(async move {
            match adit_api_client::rules().await {
                Ok(all) => {
                    rules.try_set(Some(all));
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    load();
    spawn_local(async move {
        loop {
            gloo_timers::future::TimeoutFuture::new(REFRESH_MS).await;
            if alive.try_get_value() != Some(true) {
                return;
            }
            load();
        }
    });
    let edit = move |rule: Option<RuleView>| {
        spawn_local(async move {
            match adit_api_client::nodes().await {
                Ok(nodes) => {
                    editing.try_set(Some((rule, nodes)));
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let done = move || {
        editing.set(None);
        load();
    };
    let known = Memo::new(move |_| rules.with(|all| all.as_ref().map(|all| !all.is_empty())));
    let card = move |rule| view! { <RuleCard rule=rule load=load edit=move |rule| edit(Some(rule))/> };
    view! {
        <div class="mb-2 flex flex-wrap items-center gap-2">
            <h1 class="mr-auto text-xl font-semibold">"Rules"</h1>
            <button class="btn btn-primary btn-sm" on:click=move |_| edit(None)>"Add rule"</button>
        </div>
        <p class="mb-4 text-sm">"A rule starts transfers by itself: when images arrive, when files appear, or at set times. It takes each study once; each transfer is a job in the list of jobs."</p>
        {move || editing.get().map(|(rule, nodes)| view! { <RuleForm rule=rule nodes=nodes done=done/> })}
        {move || match known.get() {
            None => view! { <Spinner label="Loading rules"/> }.into_any(),
            Some(false) => view! { <Show when=move || editing.with(Option::is_none)><Nothing/></Show> }.into_any(),
            Some(true) => view! { <Cards items=Signal::derive(move || rules.get().unwrap_or_default()) key=|rule: &RuleView| rule.rule.id.to_string() card=card/> }.into_any(),
        }}
    }
}

/// What a rule is, for those who have none.
#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="rounded-box border border-base-300 bg-base-100 p-6">
            <p class="mb-2 font-medium">"No rules yet. Three examples of what a rule can do:"</p>
            <ul class="list-disc space-y-1 pl-5 text-sm">
                <li>"When the scanner CT1 sends a study to ADIT: pseudonymise its thin slices and send them to the research archive."</li>
                <li>"When files appear in the bucket of a partner hospital: send them to the reading station."</li>
                <li>"Every night at two: search the PACS for the liver MRs of the day before and put them into the folder of the study group."</li>
            </ul>
            <p class="mt-3 text-sm">"Before a rule is saved, it can be tried out without transferring anything."</p>
        </div>
    }
}
