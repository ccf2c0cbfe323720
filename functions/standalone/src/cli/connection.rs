//! The one place of the command line that knows HTTP, and where it finds its session.

use std::path::{Path, PathBuf};

use adit_api::account::{LogInAnswer, NextStep, PendingCode, PendingLogIn};
use adit_api::error::ErrorBody;
use adit_api::paths::{self, CSRF_HEADER};
use adit_api::session::Login;
use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files::write_private;

/// Where to connect and as whom; kept in a file that only its owner can read.
#[derive(Serialize, Deserialize)]
pub struct SavedSession {
    /// Address of the server.
    pub url: String,
    /// Session token.
    pub token: String,
    /// CSRF token of the session.
    pub csrf_token: String,
}

impl SavedSession {
    /// Name of the file in a data directory.
    pub const FILE: &str = "cli-session.json";

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(write_private(path, &serde_json::to_string(self)?)?)
    }

    fn read(path: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}

fn home_file() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join(".config/adit/session.json"))
}

/// An open door to a running ADIT.
pub struct Connection {
    client: Client,
    session: SavedSession,
}

impl Connection {
    /// The ADIT on this machine if its data directory is readable, else the one that `adit login` was called for.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let local = SavedSession::read(&data_dir.join(SavedSession::FILE));
        let session = local.or_else(|_| {
            home_file().ok_or_else(|| anyhow!("no home directory")).and_then(|path| SavedSession::read(&path))
        });
        let session = session.map_err(|_| {
            anyhow!("no running ADIT was found in {}; start it with `adit serve`, name its data directory with --data-dir, or call `adit login --url ...`", data_dir.display())
        })?;
        Ok(Self { client: Client::new(), session })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.session.url));
        request
            .header("cookie", format!("adit_session={0}; __Host-adit_session={0}", self.session.token))
            .header(CSRF_HEADER, &self.session.csrf_token)
    }

    /// Sends a request and answers with its response, or with the server's sentence.
    pub async fn send(&self, method: Method, path: &str, body: Option<&(impl Serialize + ?Sized)>) -> Result<Response> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("no ADIT answers at {}", self.session.url))?;
        checked(response).await
    }

    /// A GET of JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        Ok(self.send(Method::GET, path, None::<&()>).await?.json().await?)
    }

    /// A POST of JSON, answered with JSON.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<T> {
        Ok(self.send(Method::POST, path, Some(body)).await?.json().await?)
    }
}

async fn checked(response: Response) -> Result<Response> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match response.json::<ErrorBody>().await {
        Ok(body) => bail!("{}", body.detail),
        Err(_) => bail!("the server answered {status}"),
    }
}

/// Asks for the password on standard input, and for a code where one is needed, and keeps the session.
pub async fn log_in(url: &str, user: &str) -> Result<()> {
    let password = ask(&format!("Password for {user} (it is shown while you type; or pipe it in): "))?;
    let url = url.trim_end_matches('/');
    let (mut token, mut answer) = step(url, paths::SESSION, &Login { username: user.to_owned(), password }).await?;
    if let LogInAnswer::Pending(PendingLogIn { pending, needs }) = answer {
        if needs == NextStep::Enrolment {
            bail!("a second factor has to be set up first; log in on the web page once");
        }
        let code = ask("Code of the authenticator app, or a recovery code: ")?;
        (token, answer) = step(url, paths::SESSION_CODE, &PendingCode { pending, code }).await?;
    }
    let LogInAnswer::Done(session) = answer else { bail!("the server did not finish the log-in") };
    let token = token.context("the server sent no session")?;
    let path = home_file().context("no home directory")?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    SavedSession { url: url.to_owned(), token, csrf_token: session.csrf_token }.write(&path)?;
    eprintln!("Logged in as {}.", session.username);
    Ok(())
}

fn ask(question: &str) -> Result<String> {
    eprintln!("{question}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// One step of a log-in: the session's token, if it has begun, and the answer.
async fn step(url: &str, path: &str, body: &impl Serialize) -> Result<(Option<String>, LogInAnswer)> {
    let sending = Client::new().post(format!("{url}{path}")).json(body).send();
    let response = checked(sending.await.with_context(|| format!("no ADIT answers at {url}"))?).await?;
    let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pair = cookie.split(';').next().and_then(|pair| pair.split_once('='));
    let token = pair.map(|(_, token)| token.to_owned());
    Ok((token, response.json().await?))
}
