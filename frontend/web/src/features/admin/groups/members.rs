//! Who belongs to a group.

use adit_api::groups::MemberView;
use adit_domain::GroupId;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::features::jobs::moment;
use crate::ui::{Panel, Problem, Text};

#[component]
pub fn Members(id: GroupId) -> impl IntoView {
    let state = shared();
    let id = StoredValue::new(id);
    let members = RwSignal::new(Vec::<MemberView>::new());
    let next = RwSignal::new(None::<String>);
    let [name, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let load = move |after: Option<String>| {
        spawn_local(async move {
            match adit_api_client::members(&id.get_value(), after.as_deref()).await {
                Ok(page) => {
                    members.update(|all| {
                        if after.is_none() {
                            all.clear();
                        }
                        all.extend(page.members);
                    });
                    next.set(page.next);
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    load(None);
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set(String::new());
        spawn_local(async move {
            match adit_api_client::add_member(&id.get_value(), &name.get_untracked()).await {
                Ok(_) => {
                    name.set(String::new());
                    load(None);
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let remove = move |member: MemberView| {
        spawn_local(async move {
            match adit_api_client::remove_member(&id.get_value(), &member.user).await {
                Ok(()) => members.update(|all| all.retain(|one| one.user != member.user)),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let row = move |member: MemberView| {
        let name = if member.username.is_empty() { "(account is gone)".to_owned() } else { member.username.clone() };
        let label = format!("Remove {name}");
        view! {
            <li class="flex items-center gap-2 border-b border-base-300 py-1 last:border-0">
                <span class="mr-auto">{name}</span><span class="text-xs text-base-content/75">"since "{moment(member.since)}</span>
                <button class="btn btn-ghost btn-xs" aria-label=label on:click=move |_| remove(member.clone())>"Remove"</button>
            </li>
        }
    };
    view! {
        <Panel title="Members">
            <ul aria-label="Members">{move || members.get().into_iter().map(row).collect_view()}</ul>
            <Show when=move || members.with(Vec::is_empty)><p class="text-sm">"Nobody belongs to this group yet."</p></Show>
            {move || next.get().map(|token| view! { <button class="btn btn-sm mt-2" on:click=move |_| load(Some(token.clone()))>"More members"</button> })}
            <form class="mt-3 flex items-end gap-2" aria-label="Add a member" on:submit=add>
                <div class="grow"><Text label="User name" value=name/></div>
                <button class="btn btn-sm" type="submit">"Add member"</button>
            </form>
            <Problem text=problem/>
        </Panel>
    }
}
