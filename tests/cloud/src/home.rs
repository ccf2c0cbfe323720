//! A whole cloud home on this machine: LocalStack, the deployed stack, bridges as processes, the edge.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use adit_deid::ProjectKey;
use adit_test_support::session::Session;
use adit_test_support::{ANY, free_port};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::edge::{Edge, Origins};
use crate::emulator::Emulator;

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
    emulator: Emulator,
    api: String,
    api_at: SocketAddr,
    project_key: ProjectKey,
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

/// The functions' zip, as `scripts/package-functions` makes it.
pub fn functions() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().map(|folder| folder.join("functions/adit-lambda.zip")).find(|path| path.exists());
    found.context("the functions' zip is missing: make functions")
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
        run(Command::new(root().join("localstack/cloud")).args(["start", "--port", "0", "--dir"]).arg(dir)).await?;
        Self::deploy(dir, listen).await
    }

    /// Deploys to the emulator that runs in `dir`.
    pub async fn deploy(dir: &Path, listen: SocketAddr) -> Result<Self> {
        let zip = functions()?;
        let mut deploy = Command::new(root().join("infra/deploy"));
        let printed = run(deploy.arg("local").arg("--dir").arg(dir).arg("--zip").arg(&zip)).await?;
        let outputs: BTreeMap<String, String> = printed
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let cloud = std::fs::read_to_string(dir.join("cloud.json")).context("the emulator does not run")?;
        let cloud: Value = serde_json::from_str(&cloud)?;
        let endpoint = cloud["endpoint"].as_str().context("the emulator's address is not known")?.to_owned();
        let environment = environment(&dir.join("env"))?;
        let emulator = Emulator::new(&environment)?;
        let secret: Value = serde_json::from_str(&emulator.secret(output(&outputs, "SecretArn")?).await?)?;
        let text = |name: &str| secret[name].as_str().unwrap_or_default().to_owned();
        let api = output(&outputs, "ApiUrl")?;
        let api_at = endpoint.rsplit("//").next().and_then(|rest| rest.trim_end_matches('/').parse().ok());
        let api_at = api_at.with_context(|| format!("{endpoint} is not an address"))?;
        let mut key = [0; 32];
        hex::decode_to_slice(text("project_key"), &mut key)?;
        let origins =
            Origins { api: api.to_owned(), api_at, origin_secret: text("origin_secret"), page: root().join("dist") };
        let edge = Edge::start(listen, origins).await?;
        Ok(Self {
            dir: dir.to_owned(),
            api: api.to_owned(),
            bridges: Vec::new(),
            project_key: ProjectKey::from_bytes(key),
            password: text("admin_password"),
            outputs,
            environment,
            edge,
            emulator,
            api_at,
        })
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

    /// The master key of de-identification.
    pub fn project_key(&self) -> ProjectKey {
        self.project_key.clone()
    }

    /// Where the API function is reached without the edge, and the host it listens to.
    pub fn api(&self) -> (String, String) {
        let host = self.api.rsplit("//").next().unwrap_or_default().trim_end_matches('/').to_owned();
        (format!("http://{}", self.api_at), host)
    }

    /// The emulator's services.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Objects that wait in staging.
    pub async fn staged(&self) -> usize {
        self.emulator.keys(self.output("StagingBucket"), "staging/").await.len()
    }

    /// Sends a message to one of the queues, such as `bridge-normal`.
    pub async fn send(&self, queue: &str, body: &str) {
        self.emulator.send(&format!("{}{queue}", self.output("QueuePrefix")), body).await;
    }

    /// Messages in each dead-letter queue, by the queue that they come from.
    pub async fn dead(&self) -> BTreeMap<&'static str, usize> {
        let mut all = BTreeMap::new();
        for queue in ["bridge-urgent", "bridge-normal", "worker-urgent", "worker-normal"] {
            let count = self.emulator.depth(&format!("{}{queue}-dead", self.output("QueuePrefix"))).await;
            all.insert(queue, count);
        }
        all
    }

    /// The log of one function so far.
    pub fn function_log(&self, role: &str) -> String {
        let logs = std::fs::read_dir(self.dir.join("logs/functions")).into_iter().flatten().flatten();
        let of_role = logs.filter(|entry| entry.file_name().to_string_lossy().contains(role));
        of_role.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
    }

    /// An output of the stack; a missing one fails the test.
    pub fn output(&self, name: &str) -> &str {
        output(&self.outputs, name).expect("an output")
    }

    /// What every program of the stack gets.
    pub fn settings(&self) -> Result<BTreeMap<String, String>> {
        let mut settings = self.environment.clone();
        for (variable, name) in [
            ("ADIT_TABLE", "TableName"),
            ("ADIT_STAGING_BUCKET", "StagingBucket"),
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

    /// Sends a signal, such as `STOP`, to a bridge.
    pub async fn signal_bridge(&self, place: usize, signal: &str) -> Result<()> {
        let id =
            self.bridges[place].as_ref().and_then(|bridge| bridge.child.id()).context("the bridge does not run")?;
        run(Command::new("kill").args([&format!("-{signal}"), &id.to_string()])).await?;
        Ok(())
    }

    /// Process ids of a function's environments in this home.
    pub fn function_processes(&self, role: &str) -> Vec<u32> {
        let (role, ours) = (format!("_HANDLER={role}"), format!("AWS_ENDPOINT_URL={}", self.endpoint()));
        let is_ours = |id: &u32| {
            let environ = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            let has = |wanted: &str| environ.split(|byte| *byte == 0).any(|pair| pair == wanted.as_bytes());
            has(&role) && has(&ours)
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_ours).collect()
    }

    /// Address of the emulator.
    pub fn endpoint(&self) -> &str {
        self.environment.get("AWS_ENDPOINT_URL").map_or("", String::as_str)
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

/// The exports of a shell file: `export NAME=VALUE`.
fn environment(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} is missing", path.display()))?;
    let pairs = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned())).collect())
}
