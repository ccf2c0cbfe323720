//! Log-in with an account of the organisation, by OpenID Connect.

use adit_domain::accounts::{OpenIdForm, OpenIdSettings};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::shared;
use crate::ui::{Check, Panel, Problem, Secret, Spinner, Text, TextArea};

/// The settings as signals.
#[derive(Clone, Copy)]
struct Fields {
    enabled: RwSignal<bool>,
    create: RwSignal<bool>,
    link: RwSignal<bool>,
    trust: RwSignal<bool>,
    label: RwSignal<String>,
    issuer: RwSignal<String>,
    client_id: RwSignal<String>,
    secret: RwSignal<String>,
    scopes: RwSignal<String>,
    claim: RwSignal<String>,
    staff: RwSignal<String>,
    mapping: RwSignal<String>,
}

impl Fields {
    fn of(settings: OpenIdSettings) -> Self {
        let scopes = if settings.scopes.is_empty() { "profile email".to_owned() } else { settings.scopes.join(" ") };
        let line = |(value, groups): (&String, &Vec<String>)| format!("{value} = {}", groups.join(", "));
        let mapping: Vec<String> = settings.mapping.iter().map(line).collect();
        Self {
            enabled: RwSignal::new(settings.enabled),
            create: RwSignal::new(settings.create_accounts),
            link: RwSignal::new(settings.link_by_email),
            trust: RwSignal::new(settings.trust_second_factor),
            label: RwSignal::new(settings.label),
            issuer: RwSignal::new(settings.issuer),
            client_id: RwSignal::new(settings.client_id),
            secret: RwSignal::new(String::new()),
            scopes: RwSignal::new(scopes),
            claim: RwSignal::new(settings.groups_claim.unwrap_or_default()),
            staff: RwSignal::new(settings.staff_value.unwrap_or_default()),
            mapping: RwSignal::new(mapping.join("\n")),
        }
    }

    /// What is entered; the error is a sentence.
    fn value(self) -> Result<OpenIdForm, String> {
        let given =
            |field: RwSignal<String>| Some(field.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        let mut settings = OpenIdSettings {
            enabled: self.enabled.get_untracked(),
            label: self.label.get_untracked().trim().to_owned(),
            issuer: self.issuer.get_untracked().trim().to_owned(),
            client_id: self.client_id.get_untracked().trim().to_owned(),
            scopes: self.scopes.get_untracked().split_whitespace().map(str::to_owned).collect(),
            groups_claim: given(self.claim),
            staff_value: given(self.staff),
            create_accounts: self.create.get_untracked(),
            link_by_email: self.link.get_untracked(),
            trust_second_factor: self.trust.get_untracked(),
            ..OpenIdSettings::default()
        };
        for (at, line) in self.mapping.get_untracked().lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let (value, groups) =
                line.split_once('=').ok_or_else(|| format!("Line {} of the groups needs an equals sign.", at + 1))?;
            let groups = groups.split(',').map(str::trim).filter(|group| !group.is_empty()).map(str::to_owned);
            settings.mapping.insert(value.trim().to_owned(), groups.collect());
        }
        Ok(OpenIdForm { settings, client_secret: given(self.secret) })
    }
}

#[component]
pub fn IssuerPanel() -> impl IntoView {
    let state = shared();
    let loaded = RwSignal::new(None::<(Fields, bool, String)>);
    spawn_local(async move {
        match adit_api_client::issuer().await {
            Ok(view) => loaded.set(Some((Fields::of(view.settings.settings), view.settings.has_secret, view.redirect))),
            Err(error) => state.refuse(&error),
        }
    });
    view! {
        <Panel title="Log-in with your organisation (OpenID Connect)">
            {move || match loaded.get() {
                None => view! { <Spinner label="Loading"/> }.into_any(),
                Some((fields, has_secret, redirect)) => view! { <Form fields=fields has_secret=has_secret redirect=redirect/> }.into_any(),
            }}
        </Panel>
    }
}

#[component]
fn Form(fields: Fields, has_secret: bool, redirect: String) -> impl IntoView {
    let state = shared();
    let problem = RwSignal::new(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let form = match fields.value() {
            Ok(form) => form,
            Err(sentence) => {
                problem.set(sentence);
                return;
            }
        };
        spawn_local(async move {
            match adit_api_client::set_issuer(&form).await {
                Ok(()) => {
                    problem.set(String::new());
                    state.say("Saved.");
                }
                Err(error) => problem.set(error.detail),
            }
        });
    };
    let secret_hint = if has_secret { "One is stored; empty keeps it" } else { "Empty: a public client" };
    view! {
        <form class="flex flex-col gap-3" aria-label="Log-in with your organisation" on:submit=submit>
            <Check label="Offer it on the log-in page" value=fields.enabled/>
            <Secret label="Register this redirect address there" text=redirect/>
            <div class="grid gap-3 sm:grid-cols-2">
                <Text label="Name on the button" value=fields.label placeholder="University Hospital"/>
                <Text label="Address of the issuer" value=fields.issuer placeholder="https://login.hospital.org/realms/main"/>
                <Text label="Client ID" value=fields.client_id/>
                <Text label="Client secret" value=fields.secret kind="password" autocomplete="new-password" hint=secret_hint/>
            </div>
            <Check label="Make an account for whoever logs in there for the first time" value=fields.create/>
            <Check label="Use the account with the same verified e-mail address" value=fields.link/>
            <Check label="A second factor is asked for there; do not ask again" value=fields.trust/>
            <details>
                <summary class="cursor-pointer text-sm">"Groups and administrators"</summary>
                <div class="mt-3 flex flex-col gap-3">
                    <Text label="Scopes" value=fields.scopes/>
                    <Text label="Claim that holds the groups" value=fields.claim placeholder="groups" hint="Empty: groups are given here only"/>
                    <TextArea label="Groups there and here" value=fields.mapping placeholder="rad-physicians = Radiology" hint="A line each: value = group, another group"/>
                    <Text label="Value that makes an administrator" value=fields.staff placeholder="adit-admins"/>
                </div>
            </details>
            <Problem text=problem/>
            <button class="btn btn-primary btn-sm self-start" type="submit">"Save"</button>
        </form>
    }
}
