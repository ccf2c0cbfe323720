//! The list of people, by state or by the beginning of a name.

use adit_api::people::PeopleFilter;
use adit_domain::person::{PersonRecord, PersonState};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::card::PersonCard;
use super::invite::Invite;
use super::issuer::IssuerPanel;
use super::settings::SettingsPanel;
use crate::context::shared;
use crate::ui::{Cards, Spinner};

/// What can be looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tab {
    In(PersonState),
    All,
    Settings,
}

const TABS: [(Tab, &str); 6] = [
    (Tab::In(PersonState::Waiting), "Waiting"),
    (Tab::In(PersonState::Active), "Active"),
    (Tab::In(PersonState::Unconfirmed), "Unconfirmed"),
    (Tab::In(PersonState::Deactivated), "Deactivated"),
    (Tab::All, "All"),
    (Tab::Settings, "Settings"),
];

#[component]
pub fn PeoplePage() -> impl IntoView {
    let state = shared();
    view! {
        <Show when=move || state.is_staff() fallback=|| view! { <h1 class="mb-2 text-xl font-semibold">"People"</h1><p>"Only administrators see the people."</p> }>
            <People/>
        </Show>
    }
}

#[component]
fn People() -> impl IntoView {
    let (tab, inviting) = (RwSignal::new(Tab::In(PersonState::Waiting)), RwSignal::new(false));
    // Counts what was done, so that the list looks again.
    let changes = RwSignal::new(0_u32);
    let invited = move || {
        inviting.set(false);
        changes.update(|count| *count += 1);
    };
    let button = move |(one, label): (Tab, &'static str)| {
        view! {
            <button role="tab" class="tab" class:tab-active=move || tab.get() == one aria-selected=move || (tab.get() == one).to_string() on:click=move |_| tab.set(one)>{label}</button>
        }
    };
    view! {
        <div class="mb-2 flex flex-wrap items-center gap-2">
            <h1 class="mr-auto text-xl font-semibold">"People"</h1>
            <button class="btn btn-primary btn-sm" on:click=move |_| inviting.set(true)>"Invite a person"</button>
        </div>
        <Show when=move || inviting.get()><Invite done=invited/></Show>
        <div role="tablist" aria-label="Which people" class="tabs tabs-border mb-4">{TABS.into_iter().map(button).collect_view()}</div>
        {move || match tab.get() {
            Tab::Settings => view! { <div class="grid items-start gap-4 lg:grid-cols-2"><SettingsPanel/><IssuerPanel/></div> }.into_any(),
            Tab::All => view! { <List only=None tab=tab changes=changes/> }.into_any(),
            Tab::In(one) => view! { <List only=Some(one) tab=tab changes=changes/> }.into_any(),
        }}
    }
}

fn nobody(only: Option<PersonState>) -> &'static str {
    match only {
        Some(PersonState::Waiting) => "Nobody waits for your approval.",
        Some(PersonState::Unconfirmed) => "Nobody has still to follow the link in their mail.",
        Some(PersonState::Deactivated) => "Nobody is deactivated.",
        _ => "Nobody was found.",
    }
}

#[component]
fn List(only: Option<PersonState>, tab: RwSignal<Tab>, changes: RwSignal<u32>) -> impl IntoView {
    let state = shared();
    let people = RwSignal::new(None::<Vec<PersonRecord>>);
    let next = RwSignal::new(None::<String>);
    let [typed, search] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let fetch = move |after: Option<String>| {
        let filter = PeopleFilter { state: only, search: search.get_untracked(), limit: None, after: after.clone() };
        spawn_local(async move {
            match adit_api_client::people(&filter).await {
                Ok(page) => {
                    // Whoever opens the page with nobody waiting wants to see the people.
                    if only == Some(PersonState::Waiting)
                        && page.people.is_empty()
                        && changes.try_get_untracked() == Some(0)
                        && filter.search.is_empty()
                    {
                        changes.set(1);
                        tab.set(Tab::In(PersonState::Active));
                        return;
                    }
                    let mut all = people.try_get_untracked().flatten().filter(|_| after.is_some()).unwrap_or_default();
                    all.extend(page.people);
                    people.try_set(Some(all));
                    next.try_set(page.next);
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    Effect::new(move |_| {
        changes.track();
        search.track();
        fetch(None);
    });
    let load = move || changes.update(|count| *count += 1);
    let find = move |event: SubmitEvent| {
        event.prevent_default();
        search.set(typed.get_untracked());
    };
    let card = move |person| view! { <PersonCard person=person load=load/> };
    view! {
        <form class="mb-4 flex max-w-xl items-center gap-2" role="search" on:submit=find>
            <input class="input input-sm grow" type="search" aria-label="Search people" placeholder="Beginning of a user name or e-mail address"
                prop:value=move || typed.get() on:input=move |event| typed.set(event_target_value(&event))/>
            <button class="btn btn-sm" type="submit">"Search"</button>
        </form>
        {move || match people.with(|all| all.as_ref().map(Vec::is_empty)) {
            None => view! { <Spinner label="Loading people"/> }.into_any(),
            Some(true) => view! { <p class="rounded-box border border-base-300 bg-base-100 p-6">{nobody(only)}</p> }.into_any(),
            Some(false) => view! { <Cards items=Signal::derive(move || people.get().unwrap_or_default()) key=|person: &PersonRecord| person.id.to_string() card=card/> }.into_any(),
        }}
        <Show when=move || next.get().is_some()>
            <button class="btn btn-sm mt-3" on:click=move |_| fetch(next.get_untracked())>"Show more"</button>
        </Show>
    }
}
