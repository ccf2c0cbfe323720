//! What is seen before a log-in: the log-in itself in its steps, registration, a forgotten password, and what links of letters lead to.

mod code;
mod enrol;
mod forgotten;
mod link;
mod password;
mod register;

use adit_api::account::{Entrance, NextStep, PendingLogIn};
use leptos::prelude::*;
use leptos::task::spawn_local;

use code::CodeStep;
use enrol::EnrolStep;
use forgotten::Forgotten;
pub use link::LinkPage;
use password::PasswordStep;
use register::Register;

/// Where one stands.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    Password,
    /// A code is asked for, for this log-in.
    Code(String),
    /// A second factor has to be set up, for this log-in.
    Enrol(String),
    Forgotten,
    Register,
}

impl Step {
    fn of(pending: PendingLogIn) -> Self {
        match pending.needs {
            NextStep::Code => Self::Code(pending.pending),
            NextStep::Enrolment => Self::Enrol(pending.pending),
        }
    }

    /// A log-in that began at the organisation's issuer goes on here: what it needs stands behind `#`.
    fn from_address() -> Self {
        let hash = window().location().hash().unwrap_or_default();
        match hash.trim_start_matches('#').split_once('=') {
            Some(("code", pending)) => Self::Code(pending.to_owned()),
            Some(("enrolment", pending)) => Self::Enrol(pending.to_owned()),
            _ => Self::Password,
        }
    }
}

#[component]
pub fn LoginPage() -> impl IntoView {
    let step = RwSignal::new(Step::from_address());
    let entrance = RwSignal::new(Entrance::default());
    spawn_local(async move {
        // Without it one can log in all the same.
        if let Ok(found) = adit_api_client::entrance().await {
            entrance.try_set(found);
        }
    });
    let go = move |next: Step| step.set(next);
    view! {
        <Door>
            {move || match step.get() {
                Step::Password => view! { <PasswordStep entrance=entrance go=go/> }.into_any(),
                Step::Code(pending) => view! { <CodeStep pending=pending go=go/> }.into_any(),
                Step::Enrol(pending) => view! { <EnrolStep pending=pending go=go/> }.into_any(),
                Step::Forgotten => view! { <Forgotten go=go/> }.into_any(),
                Step::Register => view! { <Register entrance=entrance go=go/> }.into_any(),
            }}
        </Door>
    }
}

/// The box in the middle of an otherwise empty page.
#[component]
fn Door(children: Children) -> impl IntoView {
    view! {
        <main class="grid min-h-screen place-items-center p-4">
            <div class="w-full max-w-md rounded-box border border-base-300 bg-base-100 p-6">
                <p class="text-xl font-bold text-primary">"ADIT"</p>
                <p class="mb-4 text-sm text-base-content/75">"Moves medical images where research needs them."</p>
                {children()}
            </div>
        </main>
    }
}

/// Back to the log-in.
#[component]
fn BackButton(go: impl Fn(Step) + Copy + Send + Sync + 'static) -> impl IntoView {
    view! { <button class="btn btn-ghost btn-sm self-start" type="button" on:click=move |_| go(Step::Password)>"Back to the log-in"</button> }
}

/// What somebody did is done; a letter follows.
#[component]
fn Done(#[prop(into)] title: String, #[prop(into)] text: Signal<String>) -> impl IntoView {
    view! {
        <h1 class="mb-2 text-lg font-semibold">{title}</h1>
        <p class="mb-4 text-sm" role="status">{move || text.get()}</p>
    }
}
