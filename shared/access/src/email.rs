//! E-mail addresses that a letter can go to.

use std::fmt;
use std::str::FromStr;

use adit_domain::InvalidValue;
use email_address::{EmailAddress, Options};

/// An e-mail address as entered, without spaces around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// As entered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes it the same as another: upper and lower case do not differ.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// The part behind the at sign, in lower case.
    #[must_use]
    pub fn domain(&self) -> String {
        self.0.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_lowercase())
    }
}

impl FromStr for Email {
    type Err = InvalidValue;

    /// Takes `name@host.domain`, in ASCII: two addresses that look alike are two mailboxes; no display name, no address in brackets, no quotes.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        match EmailAddress::parse_with_options(text, options) {
            Ok(_) if text.is_ascii() && !text.contains('"') => Ok(Self(text.to_owned())),
            _ => Err(InvalidValue::new("e-mail address", "is not one; it looks like name@hospital.org")),
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_text() {
        let email: Email = " Ada.L@Example.ORG ".parse().unwrap();
        assert_eq!((email.as_str(), email.folded().as_str()), ("Ada.L@Example.ORG", "ada.l@example.org"));
        assert_eq!(email.domain(), "example.org");
        for wrong in [
            "",
            "ada",
            "ada@",
            "@x.org",
            "ada@host",
            "Ada <a@x.org>",
            "a@[127.0.0.1]",
            "a@x.org\nBcc: b@x.org",
            "\"a b\"@x.org",
            "a@x.org, b@x.org",
            "а@x.org",
            "a@xé.org",
        ] {
            assert!(wrong.parse::<Email>().is_err(), "{wrong}");
        }
    }
}
