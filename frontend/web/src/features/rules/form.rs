//! The form for a rule: when, for what, where to.

use adit_api::nodes::NodeView;
use adit_api::rules::{DryRun, DryRunInput, RuleInput, RuleView};
use adit_domain::rule::{Filter, PseudonymRule, RuleConfig, Trigger};
use adit_domain::transfer::{Identity, TransferOptions};
use leptos::ev::SubmitEvent;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::dry_run::DryRunResult;
use super::filter::{FilterFields, FilterForm};
use super::identity::{PseudonymChoice, PseudonymFields};
use super::places::places;
use super::trigger::{TriggerFields, TriggerForm};
use crate::context::shared;
use crate::features::transfer::{ExtraFields, Extras, IdentityChoice, IdentityFields, is_folder};
use crate::ui::{Check, Number, Panel, Problem, Select, Spinner, Text};

const RISKY: &str = "Send images although text may be burned into the pixels: nobody looks at them before";

/// All fields as signals.
#[derive(Clone, Copy)]
struct RuleFields {
    name: RwSignal<String>,
    enabled: RwSignal<bool>,
    trigger: TriggerFields,
    filter: FilterFields,
    destination: RwSignal<String>,
    identity: IdentityFields,
    pseudonym: PseudonymFields,
    extras: ExtraFields,
    urgent: RwSignal<bool>,
    jobs_per_hour: RwSignal<u32>,
}

impl RuleFields {
    /// An existing rule, or a new one in the project of last time.
    fn of(config: Option<&RuleConfig>, project: String) -> Self {
        let blank = TransferOptions { identity: Some(Identity::Pseudonymise), project, ..TransferOptions::default() };
        let options = config.map_or(&blank, |config| &config.options);
        Self {
            name: RwSignal::new(config.map(|config| config.name.clone()).unwrap_or_default()),
            enabled: RwSignal::new(config.is_none_or(|config| config.enabled)),
            trigger: TriggerFields::of(config.map(|config| &config.trigger)),
            filter: FilterFields::of(config.map_or(&Filter::default(), |config| &config.filter)),
            destination: RwSignal::new(config.map(|config| config.destination.to_string()).unwrap_or_default()),
            identity: IdentityFields::of(options),
            pseudonym: PseudonymFields::of(config.map_or(&PseudonymRule::Derived, |config| &config.pseudonym)),
            extras: ExtraFields::of(options),
            urgent: RwSignal::new(config.is_some_and(|config| config.urgent)),
            jobs_per_hour: RwSignal::new(config.map_or(0, |config| config.jobs_per_hour)),
        }
    }

    /// The rule as entered, or what is missing.
    fn value(self, nodes: &[NodeView]) -> Result<RuleConfig, String> {
        let mut options = TransferOptions::default();
        self.identity.put_into(&mut options);
        self.extras.put_into(&mut options, is_folder(nodes, &self.destination.get_untracked()));
        let trigger = self.trigger.value()?;
        // What has arrived here cannot be sent from where it was.
        options.direct_move &= matches!(trigger, Trigger::Schedule { .. });
        let pseudonym = if options.pseudonymises() { self.pseudonym.value() } else { PseudonymRule::Derived };
        Ok(RuleConfig {
            name: self.name.get_untracked().trim().to_owned(),
            enabled: self.enabled.get_untracked(),
            trigger,
            filter: self.filter.value(),
            destination: self.destination.get_untracked().parse().map_err(|_| "Choose a destination.".to_owned())?,
            options,
            pseudonym,
            urgent: self.urgent.get_untracked(),
            jobs_per_hour: self.jobs_per_hour.get_untracked(),
        })
    }
}

#[component]
fn Part(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <fieldset class="min-w-0 rounded-field border border-base-300 p-3">
            <legend class="px-1 text-sm font-semibold">{title}</legend>
            {children()}
        </fieldset>
    }
}

#[component]
pub fn RuleForm(
    rule: Option<RuleView>,
    nodes: Vec<NodeView>,
    done: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = shared();
    let fields =
        RuleFields::of(rule.as_ref().map(|rule| &rule.rule.config), state.preference("project").unwrap_or_default());
    let is_new = rule.is_none();
    let title = rule.as_ref().map_or_else(|| "Add a rule".to_owned(), |rule| format!("Edit {}", rule.rule.config.name));
    let saved = StoredValue::new(rule.map(|rule| (rule.rule.id, rule.version)));
    let nodes = StoredValue::new(nodes);
    let problem = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let result = RwSignal::new(None::<(DryRun, bool)>);
    let top: NodeRef<Div> = NodeRef::new();
    Effect::new(move |_| {
        if let Some(top) = top.get() {
            let _ = top.focus();
        }
    });
    // A result stands for what was tried, not for what has been changed since.
    Effect::new(move |_| {
        fields.filter.track();
        result.set(None);
    });
    // What was entered, or the reason why not, which is shown.
    let entered = move || {
        problem.set(String::new());
        nodes.with_value(|nodes| fields.value(nodes)).map_err(|text| problem.set(text)).ok()
    };
    let try_it = move |_| {
        result.set(None);
        let Some(config) = entered() else { return };
        let searched = config.trigger.complete().is_none();
        let input = DryRunInput { config, id: saved.get_value().map(|(id, _)| id) };
        busy.set(true);
        spawn_local(async move {
            match adit_api_client::try_rule(&input).await {
                Ok(found) => {
                    result.try_set(Some((found, searched)));
                }
                Err(error) => {
                    problem.try_set(error.detail);
                }
            }
            busy.try_set(false);
        });
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(config) = entered() else { return };
        let (id, version) = saved.get_value().map_or((None, None), |(id, version)| (Some(id), Some(version)));
        busy.set(true);
        spawn_local(async move {
            let input = RuleInput { config, version };
            match adit_api_client::save_rule(id.as_ref().map(|id| id.as_str()), &input).await {
                Ok(_) => {
                    state.say("Saved.");
                    done();
                }
                Err(error) => {
                    problem.try_set(error.detail);
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <div class="mb-4 scroll-mt-4 outline-none" tabindex="-1" node_ref=top>
            <Panel title=title>
                <form class="flex flex-col gap-4" aria-label="Rule" on:submit=submit on:input=move |_| result.set(None) on:change=move |_| result.set(None)>
                    <div class="grid items-end gap-3 md:grid-cols-2">
                        <Text label="Name" value=fields.name placeholder="Thin slices of CT1 to research"/>
                        <div class="pb-1"><Check label="Switched on" value=fields.enabled/></div>
                    </div>
                    <Part title="When"><TriggerForm fields=fields.trigger nodes=nodes/></Part>
                    <Part title="For which images"><FilterForm fields=fields.filter/></Part>
                    <Part title="What is done"><TransferForm fields=fields nodes=nodes remembered=is_new/></Part>
                    <Problem text=problem/>
                    <div class="flex flex-wrap items-center gap-2">
                        <button class="btn btn-primary btn-sm" type="submit" disabled=move || busy.get()>"Save"</button>
                        <button class="btn btn-sm" type="button" disabled=move || busy.get() on:click=try_it>"Try it"</button>
                        <button class="btn btn-sm" type="button" on:click=move |_| done()>"Close"</button>
                        <Show when=move || busy.get()><Spinner label="Working"/></Show>
                        <span class="text-xs text-base-content/75">"Trying shows what the rule would take. Nothing is transferred."</span>
                    </div>
                </form>
                {move || result.get().map(|(result, searched)| view! { <DryRunResult result=result searched=searched/> })}
            </Panel>
        </div>
    }
}

#[component]
fn TransferForm(fields: RuleFields, nodes: StoredValue<Vec<NodeView>>, remembered: bool) -> impl IntoView {
    let f = fields;
    let destinations = Signal::derive(move || {
        nodes.with_value(|nodes| places(nodes, |node| node.can_be_destination, &f.destination.get_untracked()))
    });
    let to_folder = Signal::derive(move || nodes.with_value(|nodes| is_folder(nodes, &f.destination.get())));
    let leaves = move || {
        if f.identity.pseudonymises() {
            "Names and identifiers are removed, UIDs are replaced; a report says what was done. Scanned documents and PDFs always stay behind."
        } else {
            "The images leave with the patient's name."
        }
    };
    view! {
        <div class="mb-3 grid gap-3 md:grid-cols-3"><Select label="Destination" value=f.destination options=destinations/></div>
        <IdentityChoice fields=f.identity remembered=remembered risky=RISKY><PseudonymChoice fields=f.pseudonym/></IdentityChoice>
        <p class="mt-2 text-sm" aria-live="polite">{leaves}</p>
        <div class="mt-3 grid items-start gap-3 md:grid-cols-3">
            <Number label="Jobs per hour at most" value=f.jobs_per_hour hint="What is above waits. 0: no limit"/>
            <div class="flex flex-wrap gap-x-6 gap-y-2 md:col-span-2 md:mt-7">
                <Check label="Urgent" value=f.urgent/>
                <Check label="Include reports" value=f.extras.documents/>
            </div>
        </div>
        <Extras fields=f.extras identity=f.identity to_folder=to_folder between_servers=Signal::derive(move || f.trigger.is_schedule())/>
    }
}
