//! Name, restrictions and limits of a group.

use adit_api::groups::{GroupInput, GroupView};
use adit_domain::group::{GroupConfig, GroupSettings};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Check, Number, Problem, Text};

/// Bytes of the unit in which the limit of a day is entered.
const GB: u64 = 1_000_000_000;

#[component]
pub fn GroupForm(group: RwSignal<Option<GroupView>>) -> impl IntoView {
    let state = shared();
    let before = group.get_untracked();
    let config = before.map(|group| group.config).unwrap_or_default();
    let GroupSettings { pseudonymised_only, one_active_job, jobs_need_approval, studies_per_job, bytes_per_day } =
        config.settings;
    let (name, description) = (RwSignal::new(config.name), RwSignal::new(config.description));
    let [only, one, approval] = [pseudonymised_only, one_active_job, jobs_need_approval].map(RwSignal::new);
    let studies = RwSignal::new(studies_per_job);
    let gigabytes = RwSignal::new(u32::try_from(bytes_per_day.div_ceil(GB)).unwrap_or(u32::MAX));
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set(String::new());
        let Some(known) = group.get_untracked() else { return };
        let settings = GroupSettings {
            pseudonymised_only: only.get_untracked(),
            one_active_job: one.get_untracked(),
            jobs_need_approval: approval.get_untracked(),
            studies_per_job: studies.get_untracked(),
            bytes_per_day: u64::from(gigabytes.get_untracked()) * GB,
        };
        let config = GroupConfig {
            name: name.get_untracked(),
            description: description.get_untracked(),
            settings,
            ..known.config
        };
        spawn_local(async move {
            let input = GroupInput { config, version: Some(known.version) };
            match adit_api_client::save_group(Some(&known.id), &input).await {
                Ok(fresh) => {
                    state.say("Saved. It counts from now on.");
                    group.set(Some(fresh));
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    view! {
        <form class="rounded-box border border-base-300 bg-base-100 p-4" aria-label="Group" on:submit=submit>
            <h2 class="mb-3 text-base font-semibold">"Name, restrictions and limits"</h2>
            <div class="flex flex-col gap-3">
                <Text label="Name" value=name/>
                <Text label="Description" value=description hint="What the group is for; for administrators"/>
                <Check label="Only transfers with pseudonyms" value=only/>
                <Check label="One unfinished job of each person at a time" value=one/>
                <Check label="Jobs wait until somebody approves them" value=approval/>
                <div class="grid grid-cols-2 gap-3">
                    <Number label="Studies of one job at most" value=studies hint="0: no limit of its own"/>
                    <Number label="Gigabytes a day at most" value=gigabytes hint="0: no limit; the day is UTC"/>
                </div>
                <Problem text=problem/>
                <button class="btn btn-primary btn-sm self-start" type="submit">"Save"</button>
            </div>
        </form>
    }
}
