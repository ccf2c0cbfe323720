//! What the guard puts on record about a request, before its answer goes out.
//!
//! The row of the table says which kind of event it is, the path what it was about, the status how it ended; handlers add to their
//! [`Note`] what only they know. No value of a search, no body and no address goes in.

use std::sync::{Arc, Mutex, PoisonError};

use adit_audit::{Actor, Entity, Event, Kind, Outcome, PatientKind};
use adit_domain::{NodeId, UserId};
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::caller::Caller;
use crate::refused::{Refused, Why};
use crate::table::Route;

/// Which event a row makes, by the name that stands in the table.
const EVENTS: &[(&str, Kind)] = &[
    ("log_in", Kind::LoggedIn),
    ("log_out", Kind::LoggedOut),
    ("password_changed", Kind::PasswordChanged),
    ("sessions_ended", Kind::LoggedOut),
    ("group_chosen", Kind::AccountChanged),
    ("registered", Kind::AccountCreated),
    ("person_invited", Kind::AccountCreated),
    ("link_asked", Kind::AccountChanged),
    ("account_confirmed", Kind::AccountChanged),
    ("profile_changed", Kind::AccountChanged),
    ("person_changed", Kind::AccountChanged),
    ("email_change_asked", Kind::AccountChanged),
    ("email_changed", Kind::AccountChanged),
    ("second_factor_begun", Kind::SecondFactorChanged),
    ("second_factor_added", Kind::SecondFactorChanged),
    ("second_factor_removed", Kind::SecondFactorChanged),
    ("recovery_codes_renewed", Kind::SecondFactorChanged),
    ("token_created", Kind::TokenCreated),
    ("token_revoked", Kind::TokenRevoked),
    ("settings_changed", Kind::ConfigurationChanged),
    ("node_added", Kind::ConfigurationChanged),
    ("node_changed", Kind::ConfigurationChanged),
    ("node_deleted", Kind::ConfigurationChanged),
    ("search", Kind::Searched),
    ("images_stored", Kind::Uploaded),
    ("images_fetched", Kind::Downloaded),
    ("download_prepared", Kind::Downloaded),
    ("image_data_fetched", Kind::PatientDataViewed),
    ("job_created", Kind::JobCreated),
    ("job_changed", Kind::JobActed),
    ("job_deleted", Kind::JobActed),
    ("job_action", Kind::JobActed),
    ("task_action", Kind::JobActed),
    ("report_downloaded", Kind::Downloaded),
    ("patient_read", Kind::PatientDataViewed),
    ("project_added", Kind::ConfigurationChanged),
    ("project_changed", Kind::ConfigurationChanged),
    ("deidentification_previewed", Kind::Uploaded),
    ("rule_added", Kind::ConfigurationChanged),
    ("rule_changed", Kind::ConfigurationChanged),
    ("rule_deleted", Kind::ConfigurationChanged),
    ("rule_tried", Kind::Searched),
    ("group_added", Kind::RightsChanged),
    ("group_changed", Kind::RightsChanged),
    ("group_deleted", Kind::RightsChanged),
    ("member_added", Kind::RightsChanged),
    ("member_removed", Kind::RightsChanged),
    ("grant_changed", Kind::RightsChanged),
    ("installation_changed", Kind::ConfigurationChanged),
    ("mail_broadcast", Kind::MailBroadcast),
    ("audit_searched", Kind::AuditRead),
    ("audit_exported", Kind::AuditRead),
    ("audit_verified", Kind::AuditRead),
];

/// The kind behind a name of the table.
#[must_use]
pub fn kind_of(name: &str) -> Option<Kind> {
    EVENTS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// What a handler adds to the record of its request. Cheap to clone; all clones are the same note.
#[derive(Clone, Default)]
pub struct Note(Arc<Mutex<Noted>>);

#[derive(Clone, Default)]
struct Noted {
    actor: Option<(UserId, String)>,
    entities: Vec<Entity>,
    details: Vec<String>,
    patient: String,
    count: Option<u64>,
}

impl Note {
    /// It was about this.
    pub fn about(&self, entity: Entity) {
        self.change(|noted| noted.entities.push(entity));
    }

    /// Somebody who was not known when the request came: who has just logged in.
    pub fn by(&self, user: &UserId, name: &str) {
        self.change(|noted| noted.actor = Some((user.clone(), name.to_owned())));
    }

    /// What exactly was done, in plain words without patient data.
    pub fn detail(&self, detail: impl Into<String>) {
        self.change(|noted| noted.details.push(detail.into()));
    }

    /// Whose data were shown; kept only where the standard's message demands it.
    pub fn patient(&self, patient_id: &str) {
        self.change(|noted| patient_id.clone_into(&mut noted.patient));
    }

    /// How many results, images or people.
    pub fn count(&self, count: usize) {
        self.change(|noted| noted.count = u64::try_from(count).ok());
    }

    /// The server or folder that it was about, and how many instances.
    pub fn moved(&self) -> (Option<(NodeId, String)>, u64) {
        let noted = self.read();
        let node = noted.entities.into_iter().find_map(|entity| match entity {
            Entity::Node { id, name, .. } => Some((id, name)),
            _ => None,
        });
        (node, noted.count.unwrap_or(0))
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn read(&self) -> Noted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl FromRequestParts<App> for Note {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Who has sent a request.
pub struct Sender {
    /// Known; none: nobody, or somebody whose credentials are worth nothing.
    pub caller: Option<Caller>,
    /// Network address.
    pub address: Option<String>,
    /// They have shown a cookie or a token.
    pub has_credentials: bool,
}

/// Records the request if its row or its outcome asks for it. The answer, or the refusal in its place when it cannot be recorded.
pub async fn conclude(app: &App, row: &Route, sender: &Sender, note: &Note, response: Response) -> Response {
    let Some(event) = event(row, sender, note, &response) else { return response };
    match app.engine.put_on_record(event).await {
        Ok(()) => response,
        Err(refusal) => Refused::from(refusal).into_response(),
    }
}

fn event(row: &Route, sender: &Sender, note: &Note, response: &Response) -> Option<Event> {
    let (status, noted) = (response.status(), note.read());
    let why = response.extensions().get::<Why>();
    let own = row.audit.and_then(kind_of);
    let kind = match (status, own) {
        // The password was right, a code is asked for: nobody has logged in yet.
        (StatusCode::ACCEPTED, Some(Kind::LoggedIn)) => return None,
        // Counted by the limits already; recording each one would let strangers fill the trail.
        (StatusCode::TOO_MANY_REQUESTS, _) => return None,
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(Kind::LoggedIn)) => Kind::LogInFailed,
        (StatusCode::UNAUTHORIZED, _) if !sender.has_credentials => return None,
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => Kind::AccessRefused,
        _ if why.is_some_and(|why| why.is_foreign) => Kind::AccessRefused,
        (_, Some(kind)) => kind,
        (_, None) if sender.caller.as_ref().is_some_and(Caller::has_token) => Kind::TokenUsed,
        (_, None) => return None,
    };
    let actor = actor(sender, &noted);
    let mut event = patient_kind(kind)
        .map_or_else(|| Event::new(kind, actor.clone()), |kind| Event::of_patient(kind, actor.clone(), noted.patient));
    event.entities = noted.entities;
    event.count = noted.count;
    let what = row.audit.map_or_else(|| format!("{} {}", method(row), row.path), |name| name.replace('_', " "));
    event.detail = std::iter::once(what).chain(noted.details).collect::<Vec<_>>().join(": ");
    Some(match outcome(kind, status) {
        Outcome::Success => event,
        outcome => event.with_outcome(outcome, why.map_or_else(String::new, |why| why.reason.clone())),
    })
}

fn outcome(kind: Kind, status: StatusCode) -> Outcome {
    match kind {
        Kind::LogInFailed => Outcome::MinorFailure,
        Kind::AccessRefused if status == StatusCode::UNAUTHORIZED => Outcome::MinorFailure,
        Kind::AccessRefused => Outcome::SeriousFailure,
        _ if status.is_server_error() => Outcome::SeriousFailure,
        _ if status.is_client_error() => Outcome::MinorFailure,
        _ => Outcome::Success,
    }
}

fn actor(sender: &Sender, noted: &Noted) -> Actor {
    let mut actor = Actor { address: sender.address.clone(), ..Actor::default() };
    if let Some(caller) = &sender.caller {
        actor.user = Some(caller.actor.user_id.clone());
        actor.name.clone_from(&caller.actor.username);
        if let Some(group) = &caller.actor.group {
            actor.group = Some(group.id.to_string());
            actor.group_name.clone_from(&group.config.name);
        }
        actor.token = caller.token_prefix();
    } else if let Some((user, name)) = &noted.actor {
        actor.user = Some(user.clone());
        actor.name.clone_from(name);
    }
    actor
}

fn patient_kind(kind: Kind) -> Option<PatientKind> {
    PatientKind::ALL.into_iter().find(|patient| Kind::from(*patient) == kind)
}

fn method(row: &Route) -> &str {
    row.method.as_ref().map_or("any", |method| method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::routes;

    #[test]
    fn every_row_makes_an_event_that_is_known_or_says_why_it_makes_none() {
        for row in routes() {
            let name = format!("{} {}", method(row), row.path);
            match row.audit {
                Some(event) => assert!(kind_of(event).is_some(), "{name}: {event} is no event of audit.rs"),
                None => assert!(row.quiet.len() > 10, "{name} neither makes an event nor says why"),
            }
        }
        for (event, _) in EVENTS {
            assert!(routes().any(|row| row.audit == Some(*event)), "no row makes {event}");
        }
    }
}
