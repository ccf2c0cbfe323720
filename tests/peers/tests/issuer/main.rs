//! Log-in at a real OpenID Connect issuer (oidc-provider, certified): a small browser goes the whole way, redirects, forms and cookies
//! included. What the issuer says and what then holds here is looked at, not what was logged.

mod browser;
mod journeys;
mod pages;
mod refusals;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use adit_access::Access;
use adit_access::openid::{Arrival, OpenIdForm, OpenIdSettings};
use adit_backend_embedded::Embedded;
use adit_domain::Timestamp;
use adit_store::clock::SystemClock;
use adit_store::vault::Vault;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use browser::Browser;

/// Where the issuer sends browsers; nobody listens there, the browser stops before.
pub const BACK: &str = "http://127.0.0.1:9/api/openid/arrival";
pub const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "a secret that only the two know";
const PATIENCE: Duration = Duration::from_secs(30);

/// The issuer's process; it ends with this value.
pub struct Issuer {
    pub address: String,
    process: Child,
}

impl Issuer {
    pub async fn start(people: Value) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../issuer/issuer.mjs");
        let mut process = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js is needed: https://nodejs.org");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        let address = address.expect("the issuer starts (npm ci in tests/issuer?)");
        // What it prints later must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let issuer = Self { address, process };
        issuer.set(people).await;
        issuer
    }

    /// Replaces its people.
    pub async fn set(&self, people: Value) {
        let set = reqwest::Client::new().put(format!("{}/people", self.address)).json(&people).send().await.unwrap();
        assert_eq!(set.status(), 204);
    }

    pub async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// An installation with one administrator.
pub struct Home {
    pub access: Access,
    pub backend: Embedded,
    _dir: TempDir,
}

impl Home {
    pub async fn open(issuer: &Issuer, change: impl FnOnce(&mut OpenIdSettings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = Embedded::open(dir.path(), Arc::new(SystemClock)).unwrap();
        let access = Access::new(backend.items.clone()).with_vault(Vault::new(&[7; 32]));
        access.add_user("admin", PASSWORD, true, now()).await.unwrap();
        let home = Self { access, backend, _dir: dir };
        home.set(issuer, Some(SECRET), change).await;
        home
    }

    pub async fn set(&self, issuer: &Issuer, secret: Option<&str>, change: impl FnOnce(&mut OpenIdSettings)) {
        let mut settings = OpenIdSettings {
            enabled: true,
            label: "Hospital".into(),
            issuer: issuer.address.clone(),
            client_id: "adit".into(),
            scopes: vec!["profile".into(), "email".into()],
            groups_claim: Some("groups".into()),
            mapping: [("rad".into(), vec!["Radiology".into()]), ("car".into(), vec!["Cardiology".into()])].into(),
            staff_value: Some("adit-admins".into()),
            create_accounts: true,
            link_by_email: false,
            trust_second_factor: true,
        };
        change(&mut settings);
        let form = OpenIdForm { settings, client_secret: secret.map(str::to_owned) };
        self.access.set_openid_settings(form).await.unwrap();
    }

    /// The whole way of a person with a browser of their own.
    pub async fn log_in(&self, login: &str) -> Result<Arrival, adit_access::AccessError> {
        let departure = self.access.depart(BACK, "here", now()).await?;
        let back = Browser::default().log_in(&departure.url, login).await;
        self.access.arrive(&back["state"], &back["code"], &departure.browser_token, now()).await
    }

    /// An active person with an address and a password.
    pub async fn person(&self, name: &str, email: &str) -> adit_domain::UserId {
        let new = serde_json::from_value(json!({ "username": name, "email": email })).unwrap();
        let letter = self.access.invite(&new, now()).await.unwrap();
        self.access.confirm(&letter.link_token.unwrap(), PASSWORD, now()).await.unwrap();
        self.access.search_people(name, 1).await.unwrap()[0].id.clone()
    }
}

pub fn now() -> Timestamp {
    use adit_store::clock::Clock;
    SystemClock.now()
}
