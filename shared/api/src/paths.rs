//! Route paths; the only place where they are spelled.

/// GET: who am I; POST: log in; DELETE: log out.
pub const SESSION: &str = "/api/session";
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
/// Paths that need DIMSE or last long: they go to the bridge where the API is a function.
pub const BULK: [&str; 5] = [NODE_TEST, SEARCH, SEARCH_SERIES, JOB_EVENTS, RULE_DRY_RUN];
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
    fn placeholders_are_filled_in_order() {
        assert_eq!(super::fill(super::TASK_ACTION, &["J", "T", "reset"]), "/api/jobs/J/tasks/T/reset");
    }
}
