//! Groups, address and tokens of one person.

use adit_api::account::AccountView;
use adit_api::groups::{GroupView, OwnGroup};
use adit_api::tokens::TokenView;
use adit_domain::person::PersonRecord;
use adit_domain::{GroupId, UserId};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::features::account::TokenList;
use crate::ui::{Confirm, Problem, Select, Spinner, Text};

#[component]
pub fn Details(
    id: StoredValue<UserId>,
    person: Signal<PersonRecord>,
    load: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let account = RwSignal::new(None::<AccountView>);
    let tokens = RwSignal::new(Vec::<TokenView>::new());
    let look = move || {
        spawn_local(async move {
            let Some(id) = id.try_get_value() else { return };
            match (adit_api_client::person(&id).await, adit_api_client::tokens_of(&id).await) {
                (Ok(found), Ok(page)) => {
                    account.try_set(Some(found));
                    tokens.try_set(page.tokens);
                }
                (Err(error), _) | (_, Err(error)) => state.refuse(&error),
            }
        });
    };
    look();
    let username = Signal::derive(move || person.with(|person| person.username.clone()));
    view! {
        {move || match account.get() {
            None => view! { <Spinner label="Loading groups and tokens"/> }.into_any(),
            Some(account) => view! {
                <div class="mt-3 grid gap-4 border-t border-base-300 pt-3 md:grid-cols-2">
                    <Groups groups=account.groups id=id username=username look=look/>
                    <Address id=id load=load/>
                </div>
            }.into_any(),
        }}
        <Show when=move || tokens.with(|all| !all.is_empty())>
            <h3 class="mb-2 mt-3 text-sm font-semibold">"Tokens"</h3>
            <TokenList tokens=tokens load=look/>
        </Show>
    }
}

#[component]
fn Groups(
    groups: Vec<OwnGroup>,
    id: StoredValue<UserId>,
    username: Signal<String>,
    look: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let all = RwSignal::new(Vec::<GroupView>::new());
    let chosen = RwSignal::new(String::new());
    let present: Vec<GroupId> = groups.iter().map(|group| group.id.clone()).collect();
    spawn_local(async move {
        match adit_api_client::groups(None).await {
            Ok(page) => {
                all.try_set(page.groups);
            }
            Err(error) => state.refuse(&error),
        }
    });
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), "Choose ...".to_owned())];
        let others = all.get().into_iter().filter(|group| !present.contains(&group.id));
        options.extend(others.map(|group| (group.id.to_string(), group.config.name)));
        options
    });
    let add = move |_| {
        let Ok(group) = chosen.get_untracked().parse::<GroupId>() else { return };
        spawn_local(async move {
            match adit_api_client::add_member(&group, &username.get_untracked()).await {
                Ok(_) => look(),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let one = move |group: OwnGroup| {
        let group_id = StoredValue::new(group.id);
        let leave = move || {
            spawn_local(async move {
                match adit_api_client::remove_member(&group_id.get_value(), &id.get_value()).await {
                    Ok(()) => look(),
                    Err(error) => state.refuse(&error),
                }
            });
        };
        view! {
            <li class="flex items-center gap-2 text-sm"><span class="mr-auto">{group.name}</span>
                <Confirm label="Remove from group" question="Let this person act for the group no longer? It counts at once." danger=true on_yes=leave/>
            </li>
        }
    };
    let nobody = groups.is_empty();
    view! {
        <div>
            <h3 class="mb-2 text-sm font-semibold">"Groups"</h3>
            <Show when=move || nobody><p class="mb-2 text-sm">"None: the person can log in, but neither search nor transfer."</p></Show>
            <ul class="mb-2 flex flex-col gap-1">{groups.into_iter().map(one).collect_view()}</ul>
            <div class="flex items-start gap-2">
                <div class="grow"><Select label="Another group" value=chosen options=options/></div>
                <button class="btn btn-sm mt-6" disabled=move || chosen.with(String::is_empty) on:click=add>"Add to group"</button>
            </div>
        </div>
    }
}

#[component]
fn Address(id: StoredValue<UserId>, load: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let [email, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            match adit_api_client::set_email(&id.get_value(), &email.get_untracked()).await {
                Ok(()) => {
                    state.say("The address counts at once; the person's sessions have ended.");
                    load();
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <form class="flex flex-col gap-2" on:submit=submit>
            <h3 class="text-sm font-semibold">"Another e-mail address"</h3>
            <Text label="Address" value=email kind="email" hint="Without confirmation: be sure that it is the person's"/>
            <Problem text=problem/>
            <button class="btn btn-sm self-start" type="submit">"Set address"</button>
        </form>
    }
}
