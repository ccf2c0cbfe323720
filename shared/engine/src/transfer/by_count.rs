//! Retrieval by count: a reader's series are asked for as a whole, without a list of their images before. An archive takes as long for
//! the list as for a good part of the images, and most retrievals bring everything. The images are listed when they did not.

use std::sync::Arc;
use std::time::Duration;

use adit_domain::task::LogLevel;
use tokio::sync::mpsc;

use super::Transfer;
use super::plan::{Plan, Series};
use super::problem::Problem;
use super::retrieve::TRIES;
use super::sink::StagedInstance;
use super::units::units;
use super::ways::{Method, Way, ways};

/// Larger series are shared by several associations, for which the images have to be known by name.
const MAX_IMAGES: u64 = 250;
/// Classes for which an association has room for every transfer syntax in which archives keep images.
const MAX_CLASSES: usize = 6;
/// How long a source is left alone that has broken off.
const PAUSE: Duration = Duration::from_secs(1);

/// SOP classes that series of a modality usually hold (PS3.3 C.7.3.1.1.1, PS3.4 B.5). An image of another one does not come at first.
const USUAL: [(&str, &[&str]); 11] = [
    ("CT", &["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1"]),
    ("MR", &["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1"]),
    ("PT", &["1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.130"]),
    ("NM", &["1.2.840.10008.5.1.4.1.1.20"]),
    ("CR", &["1.2.840.10008.5.1.4.1.1.1"]),
    ("DX", &["1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1.1"]),
    ("MG", &["1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.1.2.1", "1.2.840.10008.5.1.4.1.1.13.1.3"]),
    ("US", &["1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1"]),
    ("XA", &["1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.1.1"]),
    ("RF", &["1.2.840.10008.5.1.4.1.1.12.2"]),
    ("OP", &["1.2.840.10008.5.1.4.1.1.77.1.5.1", "1.2.840.10008.5.1.4.1.1.77.1.5.4"]),
];

/// Classes that these series usually hold; empty: nobody knows of one of them, or they are too many for one association.
pub(super) fn usual_classes(series: &[Series]) -> Vec<String> {
    let mut classes = Vec::new();
    for one in series {
        let Some((_, usual)) = USUAL.iter().find(|(modality, _)| *modality == one.modality) else { return Vec::new() };
        classes.extend(usual.iter().map(|class| (*class).to_owned()));
    }
    classes.sort();
    classes.dedup();
    if classes.len() > MAX_CLASSES { Vec::new() } else { classes }
}

impl Transfer {
    fn first_way(&self) -> Option<Way> {
        self.source.server().and_then(|server| ways(server).next())
    }

    /// Whether whole series may be asked for by count: the source has counted each, none is so large that it should be shared, and
    /// nothing else about their images has to be known before they come.
    pub(super) fn may_count(&self, plan: &Plan) -> bool {
        let is_counted = |series: &Series| series.count.is_some_and(|count| (1..=MAX_IMAGES).contains(&count));
        let knows_enough = match self.first_way() {
            Some(Way::Web) => true,
            // Its contexts are made for classes.
            Some(Way::Dimse(Method::Get)) => !usual_classes(&plan.series).is_empty(),
            // Who does not say for which request an image comes is known by the image.
            Some(Way::Dimse(Method::Move)) | None => false,
        };
        knows_enough && plan.series.iter().all(is_counted)
    }

    /// Fetches every series once, by the first way that the source offers, `parallel` at a time. True: the source has said that it sent
    /// everything, and as many came as it had counted.
    pub(super) async fn retrieve_counted(
        self: &Arc<Self>,
        plan: &Arc<Plan>,
        to_deliver: &mpsc::Sender<StagedInstance>,
        parallel: usize,
    ) -> Result<bool, Problem> {
        let Some(way) = self.first_way() else { return Ok(false) };
        let mut open = units(plan, &self.ledger, parallel, false);
        // What fails is not repeated as a whole: then only what is missing is asked for.
        open.iter_mut().for_each(|unit| unit.tries = TRIES);
        match Arc::clone(self).pass(way, plan, open, to_deliver, parallel).await {
            Ok(()) => Ok(self.ledger.failures().1 == 0 && self.have_all_ended_well(plan)),
            Err(Problem::Canceled) => Err(Problem::Canceled),
            Err(_) => Ok(false),
        }
    }

    /// Lists the images of a plan that was made without, as far as the source does: else it is fetched like any source without lists.
    pub(super) async fn list_at_last(&self, plan: &mut Plan) -> Result<(), Problem> {
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = self.stop.cancelled() => return Err(Problem::Canceled),
        }
        self.counted.begin_anew();
        match self.list_images(plan).await {
            Err(Problem::Canceled) => Err(Problem::Canceled),
            Err(problem) => {
                self.ledger.note(LogLevel::Info, "No list of images", problem.sentence());
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use adit_dimse::get_contexts;
    use adit_dimse::uids::STORED;

    use super::*;

    fn classes(modalities: &[&str]) -> Vec<String> {
        let series = |modality: &&str| Series { modality: (*modality).to_owned(), ..Series::default() };
        usual_classes(&modalities.iter().map(series).collect::<Vec<_>>())
    }

    #[test]
    fn images_may_come_in_every_syntax_in_which_they_are_kept() {
        let classes = classes(&["CT", "PT", "MR", "CT"]);
        let contexts = get_contexts(&classes);
        for class in &classes {
            for syntax in STORED {
                assert!(contexts.contains(&(class.clone(), vec![syntax.to_owned()])), "{class} {syntax}");
            }
        }
    }

    #[test]
    fn of_other_and_of_too_many_modalities_nothing_is_known() {
        assert!(classes(&["CT", "OT"]).is_empty() && classes(&["CT", ""]).is_empty());
        assert!(classes(&["CT", "MR", "PT", "US"]).is_empty(), "eight classes");
    }
}
