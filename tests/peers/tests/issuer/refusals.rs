//! What must not open anything.

use adit_access::AccessError;
use serde_json::json;

use super::browser::Browser;
use super::{BACK, Home, Issuer, now};

async fn prepared() -> (Issuer, Home) {
    let issuer = Issuer::start(json!({ "ada": { "email": "ada@x.org", "email_verified": true }, "eve": {} })).await;
    let home = Home::open(&issuer, |_| {}).await;
    (issuer, home)
}

#[tokio::test]
async fn an_arrival_counts_once_and_in_the_browser_that_departed() {
    let (issuer, home) = prepared().await;
    let departure = home.access.depart(BACK, "here", now()).await.unwrap();
    let back = Browser::default().log_in(&departure.url, "ada").await;
    let (state, code) = (&back["state"], &back["code"]);
    for (state, browser) in [(state.as_str(), "another browser"), ("another state", &departure.browser_token)] {
        let refused = home.access.arrive(state, code, browser, now()).await;
        assert!(matches!(refused, Err(AccessError::LogInOver)));
    }
    let late = now().plus_ms(16 * 60_000);
    let refused = home.access.arrive(state, code, &departure.browser_token, late).await;
    assert!(matches!(refused, Err(AccessError::LogInOver)));
    home.access.arrive(state, code, &departure.browser_token, now()).await.unwrap();
    let again = home.access.arrive(state, code, &departure.browser_token, now()).await;
    assert!(matches!(again, Err(AccessError::LogInOver)));
    issuer.stop().await;
}

/// Somebody makes another person's browser arrive with their own code: the code belongs to another departure.
#[tokio::test]
async fn a_code_of_another_departure_is_refused() {
    let (issuer, home) = prepared().await;
    let (evil, mine) = (
        home.access.depart(BACK, "here", now()).await.unwrap(),
        home.access.depart(BACK, "here", now()).await.unwrap(),
    );
    let stolen = Browser::default().log_in(&evil.url, "eve").await;
    let back = Browser::default().log_in(&mine.url, "ada").await;
    let refused = home.access.arrive(&back["state"], &stolen["code"], &mine.browser_token, now()).await;
    assert!(matches!(refused, Err(AccessError::Issuer(_))), "PKCE");
    for code in ["", "made up"] {
        let departure = home.access.depart(BACK, "here", now()).await.unwrap();
        let back = Browser::default().log_in(&departure.url, "ada").await;
        let refused = home.access.arrive(&back["state"], code, &departure.browser_token, now()).await;
        assert!(matches!(refused, Err(AccessError::Issuer(_))));
    }
    assert_eq!(home.access.search_people("ada", 9).await.unwrap().len(), 0, "nobody was made");
    issuer.stop().await;
}

#[tokio::test]
async fn people_without_access_are_told_why() {
    let (issuer, home) = prepared().await;
    home.set(&issuer, None, |settings| settings.create_accounts = false).await;
    assert!(matches!(home.log_in("ada").await, Err(AccessError::Foreign(why)) if why.contains("no account")));
    home.set(&issuer, None, |_| {}).await;
    let ada = home.log_in("ada").await.unwrap().person.user_id;
    home.access.deactivate(&ada).await.unwrap();
    assert!(matches!(home.log_in("ada").await, Err(AccessError::Foreign(why)) if why.contains("deactivated")));
    issuer.stop().await;
}

#[tokio::test]
async fn a_wrong_secret_an_issuer_that_is_gone_and_a_switch_end_it() {
    let (issuer, home) = prepared().await;
    home.set(&issuer, Some("wrong"), |_| {}).await;
    let error = home.log_in("ada").await.err().unwrap();
    assert!(matches!(&error, AccessError::Issuer(why) if !why.contains("wrong")), "{error}");
    home.set(&issuer, None, |settings| settings.enabled = false).await;
    assert!(matches!(home.access.depart(BACK, "here", now()).await, Err(AccessError::NoIssuer)));
    home.set(&issuer, Some("a secret that only the two know"), |_| {}).await;
    home.log_in("ada").await.unwrap();
    let departure = home.access.depart(BACK, "here", now()).await.unwrap();
    let back = Browser::default().log_in(&departure.url, "ada").await;
    issuer.stop().await;
    let refused = home.access.arrive(&back["state"], &back["code"], &departure.browser_token, now()).await;
    assert!(matches!(refused, Err(AccessError::Issuer(_))));
}
