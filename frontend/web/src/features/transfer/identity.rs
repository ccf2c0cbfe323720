//! What becomes of the patient's identity: the choice, the project, the profile. Where the pseudonym comes from is the caller's.

use adit_domain::project::{PROFILES, Project};
use adit_domain::transfer::{Identity, TransferOptions};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::format::profile_title;
use crate::ui::{Check, Radio, Select};

/// The choices as signals.
#[derive(Clone, Copy)]
pub struct IdentityFields {
    choice: RwSignal<&'static str>,
    project: RwSignal<String>,
    profile: RwSignal<String>,
    risky: RwSignal<bool>,
}

const RISKY: &str = "I have looked at these images: send them although text may be burned into the pixels";
const PSEUDONYMISE: &str = "pseudonymise";
const KEEP: &str = "keep";

impl IdentityFields {
    /// Pseudonymise, with the project of last time.
    pub fn new(project: String) -> Self {
        Self {
            choice: RwSignal::new(PSEUDONYMISE),
            project: RwSignal::new(project),
            profile: RwSignal::new(String::new()),
            risky: RwSignal::new(false),
        }
    }

    /// What was chosen before.
    pub fn of(options: &TransferOptions) -> Self {
        Self {
            choice: RwSignal::new(if options.pseudonymises() { PSEUDONYMISE } else { KEEP }),
            project: RwSignal::new(options.project.clone()),
            profile: RwSignal::new(options.profile.clone()),
            risky: RwSignal::new(options.allow_risky_pixels),
        }
    }

    pub fn pseudonymises(self) -> bool {
        self.choice.get() == PSEUDONYMISE
    }

    pub fn project(self) -> String {
        self.project.get_untracked()
    }

    /// Writes the choices into the options of a job.
    pub fn put_into(self, options: &mut TransferOptions) {
        if self.choice.get_untracked() == KEEP {
            options.identity = Some(Identity::Keep);
            return;
        }
        options.identity = Some(Identity::Pseudonymise);
        options.project = self.project.get_untracked();
        options.profile = self.profile.get_untracked();
        options.allow_risky_pixels = self.risky.get_untracked();
    }
}

/// Texts for a list of projects that are open for jobs. What is chosen stays in the list, so that nothing changes unseen.
fn project_options(projects: &[Project], chosen: &str) -> Vec<(String, String)> {
    let text = |project: &Project| match (project.name.as_str(), project.archived) {
        ("", _) => "No project".to_owned(),
        (name, true) => format!("{name} (archived)"),
        (name, false) => name.to_owned(),
    };
    let offered = |project: &&Project| !project.archived || project.name == chosen;
    projects.iter().filter(offered).map(|project| (project.name.clone(), text(project))).collect()
}

/// The children are the field for the pseudonym. `remembered`: the project is last time's, and goes when it is no longer open.
#[component]
pub fn IdentityChoice(
    fields: IdentityFields,
    #[prop(optional)] remembered: bool,
    #[prop(default = RISKY)] risky: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let state = shared();
    let projects = RwSignal::new(Vec::<Project>::new());
    spawn_local(async move {
        match adit_api_client::projects().await {
            Ok(all) => {
                if remembered && !all.iter().any(|one| one.name == fields.project.get_untracked() && !one.archived) {
                    fields.project.set(String::new());
                }
                projects.set(all);
            }
            Err(error) => state.refuse(&error),
        }
    });
    let chosen = Memo::new(move |_| {
        let name = fields.project.get();
        projects.get().into_iter().find(|project| project.name == name)
    });
    let own = move || chosen.get().map(|project| project.profile).unwrap_or_default();
    let profiles = Signal::derive(move || {
        let mut options = vec![(String::new(), format!("As the project says ({})", profile_title(&own())))];
        options.extend(PROFILES.iter().map(|profile| (profile.name.to_owned(), profile.title.to_owned())));
        options
    });
    let explanation = Signal::derive(move || {
        let name = Some(fields.profile.get()).filter(|name| !name.is_empty()).unwrap_or_else(own);
        PROFILES.iter().find(|profile| profile.name == name).map(|one| one.explanation.to_owned()).unwrap_or_default()
    });
    view! {
        <fieldset class="mb-3">
            <legend class="mb-1 text-sm font-medium">"The patients in the images"</legend>
            <div class="flex flex-wrap gap-x-6 gap-y-1">
                <Radio label="Pseudonymise" group="identity" key=PSEUDONYMISE value=fields.choice/>
                <Show when=move || !state.pseudonymised_only() || fields.choice.get_untracked() == KEEP>
                    <Radio label="Leave the images as they are" group="identity" key=KEEP value=fields.choice/>
                </Show>
            </div>
        </fieldset>
        <Show when=move || fields.pseudonymises()>
            <div class="grid grid-cols-1 gap-3 md:grid-cols-3">
                <Select label="Project" value=fields.project options=Signal::derive(move || project_options(&projects.get(), &fields.project.get_untracked()))
                    hint=Signal::derive(move || chosen.get().map(|project| project.description).unwrap_or_default())/>
                <Select label="Profile" value=fields.profile options=profiles hint=explanation/>
                {children()}
            </div>
            <div class="mt-2">
                <Check label=risky value=fields.risky/>
                <Show when=move || fields.risky.get()>
                    <p class="mt-1 text-sm" role="note">"Names that stand in the image itself will then leave. Without this, ultrasound images, screen shots and scanned pages stay behind unless the project has a rule that blacks the text out."</p>
                </Show>
            </div>
        </Show>
    }
}
