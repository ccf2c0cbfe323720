//! Whether a rule can work: at the form, so that a mistake is shown at once, and later, because servers and projects come and go.

use adit_deid::tag_of;
use adit_domain::Timestamp;
use adit_domain::node::NodeConfig;
use adit_domain::rule::{RuleConfig, Trigger};

use super::facts::asked_by;
use super::schedule::Schedule;
use crate::{Engine, Refusal, now};

/// Value representations without a text that could be compared.
const NOT_TEXT: [&[u8; 2]; 9] = [b"SQ", b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"AT"];

impl Engine {
    /// Checks everything about a rule; the refusal names the field. A rule that need not work (because it is switched off) may stand for
    /// what is gone.
    pub(crate) async fn checked_rule(&self, config: RuleConfig, must_work: bool) -> Result<RuleConfig, Refusal> {
        let config = config.validated()?;
        for keyword in asked_by(&config) {
            check_keyword(keyword)?;
        }
        if let Trigger::Inbox { calling_ae_titles, .. } = &config.trigger
            && calling_ae_titles.iter().any(|title| title == self.ae_title())
        {
            return Err(Refusal::invalid(format!(
                "{} is the AE title of this ADIT. A rule on it could send images round in circles.",
                self.ae_title()
            ))
            .at("calling_AE_titles"));
        }
        if let Trigger::Schedule { cron, time_zone, .. } = &config.trigger
            && Schedule::parse(cron, time_zone)?.next(now()).is_none()
        {
            return Err(Refusal::invalid("This schedule is never due.").at("cron"));
        }
        if config.options.direct_move && !matches!(config.trigger, Trigger::Schedule { .. }) {
            return Err(Refusal::invalid(
                "A direct transfer is possible from one server to another only. Switch it off.",
            )
            .at("direct_move"));
        }
        if must_work && let Some(refusal) = self.trouble(&config).await? {
            return Err(refusal);
        }
        Ok(config)
    }

    /// Why a saved rule cannot work at present, in one sentence; empty: it works.
    pub(crate) async fn problem_of(&self, config: &RuleConfig) -> Result<String, Refusal> {
        Ok(self.trouble(config).await?.map(|refusal| refusal.body.detail).unwrap_or_default())
    }

    /// What stands against a rule now.
    async fn trouble(&self, config: &RuleConfig) -> Result<Option<Refusal>, Refusal> {
        let destination = self.0.nodes.get(&config.destination).await?.map(|record| record.node.config);
        if let Some(refusal) = destination_trouble(destination.as_ref()) {
            return Ok(Some(refusal.at("destination")));
        }
        if let Some(destination) = &destination
            && let Err(refusal) = self.permit_nifti(&config.options, destination).await
        {
            return Ok(Some(refusal));
        }
        if let Some(id) = config.trigger.source() {
            if *id == config.destination && matches!(config.trigger, Trigger::Objects { .. }) {
                let sentence = "What arrives in a folder or bucket cannot be sent to the same place.";
                return Ok(Some(Refusal::invalid(sentence).at("destination")));
            }
            let source = self.0.nodes.get(id).await?.map(|record| record.node.config);
            if let Some(refusal) = source_trouble(&config.trigger, source.as_ref()) {
                return Ok(Some(refusal.at("source")));
            }
        }
        let mut options = config.options.clone();
        match self.choose_project(&mut options).await {
            Err(refusal) if refusal.body.code != adit_api::error::ErrorCode::Internal => Ok(Some(refusal)),
            Err(refusal) => Err(refusal),
            Ok(()) => Ok(None),
        }
    }

    /// When a schedule is due next.
    pub(crate) fn next_of(&self, config: &RuleConfig) -> Option<Timestamp> {
        match &config.trigger {
            Trigger::Schedule { cron, time_zone, .. } => Schedule::parse(cron, time_zone).ok()?.next(now()),
            _ => None,
        }
    }
}

fn check_keyword(keyword: &str) -> Result<(), Refusal> {
    let is_text = tag_of(keyword).is_some_and(|(tag, vr)| tag >> 16 != 2 && !NOT_TEXT.contains(&&vr));
    if is_text {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "{keyword} is not an attribute of the DICOM standard that holds text. Write its keyword, such as StudyDescription."
    ))
    .at("attribute"))
}

fn destination_trouble(found: Option<&NodeConfig>) -> Option<Refusal> {
    let Some(config) = found else {
        return Some(Refusal::conflict("The destination was deleted. Choose another one."));
    };
    let name = &config.name;
    if !config.enabled {
        return Some(Refusal::conflict(format!("The destination {name} is disabled; jobs wait until it is enabled.")));
    }
    if !config.can_be_destination() {
        return Some(Refusal::invalid(format!("{name} cannot receive images: C-STORE is not ticked in its settings.")));
    }
    None
}

fn source_trouble(trigger: &Trigger, found: Option<&NodeConfig>) -> Option<Refusal> {
    let Some(config) = found else { return Some(Refusal::conflict("The source was deleted. Choose another one.")) };
    let name = &config.name;
    if !config.enabled {
        return Some(Refusal::conflict(format!("The source {name} is disabled. Enable it, or choose another one.")));
    }
    match trigger {
        Trigger::Schedule { .. } if !config.can_be_source() => Some(Refusal::invalid(format!(
            "{name} cannot be searched and read: tick C-FIND and C-GET or C-MOVE in its settings."
        ))),
        Trigger::Objects { .. } if !config.can_be_watched() => {
            Some(Refusal::invalid(format!("{name} cannot be watched: choose a folder or a bucket.")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attributes_with_a_text_can_be_asked_for() {
        for keyword in ["StudyDescription", "ImageType", "SliceThickness", "PatientName"] {
            assert!(check_keyword(keyword).is_ok(), "{keyword}");
        }
        for keyword in ["Studydescription", "PixelData", "RequestAttributesSequence", "TransferSyntaxUID"] {
            assert!(check_keyword(keyword).is_err(), "{keyword}");
        }
    }
}
