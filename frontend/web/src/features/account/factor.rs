//! The second factor: set up with a picture for the phone, recovery codes shown once, removed for a code.

use adit_api::account::{Enrolment, FactorView};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::features::jobs::moment;
use crate::format::counted;
use crate::ui::{Panel, Problem, Qr, Secret, Text};

#[component]
pub fn FactorPanel(factor: Option<FactorView>, load: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let codes = RwSignal::new(None::<Vec<String>>);
    view! {
        <Panel title="Second factor">
            {move || match (codes.get(), factor) {
                (Some(codes), _) => view! {
                    <Codes codes=codes/>
                    <button class="btn btn-primary btn-sm mt-3" on:click=move |_| load()>"I have kept them"</button>
                }.into_any(),
                (None, Some(factor)) => view! { <Present factor=factor codes=codes load=load/> }.into_any(),
                (None, None) => view! { <SetUp codes=codes/> }.into_any(),
            }}
        </Panel>
    }
}

#[component]
fn SetUp(codes: RwSignal<Option<Vec<String>>>) -> impl IntoView {
    let state = shared();
    let (enrolment, problem) = (RwSignal::new(None::<Enrolment>), RwSignal::new(String::new()));
    let begin = move |_| {
        spawn_local(async move {
            match adit_api_client::enrol().await {
                Ok(begun) => enrolment.set(Some(begun)),
                Err(error) => state.refuse(&error),
            }
        });
    };
    let confirm = move |code: String| {
        spawn_local(async move {
            match adit_api_client::confirm_enrolment(&code).await {
                Ok(made) => codes.set(Some(made.recovery_codes)),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    move || {
        match enrolment.get() {
        None => view! {
            <p class="mb-3 text-sm">"With a second factor, somebody who has found out your password still cannot log in: ADIT then also asks for a code from your phone."</p>
            <button class="btn btn-primary btn-sm" on:click=begin>"Set up"</button>
        }
        .into_any(),
        Some(enrolment) => view! { <EnrolForm enrolment=enrolment confirm=confirm/><Problem text=problem/> }.into_any(),
    }
    }
}

/// The picture for the phone, and the field for its first code.
#[component]
pub fn EnrolForm(enrolment: Enrolment, confirm: impl Fn(String) + Copy + Send + Sync + 'static) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        confirm(code.get_untracked());
    };
    view! {
        <ol class="mb-3 list-decimal space-y-1 pl-5 text-sm">
            <li>"Install an authenticator app on your phone, if you have none."</li>
            <li>"Scan this picture with it."</li>
            <li>"Enter the six digits that the app shows."</li>
        </ol>
        <Qr text=enrolment.url label="QR code for the authenticator app"/>
        <details class="my-3">
            <summary class="cursor-pointer text-sm">"The picture cannot be scanned"</summary>
            <div class="mt-2"><Secret label="Enter this key in the app" text=enrolment.secret/></div>
        </details>
        <form class="flex flex-col gap-3" on:submit=submit>
            <Text label="Code" value=code autocomplete="one-time-code"/>
            <button class="btn btn-primary btn-sm self-start" type="submit">"Confirm"</button>
        </form>
    }
}

/// Recovery codes, shown once.
#[component]
pub fn Codes(codes: Vec<String>) -> impl IntoView {
    let text = codes.join(" ");
    view! {
        <div role="status">
            <p class="mb-2 text-sm"><b>"Keep these recovery codes"</b>", for example printed in a drawer. Each of them lets you in once if you do not have your phone. They are shown only now."</p>
            <ul class="mb-3 grid grid-cols-2 gap-x-6 gap-y-1 font-mono text-sm">{codes.into_iter().map(|code| view! { <li>{code}</li> }).collect_view()}</ul>
        </div>
        <Secret label="All of them" text=text/>
    }
}

#[component]
fn Present(
    factor: FactorView,
    codes: RwSignal<Option<Vec<String>>>,
    load: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let [code, problem] = std::array::from_fn(|_| RwSignal::new(String::new()));
    let renew = move |_| {
        spawn_local(async move {
            match adit_api_client::renew_recovery_codes(&code.get_untracked()).await {
                Ok(made) => codes.set(Some(made.recovery_codes)),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let remove = move |_| {
        spawn_local(async move {
            match adit_api_client::remove_second_factor(&code.get_untracked()).await {
                Ok(()) => {
                    state.say("The second factor was removed.");
                    load();
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let left = counted(factor.recovery_codes_left, "recovery code", "recovery codes");
    view! {
        <p class="mb-3 text-sm">{format!("Set up since {}. You have {left} left.", moment(factor.since))}</p>
        <div class="flex flex-col gap-3">
            <Text label="Code" value=code autocomplete="one-time-code" hint="Needed for both"/>
            <Problem text=problem/>
            <div class="flex flex-wrap gap-2">
                <button class="btn btn-sm" type="button" on:click=renew>"New recovery codes"</button>
                <button class="btn btn-sm" type="button" on:click=remove>"Remove second factor"</button>
            </div>
        </div>
    }
}
