//! Settings of the installation: announcement, maintenance, suspension, audit, limits of requests.

use adit_api::installation::{InstallationInput, InstallationView};
use adit_domain::installation::{InstallationConfig, Lock, RequestLimits};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Administration;
use super::broadcast::Broadcast;
use crate::context::shared;
use crate::ui::{Check, Number, Problem, Spinner, Text, TextArea};

/// Bytes of the unit in which the limit of a day is entered.
const GB: u64 = 1_000_000_000;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let state = shared();
    let found = RwSignal::new(None::<InstallationView>);
    spawn_local(async move {
        match adit_api_client::installation().await {
            Ok(view) => {
                found.try_set(Some(view));
            }
            Err(error) => state.refuse(&error),
        }
    });
    let form = move || match found.get() {
        None => view! { <Spinner label="Loading the settings"/> }.into_any(),
        Some(view) => view! { <Form view=view/> }.into_any(),
    };
    view! {
        <Administration title=Signal::stored("Settings and mail".to_owned())>
            <div class="grid items-start gap-4 lg:grid-cols-2">{form}<Broadcast/></div>
        </Administration>
    }
}

/// A switch with its reason as signals.
#[derive(Clone, Copy)]
struct LockFields {
    on: RwSignal<bool>,
    reason: RwSignal<String>,
}

impl LockFields {
    fn of(lock: Lock) -> Self {
        Self { on: RwSignal::new(lock.on), reason: RwSignal::new(lock.reason) }
    }

    fn value(self) -> Lock {
        Lock { on: self.on.get_untracked(), reason: self.reason.get_untracked() }
    }
}

#[component]
fn LockForm(
    title: &'static str,
    explanation: &'static str,
    switch: &'static str,
    reason: &'static str,
    fields: LockFields,
) -> impl IntoView {
    view! {
        <fieldset class="min-w-0 rounded-field border border-base-300 p-3">
            <legend class="px-1 text-sm font-semibold">{title}</legend>
            <p class="mb-2 text-sm">{explanation}</p>
            <div class="flex flex-col gap-2"><Check label=switch value=fields.on/><Text label=reason value=fields.reason hint="Shown to everybody while it is on"/></div>
        </fieldset>
    }
}

#[component]
fn Form(view: InstallationView) -> impl IntoView {
    let state = shared();
    let InstallationConfig { announcement, maintenance, suspension, audit_days, limits } = view.config;
    let version = RwSignal::new(view.version);
    let announcement = RwSignal::new(announcement);
    let (maintenance, suspension) = (LockFields::of(maintenance), LockFields::of(suspension));
    let days = RwSignal::new(audit_days);
    let RequestLimits { per_person, per_token, per_address, open_retrievals, bytes_per_day } = limits;
    let [person, token, address, open] = [per_person, per_token, per_address, open_retrievals].map(RwSignal::new);
    let gigabytes = RwSignal::new(u32::try_from(bytes_per_day.div_ceil(GB)).unwrap_or(u32::MAX));
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set(String::new());
        let limits = RequestLimits {
            per_person: person.get_untracked(),
            per_token: token.get_untracked(),
            per_address: address.get_untracked(),
            open_retrievals: open.get_untracked(),
            bytes_per_day: u64::from(gigabytes.get_untracked()) * GB,
        };
        let config = InstallationConfig {
            announcement: announcement.get_untracked(),
            maintenance: maintenance.value(),
            suspension: suspension.value(),
            audit_days: days.get_untracked(),
            limits,
        };
        spawn_local(async move {
            match adit_api_client::save_installation(&InstallationInput { config, version: version.get_untracked() })
                .await
            {
                Ok(fresh) => {
                    version.set(fresh.version);
                    state.say("Saved.");
                    state.refresh().await;
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <form class="flex flex-col gap-4 rounded-box border border-base-300 bg-base-100 p-4" aria-label="Settings" on:submit=submit>
            <h2 class="text-base font-semibold">"Settings"</h2>
            <TextArea label="Announcement" value=announcement hint="Markdown, shown on top of every page to everybody who is logged in; empty: none"/>
            <LockForm title="Maintenance" explanation="Nobody but administrators can change anything or begin a transfer. Transfers that exist go on." switch="Maintenance is on" reason="Reason for the maintenance" fields=maintenance/>
            <LockForm title="Suspension of transfers" explanation="No transfer begins; new ones wait and begin by themselves when the suspension ends. Transfers that run are finished." switch="Transfers are suspended" reason="Reason for the suspension" fields=suspension/>
            <Number label="Days for which the audit trail is kept" value=days hint="Counts for what is recorded from now on; what is there keeps its date. Six years are 2192 days."/>
            <fieldset class="min-w-0 rounded-field border border-base-300 p-3">
                <legend class="px-1 text-sm font-semibold">"Requests a minute (0: no limit)"</legend>
                <div class="grid grid-cols-1 gap-3 sm:grid-cols-3">
                    <Number label="Of a person" value=person/>
                    <Number label="Of a token" value=token/>
                    <Number label="From an address" value=address hint="Of those who are not logged in"/>
                </div>
            </fieldset>
            <fieldset class="min-w-0 rounded-field border border-base-300 p-3">
                <legend class="px-1 text-sm font-semibold">"DICOMweb and downloads of a person (0: no limit)"</legend>
                <div class="grid grid-cols-1 gap-3 sm:grid-cols-2">
                    <Number label="Retrievals at the same time" value=open hint="Programs count to the owner of their token"/>
                    <Number label="Gigabytes a day" value=gigabytes hint="The day ends at midnight UTC"/>
                </div>
            </fieldset>
            <Problem text=problem/>
            <button class="btn btn-primary btn-sm self-start" type="submit">"Save"</button>
        </form>
    }
}
