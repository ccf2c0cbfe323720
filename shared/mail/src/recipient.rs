//! Who gets a mail.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names longer than this are not used in a greeting.
const MAX_GREETED: usize = 60;

/// One person's mail address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// What the person calls themselves; may be empty.
    pub name: String,
    /// The address.
    pub address: String,
}

impl Recipient {
    /// The name if it may stand in a greeting. Whoever registers chooses a name and somebody's address: a name that could be a message
    /// or a link is left out, so that ADIT cannot be used to send them.
    pub(crate) fn greeted(&self) -> Option<&str> {
        let name = self.name.trim();
        let plain = name.chars().all(|c| c.is_alphabetic() || " .'-’".contains(c));
        let web = name.to_lowercase().split(' ').any(|word| word.trim_end_matches('.').contains('.') && word.len() > 5);
        (!name.is_empty() && name.len() <= MAX_GREETED && plain && !web).then_some(name)
    }
}

/// Neither name nor address.
impl fmt::Debug for Recipient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Recipient(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_a_message_is_not_greeted() {
        let greeted = |name: &str| {
            let to = Recipient { name: name.into(), address: "a@example.org".into() };
            to.greeted().map(str::to_owned)
        };
        for name in ["Jane Doe", "Dr. Jürgen O'Neill-Żak", "陈伟", "J. R. Smith"] {
            assert_eq!(greeted(name).as_deref(), Some(name));
        }
        let long = "a".repeat(61);
        for name in
            ["", "  ", "http://evil.example", "Win at evil.example now", "a\r\nBcc: b", "<b>x</b>", "call 0900", &long]
        {
            assert_eq!(greeted(name), None, "{name}");
        }
    }
}
