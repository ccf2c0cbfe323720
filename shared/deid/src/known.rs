//! What is known about a patient, made once for all instances that name the same people in the same character sets.

use std::sync::{Arc, Mutex, PoisonError};

use crate::residual::ResidualTargets;
use crate::text::glyphs::CharacterSets;
use crate::text::identifiers::Identifiers;
use crate::text::needles::NeedleSet;

/// Patients kept at hand: as many as workers may have in their hands at once.
const KEPT: usize = 16;

/// Everything to search for, for one patient.
pub(crate) struct Known {
    identifiers: Identifiers,
    own: Identifiers,
    sets: CharacterSets,
    pub needles: Arc<NeedleSet>,
    pub residual: Arc<ResidualTargets>,
    /// What names the patient, to be looked for in what a person enters.
    pub names: ResidualTargets,
}

/// The patients seen last.
#[derive(Default)]
pub(crate) struct KnownPatients(Mutex<Vec<Arc<Known>>>);

impl KnownPatients {
    /// What is known from these identifiers, of which `own` name the patient; UIDs are the instance's own and not part of it.
    pub fn of(&self, identifiers: &Identifiers, own: &Identifiers, sets: &CharacterSets) -> Arc<Known> {
        let is_same = |known: &Arc<Known>| {
            known.sets == *sets && known.identifiers.names_the_same(identifiers) && known.own.names_the_same(own)
        };
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().iter().find(|known| is_same(known)) {
            return Arc::clone(found);
        }
        let known = Arc::new(Known {
            needles: Arc::new(NeedleSet::of(identifiers)),
            residual: Arc::new(ResidualTargets::of(identifiers, sets)),
            names: ResidualTargets::of(own, sets),
            identifiers: identifiers.clone(),
            own: own.clone(),
            sets: sets.clone(),
        });
        let mut all = lock();
        if all.len() >= KEPT {
            all.remove(0);
        }
        all.push(Arc::clone(&known));
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::identifiers::IdentifierKind;

    #[test]
    fn instances_of_a_patient_share_and_other_patients_do_not() {
        let (patients, sets) = (KnownPatients::default(), CharacterSets::of(b""));
        let of = |name: &str, uid: &str| {
            let mut identifiers = Identifiers::default();
            identifiers.add(IdentifierKind::PatientName, name);
            identifiers.add(IdentifierKind::Uid, uid);
            patients.of(&identifiers, &identifiers, &sets)
        };
        let first = of("Doe^Jane", "1.2.3.4.5.6");
        assert!(Arc::ptr_eq(&first, &of("Doe^Jane", "1.2.3.4.5.7")));
        assert!(!Arc::ptr_eq(&first, &of("Roe^Jane", "1.2.3.4.5.6")));
        for number in 0..40 {
            of(&format!("Name{number}^X"), "");
        }
        assert!(!Arc::ptr_eq(&first, &of("Doe^Jane", "1.2.3.4.5.6")), "the oldest is forgotten");
    }
}
