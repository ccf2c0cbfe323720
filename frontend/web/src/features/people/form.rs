//! What is entered about a person: by themselves to register, or by an administrator to invite them.

use adit_api::account::NewAccount;
use adit_domain::person::Profile;
use leptos::prelude::*;

use crate::ui::Text;

/// The fields as signals.
#[derive(Clone, Copy)]
pub struct PersonFields {
    username: RwSignal<String>,
    email: RwSignal<String>,
    first_name: RwSignal<String>,
    last_name: RwSignal<String>,
    department: RwSignal<String>,
    phone: RwSignal<String>,
}

impl PersonFields {
    pub fn new() -> Self {
        let [username, email, first_name, last_name, department, phone] =
            std::array::from_fn(|_| RwSignal::new(String::new()));
        Self { username, email, first_name, last_name, department, phone }
    }

    pub fn value(self) -> NewAccount {
        NewAccount {
            username: self.username.get_untracked(),
            email: self.email.get_untracked(),
            profile: Profile {
                first_name: self.first_name.get_untracked(),
                last_name: self.last_name.get_untracked(),
                department: self.department.get_untracked(),
                phone: self.phone.get_untracked(),
            },
        }
    }
}

/// `email_hint`: which addresses are taken.
#[component]
pub fn PersonForm(fields: PersonFields, #[prop(optional, into)] email_hint: Signal<String>) -> impl IntoView {
    view! {
        <div class="grid gap-3 sm:grid-cols-2">
            <Text label="User name" value=fields.username autocomplete="username" hint="Letters, digits and . - _ +"/>
            <div>
                <Text label="E-mail address" value=fields.email kind="email" autocomplete="email"/>
                <Show when=move || email_hint.with(|hint| !hint.is_empty())><p class="mt-1 text-xs text-base-content/75">{move || email_hint.get()}</p></Show>
            </div>
            <Text label="First name" value=fields.first_name autocomplete="given-name"/>
            <Text label="Last name" value=fields.last_name autocomplete="family-name"/>
            <Text label="Department" value=fields.department/>
            <Text label="Phone" value=fields.phone kind="tel" autocomplete="tel"/>
        </div>
    }
}
