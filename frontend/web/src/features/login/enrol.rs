//! A second factor that is demanded is set up during the log-in.

use adit_api::account::{Enrolment, PendingCode};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{BackButton, Step};
use crate::context::shared;
use crate::features::account::{Codes, EnrolForm};
use crate::ui::{Problem, Spinner};

#[component]
pub fn EnrolStep(pending: String, go: impl Fn(Step) + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let pending = StoredValue::new(pending);
    let (enrolment, problem) = (RwSignal::new(None::<Enrolment>), RwSignal::new(String::new()));
    let done = RwSignal::new(None::<(adit_api::session::Session, Vec<String>)>);
    spawn_local(async move {
        match adit_api_client::enrol_pending(&pending.get_value()).await {
            Ok(begun) => enrolment.set(Some(begun)),
            Err(error) => problem.set(error.detail),
        }
    });
    let confirm = move |code: String| {
        spawn_local(async move {
            let input = PendingCode { pending: pending.get_value(), code };
            match adit_api_client::confirm_pending(&input).await {
                Ok(enrolled) => done.set(Some((enrolled.session, enrolled.recovery_codes))),
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <h1 class="mb-2 text-lg font-semibold">"Set up a second factor"</h1>
        {move || match (done.get(), enrolment.get()) {
            (Some((session, codes)), _) => view! {
                <Codes codes=codes/>
                <button class="btn btn-primary btn-sm mt-3" on:click=move |_| state.session.set(Some(Some(session.clone())))>"I have kept them: go on"</button>
            }.into_any(),
            (None, Some(enrolment)) => view! {
                <p class="mb-3 text-sm">"Administrators of this ADIT need one. It takes a minute."</p>
                <EnrolForm enrolment=enrolment confirm=confirm/>
                <Problem text=problem/>
                <div class="mt-3"><BackButton go=go/></div>
            }.into_any(),
            (None, None) => view! {
                <Show when=move || problem.with(String::is_empty) fallback=move || view! { <Problem text=problem/><BackButton go=go/> }>
                    <Spinner label="Preparing"/>
                </Show>
            }.into_any(),
        }}
    }
}
