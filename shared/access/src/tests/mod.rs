//! Accounts over the embedded backend, with a clock that is moved by hand.

mod factor;
mod foreign;
mod login;
mod properties;
mod register;
mod speed;
mod states;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use adit_backend_embedded::Embedded;
use adit_domain::person::Profile;
use adit_domain::{Timestamp, UserId};
use adit_store::clock::{Clock, ManualClock};
use adit_store::vault::Vault;
use tempfile::TempDir;

use crate::{Access, LogIn, NewPerson, NewSession, Notice, Person, RegistrationSettings};

pub const PASSWORD: &str = "correct horse battery";

pub struct Home {
    pub access: Access,
    pub clock: Arc<ManualClock>,
    pub backend: Embedded,
    dir: TempDir,
}

impl Home {
    /// With one administrator, `admin`.
    pub async fn open() -> Self {
        let home = Self::empty();
        home.access.add_user("admin", PASSWORD, true, home.now()).await.unwrap();
        home
    }

    pub fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp(1_700_000_000_000)));
        let backend = Embedded::open(dir.path(), clock.clone()).unwrap();
        let access = Access::new(backend.items.clone()).with_vault(Vault::new(&[7; 32]));
        Self { access, clock, backend, dir }
    }

    /// All bytes of the database, as text.
    pub fn everything(&self) -> String {
        let files = std::fs::read_dir(self.dir.path()).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.to_string_lossy().contains("sqlite"));
        files.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub async fn open_registration(&self, needs_approval: bool, domains: &[&str]) {
        let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let settings = RegistrationSettings { open: true, domains, needs_approval };
        self.access.set_registration_settings(settings).await.unwrap();
    }

    /// An active person with an address.
    pub async fn person(&self, name: &str, email: &str) -> Person {
        let notice = self.access.invite(&entered(name, email), self.now()).await.unwrap();
        self.access.confirm(&token_of(&notice), PASSWORD, self.now()).await.unwrap();
        self.access.user_by_login(name).await.unwrap().unwrap().person()
    }

    pub async fn id(&self, name: &str) -> UserId {
        self.access.user_by_login(name).await.unwrap().unwrap().id
    }

    pub async fn session(&self, name: &str) -> NewSession {
        session(self.access.log_in(name, PASSWORD, "here", self.now()).await.unwrap())
    }

    pub async fn alive(&self, session: &NewSession) -> bool {
        self.access.session(&session.token, self.now()).await.unwrap().is_some()
    }
}

pub fn session(log_in: LogIn) -> NewSession {
    match log_in {
        LogIn::Session(session) => session,
        LogIn::NeedsCode { .. } | LogIn::NeedsEnrolment { .. } => panic!("a further step is asked for"),
    }
}

pub fn entered(name: &str, email: &str) -> NewPerson {
    NewPerson { username: name.into(), email: email.into(), profile: Profile::default() }
}

pub fn token_of(notice: &Notice) -> String {
    notice.link_token.clone().expect("a letter with a link")
}
