//! All groups with their rights: a matrix whose boxes count at once.

use adit_api::groups::{GroupInput, GroupView};
use adit_domain::Right;
use adit_domain::group::GroupConfig;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::use_navigate;

use crate::context::shared;
use crate::features::admin::Administration;
use crate::ui::{Problem, Spinner, Text};

#[component]
pub fn GroupsPage() -> impl IntoView {
    view! { <Administration title=Signal::stored("Groups and rights".to_owned())><Groups/></Administration> }
}

#[component]
fn Groups() -> impl IntoView {
    let state = shared();
    let groups = RwSignal::new(None::<Vec<GroupView>>);
    let next = RwSignal::new(None::<String>);
    let load = move || {
        let after = next.get_untracked();
        spawn_local(async move {
            match adit_api_client::groups(after.as_deref()).await {
                Ok(page) => {
                    groups.update(|all| all.get_or_insert_default().extend(page.groups));
                    next.set(page.next);
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    load();
    let known = Memo::new(move |_| groups.with(Option::is_some));
    let ids = Memo::new(move |_| groups.with(|all| all.iter().flatten().map(|one| one.id.clone()).collect::<Vec<_>>()));
    view! {
        <Show when=move || known.get() fallback=|| view! { <Spinner label="Loading groups"/> }>
            <div class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                <table class="table table-sm">
                    <caption class="sr-only">"Which group has which right"</caption>
                    <thead><tr>
                        <th scope="col">"Group"</th>
                        {Right::ALL.into_iter().map(|right| view! { <th scope="col" class="min-w-20 whitespace-normal text-center" title=right.explanation()>{right.title()}</th> }).collect_view()}
                    </tr></thead>
                    <tbody><For each=move || ids.get() key=|id| id.to_string() children=move |id| view! { <Row id=id.to_string() groups=groups/> }/></tbody>
                </table>
            </div>
            <p class="mt-2 text-xs text-base-content/75">"A tick counts at once: from the next request, and from the next study of a transfer that runs. Administrators hold every right in the groups to which they belong."</p>
            <Show when=move || next.with(Option::is_some)><button class="btn btn-sm mt-2" on:click=move |_| load()>"More groups"</button></Show>
        </Show>
        <div class="mt-6 grid items-start gap-4 lg:grid-cols-2"><NewGroup/><Legend/></div>
    }
}

#[component]
fn Row(id: String, groups: RwSignal<Option<Vec<GroupView>>>) -> impl IntoView {
    let state = shared();
    let key = id.clone();
    let group =
        Memo::new(move |_| groups.with(|all| all.iter().flatten().find(|group| group.id.as_str() == key).cloned()));
    let busy = RwSignal::new(false);
    let set = move |right: Right, on: bool| {
        let Some(group) = group.get_untracked() else { return };
        let mut config = group.config.clone();
        if on {
            config.rights.insert(right);
        } else {
            config.rights.remove(&right);
        }
        busy.set(true);
        spawn_local(async move {
            let input = GroupInput { config, version: Some(group.version) };
            let fresh = match adit_api_client::save_group(Some(&group.id), &input).await {
                Ok(fresh) => fresh,
                Err(error) => {
                    state.refuse(&error);
                    group
                }
            };
            groups.update(|all| {
                all.iter_mut().flatten().filter(|one| one.id == fresh.id).for_each(|one| one.clone_from(&fresh));
            });
            busy.set(false);
        });
    };
    let name = move || group.get().map(|group| group.config.name).unwrap_or_default();
    let cell = move |right: Right| {
        let has = move || group.with(|group| group.as_ref().is_some_and(|group| group.config.rights.contains(&right)));
        view! {
            <td class="text-center">
                <input class="checkbox checkbox-sm" type="checkbox" aria-label=move || format!("{} for {}", right.title(), name())
                    disabled=move || busy.get() prop:checked=has on:change=move |event| set(right, event_target_checked(&event))/>
            </td>
        }
    };
    view! {
        <tr class="hover:bg-base-200">
            <th scope="row" class="whitespace-nowrap"><A href=format!("/admin/groups/{id}") attr:class="link">{name}</A></th>
            {Right::ALL.into_iter().map(cell).collect_view()}
        </tr>
    }
}

#[component]
fn NewGroup() -> impl IntoView {
    let (name, problem) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let navigate = StoredValue::new_local(use_navigate());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            let config = GroupConfig { name: name.get_untracked(), ..GroupConfig::default() };
            match adit_api_client::save_group(None, &GroupInput { config, version: None }).await {
                Ok(group) => navigate.with_value(|go| go(&format!("/admin/groups/{}", group.id), Default::default())),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <form class="rounded-box border border-base-300 bg-base-100 p-4" aria-label="New group" on:submit=submit>
            <h2 class="mb-3 text-base font-semibold">"New group"</h2>
            <div class="flex flex-col gap-3">
                <Text label="Name of the group" value=name hint="It begins without rights, members and servers"/>
                <Problem text=problem/>
                <button class="btn btn-primary btn-sm self-start" type="submit">"Add group"</button>
            </div>
        </form>
    }
}

/// What each right allows.
#[component]
fn Legend() -> impl IntoView {
    let line = |right: Right| view! { <div><dt class="font-medium">{right.title()}</dt><dd class="text-base-content/75">{right.explanation()}</dd></div> };
    view! {
        <section class="rounded-box border border-base-300 bg-base-100 p-4" aria-label="What the rights allow">
            <h2 class="mb-3 text-base font-semibold">"What the rights allow"</h2>
            <dl class="flex flex-col gap-2 text-sm">{Right::ALL.into_iter().map(line).collect_view()}</dl>
        </section>
    }
}
