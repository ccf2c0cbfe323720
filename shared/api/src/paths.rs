//! Route paths; the only place where they are spelled.

pub mod dicomweb;

/// GET: who am I; POST: log in; DELETE: log out.
pub const SESSION: &str = "/api/session";
/// POST: the second step of a log-in, a code.
pub const SESSION_CODE: &str = "/api/session/code";
/// POST: begins to set up the second factor that a log-in demands.
pub const SESSION_ENROLMENT: &str = "/api/session/enrolment";
/// POST: finishes it, and the log-in.
pub const SESSION_ENROLMENT_CODE: &str = "/api/session/enrolment/code";
/// DELETE: ends all own sessions but this one.
pub const OTHER_SESSIONS: &str = "/api/session/others";
/// GET: what the log-in page offers.
pub const ENTRANCE: &str = "/api/entrance";
/// GET: to the log-in at the organisation's issuer.
pub const OPENID_DEPARTURE: &str = "/api/openid/departure";
/// GET: back from there.
pub const OPENID_ARRIVAL: &str = "/api/openid/arrival";
/// POST: register.
pub const REGISTRATION: &str = "/api/registration";
/// POST: the link to confirm an account once more.
pub const REGISTRATION_LETTER: &str = "/api/registration/letter";
/// POST: a link to a new password.
pub const PASSWORD_LETTER: &str = "/api/password/letter";
/// POST: what a link of a letter is for; does not use it.
pub const LINK: &str = "/api/links";
/// POST: confirms an account and sets its password.
pub const LINK_CONFIRM: &str = "/api/links/confirm";
/// POST: makes an e-mail address the account's.
pub const LINK_EMAIL: &str = "/api/links/email";
/// POST: sets a new password.
pub const LINK_PASSWORD: &str = "/api/links/password";
/// GET: the own account; PUT: the own profile.
pub const ACCOUNT: &str = "/api/account";
/// POST: asks for another e-mail address.
pub const ACCOUNT_EMAIL: &str = "/api/account/email";
/// POST: begins to set up a second factor; PUT: finishes it with a code.
pub const FACTOR: &str = "/api/account/second-factor";
/// POST: new recovery codes.
pub const FACTOR_CODES: &str = "/api/account/second-factor/codes";
/// POST: removes it, for a code.
pub const FACTOR_REMOVAL: &str = "/api/account/second-factor/removal";
/// GET: the own tokens; POST: makes one.
pub const TOKENS: &str = "/api/tokens";
/// DELETE: ends a token.
pub const TOKEN: &str = "/api/tokens/{prefix}";
/// GET: a page of people (administrators). POST: invites one.
pub const PEOPLE: &str = "/api/people";
/// GET: one person (administrators).
pub const PERSON: &str = "/api/people/{id}";
/// PUT: a person's e-mail address (administrators).
pub const PERSON_EMAIL: &str = "/api/people/{id}/email";
/// GET: a person's tokens (administrators).
pub const PERSON_TOKENS: &str = "/api/people/{id}/tokens";
/// POST: one of [`crate::people::PersonAction`] (administrators).
pub const PERSON_ACTION: &str = "/api/people/{id}/{action}";
/// GET, PUT: who may register, second factor (administrators).
pub const ACCOUNT_SETTINGS: &str = "/api/settings/accounts";
/// GET, PUT: log-in at the organisation's issuer (administrators).
pub const ISSUER_SETTINGS: &str = "/api/settings/issuer";
/// POST: change the own password.
pub const PASSWORD: &str = "/api/session/password";
/// PUT: chooses the group that one acts for.
pub const ACTIVE_GROUP: &str = "/api/session/group";
/// GET, PUT: the own preferences (a small JSON object).
pub const PREFERENCES: &str = "/api/preferences";
/// GET: list; POST: add.
pub const NODES: &str = "/api/nodes";
/// GET, PUT, DELETE.
pub const NODE: &str = "/api/nodes/{id}";
/// GET: which groups may use it (administrators).
pub const NODE_GRANTS: &str = "/api/nodes/{id}/grants";
/// POST: test the connection.
pub const NODE_TEST: &str = "/api/nodes/{id}/test";
/// POST: search, answered as newline-delimited JSON while the servers answer.
pub const SEARCH: &str = "/api/search";
/// POST: series of one study.
pub const SEARCH_SERIES: &str = "/api/search/series";
/// GET: list; POST: create.
pub const JOBS: &str = "/api/jobs";
/// GET: jobs of the active group that wait for approval.
pub const WAITING_JOBS: &str = "/api/jobs/waiting";
/// GET, DELETE; PATCH: urgent.
pub const JOB: &str = "/api/jobs/{id}";
/// POST: cancel, resume, retry, restart, approve, reject.
pub const JOB_ACTION: &str = "/api/jobs/{id}/{action}";
/// GET: server-sent events, each a [`crate::jobs::JobSnapshot`].
pub const JOB_EVENTS: &str = "/api/jobs/{id}/events";
/// GET: the report of de-identification as a file, a [`crate::projects::JobReport`].
pub const JOB_REPORT: &str = "/api/jobs/{id}/deidentification";
/// GET.
pub const TASK: &str = "/api/jobs/{id}/tasks/{task_id}";
/// POST: reset, kill.
pub const TASK_ACTION: &str = "/api/jobs/{id}/tasks/{task_id}/{action}";
/// GET: list; POST: add.
pub const PROJECTS: &str = "/api/projects";
/// GET, PUT. The name is percent-encoded.
pub const PROJECT: &str = "/api/projects/{name}";
/// POST: what de-identification would do to a DICOM file, the body.
pub const PREVIEW: &str = "/api/deid/preview";
/// GET: all rules (administrators). POST: adds one.
pub const RULES: &str = "/api/rules";
/// GET, PUT, DELETE: one rule (administrators).
pub const RULE: &str = "/api/rules/{id}";
/// GET: its newest firings (administrators).
pub const RULE_FIRINGS: &str = "/api/rules/{id}/firings";
/// POST: what a rule would do (administrators).
pub const RULE_DRY_RUN: &str = "/api/rules/dry-run";
/// GET: a page of groups (administrators). POST: adds one.
pub const GROUPS: &str = "/api/groups";
/// GET, PUT, DELETE: one group (administrators).
pub const GROUP: &str = "/api/groups/{id}";
/// GET: a page of its members (administrators). POST: adds one.
pub const GROUP_MEMBERS: &str = "/api/groups/{id}/members";
/// DELETE: a member (administrators).
pub const GROUP_MEMBER: &str = "/api/groups/{id}/members/{user}";
/// GET: the servers and folders that it may use (administrators).
pub const GROUP_GRANTS: &str = "/api/groups/{id}/nodes";
/// PUT: what it may do with one of them (administrators).
pub const GROUP_GRANT: &str = "/api/groups/{id}/nodes/{node}";
/// GET: what everybody is told: announcement, maintenance, suspension.
pub const NOTICE: &str = "/api/notice";
/// GET, PUT: settings of the installation (administrators).
pub const INSTALLATION: &str = "/api/installation";
/// GET: jobs by status, queues, workers (administrators).
pub const OVERVIEW: &str = "/api/overview";
/// POST: a mail to many (administrators).
pub const BROADCAST: &str = "/api/broadcast";
/// GET: a page of the audit trail.
pub const AUDIT: &str = "/api/audit";
/// GET: the audit trail as newline-delimited FHIR AuditEvents.
pub const AUDIT_EXPORT: &str = "/api/audit/export";
/// POST: verifies the audit trail.
pub const AUDIT_VERIFY: &str = "/api/audit/verify";
/// GET: what people and their programs have moved.
pub const USAGE: &str = "/api/usage";
/// POST: prepares a download.
pub const DOWNLOADS: &str = "/api/downloads";
/// GET: the file.
pub const DOWNLOAD: &str = "/api/downloads/{ticket}";
/// GET: how far it is.
pub const DOWNLOAD_PROGRESS: &str = "/api/downloads/{ticket}/progress";
/// Everything of DICOMweb in the standard's layout, below the AE title of a server.
pub const DICOMWEB: &str = "/dicomweb/{*rest}";
/// The same as the published `adit-client` spells it.
pub const DICOMWEB_CLIENT: &str = "/api/dicom-web/{*rest}";
/// Paths that need DIMSE or last long: they go to the bridge where the API is a function.
pub const BULK: [&str; 10] = [
    NODE_TEST,
    SEARCH,
    SEARCH_SERIES,
    JOB_EVENTS,
    RULE_DRY_RUN,
    DOWNLOADS,
    DOWNLOAD,
    DOWNLOAD_PROGRESS,
    DICOMWEB,
    DICOMWEB_CLIENT,
];
/// GET: the OpenAPI description.
pub const OPENAPI: &str = "/api/openapi.json";
/// GET: the same for people.
pub const DOCS: &str = "/api/docs";
/// GET: the style of that page.
pub const DOCS_STYLE: &str = "/api/docs.css";
/// GET: alive.
pub const HEALTH: &str = "/health/";
/// Header that carries the CSRF token of the session on every request that changes something.
pub const CSRF_HEADER: &str = "x-adit-csrf";

/// Whether a path, or a pattern of one, is one of [`BULK`].
#[must_use]
pub fn is_bulk(path: &str) -> bool {
    BULK.iter().any(|pattern| {
        let mut parts = path.split('/');
        for wanted in pattern.split('/') {
            match parts.next() {
                Some(part) if wanted.starts_with("{*") => return !part.is_empty(),
                Some(part) if wanted.starts_with('{') || wanted == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    })
}

/// Fills the placeholders `{..}` of a path in order.
#[must_use]
pub fn fill(path: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    path.split('/')
        .map(|part| if part.starts_with('{') { values.next().copied().unwrap_or(part) } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    #[test]
    fn bulk_paths_are_known_with_and_without_their_values() {
        for path in [
            super::SEARCH,
            super::NODE_TEST,
            "/api/nodes/1/test",
            "/dicomweb/PACS/studies/1.2/series",
            "/api/dicom-web/{server}/qidors/studies",
        ] {
            assert!(super::is_bulk(path), "{path}");
        }
        for path in ["/api/nodes/1", "/api/nodes/1/test/2", "/dicomweb", "/dicomweb/", "/api/jobs"] {
            assert!(!super::is_bulk(path), "{path}");
        }
    }

    #[test]
    fn placeholders_are_filled_in_order() {
        assert_eq!(super::fill(super::TASK_ACTION, &["J", "T", "reset"]), "/api/jobs/J/tasks/T/reset");
    }
}
