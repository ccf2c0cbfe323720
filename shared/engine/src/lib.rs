//! Use cases of ADIT: submit, plan, retrieve, transform, stage, deliver, verify, settle, cancel, sweep, search.
//!
//! The engine knows the three ports, DIMSE and de-identification; it knows neither HTTP nor a backend. [`Engine`] is what a
//! caller asks; [`worker::Worker`] is the loop that moves images; [`reception::Reception`] takes what a C-MOVE sends us.

mod actor;
mod clock;
pub mod gateway;
mod groups;
mod installation;
mod jobs;
mod nifti;
mod nodes;
mod overview;
mod peers;
mod people;
mod permit;
mod post;
mod probe;
mod projects;
pub mod reception;
mod record;
mod refusal;
mod rules;
mod search;
mod storage;
pub mod sweep;
mod text;
mod tokens;
mod transfer;
mod unnamed;
mod usage;
pub mod worker;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use adit_audit::Journal;
use adit_deid::ProjectKey;
use adit_store::items::ItemStore;
use adit_store::paging::PageSeal;
use adit_store::queue::WorkQueue;
use adit_store::repositories::{
    Arrivals, Firings, GroupLimits, Groups, Installation, Jobs, Mails, Nodes, Projects, Receipts, Registry, Reports,
    Rules, Spools, Storage, Tasks, UsageBook,
};
use adit_store::shelf::{Buckets, Folders};
use adit_store::staging::Staging;
use adit_store::vault::Vault;

pub use actor::{Actor, Known};
pub use clock::now;
pub use people::{Account, People};
pub use post::{AddressBook, Addressee, Post};
pub use projects::PreviewRun;
pub use refusal::Refusal;
pub use rules::{Arrived, Watch};
pub use unnamed::LEFT_OUT;

/// What the engine must be told about this installation.
pub struct Settings {
    /// Our AE title, as caller and as receiver of C-MOVE.
    pub ae_title: String,
    /// The installation's master key, from which the projects' keys are derived.
    pub project_key: ProjectKey,
    /// Profile of jobs without a project, one of `adit_deid::Profile::NAMES`.
    pub default_profile: String,
    /// Name of this process: owner of leases.
    pub process: String,
    /// Folders outside of these roots are refused; empty means any.
    pub folder_roots: Vec<PathBuf>,
    /// Folder for files that conversions need while they run. Several processes may share it; what a killed one leaves goes with the next start.
    pub scratch: PathBuf,
}

/// The ports of one installation.
#[derive(Clone)]
pub struct Ports {
    /// Items.
    pub items: Arc<dyn ItemStore>,
    /// Work queue.
    pub queue: Arc<dyn WorkQueue>,
    /// Staging of instances.
    pub staging: Arc<dyn Staging>,
    /// Access to S3 buckets as sources and destinations; absent where none is set up.
    pub buckets: Option<Arc<dyn Buckets>>,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Shared>);

/// What all use cases share.
pub(crate) struct Shared {
    pub settings: Settings,
    pub ports: Ports,
    pub groups: Groups,
    pub limits: GroupLimits,
    pub nodes: Nodes,
    pub jobs: Jobs,
    pub tasks: Tasks,
    pub receipts: Receipts,
    pub projects: Projects,
    pub registry: Registry,
    pub reports: Reports,
    pub rules: Rules,
    pub arrivals: Arrivals,
    pub firings: Firings,
    pub spools: Spools,
    pub usage: UsageBook,
    pub unstored: usage::Unstored,
    pub stores: gateway::store::Stores,
    pub rule_cache: rules::RuleCache,
    pub senders: rules::Senders,
    pub folders: OnceLock<Arc<dyn Folders>>,
    pub people: people::Known,
    pub pages: PageSeal,
    pub vault: Vault,
    pub mails: Mails,
    pub installation: Installation,
    pub storage: Storage,
    pub gauges: storage::Gauges,
    pub settings_cache: installation::Cache,
    pub journal: OnceLock<Journal>,
    pub post: post::PostOffice,
    pub deidentifiers: projects::Deidentifiers,
    pub peers: peers::Peers,
    /// What is staged for readers, as far as it is in memory.
    pub held: gateway::HeldStaging,
    pub readings: gateway::retrieval::Board,
    pub conversions: gateway::nifti::Conversions,
    pub converter: nifti::Converter,
    pub running: worker::Running,
    pub reception: Arc<reception::Reception>,
}

impl Engine {
    /// An engine over one backend's ports.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let held = gateway::HeldStaging::new(ports.staging);
        let ports = Ports { staging: Arc::new(held.clone()), ..ports };
        let items = Arc::clone(&ports.items);
        let vault = Vault::new(settings.project_key.as_bytes());
        Self(Arc::new(Shared {
            nodes: Nodes::new(Arc::clone(&items), vault.clone()),
            mails: Mails::new(Arc::clone(&items), vault.clone()),
            vault,
            post: post::PostOffice::default(),
            installation: Installation::new(Arc::clone(&items)),
            storage: Storage::new(Arc::clone(&items)),
            gauges: storage::Gauges::default(),
            settings_cache: installation::Cache::default(),
            journal: OnceLock::new(),
            groups: Groups::new(Arc::clone(&items)),
            limits: GroupLimits::new(Arc::clone(&items)),
            jobs: Jobs::new(Arc::clone(&items)),
            tasks: Tasks::new(Arc::clone(&items)),
            receipts: Receipts::new(Arc::clone(&items)),
            projects: Projects::new(Arc::clone(&items)),
            registry: Registry::new(Arc::clone(&items)),
            reports: Reports::new(Arc::clone(&items)),
            rules: Rules::new(Arc::clone(&items)),
            arrivals: Arrivals::new(Arc::clone(&items)),
            firings: Firings::new(Arc::clone(&items)),
            usage: UsageBook::new(Arc::clone(&items)),
            unstored: usage::Unstored::default(),
            spools: Spools::new(items),
            stores: gateway::store::Stores::default(),
            rule_cache: rules::RuleCache::default(),
            senders: rules::Senders::default(),
            folders: OnceLock::new(),
            people: people::Known::new(),
            pages: PageSeal::new(settings.project_key.as_bytes()),
            deidentifiers: projects::Deidentifiers::default(),
            peers: peers::Peers::default(),
            held,
            readings: gateway::retrieval::Board::default(),
            conversions: gateway::nifti::Conversions::new(),
            converter: nifti::Converter::new(settings.scratch.clone()),
            running: worker::Running::default(),
            reception: Arc::new(reception::Reception::new(settings.ae_title.clone())),
            settings,
            ports,
        }))
    }

    /// Takes instances that a source sends us because of a C-MOVE; to be served by a DIMSE server.
    #[must_use]
    pub fn reception(&self) -> Arc<reception::Reception> {
        Arc::clone(&self.0.reception)
    }

    /// Lets the engine read folders of this machine, so that they can be watched. To be called once, before anything else.
    pub fn use_folders(&self, folders: Arc<dyn Folders>) {
        let _ = self.0.folders.set(folders);
    }

    /// Our AE title.
    #[must_use]
    pub fn ae_title(&self) -> &str {
        &self.0.settings.ae_title
    }

    /// Name of this process: owner of leases.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.0.settings.process
    }
}
