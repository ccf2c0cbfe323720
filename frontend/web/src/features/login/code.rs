//! The second step: a code of the authenticator app, or a recovery code.

use adit_api::account::PendingCode;
use adit_api::error::ErrorCode;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{BackButton, Step};
use crate::context::shared;
use crate::ui::{Problem, Text};

#[component]
pub fn CodeStep(pending: String, go: impl Fn(Step) + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let pending = StoredValue::new(pending);
    let (code, problem, busy) = (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(false));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        spawn_local(async move {
            let input = PendingCode { pending: pending.get_value(), code: code.get_untracked() };
            match adit_api_client::finish_log_in(&input).await {
                Ok(session) => state.session.set(Some(Some(session))),
                Err(error) if error.code == ErrorCode::LoginRequired => {
                    state.refuse(&error);
                    go(Step::Password);
                }
                Err(error) => problem.set(error.detail),
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="flex flex-col gap-3" on:submit=submit>
            <h1 class="text-lg font-semibold">"Second step"</h1>
            <p class="text-sm">"Open the authenticator app on your phone and enter the code that it shows for ADIT. If you do not have the phone, enter one of your recovery codes."</p>
            <Text label="Code" value=code autocomplete="one-time-code"/>
            <Problem text=problem/>
            <button class="btn btn-primary" type="submit" disabled=move || busy.get()>"Log in"</button>
            <BackButton go=go/>
        </form>
    }
}
