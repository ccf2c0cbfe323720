//! What a rule fires for: modalities and conditions on attributes.

use adit_domain::rule::{Comparison, Condition, Filter, MAX_CONDITIONS};
use leptos::prelude::*;

use crate::ui::{Select, Text};

/// Comparison, key, words.
const COMPARISONS: [(Comparison, &str, &str); 4] = [
    (Comparison::Matches, "matches", "is"),
    (Comparison::MatchesNot, "matches_not", "is not"),
    (Comparison::Present, "present", "has a value"),
    (Comparison::Absent, "absent", "is empty"),
];
/// Attributes that rules ask for most.
const COMMON: [&str; 12] = [
    "BodyPartExamined",
    "ImageType",
    "InstitutionName",
    "Manufacturer",
    "PatientID",
    "ProtocolName",
    "ReferringPhysicianName",
    "RequestedProcedureDescription",
    "SeriesDescription",
    "SliceThickness",
    "StationName",
    "StudyDescription",
];
/// Id of the list of attributes.
const LIST: &str = "common-attributes";

/// One condition as signals.
#[derive(Clone, Copy, PartialEq)]
struct ConditionFields {
    id: usize,
    attribute: RwSignal<String>,
    comparison: RwSignal<String>,
    value: RwSignal<String>,
}

impl ConditionFields {
    fn of(id: usize, condition: &Condition) -> Self {
        let key = COMPARISONS.iter().find(|(one, ..)| *one == condition.comparison).map_or("", |(_, key, _)| key);
        Self {
            id,
            attribute: RwSignal::new(condition.attribute.clone()),
            comparison: RwSignal::new(key.to_owned()),
            value: RwSignal::new(condition.value.clone()),
        }
    }

    fn comparison_in(key: &str) -> Comparison {
        COMPARISONS.iter().find(|(_, one, _)| *one == key).map_or(Comparison::Matches, |(comparison, ..)| *comparison)
    }

    /// Whether there is something to compare with.
    fn compares(self) -> bool {
        matches!(self.comparison.with(|key| Self::comparison_in(key)), Comparison::Matches | Comparison::MatchesNot)
    }

    fn condition(self) -> Condition {
        Condition {
            attribute: self.attribute.get_untracked().trim().to_owned(),
            comparison: self.comparison.with_untracked(|key| Self::comparison_in(key)),
            value: self.value.get_untracked().trim().to_owned(),
        }
    }
}

/// The fields as signals.
#[derive(Clone, Copy)]
pub struct FilterFields {
    modalities: RwSignal<String>,
    conditions: RwSignal<Vec<ConditionFields>>,
    next: RwSignal<usize>,
}

impl FilterFields {
    /// What was entered before.
    pub fn of(filter: &Filter) -> Self {
        let conditions = filter.conditions.iter().enumerate().map(|(id, one)| ConditionFields::of(id, one)).collect();
        Self {
            modalities: RwSignal::new(filter.modalities.join(", ")),
            conditions: RwSignal::new(conditions),
            next: RwSignal::new(filter.conditions.len()),
        }
    }

    /// Lets the caller run again when conditions are added or removed.
    pub fn track(self) {
        self.conditions.track();
    }

    pub fn value(self) -> Filter {
        let modalities = self.modalities.with_untracked(|text| {
            text.split([',', ' ', '\\']).filter(|one| !one.is_empty()).map(str::to_uppercase).collect()
        });
        let conditions = self.conditions.with_untracked(|all| all.iter().map(|one| one.condition()).collect());
        Filter { modalities, conditions }
    }
}

#[component]
pub fn FilterForm(fields: FilterFields) -> impl IntoView {
    let FilterFields { modalities, conditions, next } = fields;
    // Fields that are added later belong to the form too.
    let owner = StoredValue::new(Owner::current());
    let add = move |_| {
        let id = next.get_untracked();
        let blank = Condition { attribute: String::new(), comparison: Comparison::Matches, value: String::new() };
        if let Some(owner) = owner.get_value() {
            let fresh = owner.with(|| ConditionFields::of(id, &blank));
            next.set(id + 1);
            conditions.update(|all| all.push(fresh));
        }
    };
    let full = move || conditions.with(Vec::len) >= MAX_CONDITIONS;
    view! {
        <p class="mb-2 text-sm">"Of each study, the series that match are transferred; if none matches, the study is left alone. Without any entry here everything goes."</p>
        <div class="grid gap-3 md:grid-cols-2">
            <Text label="Modalities" value=modalities placeholder="CT, MR" hint="Empty: all"/>
        </div>
        <datalist id=LIST>{COMMON.into_iter().map(|name| view! { <option value=name></option> }).collect_view()}</datalist>
        <div class="mt-3 flex flex-col gap-3">
            <For each=move || conditions.get() key=|one| one.id let:condition>
                <ConditionRow condition=condition conditions=conditions/>
            </For>
        </div>
        <button class="btn btn-sm mt-3" type="button" disabled=full on:click=add>"Add condition"</button>
    }
}

#[component]
fn ConditionRow(condition: ConditionFields, conditions: RwSignal<Vec<ConditionFields>>) -> impl IntoView {
    let place = move || conditions.with(|all| all.iter().position(|one| one.id == condition.id).unwrap_or(0) + 1);
    let choices: Vec<(String, String)> =
        COMPARISONS.iter().map(|(_, key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    let remove = move |_| conditions.update(|all| all.retain(|one| one.id != condition.id));
    view! {
        <div role="group" aria-label=move || format!("Condition {}", place()) class="grid items-start gap-3 border-l-2 border-base-300 pl-3 md:grid-cols-[2fr_1fr_2fr_auto] md:border-0 md:pl-0">
            <Keyword label="Attribute" value=condition.attribute example="StudyDescription"/>
            <Select label="Comparison" value=condition.comparison options=choices/>
            <div>
                <Show when=move || condition.compares()>
                    <Text label="Value" value=condition.value placeholder="*thorax*" hint="* and ? stand for any characters; case does not count"/>
                </Show>
            </div>
            <button class="btn btn-sm justify-self-start md:mt-6" type="button" on:click=remove>"Remove"</button>
        </div>
    }
}

/// The keyword of an attribute, with proposals.
#[component]
pub fn Keyword(label: &'static str, value: RwSignal<String>, example: &'static str) -> impl IntoView {
    view! {
        <label class="flex flex-col gap-1 text-sm">
            <span class="font-medium">{label}</span>
            <input class="input input-sm w-full" type="text" list=LIST autocomplete="off" spellcheck="false" placeholder=example
                prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/>
        </label>
    }
}
