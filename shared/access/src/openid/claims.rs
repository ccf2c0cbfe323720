//! What the issuer says of a person, as far as it is of use here.

use std::collections::BTreeSet;

use adit_domain::person::Profile;
use serde_json::{Map, Value};

use super::OpenIdSettings;
use crate::people::Foreign;
use crate::{AccessError, Email};

/// A person at the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    pub foreign: Foreign,
    pub email: Option<Email>,
    /// The issuer has seen that the mailbox is the person's.
    pub email_verified: bool,
    /// What the user name is made of.
    pub name: String,
    pub profile: Profile,
    /// Values of the claim with the groups.
    groups: BTreeSet<String>,
}

impl Claims {
    /// Reads claims that were proved.
    pub fn read(said: &Map<String, Value>, settings: &OpenIdSettings) -> Result<Self, AccessError> {
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let subject = text("sub").ok_or_else(|| AccessError::Issuer("no subject".into()))?;
        let email: Option<Email> = text("email").and_then(|email| email.parse().ok());
        // What cannot be used is left out: nobody is kept out for an odd name.
        let part = |name: &str| {
            let only = Profile { first_name: text(name).unwrap_or_default().to_owned(), ..Profile::default() };
            only.checked().map(|profile| profile.first_name).unwrap_or_default()
        };
        let name = text("preferred_username").or(text("nickname")).or(email.as_ref().map(Email::as_str));
        Ok(Self {
            foreign: Foreign { issuer: settings.issuer.clone(), subject: subject.to_owned() },
            email_verified: said.get("email_verified") == Some(&Value::Bool(true)),
            name: user_name(name.unwrap_or(subject)),
            profile: Profile {
                first_name: part("given_name"),
                last_name: part("family_name"),
                phone: part("phone_number"),
                department: part("department"),
            },
            groups: settings.groups_claim.as_ref().and_then(|claim| said.get(claim)).map(values).unwrap_or_default(),
            email,
        })
    }

    /// Names of the groups here.
    pub fn mapped(&self, settings: &OpenIdSettings) -> BTreeSet<String> {
        self.groups.iter().filter_map(|group| settings.mapping.get(group)).flatten().cloned().collect()
    }

    /// Whether the person is an administrator by the issuer's word; absent if it has none on that.
    pub fn staff(&self, settings: &OpenIdSettings) -> Option<bool> {
        let claim = settings.groups_claim.as_ref().and(settings.staff_value.as_ref());
        claim.map(|value| self.groups.contains(value))
    }
}

/// A list of text, or one text.
fn values(claim: &Value) -> BTreeSet<String> {
    match claim {
        Value::String(one) => BTreeSet::from([one.clone()]),
        Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => BTreeSet::new(),
    }
}

/// What stands before the at sign, without characters that a user name cannot have.
fn user_name(text: &str) -> String {
    let local = text.split('@').next().unwrap_or_default();
    let fits = |character: &char| character.is_ascii_alphanumeric() || ".-_+".contains(*character);
    let name: String = local.chars().filter(fits).take(56).collect();
    if name.is_empty() { "person".into() } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(said: Value) -> Claims {
        let settings = settings();
        Claims::read(said.as_object().unwrap(), &settings).unwrap()
    }

    fn settings() -> OpenIdSettings {
        OpenIdSettings {
            groups_claim: Some("groups".into()),
            staff_value: Some("boss".into()),
            mapping: [
                ("rad".into(), vec!["Radiology".into(), "All".into()]),
                ("car".into(), vec!["Cardiology".into()]),
            ]
            .into(),
            ..OpenIdSettings::default()
        }
    }

    #[test]
    fn groups_are_mapped_and_others_ignored() {
        let claims = read(json!({ "sub": "1", "groups": ["rad", "boss", 7, "unknown"] }));
        assert_eq!(claims.mapped(&settings()), ["All".to_owned(), "Radiology".into()].into());
        assert_eq!(claims.staff(&settings()), Some(true));
        assert_eq!(read(json!({ "sub": "1", "groups": "car" })).mapped(&settings()), ["Cardiology".to_owned()].into());
        assert_eq!(read(json!({ "sub": "1" })).staff(&settings()), Some(false));
        assert_eq!(read(json!({ "sub": "1" })).staff(&OpenIdSettings::default()), None);
    }

    #[test]
    fn only_a_plain_true_verifies_an_address() {
        for (value, verified) in [(json!(true), true), (json!("true"), false), (json!(1), false), (json!(null), false)]
        {
            assert_eq!(
                read(json!({ "sub": "1", "email": "a@x.org", "email_verified": value })).email_verified,
                verified
            );
        }
    }

    #[test]
    fn user_names_are_made_fit() {
        for (claims, name) in [
            (json!({ "sub": "1", "preferred_username": "ada@x.org" }), "ada"),
            (json!({ "sub": "1", "preferred_username": "Ådä L" }), "dL"),
            (json!({ "sub": "1", "email": "bob@x.org" }), "bob"),
            (json!({ "sub": "äö" }), "person"),
        ] {
            assert_eq!(read(claims).name, name);
        }
        assert!(Claims::read(json!({ "email": "a@x.org" }).as_object().unwrap(), &settings()).is_err());
    }
}
