//! When a rule fires: one of three, each with its fields.

use adit_api::nodes::NodeView;
use adit_domain::rule::Trigger;
use leptos::prelude::*;

use super::arrival::{ArrivalFields, InboxForm, ObjectsForm};
use super::schedule::{ScheduleFields, ScheduleForm};

const INBOX: &str = "inbox";
const OBJECTS: &str = "objects";
const SCHEDULE: &str = "schedule";

/// The fields as signals.
#[derive(Clone, Copy)]
pub struct TriggerFields {
    kind: RwSignal<&'static str>,
    arrival: ArrivalFields,
    schedule: ScheduleFields,
}

impl TriggerFields {
    /// What was entered before; nothing: images arrive.
    pub fn of(trigger: Option<&Trigger>) -> Self {
        let kind = match trigger {
            None | Some(Trigger::Inbox { .. }) => INBOX,
            Some(Trigger::Objects { .. }) => OBJECTS,
            Some(Trigger::Schedule { .. }) => SCHEDULE,
        };
        Self { kind: RwSignal::new(kind), arrival: ArrivalFields::of(trigger), schedule: ScheduleFields::of(trigger) }
    }

    /// Whether a server is searched, so that images come from there.
    pub fn is_schedule(self) -> bool {
        self.kind.get() == SCHEDULE
    }

    /// The trigger, or what is missing.
    pub fn value(self) -> Result<Trigger, String> {
        match self.kind.get_untracked() {
            OBJECTS => self.arrival.objects(),
            SCHEDULE => self.schedule.value(),
            _ => self.arrival.inbox(),
        }
    }
}

#[component]
fn Choice(key: &'static str, title: &'static str, text: &'static str, value: RwSignal<&'static str>) -> impl IntoView {
    view! {
        <label class="flex cursor-pointer items-start gap-2 rounded-field border border-base-300 p-3 text-sm has-checked:border-primary has-checked:bg-base-200">
            <input class="radio radio-sm mt-0.5" type="radio" name="trigger" prop:checked=move || value.get() == key on:change=move |_| value.set(key)/>
            <span><span class="block font-medium">{title}</span>{text}</span>
        </label>
    }
}

#[component]
pub fn TriggerForm(fields: TriggerFields, nodes: StoredValue<Vec<NodeView>>) -> impl IntoView {
    let TriggerFields { kind, arrival, schedule } = fields;
    view! {
        <div class="mb-4 grid gap-2 md:grid-cols-3">
            <Choice key=INBOX title="Images arrive" text="A scanner or PACS sends images to ADIT." value=kind/>
            <Choice key=OBJECTS title="Files appear" text="In a folder on this machine or in an S3 bucket." value=kind/>
            <Choice key=SCHEDULE title="At set times" text="ADIT searches a server, such as every night for the CTs of the day." value=kind/>
        </div>
        {move || match kind.get() {
            OBJECTS => view! { <ObjectsForm fields=arrival nodes=nodes/> }.into_any(),
            SCHEDULE => view! { <ScheduleForm fields=schedule nodes=nodes/> }.into_any(),
            _ => view! { <InboxForm fields=arrival/> }.into_any(),
        }}
    }
}
