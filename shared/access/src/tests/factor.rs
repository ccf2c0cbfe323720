//! Second factor.

use adit_domain::{Timestamp, UserId};
use totp_rs::{Builder, Secret};

use super::{Home, PASSWORD, session};
use crate::{AccessError, LogIn, NoticeKind, SecondFactorSettings};

/// The code that an app with this secret shows.
fn shown(secret: &str, now: Timestamp) -> String {
    let app = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build_noncompliant();
    app.generate(now.seconds().unsigned_abs()).to_string()
}

fn wrong(code: &str) -> String {
    let other = if code.starts_with('0') { "1" } else { "0" };
    format!("{other}{}", &code[1..])
}

async fn protected(home: &Home, id: &UserId) -> (String, Vec<String>) {
    let secret = home.access.enrol(id, home.now()).await.unwrap().secret;
    let codes = home.access.confirm_enrolment(id, &shown(&secret, home.now()), home.now()).await.unwrap();
    (secret, codes)
}

async fn pending(home: &Home, name: &str) -> String {
    match home.access.log_in(name, PASSWORD, "here", home.now()).await.unwrap() {
        LogIn::NeedsCode { pending } | LogIn::NeedsEnrolment { pending } => pending,
        LogIn::Session(_) => panic!("no code was asked for"),
    }
}

#[tokio::test]
async fn it_is_set_up_asked_for_and_no_code_counts_twice() {
    let home = Home::open().await;
    let id = home.id("admin").await;
    let enrolment = home.access.enrol(&id, home.now()).await.unwrap();
    assert!(enrolment.url.starts_with("otpauth://totp/ADIT:admin?secret="), "{}", enrolment.url);
    home.session("admin").await;
    let code = shown(&enrolment.secret, home.now());
    let refused = home.access.confirm_enrolment(&id, &wrong(&code), home.now()).await;
    assert!(matches!(refused, Err(AccessError::WrongCode)));
    let recovery = home.access.confirm_enrolment(&id, &code, home.now()).await.unwrap();
    assert_eq!(recovery.len(), 10);
    assert!(home.access.confirm_enrolment(&id, &code, home.now()).await.is_err(), "only once");
    assert!(!home.everything().contains(&recovery[0]) && !home.everything().contains(&enrolment.secret));

    let step = pending(&home, "admin").await;
    assert!(home.access.session(&step, home.now()).await.unwrap().is_none(), "it opens nothing");
    let replayed = home.access.finish_log_in(&step, &code, "here", home.now()).await;
    assert!(matches!(replayed, Err(AccessError::WrongCode)), "the code of the set-up");
    home.wait(30);
    let code = shown(&enrolment.secret, home.now());
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let open = home.access.finish_log_in(&step, &spaced, "here", home.now()).await.unwrap();
    assert!(home.alive(&open).await);
    home.wait(30);
    let next = shown(&enrolment.secret, home.now());
    let again = home.access.finish_log_in(&step, &next, "here", home.now()).await;
    assert!(matches!(again, Err(AccessError::LogInOver)), "a pending log-in ends with its session");
    let step = pending(&home, "admin").await;
    home.wait(30);
    let earlier = home.access.finish_log_in(&step, &code, "here", home.now()).await;
    assert!(matches!(earlier, Err(AccessError::WrongCode)));
    home.wait(601);
    let late = home.access.finish_log_in(&step, &shown(&enrolment.secret, home.now()), "here", home.now()).await;
    assert!(matches!(late, Err(AccessError::LogInOver)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_code_at_once_one_gets_in() {
    let home = Home::open().await;
    let (secret, recovery) = protected(&home, &home.id("admin").await).await;
    home.wait(30);
    for code in [shown(&secret, home.now()), recovery[3].clone()] {
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let step = pending(&home, "admin").await;
            let (access, code, now) = (home.access.clone(), code.clone(), home.now());
            all.spawn(async move { access.finish_log_in(&step, &code, "here", now).await.is_ok() });
        }
        assert_eq!(all.join_all().await.into_iter().filter(|done| *done).count(), 1);
    }
}

#[tokio::test]
async fn a_recovery_code_opens_once_however_it_is_typed() {
    let home = Home::open().await;
    let id = home.id("admin").await;
    let (secret, recovery) = protected(&home, &id).await;
    let typed = recovery[9].to_uppercase().replace('-', " ");
    for (code, opens) in [(recovery[0].as_str(), true), (&recovery[0], false), (&typed, true)] {
        let step = pending(&home, "admin").await;
        assert_eq!(home.access.finish_log_in(&step, code, "here", home.now()).await.is_ok(), opens, "{code}");
    }
    assert_eq!(home.access.second_factor(&id).await.unwrap().unwrap().recovery_codes_left, 8);
    home.wait(30);
    let fresh = home.access.renew_recovery_codes(&id, &shown(&secret, home.now()), home.now()).await.unwrap();
    let step = pending(&home, "admin").await;
    assert!(home.access.finish_log_in(&step, &recovery[1], "here", home.now()).await.is_err());
    home.access.finish_log_in(&step, &fresh[1], "here", home.now()).await.unwrap();
}

#[tokio::test]
async fn guessing_codes_is_braked_by_account() {
    let home = Home::open().await;
    let id = home.id("admin").await;
    let (secret, _) = protected(&home, &id).await;
    home.wait(30);
    let code = shown(&secret, home.now());
    for number in 0..5 {
        // A new log-in does not bring new attempts.
        let step = pending(&home, "admin").await;
        let refused = home.access.finish_log_in(&step, &wrong(&code), &format!("place {number}"), home.now()).await;
        assert!(matches!(refused, Err(AccessError::WrongCode)));
    }
    let step = pending(&home, "admin").await;
    assert!(matches!(home.access.finish_log_in(&step, &code, "x", home.now()).await, Err(AccessError::Braked(_))));
}

#[tokio::test]
async fn an_administrator_removes_it_and_the_person_is_told() {
    let home = Home::open().await;
    let ada = home.person("ada", "ada@x.org").await;
    protected(&home, &ada.user_id).await;
    assert!(matches!(home.access.enrol(&ada.user_id, home.now()).await, Err(AccessError::WrongState(_))));
    let step = pending(&home, "ada").await;
    assert_eq!(home.access.remove_factor(&ada.user_id).await.unwrap().unwrap().kind, NoticeKind::FactorRemoved);
    assert!(home.access.remove_factor(&ada.user_id).await.unwrap().is_none());
    assert!(home.access.finish_log_in(&step, "123456", "here", home.now()).await.is_err(), "no factor opens nothing");
    home.session("ada").await;
    let (secret, _) = protected(&home, &ada.user_id).await;
    home.wait(30);
    home.access.remove_own_factor(&ada.user_id, &shown(&secret, home.now()), home.now()).await.unwrap();
    home.session("ada").await;
}

#[tokio::test]
async fn where_it_is_demanded_administrators_set_it_up_at_their_next_log_in() {
    let home = Home::open().await;
    home.person("ada", "ada@x.org").await;
    let settings = SecondFactorSettings { demanded_of_staff: true };
    home.access.set_second_factor_settings(settings).await.unwrap();
    home.session("ada").await;
    let step = pending(&home, "admin").await;
    let refused = home.access.finish_log_in(&step, "123456", "here", home.now()).await;
    assert!(matches!(refused, Err(AccessError::LogInOver)), "it has to be set up");
    let secret = home.access.enrol_pending(&step, home.now()).await.unwrap().secret;
    let (codes, open) = home.access.confirm_pending(&step, &shown(&secret, home.now()), home.now()).await.unwrap();
    assert_eq!((codes.len(), open.person.username.as_str()), (10, "admin"));
    assert!(home.alive(&open).await);
    assert!(home.access.enrol_pending(&step, home.now()).await.is_err(), "its log-in is over");
    let id = home.id("admin").await;
    home.wait(30);
    let kept = home.access.remove_own_factor(&id, &shown(&secret, home.now()), home.now()).await;
    assert!(matches!(kept, Err(AccessError::FactorDemanded)));
}

#[tokio::test]
async fn a_pending_log_in_ends_with_the_sessions() {
    let home = Home::open().await;
    let id = home.id("admin").await;
    let (secret, _) = protected(&home, &id).await;
    home.wait(30);
    let step = pending(&home, "admin").await;
    home.access.log_out_everywhere(&id, None).await.unwrap();
    let refused = home.access.finish_log_in(&step, &shown(&secret, home.now()), "here", home.now()).await;
    assert!(matches!(refused, Err(AccessError::LogInOver)));
    assert!(session_needs_code(home.access.log_in("admin", PASSWORD, "here", home.now()).await.unwrap()));
}

fn session_needs_code(log_in: LogIn) -> bool {
    matches!(log_in, LogIn::NeedsCode { .. })
}

#[tokio::test]
async fn without_a_vault_nothing_is_stored_in_the_clear() {
    let home = Home::open().await;
    let bare = crate::Access::new(home.backend.items.clone());
    assert!(matches!(bare.enrol(&home.id("admin").await, home.now()).await, Err(AccessError::NoVault)));
    let settings = SecondFactorSettings { demanded_of_staff: true };
    assert!(
        matches!(bare.set_second_factor_settings(settings).await, Err(AccessError::NoVault)),
        "it would lock everybody out"
    );
    session(bare.log_in("admin", PASSWORD, "here", home.now()).await.unwrap());
}
