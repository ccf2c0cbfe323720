//! What a link of a letter leads to. Its secret stands behind `#`, which browsers send to nobody; looking does not use it.

use adit_api::account::{LinkPassword, LinkPurpose, LinkView};
use adit_domain::person::PersonState;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Done, Door};
use crate::ui::{Problem, Spinner, Text};

#[component]
pub fn LinkPage() -> impl IntoView {
    let token = window().location().hash().unwrap_or_default().trim_start_matches('#').to_owned();
    let token = StoredValue::new(token);
    let (link, problem) = (RwSignal::new(None::<LinkView>), RwSignal::new(String::new()));
    let done = RwSignal::new(None::<(&'static str, String)>);
    spawn_local(async move {
        match adit_api_client::look_at_link(&token.get_value()).await {
            Ok(found) => link.set(Some(found)),
            Err(error) => problem.set(error.detail),
        }
    });
    view! {
        <Door>
            {move || match (done.get(), link.get()) {
                (Some((title, text)), _) => view! { <Done title=title text=Signal::stored(text)/> }.into_any(),
                (None, Some(link)) if link.used => view! { <Done title="This link was used already" text=Signal::stored("There is nothing left to do with it.".to_owned())/> }.into_any(),
                (None, Some(LinkView { purpose: LinkPurpose::Email { email }, .. })) => view! { <ConfirmEmail token=token email=email done=done/> }.into_any(),
                (None, Some(link)) => view! { <ChoosePassword token=token link=link done=done/> }.into_any(),
                (None, None) => view! {
                    <h1 class="mb-2 text-lg font-semibold">"Your link"</h1>
                    <Show when=move || problem.with(String::is_empty) fallback=move || view! { <Problem text=problem/> }><Spinner label="Looking at the link"/></Show>
                }.into_any(),
            }}
            // A full load, so that the secret is gone from the address.
            <a class="btn btn-ghost btn-sm mt-2" href="/" rel="external">"To the log-in"</a>
        </Door>
    }
}

#[component]
fn ChoosePassword(
    token: StoredValue<String>,
    link: LinkView,
    done: RwSignal<Option<(&'static str, String)>>,
) -> impl IntoView {
    let [password, again, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let confirms = link.purpose == LinkPurpose::Confirm;
    let username = link.username.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if password.get_untracked() != again.get_untracked() {
            problem.set("The two passwords differ.".to_owned());
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let input = LinkPassword { token: token.get_value(), new_password: password.get_untracked() };
            let result = if confirms {
                adit_api_client::confirm_account(&input).await.map(|confirmed| told(confirmed.state))
            } else {
                let ended = "Your password was changed and all your sessions have ended. Log in with the new one.";
                adit_api_client::reset_password(&input).await.map(|()| ("Password changed", ended.to_owned()))
            };
            match result {
                Ok(what) => done.set(Some(what)),
                Err(error) => problem.set(error.detail),
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="flex flex-col gap-3" on:submit=submit>
            <h1 class="text-lg font-semibold">{if confirms { "Confirm your account" } else { "Choose a new password" }}</h1>
            <p class="text-sm">"Your user name is "<b>{link.username}</b>"."</p>
            // For password managers.
            <input class="hidden" type="text" name="username" autocomplete="username" prop:value=username readonly/>
            <Text label="Password" value=password kind="password" autocomplete="new-password" hint="12 characters or more"/>
            <Text label="Password again" value=again kind="password" autocomplete="new-password"/>
            <Problem text=problem/>
            <button class="btn btn-primary" type="submit" disabled=move || busy.get()>"Save password"</button>
        </form>
    }
}

fn told(state: PersonState) -> (&'static str, String) {
    match state {
        PersonState::Waiting => (
            "Thank you",
            "Your address is confirmed. An administrator has to approve your account; you get a mail when that is done.".into(),
        ),
        _ => ("Your account is ready", "You can log in now.".into()),
    }
}

#[component]
fn ConfirmEmail(
    token: StoredValue<String>,
    email: String,
    done: RwSignal<Option<(&'static str, String)>>,
) -> impl IntoView {
    let problem = RwSignal::new(String::new());
    let confirm = move |_| {
        spawn_local(async move {
            match adit_api_client::confirm_email(&token.get_value()).await {
                Ok(()) => done.set(Some(("Address confirmed", "Mail goes to the new address from now on.".into()))),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <h1 class="mb-2 text-lg font-semibold">"Confirm your e-mail address"</h1>
        <p class="mb-3 text-sm">"From now on mail of ADIT goes to "<b>{email}</b>"."</p>
        <Problem text=problem/>
        <button class="btn btn-primary" on:click=confirm>"Confirm this address"</button>
    }
}
