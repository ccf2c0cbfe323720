//! What a new token is to be like.

use std::collections::BTreeSet;

use adit_api::nodes::NodeView;
use adit_api::tokens::{NewToken, TokenInput};
use adit_domain::right::{Scope, TokenLimits};
use adit_domain::{NodeId, Right, Timestamp};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Check, Problem, Select, Text};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 3_600_000;

/// Ends that can be chosen; the last ones need a right.
const ENDS: [(&str, &str); 5] =
    [("7", "In a week"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")];

#[component]
pub fn TokenForm(done: impl Fn(Option<NewToken>) + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let standing = state.session.get_untracked().flatten().map(|session| session.standing).unwrap_or_default();
    let lasting = standing.rights.contains(&Right::NeverExpiringTokens);
    let group = standing.group.map(|group| group.name).unwrap_or_default();
    let (description, end) = (RwSignal::new(String::new()), RwSignal::new("90".to_owned()));
    let scopes = Scope::ALL.map(|scope| (scope, RwSignal::new(matches!(scope, Scope::Search | Scope::Jobs))));
    let [narrowed, pseudonymised_only] = std::array::from_fn(|_| RwSignal::new(false));
    let chosen = RwSignal::new(BTreeSet::<NodeId>::new());
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let days = end.get_untracked().parse::<i64>().ok();
        let limits = TokenLimits {
            scopes: scopes.into_iter().filter(|(_, on)| on.get_untracked()).map(|(scope, _)| scope).collect(),
            nodes: narrowed.get_untracked().then(|| chosen.get_untracked()),
            pseudonymised_only: pseudonymised_only.get_untracked(),
        };
        let input = TokenInput {
            description: description.get_untracked(),
            expires: days.map(|days| Timestamp(now_ms() + days * DAY_MS)),
            limits,
        };
        spawn_local(async move {
            match adit_api_client::create_token(&input).await {
                Ok(made) => done(Some(made)),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let ends = ENDS.into_iter().take(if lasting { ENDS.len() } else { 3 });
    let ends: Vec<(String, String)> = ends.map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
    view! {
        <form class="mb-3 flex flex-col gap-3 rounded-box border border-base-300 p-4" aria-label="New token" on:submit=submit>
            <div class="grid gap-3 md:grid-cols-2">
                <Text label="What it is for" value=description placeholder="such as: nightly export for the liver study"/>
                <Select label="Ends" value=end options=Signal::stored(ends) hint=Signal::stored(format!("It acts for your group {group}"))/>
            </div>
            <fieldset class="flex flex-col gap-2">
                <legend class="mb-1 text-sm font-medium">"It may"</legend>
                {scopes.into_iter().map(scope_box).collect_view()}
            </fieldset>
            <Check label="Only pseudonymised data" value=pseudonymised_only/>
            <Check label="Only some of the group's servers and folders" value=narrowed/>
            <Show when=move || narrowed.get()><Servers chosen=chosen/></Show>
            <Problem text=problem/>
            <div class="flex gap-2">
                <button class="btn btn-primary btn-sm" type="submit">"Create"</button>
                <button class="btn btn-sm" type="button" on:click=move |_| done(None)>"Close"</button>
            </div>
        </form>
    }
}

fn scope_box((scope, on): (Scope, RwSignal<bool>)) -> impl IntoView {
    let mut explanation = scope.explanation().to_owned();
    if let Some(first) = explanation.get_mut(0..1) {
        first.make_ascii_lowercase();
    }
    view! { <Check label=format!("{}: {explanation}", scope.title()) value=on/> }
}

#[component]
fn Servers(chosen: RwSignal<BTreeSet<NodeId>>) -> impl IntoView {
    let state = shared();
    let nodes = RwSignal::new(Vec::<NodeView>::new());
    spawn_local(async move {
        match adit_api_client::nodes().await {
            Ok(all) => {
                let usable = all.into_iter().filter(|node| node.may_be_source || node.may_be_destination);
                nodes.try_set(usable.collect());
            }
            Err(error) => state.refuse(&error),
        }
    });
    let one = move |node: NodeView| {
        let id = StoredValue::new(node.id);
        let toggle = move |event| {
            let on = event_target_checked(&event);
            chosen.update(|all| {
                if on {
                    all.insert(id.get_value())
                } else {
                    all.remove(&id.get_value())
                };
            });
        };
        view! {
            <label class="flex cursor-pointer items-center gap-2 text-sm">
                <input class="checkbox checkbox-sm" type="checkbox" prop:checked=move || chosen.with(|all| all.contains(&id.get_value())) on:change=toggle/>
                {node.config.name}
            </label>
        }
    };
    view! {
        <fieldset class="flex flex-wrap gap-x-6 gap-y-2 pl-6">
            <legend class="sr-only">"Servers and folders"</legend>
            {move || nodes.get().into_iter().map(one).collect_view()}
        </fieldset>
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are whole and fit")]
fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}
