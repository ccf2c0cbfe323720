//! One rule: what it does, whether it is on, what it did last.

use adit_api::rules::{Firing, RuleInput, RuleView};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::firings::{Firings, JobLink};
use crate::context::shared;
use crate::features::jobs::moment;
use crate::ui::Confirm;

const DELETE: &str = "Delete this rule? Jobs that it has started stay as they are. What arrives from now on is no longer transferred by it.";

#[component]
pub fn RuleCard(
    #[prop(into)] rule: Signal<RuleView>,
    load: impl Fn() + Copy + Send + Sync + 'static,
    edit: impl Fn(RuleView) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let id = Memo::new(move |_| rule.with(|rule| rule.rule.id.to_string()));
    let name = Memo::new(move |_| rule.with(|rule| rule.rule.config.name.clone()));
    let last = Memo::new(move |_| rule.with(|rule| rule.last.clone()));
    let open = RwSignal::new(false);
    let delete = move || {
        spawn_local(async move {
            match adit_api_client::delete_rule(&id.get_untracked()).await {
                Ok(()) => {
                    state.say("Deleted.");
                    load();
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let facts = move || {
        let rule = rule.get();
        let next = rule.next.filter(|_| rule.rule.config.enabled).map(|at| format!("Next time: {}", moment(at)));
        let by = format!("Saved by {}, {}", rule.rule.owner_name, moment(rule.rule.changed));
        [next, Some(by)].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    };
    let problem = move || rule.with(|rule| rule.problem.clone());
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-2">
                <h2 class="mr-auto min-w-0 text-base font-semibold break-words">{move || name.get()}</h2>
                <div class="flex items-center gap-2">
                    <Switch rule=rule load=load/>
                    <button class="btn btn-sm" on:click=move |_| edit(rule.get_untracked())>"Edit"</button>
                    <Confirm label="Delete" question=DELETE danger=true on_yes=delete/>
                </div>
            </div>
            <p class="mt-2">{move || rule.with(|rule| rule.summary.clone())}</p>
            <Show when=move || !problem().is_empty()>
                <div class="alert alert-warning mt-2">{problem}</div>
            </Show>
            <p class="mt-2 text-sm text-base-content/75">{facts}</p>
            <div class="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
                {move || match last.get() {
                    None => view! { <span>"It has not fired yet."</span> }.into_any(),
                    Some(firing) => view! { <Last firing=firing/> }.into_any(),
                }}
                <button class="btn btn-sm ml-auto" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>"History"</button>
            </div>
            {move || open.get().then(|| view! { <Firings rule=id.get_untracked() newest=last/> })}
        </li>
    }
}

#[component]
fn Last(firing: Firing) -> impl IntoView {
    let Firing { at, event, job, problem } = firing;
    view! {
        <span>{format!("Last: {}. {event}", moment(at))}</span>
        {(!problem.is_empty()).then(|| view! { <span class="font-medium">{format!("Problem: {problem}")}</span> })}
        {job.map(|job| view! { <JobLink job=job.to_string()/> })}
    }
}

/// Switches the rule on and off in place.
#[component]
fn Switch(#[prop(into)] rule: Signal<RuleView>, load: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let stored = Memo::new(move |_| rule.with(|rule| rule.rule.config.enabled));
    let on = RwSignal::new(stored.get_untracked());
    Effect::new(move |_| on.set(stored.get()));
    let toggle = move |event| {
        let wanted = event_target_checked(&event);
        on.set(wanted);
        let view = rule.get_untracked();
        let mut config = view.rule.config;
        config.enabled = wanted;
        spawn_local(async move {
            let input = RuleInput { config, version: Some(view.version) };
            match adit_api_client::save_rule(Some(view.rule.id.as_str()), &input).await {
                Ok(_) => load(),
                Err(error) => {
                    on.try_set(!wanted);
                    state.refuse(&error);
                    load();
                }
            }
        });
    };
    view! {
        <label class="mr-2 flex cursor-pointer items-center gap-2 text-sm">
            <input class="toggle toggle-sm toggle-primary" type="checkbox" role="switch" aria-label=move || format!("Rule {}", rule.with(|rule| rule.rule.config.name.clone()))
                prop:checked=move || on.get() on:change=toggle/>
            <span aria-hidden="true">{move || if on.get() { "On" } else { "Off" }}</span>
        </label>
    }
}
