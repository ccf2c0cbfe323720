//! People who get in.

use std::collections::BTreeSet;

use adit_access::LogIn;
use serde_json::json;

use super::{Home, Issuer, PASSWORD, now};

#[tokio::test]
async fn a_person_gets_an_account_groups_and_a_session_and_is_known_the_next_time() {
    let ada = |groups: serde_json::Value| {
        json!({ "ada-1815": { "preferred_username": "Ada@hospital.org", "given_name": "Ada", "family_name": "L",
            "email": "ada@x.org", "email_verified": true, "groups": groups } })
    };
    let issuer = Issuer::start(ada(json!(["rad", "else", "adit-admins"]))).await;
    let home = Home::open(&issuer, |_| {}).await;
    let arrival = home.log_in("ada-1815").await.unwrap();
    assert!(arrival.created);
    assert_eq!(arrival.groups, Some(BTreeSet::from(["Radiology".to_owned()])));
    assert_eq!(arrival.mapped_groups, BTreeSet::from(["Cardiology".to_owned(), "Radiology".into()]));
    let LogIn::Session(session) = arrival.log_in else { panic!("a session was due") };
    let info = home.access.session(&session.token, now()).await.unwrap().unwrap();
    assert_eq!((info.person.username.as_str(), info.person.staff), ("Ada", true));
    let record = home.access.person(&info.person.user_id).await.unwrap();
    assert_eq!((record.email.as_deref(), record.profile.last_name.as_str()), (Some("ada@x.org"), "L"));
    assert_eq!((record.has_password, record.issuer.as_deref()), (false, Some(issuer.address.as_str())));
    assert!(home.access.log_in("Ada", "", "here", now()).await.is_err(), "no password is none");

    let set = home.access.change_password(&info.person, "", PASSWORD, &info.id, now()).await;
    assert!(set.is_err(), "who holds a session only cannot make it last by a password");

    issuer.set(ada(json!(["car"]))).await;
    let arrival = home.log_in("ada-1815").await.unwrap();
    assert!(!arrival.created && arrival.person.user_id == info.person.user_id);
    assert_eq!(arrival.groups, Some(BTreeSet::from(["Cardiology".to_owned()])));
    assert!(!arrival.person.staff, "the issuer's word counts from the next log-in");
    let again = home.access.session(&session.token, now()).await.unwrap().unwrap();
    assert!(!again.person.staff, "in open sessions as well");
    issuer.stop().await;
}

#[tokio::test]
async fn a_verified_address_leads_to_its_account_where_that_is_allowed() {
    let people = json!({
        "ada": { "email": "ADA@x.org", "email_verified": true },
        "eve": { "preferred_username": "eve", "email": "ada@x.org", "email_verified": false },
        "other": { "email": "ada@x.org", "email_verified": true },
    });
    let issuer = Issuer::start(people).await;
    let home = Home::open(&issuer, |_| {}).await;
    let ada = home.person("ada", "ada@x.org").await;
    assert!(home.log_in("ada").await.is_err(), "not allowed");
    home.set(&issuer, None, |settings| settings.link_by_email = true).await;
    assert!(home.log_in("eve").await.is_err(), "the issuer has not verified it");
    let arrival = home.log_in("ada").await.unwrap();
    assert!(!arrival.created && arrival.person.user_id == ada);
    assert!(home.log_in("other").await.is_err(), "the account is another person's by now");
    home.access.unlink_foreign(&ada).await.unwrap();
    assert_eq!(home.log_in("other").await.unwrap().person.user_id, ada);
    issuer.stop().await;
}

#[tokio::test]
async fn names_that_are_taken_get_a_number_and_the_last_administrator_stays() {
    let people = json!({ "1": { "preferred_username": "admin" }, "2": { "preferred_username": "ADMIN" } });
    let issuer = Issuer::start(people).await;
    let home = Home::open(&issuer, |_| {}).await;
    let first = home.log_in("1").await.unwrap().person;
    let second = home.log_in("2").await.unwrap().person;
    assert_eq!((first.username.as_str(), second.username.as_str()), ("admin-2", "ADMIN-3"));

    issuer.set(json!({ "1": { "groups": ["adit-admins"] } })).await;
    assert!(home.log_in("1").await.unwrap().person.staff);
    let admin = home.access.search_people("admin", 9).await.unwrap();
    let admin = admin.iter().find(|person| person.username == "admin").unwrap();
    home.access.deactivate(&admin.id).await.unwrap();
    issuer.set(json!({ "1": { "groups": [] } })).await;
    assert!(home.log_in("1").await.unwrap().person.staff, "nobody could administrate else");
    issuer.stop().await;
}

#[tokio::test]
async fn our_own_second_factor_is_asked_for_unless_the_issuer_looks_after_it() {
    let issuer = Issuer::start(json!({ "ada": { "email": "ada@x.org", "email_verified": true } })).await;
    let home = Home::open(&issuer, |settings| {
        settings.link_by_email = true;
        settings.trust_second_factor = false;
        settings.staff_value = None;
    })
    .await;
    let ada = home.person("ada", "ada@x.org").await;
    home.access.set_staff(&ada, true).await.unwrap();
    let demanded = adit_access::SecondFactorSettings { demanded_of_staff: true };
    home.access.set_second_factor_settings(demanded).await.unwrap();
    assert!(matches!(home.log_in("ada").await.unwrap().log_in, LogIn::NeedsEnrolment { .. }));
    home.set(&issuer, None, |settings| settings.staff_value = None).await;
    assert!(matches!(home.log_in("ada").await.unwrap().log_in, LogIn::Session(_)));
    assert!(matches!(home.access.log_in("ada", PASSWORD, "here", now()).await.unwrap(), LogIn::NeedsEnrolment { .. }));
    issuer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_in_two_windows_gets_one_account() {
    let issuer = Issuer::start(json!({ "ada": { "email": "ada@x.org", "email_verified": true } })).await;
    let home = std::sync::Arc::new(Home::open(&issuer, |_| {}).await);
    let mut windows = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let home = home.clone();
        windows.spawn(async move { home.log_in("ada").await.unwrap() });
    }
    let arrivals = windows.join_all().await;
    assert_eq!(arrivals.iter().filter(|arrival| arrival.created).count(), 1);
    assert!(arrivals.iter().all(|arrival| arrival.person == arrivals[0].person));
    issuer.stop().await;
}
