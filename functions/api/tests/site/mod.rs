//! A site over a real socket, and who visits it.

#![allow(clippy::unwrap_used, dead_code, reason = "a test that cannot go on fails; not every test needs everything")]

mod losing;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adit_access::Access;
use adit_api::error::{ErrorBody, ErrorCode};
use adit_api::paths::{self, CSRF_HEADER};
use adit_api::session::Session;
use adit_backend_embedded::Embedded;
use adit_deid::ProjectKey;
use adit_engine::worker::Worker;
use adit_engine::{Engine, Ports, Post, Settings, now};
use adit_http::{App, Face, WebPage, introduce, router};
use adit_mail::{MailError, OutgoingMail, PublicUrl, Transport};
use adit_store::clock::SystemClock;
use adit_store::items::ItemStore;
use adit_store::queue::Lane;
use adit_store::vault::Vault;
use async_trait::async_trait;
use losing::Losing;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

pub struct Site {
    pub url: String,
    pub access: Access,
    pub engine: Engine,
    pub items: Arc<dyn ItemStore>,
    letters: Letters,
    /// Ends the worker of letters with the site.
    _stop: DropGuard,
    losing: Arc<Losing>,
    _dir: TempDir,
}

/// A transport that keeps what it is given.
#[derive(Clone, Default)]
struct Letters(Arc<Mutex<Vec<String>>>);

impl Letters {
    /// Takes the first letter that holds `text`.
    fn take(&self, text: &str) -> Option<String> {
        let mut letters = self.0.lock().unwrap();
        let at = letters.iter().position(|letter| letter.contains(text))?;
        Some(letters.remove(at))
    }
}

#[async_trait]
impl Transport for Letters {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let text = format!("To: {}\n{}\n\n{}", mail.to.address, mail.subject, mail.text);
        self.0.lock().unwrap().push(text);
        Ok(())
    }
}

/// A logged-in browser.
#[derive(Clone)]
pub struct Visitor {
    pub cookie: String,
    pub csrf: String,
}

impl Site {
    pub async fn start() -> Self {
        Self::start_as(Face::WHOLE).await
    }

    pub async fn start_as(face: Face) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = Embedded::open(&dir.path().join("data"), Arc::new(SystemClock)).unwrap();
        let losing = Arc::new(Losing { inner: backend.items.clone(), loses: AtomicBool::new(false) });
        let ports = Ports {
            items: losing.clone(),
            queue: backend.queue.clone(),
            staging: backend.staging.clone(),
            buckets: None,
        };
        let settings = Settings {
            ae_title: "ADIT".into(),
            project_key: ProjectKey::from_bytes([1; 32]),
            default_profile: "adit-compatible".into(),
            process: "test".into(),
            folder_roots: Vec::new(),
            scratch: std::env::temp_dir().join("adit-test-scratch"),
        };
        let access = Access::new(backend.items.clone()).with_vault(Vault::new(&[1; 32]));
        access.add_user("staff", "a long password", true, now()).await.unwrap();
        access.add_user("user", "a long password", false, now()).await.unwrap();
        let page = dir.path().join("page");
        std::fs::create_dir_all(&page).unwrap();
        std::fs::write(page.join("index.html"), "<!doctype html><title>page</title>").unwrap();
        std::fs::write(page.join("adit-123.js"), "1").unwrap();
        let engine = Engine::new(ports, settings);
        engine.found_groups(&access.everybody().await.unwrap()).await.unwrap();
        let letters = Letters::default();
        engine.use_post(Post {
            transport: Arc::new(letters.clone()),
            from: "ADIT <adit@hospital.org>".into(),
            public_url: PublicUrl::parse("https://adit.hospital.org").unwrap(),
        });
        introduce(&engine, &access);
        let stop = CancellationToken::new();
        tokio::spawn(Worker::new(engine.clone(), 4, &[Lane::Worker]).run(stop.clone()));
        let kept = engine.clone();
        let app = App {
            engine,
            access: access.clone(),
            face,
            https: true,
            scp_port: None,
            page: Arc::new(WebPage::new(Some(page))),
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, router(app).into_make_service_with_connect_info::<SocketAddr>()).await
        });
        Self { url, access, engine: kept, items: backend.items, letters, losing, _stop: stop.drop_guard(), _dir: dir }
    }

    /// Lets the audit trail's records be lost from now on, or no longer.
    pub fn lose_records(&self, loses: bool) {
        self.losing.loses.store(loses, Ordering::Relaxed);
    }

    pub async fn log_in(&self, username: &str) -> Visitor {
        let body = json!({ "username": username, "password": "a long password" });
        let response = Client::new().post(format!("{}{}", self.url, paths::SESSION)).json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-adit_session="), "{cookie}");
        for flag in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
            assert!(cookie.contains(flag), "{cookie}");
        }
        let session: Session = response.json().await.unwrap();
        Visitor { cookie: cookie.split(';').next().unwrap().to_owned(), csrf: session.csrf_token }
    }

    /// Takes the next letter.
    pub async fn letter(&self) -> String {
        self.letter_with("").await
    }

    /// Takes the first letter that holds `text`, as soon as it is there.
    pub async fn letter_with(&self, text: &str) -> String {
        for _ in 0..600 {
            if let Some(letter) = self.letters.take(text) {
                return letter;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("no letter with {text:?}");
    }

    pub async fn send(&self, method: Method, path: &str, visitor: &Visitor, body: &serde_json::Value) -> Response {
        let request = Client::new().request(method, format!("{}{path}", self.url)).json(body);
        request.header("cookie", &visitor.cookie).header(CSRF_HEADER, &visitor.csrf).send().await.unwrap()
    }

    pub async fn call(&self, method: Method, path: &str, visitor: Option<&Visitor>, csrf: bool) -> Response {
        let mut request = Client::new().request(method, format!("{}{path}", self.url)).json(&json!({}));
        if let Some(visitor) = visitor {
            request = request.header("cookie", &visitor.cookie);
            if csrf {
                request = request.header(CSRF_HEADER, &visitor.csrf);
            }
        }
        request.send().await.unwrap()
    }
}

pub async fn refusal(response: Response) -> (StatusCode, ErrorCode) {
    let status = response.status();
    let body: ErrorBody = response.json().await.unwrap();
    assert!(body.detail.len() > 10, "a refusal is a sentence");
    assert_eq!(body.code.status(), status.as_u16());
    (status, body.code)
}

pub const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
