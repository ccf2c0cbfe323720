//! A whole cloud home on this machine: LocalStack, the deployed stack, bridges as processes, the edge.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use adit_test_support::session::Session;
use adit_test_support::{ANY, free_port};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::edge::{Edge, Origins};

/// How long the emulator and the stack may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running home; everything in it ends when this is dropped, the emulator by [`Home::stop`] or its own `stop` command.
pub struct Home {
    /// The local cloud's directory: logs, addresses, process ids.
    pub dir: PathBuf,
    /// Outputs of the stack.
    pub outputs: BTreeMap<String, String>,
    /// Environment that reaches the emulator.
    pub environment: BTreeMap<String, String>,
    /// The way in for people.
    pub edge: Edge,
    /// Bridges by the order of their start; `None`: ended.
    pub bridges: Vec<Option<Bridge>>,
    password: String,
}

/// A bridge as a process.
pub struct Bridge {
    child: Child,
    /// Bulk HTTP.
    pub http: SocketAddr,
    /// The DIMSE receiver.
    pub dicom: SocketAddr,
    /// Its log, JSON lines.
    pub log: PathBuf,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// A program that was built beside this one.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.exists());
    found.with_context(|| format!("{name} is missing beside {}: build it first", own.display()))
}

/// Runs a command to its end; its output is part of the error.
pub async fn run(command: &mut Command) -> Result<String> {
    let running = command.stdin(Stdio::null()).output();
    let output = tokio::time::timeout(PATIENCE, running).await.context("a command takes too long")??;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{:?} failed: {text}{}", command.as_std(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(text)
}

impl Home {
    /// Starts an emulator in `dir` and deploys the stack to it.
    pub async fn start(dir: &Path, listen: SocketAddr) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        run(Command::new(root().join("localstack/cloud")).arg("start").arg("--dir").arg(dir)).await?;
        Self::deploy(dir, listen).await
    }

    /// Deploys to the emulator that runs in `dir`.
    pub async fn deploy(dir: &Path, listen: SocketAddr) -> Result<Self> {
        run(Command::new(root().join("infra/deploy")).arg("local").arg("--dir").arg(dir)).await?;
        let read = |name: &str| -> Result<Value> {
            let path = dir.join(name);
            let text = std::fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))?;
            Ok(serde_json::from_str(&text)?)
        };
        let texts = |value: &Value| -> BTreeMap<String, String> {
            let pairs = value.as_object().into_iter().flatten();
            pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
        };
        let (cloud, outputs) = (read("cloud.json")?, texts(&read("outputs.json")?));
        let endpoint = cloud["endpoint"].as_str().context("the emulator's address is not known")?.to_owned();
        let mut environment = texts(&cloud["environment"]);
        environment.insert("AWS_ENDPOINT_URL".into(), endpoint.clone());
        let secret = secret(&environment, output(&outputs, "SecretArn")?).await?;
        let text = |name: &str| secret[name].as_str().unwrap_or_default().to_owned();
        let api = output(&outputs, "ApiUrl")?;
        let api_at = endpoint.rsplit("//").next().and_then(|rest| rest.trim_end_matches('/').parse().ok());
        let origins = Origins {
            api: api.to_owned(),
            api_at: api_at.with_context(|| format!("{endpoint} is not an address"))?,
            origin_secret: text("origin_secret"),
            page: root().join("dist"),
        };
        let edge = Edge::start(listen, origins).await?;
        let (dir, bridges) = (dir.to_owned(), Vec::new());
        Ok(Self { dir, outputs, environment, edge, bridges, password: text("admin_password") })
    }

    /// Where people go.
    pub fn url(&self) -> String {
        format!("http://{}", self.edge.addr())
    }

    /// Password of the first administrator, `admin`.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The administrator, logged in.
    pub async fn session(&self) -> Session {
        Session::log_in(&self.url(), "admin", &self.password).await
    }

    /// What every program of the stack gets.
    pub fn settings(&self) -> Result<BTreeMap<String, String>> {
        let mut settings = self.environment.clone();
        for (variable, name) in [
            ("ADIT_TABLE", "TableName"),
            ("ADIT_STAGING_BUCKET", "StagingBucketName"),
            ("ADIT_QUEUE_PREFIX", "QueuePrefix"),
            ("ADIT_SECRET", "SecretArn"),
        ] {
            settings.insert(variable.into(), output(&self.outputs, name)?.to_owned());
        }
        Ok(settings)
    }

    /// Starts one more bridge, with `more` in its environment; its place among [`Home::bridges`].
    pub async fn add_bridge(&mut self, more: &[(&str, &str)]) -> Result<usize> {
        let (http, dicom) = (free(), free());
        let place = self.bridges.len();
        let log = self.dir.join(format!("bridge-{place}.log"));
        let file = std::fs::File::create(&log)?;
        let mut command = Command::new(built("adit-bridge")?);
        command
            .envs(self.settings()?)
            .env("ADIT_LISTEN", http.to_string())
            .env("ADIT_DICOM_LISTEN", dicom.to_string())
            .env("ADIT_RELAY_LISTEN", ANY.to_string())
            .env("ADIT_RELAY_ADDRESS", "127.0.0.1")
            .env("ADIT_HTTPS", "false")
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true);
        let child = command.spawn().context("the bridge cannot be started")?;
        self.bridges.push(Some(Bridge { child, http, dicom, log }));
        self.ready(place).await?;
        self.route();
        Ok(place)
    }

    async fn ready(&mut self, place: usize) -> Result<()> {
        let bridge = self.bridges[place].as_mut().context("there is no such bridge")?;
        let address = format!("http://{}/health/ready", bridge.http);
        for _ in 0..600 {
            if reqwest::get(&address).await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(status) = bridge.child.try_wait()? {
                bail!("the bridge ended ({status}): {}", std::fs::read_to_string(&bridge.log)?);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the bridge is not ready: {}", std::fs::read_to_string(&bridge.log)?)
    }

    fn route(&self) {
        self.edge.set_bridges(self.bridges.iter().flatten().map(|bridge| bridge.http).collect());
    }

    /// Ends a bridge in the middle of what it does (SIGKILL).
    pub async fn kill_bridge(&mut self, place: usize) -> Result<()> {
        let mut bridge = self.bridges[place].take().context("there is no such bridge")?;
        self.route();
        bridge.child.start_kill()?;
        bridge.child.wait().await?;
        Ok(())
    }

    /// Asks a bridge to end (SIGTERM) and waits; how long it took.
    pub async fn drain_bridge(&mut self, place: usize) -> Result<Duration> {
        let mut bridge = self.bridges[place].take().context("there is no such bridge")?;
        self.route();
        let id = bridge.child.id().context("the bridge has ended already")?;
        let begun = tokio::time::Instant::now();
        run(Command::new("kill").args(["-TERM", &id.to_string()])).await?;
        let status = tokio::time::timeout(Duration::from_secs(150), bridge.child.wait()).await??;
        ensure!(status.success(), "the bridge ended with {status}: {}", std::fs::read_to_string(&bridge.log)?);
        Ok(begun.elapsed())
    }

    /// Stops everything, the emulator too.
    pub async fn stop(mut self) -> Result<()> {
        for place in 0..self.bridges.len() {
            if self.bridges[place].is_some() {
                self.kill_bridge(place).await?;
            }
        }
        run(Command::new(root().join("localstack/cloud")).arg("stop").arg("--dir").arg(&self.dir)).await?;
        Ok(())
    }
}

/// A value of the stack's outputs.
fn output<'a>(outputs: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    outputs.get(name).map(String::as_str).with_context(|| format!("the stack has no output {name}: {outputs:?}"))
}

fn free() -> SocketAddr {
    SocketAddr::new(ANY.ip(), free_port())
}

/// The installation's secret, read as its programs do.
async fn secret(environment: &BTreeMap<String, String>, id: &str) -> Result<Value> {
    let script = "import json,os,boto3;print(boto3.client('secretsmanager').get_secret_value(SecretId=os.environ['ID'])['SecretString'])";
    let text = run(Command::new(python()?).args(["-c", script]).envs(environment).env("ID", id)).await?;
    Ok(serde_json::from_str(&text)?)
}

/// The Python of the local cloud's tools.
fn python() -> Result<PathBuf> {
    let cache = std::env::var("ADIT_CACHE").map(PathBuf::from).or_else(|_| {
        let base = std::env::var("XDG_CACHE_HOME").map(PathBuf::from);
        base.or_else(|_| std::env::var("HOME").map(|home| Path::new(&home).join(".cache")))
            .map(|base| base.join("adit"))
    })?;
    Ok(cache.join("localstack/bin/python"))
}
