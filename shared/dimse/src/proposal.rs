//! Which presentation contexts an association proposes (PS3.8 9.3.2.2), never more than 128.

use crate::error::DimseError;
use crate::uids;

/// Presentation context ids are the odd numbers of one byte.
pub const MAX_CONTEXTS: usize = 128;

/// Query/retrieve information model (PS3.4 C.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Patient root.
    PatientRoot,
    /// Study root.
    StudyRoot,
}

impl Model {
    pub(crate) fn find(self) -> &'static str {
        match self {
            Self::PatientRoot => uids::PATIENT_ROOT_FIND,
            Self::StudyRoot => uids::STUDY_ROOT_FIND,
        }
    }

    pub(crate) fn get(self) -> &'static str {
        match self {
            Self::PatientRoot => uids::PATIENT_ROOT_GET,
            Self::StudyRoot => uids::STUDY_ROOT_GET,
        }
    }

    pub(crate) fn move_(self) -> &'static str {
        match self {
            Self::PatientRoot => uids::PATIENT_ROOT_MOVE,
            Self::StudyRoot => uids::STUDY_ROOT_MOVE,
        }
    }
}

/// Presentation contexts to propose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    pub(crate) contexts: Vec<(String, Vec<String>)>,
    /// Classes for which we take the provider's role, as C-GET needs it.
    pub(crate) as_provider: Vec<String>,
}

impl Proposal {
    /// Proposes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn with(mut self, class: &str, syntaxes: &[&str]) -> Self {
        self.contexts.push((class.to_owned(), syntaxes.iter().map(|uid| (*uid).to_owned()).collect()));
        self
    }

    /// C-ECHO.
    #[must_use]
    pub fn verification(self) -> Self {
        self.with(uids::VERIFICATION, &uids::UNCOMPRESSED)
    }

    /// C-FIND.
    #[must_use]
    pub fn find(self, model: Model) -> Self {
        self.with(model.find(), &uids::UNCOMPRESSED)
    }

    /// C-MOVE.
    #[must_use]
    pub fn move_(self, model: Model) -> Self {
        self.with(model.move_(), &uids::UNCOMPRESSED)
    }

    /// C-GET with the storage classes that may come, as [`get_contexts`] plans them.
    #[must_use]
    pub fn get(self, model: Model, storage: &[(String, Vec<String>)]) -> Self {
        let mut proposal = self.with(model.get(), &uids::UNCOMPRESSED);
        for (class, syntaxes) in storage {
            if !proposal.as_provider.contains(class) {
                proposal.as_provider.push(class.clone());
            }
            proposal.contexts.push((class.clone(), syntaxes.clone()));
        }
        proposal
    }

    /// C-STORE of objects of these classes in these transfer syntaxes, a context each.
    #[must_use]
    pub fn store(mut self, kinds: &[(String, String)]) -> Self {
        self.contexts.extend(kinds.iter().map(|(class, syntax)| (class.clone(), vec![syntax.clone()])));
        self
    }

    /// Refuses what an association cannot hold.
    pub(crate) fn checked(&self) -> Result<(), DimseError> {
        if self.contexts.len() > MAX_CONTEXTS { Err(DimseError::TooManyContexts(self.contexts.len())) } else { Ok(()) }
    }
}

/// Plans the storage contexts of a C-GET for the classes that a study is known to hold (none known: the usual ones).
///
/// The provider chooses one transfer syntax per context, so each class gets a context of its own for every compressed syntax as
/// long as there is room: what is stored compressed can then come as it is. Together with the C-GET context this stays at 128.
#[must_use]
pub fn get_contexts(classes: &[String]) -> Vec<(String, Vec<String>)> {
    let known: Vec<String> = if classes.is_empty() {
        uids::STORAGE_CLASSES.iter().map(|uid| (*uid).to_owned()).collect()
    } else {
        classes.to_vec()
    };
    let room = MAX_CONTEXTS - 1;
    let known: Vec<String> = known.into_iter().take(room).collect();
    let mut contexts: Vec<(String, Vec<String>)> = known
        .iter()
        .map(|class| (class.clone(), uids::UNCOMPRESSED.iter().map(|uid| (*uid).to_owned()).collect()))
        .collect();
    let single = (room - contexts.len()) / known.len().max(1);
    for (number, class) in known.iter().enumerate() {
        let separate = single.min(uids::STORED.len());
        contexts.extend(uids::STORED[..separate].iter().map(|syntax| (class.clone(), vec![(*syntax).to_owned()])));
        // Without room for a context per syntax the first classes get one context with all compressed syntaxes.
        if separate == 0 && number < room - known.len() {
            contexts.push((class.clone(), uids::STORED.iter().map(|uid| (*uid).to_owned()).collect()));
        }
    }
    contexts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_stay_within_one_association() {
        for count in [0_usize, 1, 3, 10, 100, 127, 400] {
            let classes: Vec<String> = (0..count).map(|n| format!("1.2.{n}")).collect();
            let proposal = Proposal::new().get(Model::StudyRoot, &get_contexts(&classes));
            assert!(proposal.checked().is_ok(), "{count} classes");
        }
    }

    #[test]
    fn a_known_class_may_come_in_every_stored_syntax() {
        let contexts = get_contexts(&["1.2.840.10008.5.1.4.1.1.2".into()]);
        assert_eq!(contexts.len(), 1 + uids::STORED.len());
        assert_eq!(contexts[1].1, ["1.2.840.10008.1.2.4.70"]);
    }

    #[test]
    fn the_129th_context_is_refused() {
        let kinds: Vec<(String, String)> = (0..129).map(|n| (format!("1.2.{n}"), "1.2".into())).collect();
        assert!(matches!(Proposal::new().store(&kinds).checked(), Err(DimseError::TooManyContexts(129))));
    }
}
