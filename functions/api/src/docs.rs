//! The OpenAPI description, and a page that shows it to people without any script.

use std::fmt::Write;

use adit_api::error::ErrorBody;
use axum::Json;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use serde_json::Value;
use utoipa::OpenApi;

use crate::routes::{
    account, account_settings, audit, deid, downloads, factor, groups, installation, jobs, links, log_in, nodes,
    openid, people, projects, registration, rules, search, session, tasks, tokens, usage,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ADIT",
        description = "Automated DICOM transfer: the interface behind the web page and the command line. Log in with POST /api/session; changes need the CSRF token of the session in the header x-adit-csrf. Refusals are an ErrorBody. DICOMweb is not described here: it stands as the standard has it (PS3.18) at /dicomweb/{AE title of a server}, with a token in the header Authorization."
    ),
    paths(
        session::show,
        session::log_out,
        session::change_password,
        session::preferences,
        session::set_preferences,
        nodes::list,
        nodes::show,
        nodes::add,
        nodes::change,
        nodes::remove,
        nodes::test,
        nodes::grants,
        search::studies,
        search::series,
        jobs::list,
        jobs::create,
        jobs::show,
        jobs::change,
        jobs::remove,
        jobs::act,
        jobs::waiting,
        jobs::events,
        jobs::report,
        downloads::prepare,
        downloads::file,
        downloads::progress,
        tasks::show,
        tasks::act,
        projects::list,
        projects::show,
        projects::add,
        projects::change,
        deid::preview,
        rules::list,
        rules::show,
        rules::add,
        rules::change,
        rules::remove,
        rules::firings,
        rules::dry_run,
        groups::choose,
        groups::list,
        groups::show,
        groups::add,
        groups::change,
        groups::remove,
        groups::members,
        groups::add_member,
        groups::remove_member,
        groups::grants,
        groups::set_grant,
        session::end_others,
        log_in::entrance,
        log_in::first_step,
        log_in::code,
        log_in::enrol,
        log_in::enrolled,
        openid::depart,
        openid::arrive,
        registration::register,
        registration::letter,
        registration::password_letter,
        links::look,
        links::confirm,
        links::email,
        links::password,
        account::show,
        account::change,
        account::change_email,
        factor::begin,
        factor::confirm,
        factor::renew_codes,
        factor::remove,
        tokens::list,
        tokens::create,
        tokens::revoke,
        tokens::of_person,
        people::list,
        people::show,
        people::invite,
        people::set_email,
        people::act,
        account_settings::show,
        account_settings::change,
        account_settings::issuer,
        account_settings::change_issuer,
        installation::notice,
        installation::show,
        installation::change,
        installation::overview,
        installation::broadcast,
        audit::list,
        audit::export,
        audit::verify,
        usage::show,
    ),
    components(schemas(ErrorBody))
)]
struct Description;

/// The description as JSON. Anybody with a session.
pub async fn description() -> impl IntoResponse {
    Json(Description::openapi())
}

/// Alive. Anybody.
pub async fn health() -> impl IntoResponse {
    Json(serde_json::json!({ "status": "ok" }))
}

/// The style of the page.
pub async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("docs.css"))
}

/// The description as a page. Anybody with a session.
pub async fn page() -> Html<String> {
    let description = serde_json::to_value(Description::openapi()).unwrap_or_default();
    Html(render(&description))
}

fn render(description: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>ADIT interface</title><link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body><main><h1>ADIT interface</h1>",
    );
    let _ = write!(
        page,
        "<p>{}</p><p><a href=\"/api/openapi.json\">OpenAPI description as JSON</a></p>",
        escape(description["info"]["description"].as_str())
    );
    for (path, methods) in description["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let _ = write!(
                page,
                "<section><h2><b>{}</b> <code>{}</code></h2><p>{}</p>",
                method.to_uppercase(),
                escape(Some(path)),
                escape(operation["description"].as_str())
            );
            if let Some(body) = schema_name(&operation["requestBody"]["content"]) {
                let _ = write!(page, "<p>Request: <a href=\"#{body}\">{body}</a></p>");
            }
            let _ = write!(page, "<ul>");
            for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                let body = schema_name(&response["content"])
                    .map_or_else(String::new, |name| format!(": <a href=\"#{name}\">{name}</a>"));
                let _ = write!(page, "<li>{status}{body}</li>");
            }
            let _ = write!(page, "</ul></section>");
        }
    }
    let _ = write!(page, "<h1>Types</h1>");
    for (name, schema) in description["components"]["schemas"].as_object().into_iter().flatten() {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        let _ = write!(
            page,
            "<section id=\"{0}\"><h2>{0}</h2><pre tabindex=\"0\">{1}</pre></section>",
            escape(Some(name)),
            escape(Some(&text))
        );
    }
    page.push_str("</main></body></html>");
    page
}

/// The name of the first schema that a content refers to.
fn schema_name(content: &Value) -> Option<String> {
    let schema = &content.as_object()?.values().next()?["schema"];
    let reference = schema["$ref"].as_str().or_else(|| schema["items"]["$ref"].as_str())?;
    reference.rsplit('/').next().map(|name| escape(Some(name)))
}

pub fn escape(text: Option<&str>) -> String {
    text.unwrap_or_default().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use adit_api::paths;

    use super::*;
    use crate::table::routes;

    #[test]
    fn every_route_is_described_with_who_may_call_it() {
        let description = serde_json::to_value(Description::openapi()).unwrap();
        let plain = [paths::OPENAPI, paths::DOCS, paths::DOCS_STYLE, paths::HEALTH];
        let (mut described, mut operations) = (0, 0);
        let is_of_the_standard = |path: &str| path.starts_with("/dicomweb/") || path.starts_with("/api/dicom-web/");
        for row in routes().filter(|row| !plain.contains(&row.path) && !is_of_the_standard(row.path)) {
            let Some(method) = &row.method else { continue };
            let operation = &description["paths"][row.path][method.as_str().to_lowercase()];
            let text =
                operation["description"].as_str().unwrap_or_else(|| panic!("{method} {} is not described", row.path));
            let says_who = ["session", "Anybody", "Staff", "staff", "Owner"].iter().any(|word| text.contains(word));
            assert!(says_who, "{method} {} does not say who may call it", row.path);
            described += 1;
        }
        for methods in description["paths"].as_object().unwrap().values() {
            operations += methods.as_object().unwrap().len();
        }
        assert_eq!(described, operations, "something is described that is no route");
        assert!(render(&description).contains("/api/jobs/{id}"));
    }
}
