//! The one place of the command line that knows HTTP, and where it finds its session.

use std::path::{Path, PathBuf};

use adit_api::error::ErrorBody;
use adit_api::paths::{self, CSRF_HEADER};
use adit_api::session::{Login, Session};
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

/// Asks for the password on standard input and keeps the session.
pub async fn log_in(url: &str, user: &str) -> Result<()> {
    eprintln!("Password for {user} (it is shown while you type; or pipe it in): ");
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;
    let login = Login { username: user.to_owned(), password: password.trim_end_matches(['\r', '\n']).to_owned() };
    let url = url.trim_end_matches('/');
    let response = Client::new()
        .post(format!("{url}{}", paths::SESSION))
        .json(&login)
        .send()
        .await
        .with_context(|| format!("no ADIT answers at {url}"))?;
    let response = checked(response).await?;
    let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = cookie
        .split(';')
        .next()
        .and_then(|pair| pair.split_once('='))
        .map(|(_, token)| token.to_owned())
        .context("the server sent no session")?;
    let session: Session = response.json().await?;
    let path = home_file().context("no home directory")?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    SavedSession { url: url.to_owned(), token, csrf_token: session.csrf_token }.write(&path)?;
    eprintln!("Logged in as {}.", session.username);
    Ok(())
}
