//! The page as a whole.

use adit_api::nodes::NodeView;
use adit_api::search::{SearchLine, SourceOutcome, StudyQuery, StudyRow};
use adit_api_client::Search;
use adit_domain::Right;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;

use super::options::Options;
use super::results::Results;
use super::search_form::SearchForm;
use super::selection::Selection;
use crate::context::shared;
use crate::ui::Spinner;

/// How often servers are asked for, in milliseconds: what is granted or revoked shows at once.
const REFRESH_MS: u32 = 5000;

/// A search as it stands.
#[derive(Clone, Copy)]
pub struct Found {
    pub rows: RwSignal<Vec<StudyRow>>,
    pub outcomes: RwSignal<Vec<SourceOutcome>>,
    pub searching: RwSignal<bool>,
    pub searched: RwSignal<bool>,
}

#[component]
pub fn TransferPage() -> impl IntoView {
    let state = shared();
    let nodes = RwSignal::new(None::<Vec<NodeView>>);
    let found = Found {
        rows: RwSignal::new(Vec::new()),
        outcomes: RwSignal::new(Vec::new()),
        searching: RwSignal::new(false),
        searched: RwSignal::new(false),
    };
    let running = StoredValue::new_local(None::<Search>);
    let selection = Selection::new();
    let alive = StoredValue::new(true);
    on_cleanup(move || alive.set_value(false));
    spawn_local(async move {
        while alive.try_get_value() == Some(true) {
            match adit_api_client::nodes().await {
                Ok(mut all) => {
                    all.retain(|node| node.config.enabled);
                    // What is entered stays unless something was granted or revoked.
                    let known = nodes.try_get_untracked().flatten();
                    if known.is_none_or(|known| known.iter().map(uses).ne(all.iter().map(uses))) {
                        nodes.try_set(Some(all));
                    }
                }
                Err(error) => state.refuse(&error),
            }
            gloo_timers::future::TimeoutFuture::new(REFRESH_MS).await;
        }
    });
    let cancel = move || {
        if let Some(search) = running.get_value() {
            search.cancel();
        }
        found.searching.set(false);
    };
    on_cleanup(move || {
        if let Some(search) = running.try_get_value().flatten() {
            search.cancel();
        }
    });
    let start = move |query: StudyQuery| {
        cancel();
        let Some(handle) = Search::new() else { return };
        running.set_value(Some(handle.clone()));
        found.rows.set(Vec::new());
        found.outcomes.set(Vec::new());
        found.searching.set(true);
        found.searched.set(true);
        spawn_local(async move {
            let result = adit_api_client::search(&handle, &query, |line| match line {
                SearchLine::Study(row) => found.rows.update(|rows| insert(rows, *row)),
                SearchLine::Source(outcome) => found.outcomes.update(|all| all.push(outcome)),
            });
            let result = result.await;
            if !handle.is_cancelled() {
                found.searching.set(false);
                if let Err(error) = result {
                    state.refuse(&error);
                }
            }
        });
    };
    view! {
        <h1 class="mb-4 text-xl font-semibold">"Transfer studies"</h1>
        {move || match nodes.get() {
            None => view! { <Spinner label="Loading servers"/> }.into_any(),
            Some(_) if !state.may(Right::Search) => view! {
                <p class="rounded-box border border-base-300 bg-base-100 p-6">"Your active group may not search. Choose another group at the top of the page, or ask an administrator."</p>
            }.into_any(),
            Some(all) if !all.iter().any(|node| node.may_be_source) => view! { <NothingToSearch/> }.into_any(),
            Some(all) => view! {
                <div class="flex flex-col gap-4">
                    <SearchForm nodes=all.clone() start=start cancel=cancel searching=found.searching/>
                    <Results found=found selection=selection/>
                    <Show when=move || state.may(Right::Transfer) || state.may(Right::Download)><Options nodes=all.clone() selection=selection/></Show>
                </div>
            }.into_any(),
        }}
    }
}

/// Who can change it is told how; the others whom to ask.
#[component]
fn NothingToSearch() -> impl IntoView {
    let state = shared();
    let acts_for = move || state.session.get().flatten().and_then(|session| session.standing.group);
    view! {
        <p class="rounded-box border border-base-300 bg-base-100 p-6">
            {move || match (state.is_staff(), acts_for()) {
                (true, _) => view! { "Your group can search no server yet. Add one under "<A href="/servers" attr:class="link">"Servers"</A>"." }.into_any(),
                (false, Some(group)) => view! { {format!("Your group {} can search no server yet. Ask an administrator for access.", group.name)} }.into_any(),
                (false, None) => view! { "You do not belong to a group yet. Ask an administrator to add you to one." }.into_any(),
            }}
        </p>
    }
}

/// What the page depends on of a node.
fn uses(node: &NodeView) -> (&str, &str, bool, bool) {
    (node.id.as_str(), &node.config.name, node.may_be_source, node.may_be_destination)
}

/// Keeps the newest studies on top.
fn insert(rows: &mut Vec<StudyRow>, row: StudyRow) {
    let newer = |one: &StudyRow| (&one.study_date, &one.study_time) > (&row.study_date, &row.study_time);
    let place = rows.iter().position(|one| !newer(one)).unwrap_or(rows.len());
    rows.insert(place, row);
}
