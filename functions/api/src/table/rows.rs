//! Every row but those of DICOMweb.

use adit_api::paths;
use adit_domain::Right;
use adit_domain::right::Scope;
use axum::http::Method;
use axum::routing::{any, delete, get, patch, post, put};

use super::{Needs, Route};
use crate::routes::{
    account, account_settings, audit, deid, downloads, factor, groups, installation, jobs, links, log_in, nodes,
    openid, people, projects, registration, rules, search, session, tasks, tokens, usage,
};
use crate::{docs, refused};

const DELETE: Method = Method::DELETE;
const GET: Method = Method::GET;
const PATCH: Method = Method::PATCH;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;

use Needs::{Anybody, Owner, Session, Staff};
use Scope::{Jobs, Retrieve, Search};

const MAY_SEARCH: Needs = Needs::Right(Right::Search);
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

/// The rows.
pub(super) static ROWS: &[Route] = &[
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
