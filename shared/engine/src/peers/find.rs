//! Searching a server in the way it offers: C-FIND, else QIDO-RS. Both are asked by identifiers and answer with identifiers.

use std::ops::ControlFlow;
use std::time::Instant;

use adit_dicomweb::{json, paths};
use adit_dicomweb_client::{Client, WebError};
use adit_dimse::uids::VERIFICATION;
use adit_dimse::{Association, Identifier, Model, Proposal, Service, StatusClass, Tag, Value, dictionary, tags};
use adit_domain::node::Services;
use tokio_util::sync::CancellationToken;

use super::{End, Remark, Remarks};
use crate::Engine;
use crate::text::in_utf8;
use crate::transfer::Problem;

/// What takes the answers; it may say that it has enough.
pub(crate) type Take<'a> = &'a mut (dyn FnMut(Identifier) -> ControlFlow<()> + Send);

/// The ways to search a server.
enum Way {
    /// An open association.
    Dimse { association: Box<Association>, model: Model },
    /// QIDO-RS. It knows no patient level, so it stands for the study root.
    Web(Client),
}

/// An open way to search one server, and perhaps another one for when it fails.
pub(crate) struct Finder {
    way: Way,
    other: Option<Client>,
    remarks: Remarks,
}

/// The model for searching at a server.
pub(crate) fn find_model(services: &Services) -> Model {
    if services.study_root_find || !services.patient_root_find { Model::StudyRoot } else { Model::PatientRoot }
}

impl End {
    /// Opens a way to search: C-FIND if it is offered and comes about, else QIDO-RS.
    pub async fn finder(&self, engine: &Engine, stop: &CancellationToken) -> Result<Finder, Problem> {
        let name = self.name();
        let Some(server) = self.server().filter(|server| server.can_find()) else {
            return Err(Problem::Permanent(format!(
                "{name} cannot be searched: neither C-FIND nor QIDO-RS is ticked in its settings."
            )));
        };
        let web = server.dicomweb.qido.then(|| self.web()).transpose();
        if !server.services.can_find() {
            let client = web?.ok_or(Problem::Canceled)?;
            return Ok(Finder { way: Way::Web(client), other: None, remarks: Remarks::default() });
        }
        let model = find_model(&server.services);
        let proposal = Proposal::new().verification().find(model);
        match (self.open(engine, "opening an association", &proposal, stop).await, web) {
            (Ok(association), web) => {
                let way = Way::Dimse { association: Box::new(association), model };
                Ok(Finder { way, other: web.ok().flatten(), remarks: Remarks::default() })
            }
            (Err(problem), Ok(Some(client))) if problem != Problem::Canceled => {
                let remarks = Remarks::default();
                remarks.add(instead(&problem));
                Ok(Finder { way: Way::Web(client), other: None, remarks })
            }
            (Err(problem), _) => Err(problem),
        }
    }
}

fn instead(problem: &Problem) -> Remark {
    Remark::OtherWay(format!("{} It is searched by DICOMweb instead.", problem.sentence()))
}

impl Finder {
    /// The model that queries have to be made for.
    pub fn model(&self) -> Model {
        match &self.way {
            Way::Dimse { model, .. } => *model,
            Way::Web(_) => Model::StudyRoot,
        }
    }

    /// What is to be told since it was asked last.
    pub fn take_remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }

    /// The same, with its remarks going where those of other finders go.
    pub fn remarking(mut self, remarks: &Remarks) -> Self {
        self.take_remarks().into_iter().for_each(|remark| remarks.add(remark));
        self.remarks = remarks.clone();
        self
    }

    /// Asks whether the server is there, where the way has a question for it.
    pub async fn echo(&mut self, end: &End, stop: &CancellationToken) -> Result<(), Problem> {
        let Way::Dimse { association, .. } = &mut self.way else { return Ok(()) };
        if !association.supports(VERIFICATION) {
            return Ok(());
        }
        let echo = end.measured("C-ECHO", association.echo(stop)).await;
        let (status, _) = echo.map_err(|error| Problem::of_peer(end.name(), "C-ECHO", &error))?;
        if status.is_done() {
            return Ok(());
        }
        Err(Problem::Transient(format!("{} refused a C-ECHO with status {status}.", end.name())))
    }

    /// Asks one query. True: the caller wanted no more; then nothing else can be asked. A way that fails before it brought anything is left
    /// for the other one, if there is one.
    pub async fn find(
        &mut self,
        end: &End,
        query: &Identifier,
        what: &str,
        take: Take<'_>,
        stop: &CancellationToken,
    ) -> Result<bool, Problem> {
        let mut is_silent = true;
        let mut counting = |answer| {
            is_silent = false;
            take(answer)
        };
        let problem = match self.way.find(end, query, what, &mut counting, &self.remarks, stop).await {
            Err(problem) if is_silent && problem != Problem::Canceled => problem,
            result => return result,
        };
        let Some(client) = self.other.take() else { return Err(problem) };
        self.remarks.add(instead(&problem));
        self.way = Way::Web(client);
        self.way.find(end, query, what, take, &self.remarks, stop).await
    }

    /// Ends the way in order.
    pub async fn close(self) {
        if let Way::Dimse { association, .. } = self.way {
            association.release().await;
        }
    }

    /// Ends it at once: the server may still be sending.
    pub async fn abort(self) {
        if let Way::Dimse { association, .. } = self.way {
            association.abort().await;
        }
    }
}

impl Way {
    async fn find(
        &mut self,
        end: &End,
        query: &Identifier,
        what: &str,
        take: Take<'_>,
        remarks: &Remarks,
        stop: &CancellationToken,
    ) -> Result<bool, Problem> {
        match self {
            Self::Dimse { association, model } => {
                let finding = association.find(*model, query, take, stop);
                let outcome = end.measured("C-FIND", finding).await;
                let outcome = outcome.map_err(|error| Problem::of_peer(end.name(), what, &error))?;
                if outcome.limited || outcome.status.class() != StatusClass::Failure {
                    return Ok(outcome.limited);
                }
                let (name, status) = (end.name(), outcome.status);
                let sentence = format!("{name}: {what} failed: {} (status {status}).", status.sentence(Service::Find));
                let transient = status.is_transient(Service::Find);
                Err(if transient { Problem::Transient(sentence) } else { Problem::Permanent(sentence) })
            }
            Self::Web(client) => {
                let begun = Instant::now();
                let mut said = |text: String| {
                    let name = end.name();
                    remarks.add(Remark::OfServer(
                        format!("{name} remarks on {what}: {}", text.trim_end_matches('.')) + ".",
                    ));
                };
                let found = tokio::select! {
                    found = search(client, query, take, &mut said) => found,
                    () = stop.cancelled() => return Err(Problem::Canceled),
                };
                match found {
                    Ok(limited) => {
                        end.state.answered();
                        end.took("QIDO-RS", begun);
                        Ok(limited)
                    }
                    Err(error) => Err(end.web_failed(what, &error)),
                }
            }
        }
    }
}

/// One search by QIDO-RS. What the server does not hold, it answers with nothing or with 404.
async fn search(
    client: &Client,
    query: &Identifier,
    take: Take<'_>,
    said: &mut (dyn FnMut(String) + Send),
) -> Result<bool, WebError> {
    let (resource, parameters) = question(query);
    let mut pass = |found: serde_json::Value| match json::identifier(&found) {
        Ok(identifier) => take(identifier),
        // One answer that nobody can read does not hide the others.
        Err(_) => ControlFlow::Continue(()),
    };
    match client.search(&resource, &parameters, None, &mut pass, said).await {
        Err(WebError::Status(404)) => Ok(false),
        result => result,
    }
}

/// An identifier as an address below the service: level and unique keys make the path, values become parameters, what is asked for
/// becomes `includefield` (PS3.18 10.6.1).
fn question(query: &Identifier) -> (String, Vec<(String, String)>) {
    let query = in_utf8(query);
    let level = query.text(tags::QUERY_RETRIEVE_LEVEL);
    let (study, series) = (query.text(tags::STUDY_INSTANCE_UID), query.text(tags::SERIES_INSTANCE_UID));
    let (resource, in_path) = match (level.as_str(), study.is_empty(), series.is_empty()) {
        ("SERIES", false, _) => (format!("{}/series", paths::path(&study, None, None)), 1),
        ("SERIES", true, _) => ("series".to_owned(), 0),
        ("IMAGE", false, false) => (format!("{}/instances", paths::path(&study, Some(&series), None)), 2),
        ("IMAGE", false, true) => (format!("{}/instances", paths::path(&study, None, None)), 1),
        ("IMAGE", true, _) => ("instances".to_owned(), 0),
        _ => ("studies".to_owned(), 0),
    };
    let said: [Tag; 4] =
        [tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID, tags::QUERY_RETRIEVE_LEVEL, tags::SPECIFIC_CHARACTER_SET];
    let left_out = |tag: &Tag| said[..in_path].contains(tag) || said[2..].contains(tag);
    let (mut keys, mut fields) = (Vec::new(), Vec::new());
    for (tag, value) in query.entries().filter(|(tag, _)| !left_out(tag)) {
        let name = dictionary::keyword(tag).map_or_else(|| format!("{:04X}{:04X}", tag.0, tag.1), str::to_owned);
        let text = match value {
            Value::Bytes(raw) => {
                json::to_texts(tag.2, raw).map_or_else(|| query.text(tag), |numbers| numbers.join("\\"))
            }
            Value::Items(_) => String::new(),
        };
        if text.is_empty() {
            fields.push(("includefield".to_owned(), name));
        } else {
            let text = if &tag.2 == b"UI" { text.replace('\\', ",") } else { text };
            keys.push((name, text));
        }
    }
    keys.extend(fields);
    (resource, keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn identifiers_become_addresses() {
        let mut query = Identifier::at_level("STUDY").with(tags::STUDY_DATE, "20240101-").asking(&[tags::STUDY_TIME]);
        query.set_raw(tags::SPECIFIC_CHARACTER_SET, b"ISO_IR 100");
        query.set_raw(tags::PATIENT_NAME, b"M\xfcller*");
        let keys =
            vec![pair("StudyDate", "20240101-"), pair("PatientName", "Müller*"), pair("includefield", "StudyTime")];
        assert_eq!(question(&query), ("studies".to_owned(), keys));
        let series = Identifier::at_level("SERIES").with(tags::STUDY_INSTANCE_UID, "1.2").asking(&[tags::MODALITY]);
        assert_eq!(question(&series), ("studies/1.2/series".to_owned(), vec![pair("includefield", "Modality")]));
        let images = Identifier::at_level("IMAGE")
            .with(tags::STUDY_INSTANCE_UID, "1.2")
            .with(tags::SERIES_INSTANCE_UID, "1.3")
            .with(tags::SOP_INSTANCE_UID, "1.4\\1.5");
        let mut images = images;
        images.set_raw(Tag(0x28, 0x10, *b"US"), &[0, 2]);
        images.ask(Tag(0x28, 0x11, *b"US"));
        let keys = vec![pair("SOPInstanceUID", "1.4,1.5"), pair("Rows", "512"), pair("includefield", "Columns")];
        assert_eq!(question(&images), ("studies/1.2/series/1.3/instances".to_owned(), keys));
    }
}
