//! The one table of routes: who may call what. The router is built from it, so that a route outside of it cannot be.
//!
//! `docs/routes.md` is made from it, and a test calls every row as everybody.

use adit_api::paths::{self, dicomweb as web};
use adit_domain::Right;
use adit_domain::right::Scope;
use adit_domain::usage::Way;
use axum::http::Method;
use axum::routing::{MethodRouter, any, delete, get, patch, post, put};

use crate::routes::{
    account, account_settings, audit, deid, dicomweb, downloads, factor, groups, installation, jobs, links, log_in,
    nodes, openid, people, projects, registration, rules, search, session, tasks, tokens, usage,
};
use crate::{App, docs, refused};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Everybody, logged in or not.
    Anybody,
    /// A person who is logged in.
    Session,
    /// A right of the active group.
    Right(Right),
    /// An administrator.
    Staff,
    /// The owner of the thing, or an administrator. The use case decides; to others the thing answers as absent.
    Owner,
}

/// A row of the table.
pub struct Route {
    /// Method; none: all of them.
    pub method: Option<Method>,
    /// Path with its placeholders.
    pub path: &'static str,
    /// Who may call it.
    pub needs: Needs,
    /// The scope with which a token may call it; none: tokens may not.
    pub token: Option<Scope>,
    /// The audit event that calling it makes, see `audit.rs`; none: it makes none of its own.
    pub audit: Option<&'static str>,
    /// Why it makes none.
    pub quiet: &'static str,
    /// Its handler.
    pub handler: fn() -> MethodRouter<App>,
}

impl Route {
    const fn new(method: Method, path: &'static str, needs: Needs, handler: fn() -> MethodRouter<App>) -> Self {
        Self { method: Some(method), path, needs, token: None, audit: None, quiet: "", handler }
    }

    const fn token(mut self, scope: Scope) -> Self {
        self.token = Some(scope);
        self
    }

    const fn audit(mut self, kind: &'static str) -> Self {
        self.audit = Some(kind);
        self
    }

    const fn quiet(mut self, why: &'static str) -> Self {
        self.quiet = why;
        self
    }

    /// Whether it changes something that is kept. Logging in and out, choosing and asking stay possible during maintenance.
    #[must_use]
    pub fn is_change(&self) -> bool {
        const ALWAYS: [&str; 12] = [
            paths::SESSION,
            paths::SESSION_CODE,
            paths::SESSION_ENROLMENT,
            paths::SESSION_ENROLMENT_CODE,
            paths::OTHER_SESSIONS,
            paths::LINK,
            paths::ACTIVE_GROUP,
            paths::PREFERENCES,
            paths::SEARCH,
            paths::SEARCH_SERIES,
            paths::DOWNLOADS,
            paths::AUDIT_VERIFY,
        ];
        self.method.as_ref().is_some_and(|method| *method != GET) && !ALWAYS.contains(&self.path)
    }

    /// Whether it takes a body of any size, which its sender may be able to send once only.
    #[must_use]
    pub fn is_store(&self) -> bool {
        self.method == Some(POST) && web::STORES.contains(&self.path)
    }
}

impl Route {
    /// How calling it moves images; none: it moves none.
    #[must_use]
    pub fn way(&self) -> Option<Way> {
        match self.audit {
            _ if self.is_store() => Some(Way::Stored),
            _ if self.path == paths::DOWNLOAD => Some(Way::Downloaded),
            Some("images_fetched") if self.path.ends_with("/nifti") => Some(Way::Converted),
            Some("images_fetched" | "image_data_fetched") => Some(Way::Retrieved),
            _ => None,
        }
    }
}

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;

use Needs::{Anybody, Owner, Session, Staff};
use Scope::{Jobs, Retrieve, Search, Store};

const MAY_SEARCH: Needs = Needs::Right(Right::Search);
const MAY_RETRIEVE: Needs = Needs::Right(Right::Retrieve);
const MAY_STORE: Needs = Needs::Right(Right::Store);
const MAY_DOWNLOAD: Needs = Needs::Right(Right::Download);
const MAY_TRANSFER: Needs = Needs::Right(Right::Transfer);
const MAY_CREATE_TOKENS: Needs = Needs::Right(Right::CreateTokens);
const MAY_APPROVE: Needs = Needs::Right(Right::ApproveJobs);
const MAY_AUDIT: Needs = Needs::Right(Right::ReadAudit);

/// Why looking at something makes no event.
const SETUP: &str = "shows how ADIT is set up, nothing of a patient";
const OWN: &str = "shows the person what is their own";
const JOB_STATE: &str = "shows how far a job is, nothing of a patient";
const OPEN: &str = "is open to everybody";

/// A row for images in any form.
const fn fetching(path: &'static str, handler: fn() -> MethodRouter<App>) -> Route {
    Route::new(GET, path, MAY_RETRIEVE, handler).token(Retrieve).audit("images_fetched")
}

/// All routes.
pub static ROUTES: &[Route] = &[
    Route::new(GET, paths::SESSION, Session, || get(session::show)).quiet(OWN),
    Route::new(POST, paths::SESSION, Anybody, || post(log_in::first_step)).audit("log_in"),
    Route::new(DELETE, paths::SESSION, Session, || delete(session::log_out)).audit("log_out"),
    Route::new(POST, paths::PASSWORD, Session, || post(session::change_password)).audit("password_changed"),
    Route::new(DELETE, paths::OTHER_SESSIONS, Session, || delete(session::end_others)).audit("sessions_ended"),
    Route::new(POST, paths::SESSION_CODE, Anybody, || post(log_in::code)).audit("log_in"),
    Route::new(POST, paths::SESSION_ENROLMENT, Anybody, || post(log_in::enrol)).audit("second_factor_begun"),
    Route::new(POST, paths::SESSION_ENROLMENT_CODE, Anybody, || post(log_in::enrolled)).audit("log_in"),
    Route::new(GET, paths::ENTRANCE, Anybody, || get(log_in::entrance)).quiet(OPEN),
    Route::new(GET, paths::OPENID_DEPARTURE, Anybody, || get(openid::depart)).quiet(OPEN),
    Route::new(GET, paths::OPENID_ARRIVAL, Anybody, || get(openid::arrive)).audit("log_in"),
    Route::new(POST, paths::REGISTRATION, Anybody, || post(registration::register)).audit("registered"),
    Route::new(POST, paths::REGISTRATION_LETTER, Anybody, || post(registration::letter)).audit("link_asked"),
    Route::new(POST, paths::PASSWORD_LETTER, Anybody, || post(registration::password_letter)).audit("link_asked"),
    Route::new(POST, paths::LINK, Anybody, || post(links::look)).quiet("looks at a link without using it"),
    Route::new(POST, paths::LINK_CONFIRM, Anybody, || post(links::confirm)).audit("account_confirmed"),
    Route::new(POST, paths::LINK_EMAIL, Anybody, || post(links::email)).audit("email_changed"),
    Route::new(POST, paths::LINK_PASSWORD, Anybody, || post(links::password)).audit("password_changed"),
    Route::new(GET, paths::ACCOUNT, Session, || get(account::show)).quiet(OWN),
    Route::new(PUT, paths::ACCOUNT, Session, || put(account::change)).audit("profile_changed"),
    Route::new(POST, paths::ACCOUNT_EMAIL, Session, || post(account::change_email)).audit("email_change_asked"),
    Route::new(POST, paths::FACTOR, Session, || post(factor::begin)).audit("second_factor_begun"),
    Route::new(PUT, paths::FACTOR, Session, || put(factor::confirm)).audit("second_factor_added"),
    Route::new(POST, paths::FACTOR_CODES, Session, || post(factor::renew_codes)).audit("recovery_codes_renewed"),
    Route::new(POST, paths::FACTOR_REMOVAL, Session, || post(factor::remove)).audit("second_factor_removed"),
    Route::new(GET, paths::TOKENS, Session, || get(tokens::list)).quiet(OWN),
    Route::new(POST, paths::TOKENS, MAY_CREATE_TOKENS, || post(tokens::create)).audit("token_created"),
    Route::new(DELETE, paths::TOKEN, Owner, || delete(tokens::revoke)).audit("token_revoked"),
    Route::new(GET, paths::PEOPLE, Staff, || get(people::list)).quiet(SETUP),
    Route::new(POST, paths::PEOPLE, Staff, || post(people::invite)).audit("person_invited"),
    Route::new(GET, paths::PERSON, Staff, || get(people::show)).quiet(SETUP),
    Route::new(PUT, paths::PERSON_EMAIL, Staff, || put(people::set_email)).audit("email_changed"),
    Route::new(GET, paths::PERSON_TOKENS, Staff, || get(tokens::of_person)).quiet(SETUP),
    Route::new(POST, paths::PERSON_ACTION, Staff, || post(people::act)).audit("person_changed"),
    Route::new(GET, paths::ACCOUNT_SETTINGS, Staff, || get(account_settings::show)).quiet(SETUP),
    Route::new(PUT, paths::ACCOUNT_SETTINGS, Staff, || put(account_settings::change)).audit("settings_changed"),
    Route::new(GET, paths::ISSUER_SETTINGS, Staff, || get(account_settings::issuer)).quiet(SETUP),
    Route::new(PUT, paths::ISSUER_SETTINGS, Staff, || put(account_settings::change_issuer)).audit("settings_changed"),
    Route::new(PUT, paths::ACTIVE_GROUP, Session, || put(groups::choose)).audit("group_chosen"),
    Route::new(GET, paths::PREFERENCES, Session, || get(session::preferences)).quiet(OWN),
    Route::new(PUT, paths::PREFERENCES, Session, || put(session::set_preferences))
        .quiet("keeps what the own page looks like"),
    Route::new(GET, paths::NODES, Session, || get(nodes::list)).token(Search).quiet(SETUP),
    Route::new(POST, paths::NODES, Staff, || post(nodes::add)).audit("node_added"),
    Route::new(GET, paths::NODE, Session, || get(nodes::show)).token(Search).quiet(SETUP),
    Route::new(PUT, paths::NODE, Staff, || put(nodes::change)).audit("node_changed"),
    Route::new(DELETE, paths::NODE, Staff, || delete(nodes::remove)).audit("node_deleted"),
    Route::new(POST, paths::NODE_TEST, Staff, || post(nodes::test))
        .quiet("asks a server whether it answers, nothing of a patient"),
    Route::new(GET, paths::NODE_GRANTS, Staff, || get(nodes::grants)).quiet(SETUP),
    Route::new(POST, paths::SEARCH, MAY_SEARCH, || post(search::studies)).token(Search).audit("search"),
    Route::new(POST, paths::SEARCH_SERIES, MAY_SEARCH, || post(search::series)).token(Search).audit("search"),
    Route::new(POST, paths::DOWNLOADS, MAY_DOWNLOAD, || post(downloads::prepare))
        .token(Retrieve)
        .audit("download_prepared"),
    Route::new(GET, paths::DOWNLOAD, MAY_DOWNLOAD, || get(downloads::file)).token(Retrieve).audit("images_fetched"),
    Route::new(GET, paths::DOWNLOAD_PROGRESS, MAY_DOWNLOAD, || get(downloads::progress))
        .token(Retrieve)
        .quiet(JOB_STATE),
    Route::new(GET, paths::JOBS, Session, || get(jobs::list)).token(Jobs).quiet(JOB_STATE),
    Route::new(POST, paths::JOBS, MAY_TRANSFER, || post(jobs::create)).token(Jobs).audit("job_created"),
    Route::new(GET, paths::WAITING_JOBS, MAY_APPROVE, || get(jobs::waiting)).token(Jobs).quiet(JOB_STATE),
    Route::new(GET, paths::JOB, Owner, || get(jobs::show)).token(Jobs).quiet(JOB_STATE),
    Route::new(PATCH, paths::JOB, Owner, || patch(jobs::change)).token(Jobs).audit("job_changed"),
    Route::new(DELETE, paths::JOB, Owner, || delete(jobs::remove)).token(Jobs).audit("job_deleted"),
    Route::new(GET, paths::JOB_EVENTS, Owner, || get(jobs::events)).token(Jobs).quiet(JOB_STATE),
    Route::new(GET, paths::JOB_REPORT, Owner, || get(jobs::report)).token(Jobs).audit("report_downloaded"),
    Route::new(POST, paths::JOB_ACTION, Owner, || post(jobs::act)).token(Jobs).audit("job_action"),
    Route::new(GET, paths::TASK, Owner, || get(tasks::show)).token(Jobs).audit("patient_read"),
    Route::new(POST, paths::TASK_ACTION, Owner, || post(tasks::act)).token(Jobs).audit("task_action"),
    Route::new(GET, paths::PROJECTS, Session, || get(projects::list)).token(Jobs).quiet(SETUP),
    Route::new(POST, paths::PROJECTS, Staff, || post(projects::add)).audit("project_added"),
    Route::new(GET, paths::PROJECT, Staff, || get(projects::show)).quiet(SETUP),
    Route::new(PUT, paths::PROJECT, Staff, || put(projects::change)).audit("project_changed"),
    Route::new(POST, paths::PREVIEW, Staff, || post(deid::preview)).audit("deidentification_previewed"),
    Route::new(GET, paths::RULES, Staff, || get(rules::list)).quiet(SETUP),
    Route::new(POST, paths::RULES, Staff, || post(rules::add)).audit("rule_added"),
    Route::new(POST, paths::RULE_DRY_RUN, Staff, || post(rules::dry_run)).audit("rule_tried"),
    Route::new(GET, paths::RULE, Staff, || get(rules::show)).quiet(SETUP),
    Route::new(PUT, paths::RULE, Staff, || put(rules::change)).audit("rule_changed"),
    Route::new(DELETE, paths::RULE, Staff, || delete(rules::remove)).audit("rule_deleted"),
    Route::new(GET, paths::RULE_FIRINGS, Staff, || get(rules::firings)).quiet(SETUP),
    Route::new(GET, paths::GROUPS, Staff, || get(groups::list)).quiet(SETUP),
    Route::new(POST, paths::GROUPS, Staff, || post(groups::add)).audit("group_added"),
    Route::new(GET, paths::GROUP, Staff, || get(groups::show)).quiet(SETUP),
    Route::new(PUT, paths::GROUP, Staff, || put(groups::change)).audit("group_changed"),
    Route::new(DELETE, paths::GROUP, Staff, || delete(groups::remove)).audit("group_deleted"),
    Route::new(GET, paths::GROUP_MEMBERS, Staff, || get(groups::members)).quiet(SETUP),
    Route::new(POST, paths::GROUP_MEMBERS, Staff, || post(groups::add_member)).audit("member_added"),
    Route::new(DELETE, paths::GROUP_MEMBER, Staff, || delete(groups::remove_member)).audit("member_removed"),
    Route::new(GET, paths::GROUP_GRANTS, Staff, || get(groups::grants)).quiet(SETUP),
    Route::new(PUT, paths::GROUP_GRANT, Staff, || put(groups::set_grant)).audit("grant_changed"),
    Route::new(GET, paths::NOTICE, Session, || get(installation::notice)).quiet(SETUP),
    Route::new(GET, paths::INSTALLATION, Staff, || get(installation::show)).quiet(SETUP),
    Route::new(PUT, paths::INSTALLATION, Staff, || put(installation::change)).audit("installation_changed"),
    Route::new(GET, paths::OVERVIEW, Staff, || get(installation::overview)).quiet(JOB_STATE),
    Route::new(POST, paths::BROADCAST, Staff, || post(installation::broadcast)).audit("mail_broadcast"),
    Route::new(GET, paths::AUDIT, MAY_AUDIT, || get(audit::list)).audit("audit_searched"),
    Route::new(GET, paths::AUDIT_EXPORT, MAY_AUDIT, || get(audit::export)).audit("audit_exported"),
    Route::new(POST, paths::AUDIT_VERIFY, MAY_AUDIT, || post(audit::verify)).audit("audit_verified"),
    Route::new(GET, paths::USAGE, MAY_AUDIT, || get(usage::show)).quiet("shows counts, nothing of a patient"),
    Route::new(GET, web::STUDIES, MAY_SEARCH, || get(dicomweb::query::studies)).token(Search).audit("search"),
    Route::new(GET, web::STUDY_SERIES, MAY_SEARCH, || get(dicomweb::query::series)).token(Search).audit("search"),
    Route::new(GET, web::SERIES, MAY_SEARCH, || get(dicomweb::query::series)).token(Search).audit("search"),
    Route::new(GET, web::STUDY_INSTANCES, MAY_SEARCH, || get(dicomweb::query::instances)).token(Search).audit("search"),
    Route::new(GET, web::SERIES_INSTANCES, MAY_SEARCH, || get(dicomweb::query::instances))
        .token(Search)
        .audit("search"),
    Route::new(GET, web::INSTANCES, MAY_SEARCH, || get(dicomweb::query::instances)).token(Search).audit("search"),
    fetching(web::STUDY, || get(dicomweb::retrieve::instances)),
    Route::new(GET, web::STUDY_METADATA, MAY_RETRIEVE, || get(dicomweb::metadata::show))
        .token(Retrieve)
        .audit("image_data_fetched"),
    fetching(web::ONE_SERIES, || get(dicomweb::retrieve::instances)),
    Route::new(GET, web::ONE_SERIES_METADATA, MAY_RETRIEVE, || get(dicomweb::metadata::show))
        .token(Retrieve)
        .audit("image_data_fetched"),
    fetching(web::INSTANCE, || get(dicomweb::retrieve::instances)),
    Route::new(GET, web::INSTANCE_METADATA, MAY_RETRIEVE, || get(dicomweb::metadata::show))
        .token(Retrieve)
        .audit("image_data_fetched"),
    Route::new(GET, web::CLIENT_STUDIES, MAY_SEARCH, || get(dicomweb::query::studies)).token(Search).audit("search"),
    Route::new(GET, web::CLIENT_STUDY_SERIES, MAY_SEARCH, || get(dicomweb::query::series))
        .token(Search)
        .audit("search"),
    Route::new(GET, web::CLIENT_SERIES, MAY_SEARCH, || get(dicomweb::query::series)).token(Search).audit("search"),
    Route::new(GET, web::CLIENT_STUDY_INSTANCES, MAY_SEARCH, || get(dicomweb::query::instances))
        .token(Search)
        .audit("search"),
    Route::new(GET, web::CLIENT_SERIES_INSTANCES, MAY_SEARCH, || get(dicomweb::query::instances))
        .token(Search)
        .audit("search"),
    Route::new(GET, web::CLIENT_INSTANCES, MAY_SEARCH, || get(dicomweb::query::instances))
        .token(Search)
        .audit("search"),
    fetching(web::CLIENT_STUDY, || get(dicomweb::retrieve::instances)),
    Route::new(GET, web::CLIENT_STUDY_METADATA, MAY_RETRIEVE, || get(dicomweb::metadata::show))
        .token(Retrieve)
        .audit("image_data_fetched"),
    fetching(web::CLIENT_ONE_SERIES, || get(dicomweb::retrieve::instances)),
    Route::new(GET, web::CLIENT_ONE_SERIES_METADATA, MAY_RETRIEVE, || get(dicomweb::metadata::show))
        .token(Retrieve)
        .audit("image_data_fetched"),
    fetching(web::CLIENT_INSTANCE, || get(dicomweb::retrieve::instances)),
    Route::new(GET, web::CLIENT_INSTANCE_METADATA, MAY_RETRIEVE, || get(dicomweb::metadata::show))
        .token(Retrieve)
        .audit("image_data_fetched"),
    Route::new(POST, web::STUDIES, MAY_STORE, || post(dicomweb::store::instances)).token(Store).audit("images_stored"),
    Route::new(POST, web::STUDY, MAY_STORE, || post(dicomweb::store::instances)).token(Store).audit("images_stored"),
    Route::new(POST, web::CLIENT_STORE, MAY_STORE, || post(dicomweb::store::instances))
        .token(Store)
        .audit("images_stored"),
    Route::new(POST, web::CLIENT_STORE_STUDY, MAY_STORE, || post(dicomweb::store::instances))
        .token(Store)
        .audit("images_stored"),
    fetching(web::FRAMES, || get(dicomweb::pixels::frames)),
    fetching(web::FRAMES_RENDERED, || get(dicomweb::pixels::rendered)),
    fetching(web::FRAMES_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::INSTANCE_RENDERED, || get(dicomweb::pixels::rendered)),
    fetching(web::SERIES_RENDERED, || get(dicomweb::album::rendered)),
    fetching(web::STUDY_RENDERED, || get(dicomweb::album::rendered)),
    fetching(web::INSTANCE_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::SERIES_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::STUDY_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::BULK_DATA, || get(dicomweb::pixels::bulk)),
    fetching(web::CLIENT_FRAMES, || get(dicomweb::pixels::frames)),
    fetching(web::CLIENT_FRAMES_RENDERED, || get(dicomweb::pixels::rendered)),
    fetching(web::CLIENT_FRAMES_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::CLIENT_INSTANCE_RENDERED, || get(dicomweb::pixels::rendered)),
    fetching(web::CLIENT_SERIES_RENDERED, || get(dicomweb::album::rendered)),
    fetching(web::CLIENT_STUDY_RENDERED, || get(dicomweb::album::rendered)),
    fetching(web::CLIENT_INSTANCE_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::CLIENT_SERIES_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::CLIENT_STUDY_THUMBNAIL, || get(dicomweb::pixels::thumbnail)),
    fetching(web::CLIENT_BULK_DATA, || get(dicomweb::pixels::bulk)),
    fetching(web::STUDY_NIFTI, || get(dicomweb::nifti::files)),
    fetching(web::SERIES_NIFTI, || get(dicomweb::nifti::files)),
    fetching(web::INSTANCE_NIFTI, || get(dicomweb::nifti::files)),
    fetching(web::CLIENT_STUDY_NIFTI, || get(dicomweb::nifti::files)),
    fetching(web::CLIENT_SERIES_NIFTI, || get(dicomweb::nifti::files)),
    fetching(web::CLIENT_INSTANCE_NIFTI, || get(dicomweb::nifti::files)),
    Route::new(GET, paths::OPENAPI, Session, || get(docs::description)).token(Search).quiet(OPEN),
    Route::new(GET, paths::DOCS, Session, || get(docs::page)).quiet(OPEN),
    Route::new(GET, paths::DOCS_STYLE, Anybody, || get(docs::style)).quiet(OPEN),
    Route::new(GET, paths::HEALTH, Anybody, || get(docs::health)).quiet(OPEN),
    Route {
        method: None,
        path: "/api/{*rest}",
        needs: Anybody,
        token: None,
        audit: None,
        quiet: "is no address of ADIT",
        handler: || any(refused::no_such_route),
    },
];

/// The table for people, as it stands in `docs/routes.md`.
#[must_use]
pub fn as_text() -> String {
    let mut text = String::from(
        "# Who may call what\n\nMade from the table of routes in `functions/api/src/table.rs`; a test keeps both alike, and another one calls every row as everybody.\n\
         Changes by a session need its CSRF token. *Owner*: the person to whom the thing belongs, or an administrator; to others it answers as absent. A right is one of the\n\
         active group's; administrators hold all of them. A token needs the scope, and its owner whatever the row needs.\n\n\
         | Method | Path | Needs | Token's scope | Audit event |\n|---|---|---|---|---|\n",
    );
    for row in ROUTES {
        let method = row.method.as_ref().map_or("any", Method::as_str);
        let needs = match row.needs {
            Needs::Anybody => "anybody".to_owned(),
            Needs::Session => "a session".to_owned(),
            Needs::Right(right) => format!("right `{}`", right.name()),
            Needs::Staff => "an administrator".to_owned(),
            Needs::Owner => "owner".to_owned(),
        };
        let token = row.token.map_or_else(String::new, |scope| format!("`{}`", scope.name()));
        let audit = match row.audit {
            Some(name) => {
                let kind = crate::audit::kind_of(name).map_or("?", adit_audit::Kind::name);
                format!("`{kind}` ({})", name.replace('_', " "))
            }
            None => format!("none: {}", row.quiet),
        };
        text.push_str(&format!("| {method} | `{}` | {needs} | {token} | {audit} |\n", row.path));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set this environment variable to write the file anew.
    const WRITE: &str = "ADIT_WRITE_ROUTES";

    #[test]
    fn the_documentation_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/routes.md");
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(path, as_text()).unwrap();
        }
        let file = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(file, as_text(), "docs/routes.md is old: run this test with {WRITE}=1");
    }

    #[test]
    fn no_row_stands_twice_and_changes_are_on_record() {
        let mut seen = std::collections::HashSet::new();
        for row in ROUTES {
            assert!(seen.insert((row.method.clone(), row.path)), "{} stands twice", row.path);
            let is_change = row.method.as_ref().is_some_and(|method| *method != GET);
            // Looking at a link changes nothing; only its secret must not stand in an address. Nor does asking a server whether it answers.
            let is_quiet = [paths::PREFERENCES, paths::LINK, paths::NODE_TEST].contains(&row.path);
            assert!(!is_change || is_quiet || row.audit.is_some(), "{:?} {} leaves no trace", row.method, row.path);
        }
    }
}
