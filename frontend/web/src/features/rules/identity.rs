//! Where the pseudonym of a patient comes from.

use adit_domain::rule::PseudonymRule;
use leptos::prelude::*;

use super::filter::Keyword;
use crate::ui::Select;

const DERIVED: &str = "derived";
const ATTRIBUTE: &str = "attribute";

/// The fields as signals.
#[derive(Clone, Copy)]
pub struct PseudonymFields {
    kind: RwSignal<String>,
    attribute: RwSignal<String>,
}

impl PseudonymFields {
    /// What was chosen before.
    pub fn of(rule: &PseudonymRule) -> Self {
        let (kind, attribute) = match rule {
            PseudonymRule::Derived => (DERIVED, String::new()),
            PseudonymRule::Attribute { attribute } => (ATTRIBUTE, attribute.clone()),
        };
        Self { kind: RwSignal::new(kind.to_owned()), attribute: RwSignal::new(attribute) }
    }

    pub fn value(self) -> PseudonymRule {
        if self.kind.with_untracked(|kind| kind == ATTRIBUTE) {
            PseudonymRule::Attribute { attribute: self.attribute.get_untracked().trim().to_owned() }
        } else {
            PseudonymRule::Derived
        }
    }
}

#[component]
pub fn PseudonymChoice(fields: PseudonymFields) -> impl IntoView {
    let choices = [(DERIVED, "A stable code for each patient"), (ATTRIBUTE, "The value of an attribute")]
        .map(|(key, text)| (key.to_owned(), text.to_owned()))
        .to_vec();
    let is_attribute = move || fields.kind.with(|kind| kind == ATTRIBUTE);
    let hint = Signal::derive(move || {
        let text = if is_attribute() {
            "For images that carry a pseudonym already, such as a trial's subject id. A study in which it is empty does not go."
        } else {
            "Derived with the project's key: the same patient always gets the same one in a project."
        };
        text.to_owned()
    });
    view! {
        <div class="flex flex-col gap-2">
            <Select label="Pseudonym" value=fields.kind options=choices hint=hint/>
            <Show when=is_attribute><Keyword label="Attribute with the pseudonym" value=fields.attribute example="ClinicalTrialSubjectID"/></Show>
        </div>
    }
}
