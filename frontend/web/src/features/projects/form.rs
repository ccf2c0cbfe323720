//! The form for a project. What is wrong is said at its field.

use adit_api::projects::ProjectInput;
use adit_domain::project::{PROFILES, Revision};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::list::input_of;
use crate::context::shared;
use crate::ui::{Check, Panel, Problem, Select, Text, TextArea};

const RULES_EXAMPLE: &str = "keep StationName\nremove (0018,1030)\nreplace StudyDescription = Liver study";
const RULES_HINT: &str = "One rule a line, on top of the profile: keep, remove, empty, replace, hash, shift or clean, then a keyword, a tag, 'vr PN' or 'private \"CREATOR\"'. Lines that begin with # are notes.";
const PIXEL_HINT: &str =
    "Which regions are blacked out, in the script of the CTP pixel anonymiser: { condition } (left,top,width,height).";

#[component]
pub fn ProjectForm(revision: Option<Revision>, done: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let state = shared();
    let is_new = revision.is_none();
    let before =
        revision.map(input_of).unwrap_or_else(|| ProjectInput { profile: "research".into(), ..Default::default() });
    let title = if is_new { "Add a project".to_owned() } else { format!("Edit {}", before.name) };
    let number = before.revision;
    let [name, description, profile, rules, pixel_rules] =
        [before.name, before.description, before.profile, before.rules, before.pixel_rules].map(RwSignal::new);
    let archived = RwSignal::new(before.archived);
    let problem = RwSignal::new((String::new(), String::new()));
    let at = move |field: &'static str| {
        Signal::derive(move || problem.with(|(place, text)| if place == field { text.clone() } else { String::new() }))
    };
    let elsewhere = Signal::derive(move || {
        problem.with(|(place, text)| {
            let known = ["name", "rules", "pixel_rules"].contains(&place.as_str());
            if known { String::new() } else { text.clone() }
        })
    });
    let explanation = Signal::derive(move || {
        let name = profile.get();
        PROFILES.iter().find(|profile| profile.name == name).map(|one| one.explanation.to_owned()).unwrap_or_default()
    });
    let profiles: Vec<(String, String)> =
        PROFILES.iter().map(|profile| (profile.name.to_owned(), profile.title.to_owned())).collect();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        problem.set((String::new(), String::new()));
        let input = ProjectInput {
            name: name.get_untracked(),
            description: description.get_untracked(),
            profile: profile.get_untracked(),
            rules: rules.get_untracked(),
            pixel_rules: pixel_rules.get_untracked(),
            archived: archived.get_untracked(),
            rotate_key: false,
            revision: number,
        };
        spawn_local(async move {
            match adit_api_client::save_project(&input).await {
                Ok(_) => {
                    state.say("Saved.");
                    done();
                }
                Err(error) => problem.set((error.field.unwrap_or_default(), error.detail)),
            }
        });
    };
    view! {
        <div class="mb-4">
            <Panel title=title>
                <form class="flex flex-col gap-4" aria-label="Project" on:submit=submit>
                    <div class="grid gap-3 md:grid-cols-3">
                        <div>
                            <Text label="Name" value=name disabled=!is_new hint="It can never be changed: the project's key hangs on it"/>
                            <Problem text=at("name")/>
                        </div>
                        <Select label="Profile" value=profile options=profiles hint=explanation/>
                        <Text label="Description" value=description hint="Everybody who makes jobs sees it"/>
                    </div>
                    <div>
                        <TextArea label="Rules" value=rules placeholder=RULES_EXAMPLE hint=RULES_HINT/>
                        <Problem text=at("rules")/>
                    </div>
                    <div>
                        <TextArea label="Pixel rules" value=pixel_rules hint=PIXEL_HINT/>
                        <Problem text=at("pixel_rules")/>
                    </div>
                    <Check label="Archived: no new job may use it" value=archived/>
                    <p class="text-sm">"Jobs that exist keep the rules that they were made with, also when they are retried."</p>
                    <Problem text=elsewhere/>
                    <div class="flex gap-2">
                        <button class="btn btn-primary btn-sm" type="submit">"Save"</button>
                        <button class="btn btn-sm" type="button" on:click=move |_| done()>"Close"</button>
                    </div>
                </form>
            </Panel>
        </div>
    }
}
