//! Journeys of accounts over a real socket: registration by letter, the second factor, tokens, deactivation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod site;

use adit_api::account::{LogInAnswer, NextStep, PendingLogIn};
use adit_api::error::ErrorCode;
use adit_api::paths;
use adit_api::people::PersonAction;
use adit_domain::UserId;
use adit_engine::now;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use site::{Site, Visitor, refusal};
use totp_rs::{Builder, Secret};

/// A change by nobody, as the page sends it.
async fn public(site: &Site, path: &str, body: &Value) -> Response {
    Client::new().post(format!("{}{path}", site.url)).json(body).send().await.unwrap()
}

async fn person(site: &Site, name: &str) -> UserId {
    site.access.person_named(name).await.unwrap().unwrap().id
}

async fn act(site: &Site, staff: &Visitor, id: &UserId, action: PersonAction) -> StatusCode {
    let path = paths::fill(paths::PERSON_ACTION, &[id.as_str(), action.name()]);
    site.send(Method::POST, &path, staff, &json!({})).await.status()
}

fn code(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("-").with_issuer(Some("ADIT")).build().unwrap();
    totp.generate(u64::try_from(now().seconds()).unwrap()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_confirms_is_approved_and_logs_in() {
    let site = Site::start().await;
    let staff = site.log_in("staff").await;
    let wish = json!({ "username": "ada", "email": "ada@hospital.org", "first_name": "Ada" });
    assert_eq!(refusal(public(&site, paths::REGISTRATION, &wish).await).await.1, ErrorCode::Forbidden);
    let settings = json!({ "registration": { "open": true, "domains": ["Hospital.org"], "needs_approval": true },
        "second_factor": { "demanded_of_staff": false } });
    let set = site.send(Method::PUT, paths::ACCOUNT_SETTINGS, &staff, &settings).await;
    assert_eq!(set.status(), StatusCode::NO_CONTENT);
    let entrance: Value = site.call(Method::GET, paths::ENTRANCE, None, false).await.json().await.unwrap();
    assert_eq!(entrance, json!({ "registration": true, "domains": ["hospital.org"], "issuer": null }));

    assert_eq!(public(&site, paths::REGISTRATION, &wish).await.status(), StatusCode::ACCEPTED);
    let letter = site.letter().await;
    assert!(letter.contains("To: ada@hospital.org") && letter.contains("ada"), "{letter}");
    let token = link(&letter);
    let looked: Value = public(&site, paths::LINK, &json!({ "token": token })).await.json().await.unwrap();
    assert_eq!(looked, json!({ "purpose": "confirm", "used": false, "username": "ada" }));
    let weak = public(&site, paths::LINK_CONFIRM, &json!({ "token": token, "new_password": "short" })).await;
    assert_eq!(refusal(weak).await.1, ErrorCode::Invalid);
    let choice = json!({ "token": token, "new_password": "a long password" });
    let confirmed: Value = public(&site, paths::LINK_CONFIRM, &choice).await.json().await.unwrap();
    assert_eq!(confirmed, json!({ "state": "waiting", "already": false }));
    let login = json!({ "username": "ada", "password": "a long password" });
    let early = public(&site, paths::SESSION, &login).await;
    assert_eq!(refusal(early).await.1, ErrorCode::WrongCredentials);

    let waiting = format!("{}?state=waiting", paths::PEOPLE);
    let people: Value = site.call(Method::GET, &waiting, Some(&staff), false).await.json().await.unwrap();
    assert_eq!(people["people"][0]["username"], "ada");
    let ada = person(&site, "ada").await;
    assert_eq!(act(&site, &staff, &ada, PersonAction::Approve).await, StatusCode::OK);
    assert!(site.letter().await.contains("ready"));
    let ada_visits = site.log_in("ada").await;
    let account: Value = site.call(Method::GET, paths::ACCOUNT, Some(&ada_visits), false).await.json().await.unwrap();
    assert_eq!((account["first_name"].as_str(), account["groups"].clone()), (Some("Ada"), json!([])));

    assert_eq!(act(&site, &staff, &ada, PersonAction::Deactivate).await, StatusCode::OK);
    let gone = site.call(Method::GET, paths::ACCOUNT, Some(&ada_visits), false).await;
    assert_eq!(refusal(gone).await.1, ErrorCode::LoginRequired, "a deactivated person is out at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_reset_by_a_letter_and_ends_every_session() {
    let site = Site::start().await;
    let staff = site.log_in("staff").await;
    let id = person(&site, "user").await;
    let path = paths::fill(paths::PERSON_EMAIL, &[id.as_str()]);
    let set = site.send(Method::PUT, &path, &staff, &json!({ "email": "user@hospital.org" })).await;
    assert_eq!(set.status(), StatusCode::NO_CONTENT);
    let user = site.log_in("user").await;
    for address in ["nobody@hospital.org", "user@hospital.org"] {
        let asked = public(&site, paths::PASSWORD_LETTER, &json!({ "email": address })).await;
        assert_eq!((asked.status(), asked.text().await.unwrap()), (StatusCode::ACCEPTED, String::new()), "{address}");
    }
    let token = link(&site.letter_with("/link#").await);
    let choice = json!({ "token": token, "new_password": "another long password" });
    assert_eq!(public(&site, paths::LINK_PASSWORD, &choice).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(refusal(public(&site, paths::LINK_PASSWORD, &choice).await).await.1, ErrorCode::Conflict);
    let after = site.call(Method::GET, paths::SESSION, Some(&user), false).await;
    assert_eq!(after.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_set_up_asked_for_and_demanded_of_administrators() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    let begun: Value = site.send(Method::POST, paths::FACTOR, &user, &json!({})).await.json().await.unwrap();
    let secret = begun["secret"].as_str().unwrap();
    let wrong = site.send(Method::PUT, paths::FACTOR, &user, &json!({ "code": "000000" })).await;
    assert_eq!(refusal(wrong).await.1, ErrorCode::WrongCredentials);
    let codes = site.send(Method::PUT, paths::FACTOR, &user, &json!({ "code": code(secret) })).await;
    let codes: Value = codes.json().await.unwrap();
    assert_eq!(codes["recovery_codes"].as_array().unwrap().len(), 10);

    let login = json!({ "username": "user", "password": "a long password" });
    let first = public(&site, paths::SESSION, &login).await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    assert!(first.headers().get("set-cookie").is_none(), "half a log-in opens nothing");
    let PendingLogIn { pending, needs } = first.json().await.unwrap();
    assert_eq!(needs, NextStep::Code);
    let second = json!({ "pending": pending, "code": codes["recovery_codes"][0] });
    let done = public(&site, paths::SESSION_CODE, &second).await;
    assert!(done.headers()["set-cookie"].to_str().unwrap().contains("SameSite=Strict"));
    assert!(
        matches!(done.json::<LogInAnswer>().await.unwrap(), LogInAnswer::Done(session) if session.username == "user")
    );
    assert_eq!(public(&site, paths::SESSION_CODE, &second).await.status(), StatusCode::UNAUTHORIZED);

    let settings = json!({ "registration": { "open": false, "needs_approval": true }, "second_factor": { "demanded_of_staff": true } });
    assert!(site.send(Method::PUT, paths::ACCOUNT_SETTINGS, &staff, &settings).await.status().is_success());
    let login = json!({ "username": "staff", "password": "a long password" });
    let PendingLogIn { pending, needs } = public(&site, paths::SESSION, &login).await.json().await.unwrap();
    assert_eq!(needs, NextStep::Enrolment);
    let begun = public(&site, paths::SESSION_ENROLMENT, &json!({ "pending": pending })).await;
    let secret = begun.json::<Value>().await.unwrap()["secret"].as_str().unwrap().to_owned();
    let finish = json!({ "pending": pending, "code": code(&secret) });
    let enrolled: Value = public(&site, paths::SESSION_ENROLMENT_CODE, &finish).await.json().await.unwrap();
    assert_eq!(
        (enrolled["session"]["staff"].clone(), enrolled["recovery_codes"].as_array().unwrap().len()),
        (json!(true), 10)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_within_rights_used_and_revoked() {
    let site = Site::start().await;
    let (staff, user) = (site.log_in("staff").await, site.log_in("user").await);
    // "user" belongs to the first group with all rights; another group lets make tokens, but no lasting ones.
    let group = json!({ "name": "Short tokens", "rights": ["create_tokens", "search"] });
    let group: Value = site.send(Method::POST, paths::GROUPS, &staff, &group).await.json().await.unwrap();
    let group = group["id"].as_str().unwrap();
    let members = paths::fill(paths::GROUP_MEMBERS, &[group]);
    assert!(site.send(Method::POST, &members, &staff, &json!({ "username": "user" })).await.status().is_success());
    assert!(site.send(Method::PUT, paths::ACTIVE_GROUP, &user, &json!({ "group": group })).await.status().is_success());
    let day = 24 * 3_600_000;
    for (expires, admitted) in
        [(None, false), (Some(now().plus_ms(92 * day)), false), (Some(now().plus_ms(90 * day)), true)]
    {
        let wish = json!({ "description": "script", "scopes": ["search"], "expires": expires });
        let made = site.send(Method::POST, paths::TOKENS, &user, &wish).await;
        assert_eq!(made.status() == StatusCode::CREATED, admitted, "{expires:?}");
    }
    let wish = json!({ "scopes": ["search"], "expires": now().plus_ms(day), "nodes": [site::ID] });
    assert_eq!(refusal(site.send(Method::POST, paths::TOKENS, &user, &wish).await).await.1, ErrorCode::Invalid);

    let wish = json!({ "description": "curl", "scopes": ["search"], "expires": now().plus_ms(day) });
    let made: Value = site.send(Method::POST, paths::TOKENS, &user, &wish).await.json().await.unwrap();
    let (token, prefix) = (made["token"].as_str().unwrap(), made["info"]["prefix"].as_str().unwrap());
    assert_eq!(made["info"]["group_name"], "Short tokens");
    let with_token = async |path: &str| {
        let request =
            Client::new().get(format!("{}{path}", site.url)).header("authorization", format!("Token {token}"));
        request.send().await.unwrap().status()
    };
    assert_eq!(with_token(paths::NODES).await, StatusCode::OK);
    assert_eq!(with_token(paths::JOBS).await, StatusCode::FORBIDDEN, "another scope");
    assert_eq!(with_token(paths::TOKENS).await, StatusCode::FORBIDDEN, "tokens make no tokens");
    let listed: Value = site.call(Method::GET, paths::TOKENS, Some(&user), false).await.json().await.unwrap();
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(token), "the secret is shown once");
    let of_person = paths::fill(paths::PERSON_TOKENS, &[person(&site, "user").await.as_str()]);
    let seen: Value = site.call(Method::GET, &of_person, Some(&staff), false).await.json().await.unwrap();
    assert_eq!(seen["tokens"], listed["tokens"]);
    let one = paths::fill(paths::TOKEN, &[prefix]);
    assert_eq!(site.call(Method::DELETE, &one, Some(&staff), true).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(with_token(paths::NODES).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_may_send_has_to_come_from_our_own_page_and_is_braked() {
    let site = Site::start().await;
    let foreign = Client::new()
        .post(format!("{}{}", site.url, paths::PASSWORD_LETTER))
        .header("origin", "https://evil.example")
        .json(&json!({ "email": "user@hospital.org" }));
    assert_eq!(refusal(foreign.send().await.unwrap()).await.1, ErrorCode::Forbidden);
    let mut last = None;
    for _ in 0..10 {
        last = Some(public(&site, paths::PASSWORD_LETTER, &json!({ "email": "user@hospital.org" })).await);
    }
    let last = last.unwrap();
    assert_eq!(last.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(last.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
}

/// The secret of the link in a letter.
fn link(letter: &str) -> String {
    let (_, rest) = letter.split_once("/link#").unwrap_or_else(|| panic!("no link in {letter}"));
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}
