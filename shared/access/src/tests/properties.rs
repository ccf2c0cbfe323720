//! Whatever people do at the same moment: a name and an address belong to one person each, and every person to theirs.

use std::collections::{BTreeMap, BTreeSet};

use adit_domain::person::PersonState;
use proptest::prelude::*;

use super::{Home, PASSWORD, entered};
use crate::people::User;
use crate::{AccessError, Email, PeopleQuery};

#[derive(Debug, Clone)]
enum Act {
    Register { name: usize, email: usize },
    Confirm { letter: usize },
    Reject { person: usize },
    SetEmail { person: usize, email: usize },
    Deactivate { person: usize },
    Wait,
}

const NAMES: [&str; 3] = ["ada", "Ada", "bob"];
const EMAILS: [&str; 4] = ["a@x.org", "A@x.org", "b@x.org", "c@x.org"];

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..NAMES.len(), 0..EMAILS.len()).prop_map(|(name, email)| Act::Register { name, email }),
        3 => (0..8_usize).prop_map(|letter| Act::Confirm { letter }),
        1 => (0..4_usize).prop_map(|person| Act::Reject { person }),
        2 => (0..4_usize, 0..EMAILS.len()).prop_map(|(person, email)| Act::SetEmail { person, email }),
        1 => (0..4_usize).prop_map(|person| Act::Deactivate { person }),
        1 => Just(Act::Wait),
    ]
}

async fn everybody(home: &Home) -> Vec<User> {
    let mut all = Vec::new();
    for record in home.access.people(PeopleQuery::All, 200, None).await.unwrap().people {
        all.extend(home.access.user(&record.id).await.unwrap().map(|(user, _)| user));
    }
    all
}

async fn perform(home: &Home, act: Act, letters: &[String], people: &[User], hash: &str) -> Option<String> {
    let some = |person: usize| people.get(person).map(|user| user.id.clone());
    let outcome = match act {
        Act::Register { name, email } => {
            let place = format!("{:?}", (name, email));
            let done = home.access.register(&entered(NAMES[name], EMAILS[email]), &place, home.now()).await;
            return match done {
                Ok(notice) => notice.link_token,
                Err(AccessError::NameTaken | AccessError::Braked(_)) => None,
                Err(error) => panic!("{error}"),
            };
        }
        // With a hash at hand: argon2 thousands of times would say nothing more.
        Act::Confirm { letter } => match letters.get(letter) {
            Some(token) => home.access.confirm_hashed(token, hash.to_owned(), home.now()).await.map(|_| ()),
            None => Ok(()),
        },
        Act::Reject { person } => match some(person) {
            Some(id) => home.access.reject(&id).await.map(|_| ()),
            None => Ok(()),
        },
        Act::SetEmail { person, email } => match some(person) {
            Some(id) => home.access.set_email(&id, EMAILS[email]).await,
            None => Ok(()),
        },
        Act::Deactivate { person } => match some(person) {
            Some(id) => home.access.deactivate(&id).await.map(|_| ()),
            None => Ok(()),
        },
        Act::Wait => {
            home.wait(5 * 24 * 3600);
            Ok(())
        }
    };
    match outcome {
        Ok(())
        | Err(
            AccessError::LinkInvalid
            | AccessError::EmailTaken
            | AccessError::Absent
            | AccessError::WrongState(_)
            | AccessError::LastAdministrator,
        ) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn check(home: &Home) {
    let all = everybody(home).await;
    let mut names = BTreeMap::new();
    let mut emails = BTreeMap::new();
    for user in &all {
        assert!(names.insert(user.username.to_lowercase(), &user.id).is_none(), "two have one name: {all:?}");
        let by_name = home.access.user_by_login(&user.username).await.unwrap();
        assert_eq!(by_name.map(|found| found.id).as_ref(), Some(&user.id), "{user:?}");
        if let Some(email) = &user.email {
            let email: Email = email.parse().unwrap();
            assert!(emails.insert(email.folded(), &user.id).is_none(), "two have one address: {all:?}");
            let by_email = home.access.user_by_email(&email).await.unwrap();
            assert_eq!(by_email.map(|found| found.id).as_ref(), Some(&user.id), "{user:?}");
        }
        assert_eq!(user.unconfirmed_until.is_some(), user.state == PersonState::Unconfirmed);
    }
    // And no address is kept by somebody who does not have it.
    for email in EMAILS {
        if let Some(holder) = home.access.user_by_email(&email.parse().unwrap()).await.unwrap() {
            assert_eq!(holder.email.map(|email| email.to_lowercase()), Some(email.to_lowercase()));
        }
    }
    let administrators: BTreeSet<_> =
        all.iter().filter(|user| user.administrates()).map(|user| user.id.clone()).collect();
    let listed: BTreeSet<_> = home.access.administrators().await.unwrap().into_iter().map(|user| user.id).collect();
    assert_eq!(listed, administrators);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn claims_belong_to_one_person_each(rounds in prop::collection::vec(prop::collection::vec(act(), 1..4), 1..12)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let home = std::sync::Arc::new(Home::empty());
            home.access.add_user("root", PASSWORD, true, home.now()).await.unwrap();
            home.open_registration(true, &[]).await;
            let hash = home.access.user_by_login("root").await.unwrap().unwrap().password_hash.unwrap();
            let mut letters = Vec::new();
            for round in rounds {
                // All acts of a round at the same moment.
                let mut acts = tokio::task::JoinSet::new();
                let people = everybody(&home).await;
                for act in round {
                    let (home, letters, people, hash) = (home.clone(), letters.clone(), people.clone(), hash.clone());
                    acts.spawn(async move { perform(&home, act, &letters, &people, &hash).await });
                }
                letters.extend(acts.join_all().await.into_iter().flatten());
                check(&home).await;
            }
        });
    }
}
