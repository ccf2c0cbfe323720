//! One person, what can be done to their account, and on request their groups and tokens.

use adit_api::people::PersonAction;
use adit_domain::person::{PersonRecord, PersonState};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::membership::Details;
use crate::context::shared;
use crate::features::jobs::moment;
use crate::ui::{Badge, Confirm};

/// Label, question, whether it destroys something.
type Words = (&'static str, &'static str, bool);

fn words(action: PersonAction) -> Words {
    match action {
        PersonAction::Approve => ("Approve", "Let this person in? They get a mail.", false),
        PersonAction::Reject => ("Reject", "Remove this account? The person gets a mail and may register again.", true),
        PersonAction::Deactivate => {
            ("Deactivate", "Keep this person out? Their sessions and tokens end at once.", true)
        }
        PersonAction::Reactivate => ("Reactivate", "Let this person in again?", false),
        PersonAction::MakeStaff => ("Make administrator", "Let this person see and change everything?", true),
        PersonAction::RemoveStaff => ("No longer administrator", "Take the administrator's rights away?", true),
        PersonAction::RemoveSecondFactor => {
            ("Remove second factor", "Let this person in by the password alone? Be sure who asks you for it.", true)
        }
        PersonAction::LogOut => ("Log out everywhere", "End all sessions of this person? Tokens stay.", false),
    }
}

/// What can be done, in the order of the buttons.
fn actions(person: &PersonRecord) -> Vec<PersonAction> {
    match person.state {
        PersonState::Waiting => vec![PersonAction::Approve, PersonAction::Reject],
        PersonState::Unconfirmed => vec![PersonAction::Reject],
        PersonState::Deactivated => vec![PersonAction::Reactivate],
        PersonState::Active => {
            let staff = if person.staff { PersonAction::RemoveStaff } else { PersonAction::MakeStaff };
            let mut actions = vec![PersonAction::LogOut, staff];
            actions.extend(person.second_factor.then_some(PersonAction::RemoveSecondFactor));
            actions.push(PersonAction::Deactivate);
            actions
        }
    }
}

fn badge(person: &PersonRecord) -> (&'static str, &'static str) {
    match person.state {
        PersonState::Unconfirmed => ("Unconfirmed", "badge-neutral badge-outline"),
        PersonState::Waiting => ("Waits for approval", "badge-warning"),
        PersonState::Active if person.staff => ("Administrator", "badge-accent badge-outline"),
        PersonState::Active => ("Active", "badge-success"),
        PersonState::Deactivated => ("Deactivated", "badge-error"),
    }
}

fn facts(person: &PersonRecord) -> String {
    let profile = &person.profile;
    let name = format!("{} {}", profile.first_name, profile.last_name).trim().to_owned();
    let seen =
        person.last_login.map_or_else(|| "never logged in".to_owned(), |at| format!("last log-in {}", moment(at)));
    let mut facts = vec![name, person.email.clone().unwrap_or_else(|| "no e-mail address".to_owned())];
    facts.extend([profile.department.clone(), profile.phone.clone(), seen]);
    if person.second_factor {
        facts.push("second factor".to_owned());
    }
    if person.issuer.is_some() {
        facts.push("logs in with the organisation".to_owned());
    }
    facts.retain(|fact| !fact.is_empty());
    facts.join(" · ")
}

#[component]
pub fn PersonCard(person: Signal<PersonRecord>, load: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let id = StoredValue::new(person.with_untracked(|person| person.id.clone()));
    let open = RwSignal::new(false);
    let act = move |action: PersonAction| {
        spawn_local(async move {
            match adit_api_client::act_on_person(&id.get_value(), action).await {
                Ok(_) => {
                    state.say(match action {
                        PersonAction::Approve => {
                            "Approved. Add the person to a group, so that they can search and transfer."
                        }
                        _ => "Done.",
                    });
                    load();
                }
                Err(error) => state.refuse(&error),
            }
        });
    };
    let possible = Memo::new(move |_| person.with(actions));
    let buttons = move || {
        let button = |action| {
            let (label, question, danger) = words(action);
            view! { <Confirm label=label question=question danger=danger on_yes=move || act(action)/> }
        };
        possible.get().into_iter().map(button).collect_view()
    };
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <div class="flex flex-wrap items-center gap-2">
                <h2 class="text-base font-semibold">{move || person.with(|person| person.username.clone())}</h2>
                <Badge state=Signal::derive(move || person.with(badge))/>
                <span class="mr-auto"></span>
                {buttons}
                <button class="btn btn-sm" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>"Groups and tokens"</button>
            </div>
            <p class="mt-1 text-sm text-base-content/75">{move || person.with(facts)}</p>
            <Show when=move || open.get()><Details id=id person=person load=load/></Show>
        </li>
    }
}
