//! DICOM nodes: servers that hold images and folders that receive them. Every field of a node stands here, with its limits.

use serde::{Deserialize, Serialize};

use crate::dicom::{AeTitle, InvalidValue, check_text};
use crate::ids::NodeId;

/// A configured node. Secrets (client key, authorization header) are kept apart, see [`Secrets`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// Identifies the node for good; the name may change.
    pub id: NodeId,
    /// What people call it and how it is reached.
    #[serde(flatten)]
    pub config: NodeConfig,
}

/// What a person enters for a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeConfig {
    /// Shown to people; unique among servers and folders, 1 to 64 characters.
    pub name: String,
    /// A disabled node is not offered and gets no new work; running tasks of it are deferred.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Server or folder.
    #[serde(flatten)]
    pub kind: NodeKind,
}

/// The kinds of node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NodeKind {
    /// A DICOM server.
    Server(Box<Server>),
    /// A folder on this machine.
    Folder(Folder),
    /// A place in an S3 bucket.
    Bucket(Bucket),
}

/// A DICOM server: address, what it offers, how hard it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Server {
    /// Called AE title; unique among servers, also the path segment of the DICOMweb interface.
    pub ae_title: AeTitle,
    /// Host name or address.
    pub host: String,
    /// TCP port, 1 to 65535.
    pub port: u16,
    /// Calling AE title shown to this server; empty means the one of this ADIT.
    #[serde(default)]
    pub calling_ae_title: String,
    /// DIMSE services that may be used.
    #[serde(default)]
    pub services: Services,
    /// DICOMweb services that may be used.
    #[serde(default)]
    pub dicomweb: DicomWeb,
    /// How many results one search may bring.
    #[serde(default = "default_results")]
    pub max_search_results: u32,
    /// Encryption on the wire.
    #[serde(default)]
    pub tls: Tls,
    /// How hard the server may be used.
    #[serde(default)]
    pub limits: Limits,
}

/// DIMSE information models and services (PS3.4 Annex B and C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one capability that an administrator ticks")]
pub struct Services {
    /// C-FIND in the patient root model.
    pub patient_root_find: bool,
    /// C-GET in the patient root model.
    pub patient_root_get: bool,
    /// C-MOVE in the patient root model.
    pub patient_root_move: bool,
    /// C-FIND in the study root model.
    pub study_root_find: bool,
    /// C-GET in the study root model.
    pub study_root_get: bool,
    /// C-MOVE in the study root model.
    pub study_root_move: bool,
    /// C-STORE: the server may receive images.
    pub store_scp: bool,
}

/// DICOMweb base address and services (PS3.18). The authorization header is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct DicomWeb {
    /// Base address, such as `https://pacs.example/dicom-web`; empty means none.
    pub root_url: String,
    /// QIDO-RS (search) is offered.
    pub qido: bool,
    /// WADO-RS (retrieve) is offered.
    pub wado: bool,
    /// STOW-RS (store) is offered.
    pub stow: bool,
    /// Path prefix of QIDO-RS below the base address.
    pub qido_prefix: String,
    /// Path prefix of WADO-RS below the base address.
    pub wado_prefix: String,
    /// Path prefix of STOW-RS below the base address.
    pub stow_prefix: String,
}

/// Transport security of one server (PS3.15 Annex B).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Tls {
    /// Whether associations are encrypted.
    pub enabled: bool,
    /// Certificates that may sign the server's certificate, PEM; empty means that it cannot be verified and is refused.
    pub ca_pem: String,
    /// Our client certificate, PEM; empty means none. Its key is a secret.
    pub client_certificate_pem: String,
    /// Name expected in the server's certificate; empty means the host.
    pub server_name: String,
}

/// How hard a server may be used. A PACS is a guest house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Limits {
    /// Associations that may be open at the same time, 1 to 32.
    pub associations: u8,
    /// Instances per second over all associations; 0 means no limit.
    pub instances_per_second: u32,
    /// Seconds to wait for the TCP connection and the association.
    pub connect_timeout_s: u32,
    /// Seconds to wait for the first answer to a request: an archive may have to fetch a study from tape.
    pub first_byte_timeout_s: u32,
    /// Seconds of silence after which a running exchange counts as broken.
    pub idle_timeout_s: u32,
    /// Seconds one exchange may last in all; 0 means no limit.
    pub total_timeout_s: u32,
    /// Megabytes of one DICOMweb retrieval that may wait here for its reader; more hold the server back.
    pub cache_mb: u32,
    /// Seconds for which a DICOMweb retrieval stays here for a repeated request once nobody reads it.
    pub cache_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            associations: 4,
            instances_per_second: 0,
            connect_timeout_s: 10,
            first_byte_timeout_s: 120,
            idle_timeout_s: 60,
            total_timeout_s: 0,
            cache_mb: 4096,
            cache_s: 60,
        }
    }
}

/// A folder that receives images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Folder {
    /// Absolute path on this machine.
    pub path: String,
    /// Quota in gigabytes; 0 means none.
    #[serde(default)]
    pub quota_gb: u32,
    /// Administrators are warned above this many gigabytes; 0 means never.
    #[serde(default)]
    pub warn_size_gb: u32,
}

/// A place in an S3 bucket, which receives images or is watched for new ones. Credentials are those of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bucket {
    /// Name of the bucket.
    pub bucket: String,
    /// Objects' names begin with this; empty, or ends with `/`.
    #[serde(default)]
    pub prefix: String,
    /// Region of the bucket; empty means the one of this installation.
    #[serde(default)]
    pub region: String,
}

/// What is never given back once it was entered.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// Private key of the client certificate, PEM.
    pub client_key_pem: String,
    /// Value of the `Authorization` header for DICOMweb.
    pub authorization_header: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secrets(..)")
    }
}

fn yes() -> bool {
    true
}

fn default_results() -> u32 {
    200
}

impl NodeConfig {
    /// Trims the texts and checks every limit; the error names the field.
    pub fn validated(mut self) -> Result<Self, InvalidValue> {
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            return Err(InvalidValue::new("name", "must not be empty"));
        }
        check_text("name", &self.name, 64)?;
        match &mut self.kind {
            NodeKind::Server(server) => server.check()?,
            NodeKind::Folder(folder) => folder.check()?,
            NodeKind::Bucket(bucket) => bucket.check()?,
        }
        Ok(self)
    }

    /// The server's settings, if the node is a server.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        match &self.kind {
            NodeKind::Server(server) => Some(server),
            NodeKind::Folder(_) | NodeKind::Bucket(_) => None,
        }
    }

    /// Whether images may be fetched from here.
    #[must_use]
    pub fn can_be_source(&self) -> bool {
        self.server().is_some_and(|server| server.services.can_find() && server.services.can_retrieve())
    }

    /// Whether images may be sent here.
    #[must_use]
    pub fn can_be_destination(&self) -> bool {
        match &self.kind {
            NodeKind::Server(server) => server.services.store_scp,
            NodeKind::Folder(_) | NodeKind::Bucket(_) => true,
        }
    }

    /// Whether new files here can start a transfer (see [`crate::rule::Trigger::Objects`]).
    #[must_use]
    pub fn can_be_watched(&self) -> bool {
        matches!(self.kind, NodeKind::Folder(_) | NodeKind::Bucket(_))
    }

    /// Whether only a process beside the archive or the disk can use this node, so that its tasks go to the bridge.
    #[must_use]
    pub fn needs_bridge(&self) -> bool {
        !matches!(self.kind, NodeKind::Bucket(_))
    }
}

impl Services {
    /// Whether a C-FIND of either model may be sent.
    #[must_use]
    pub fn can_find(&self) -> bool {
        self.study_root_find || self.patient_root_find
    }

    /// Whether a C-GET or C-MOVE of either model may be sent.
    #[must_use]
    pub fn can_retrieve(&self) -> bool {
        self.can_get() || self.can_move()
    }

    /// Whether a C-GET of either model may be sent.
    #[must_use]
    pub fn can_get(&self) -> bool {
        self.study_root_get || self.patient_root_get
    }

    /// Whether a C-MOVE of either model may be sent.
    #[must_use]
    pub fn can_move(&self) -> bool {
        self.study_root_move || self.patient_root_move
    }
}

impl Server {
    fn check(&mut self) -> Result<(), InvalidValue> {
        self.host = self.host.trim().to_owned();
        if self.host.is_empty()
            || self.host.len() > 255
            || self.host.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/')
        {
            return Err(InvalidValue::new(
                "host",
                "must be a host name or an address, without http:// and without blanks",
            ));
        }
        if self.port == 0 {
            return Err(InvalidValue::new("port", "must be between 1 and 65535"));
        }
        self.calling_ae_title = self.calling_ae_title.trim().to_owned();
        if !self.calling_ae_title.is_empty() {
            AeTitle::parse(&self.calling_ae_title).map_err(|e| InvalidValue::new("calling AE title", e.why))?;
        }
        if self.max_search_results == 0 {
            return Err(InvalidValue::new("search limit", "must be 1 or more"));
        }
        self.dicomweb.check()?;
        self.limits.check()
    }
}

impl DicomWeb {
    fn check(&self) -> Result<(), InvalidValue> {
        let wanted = self.qido || self.wado || self.stow;
        if wanted && !self.root_url.starts_with("http://") && !self.root_url.starts_with("https://") {
            return Err(InvalidValue::new(
                "DICOMweb address",
                "must start with http:// or https:// when a DICOMweb service is ticked",
            ));
        }
        for text in [&self.root_url, &self.qido_prefix, &self.wado_prefix, &self.stow_prefix] {
            check_text("DICOMweb address", text, 2000)?;
        }
        Ok(())
    }
}

impl Limits {
    fn check(&self) -> Result<(), InvalidValue> {
        if !(1..=32).contains(&self.associations) {
            return Err(InvalidValue::new("number of associations", "must be between 1 and 32"));
        }
        if self.connect_timeout_s == 0 || self.first_byte_timeout_s == 0 || self.idle_timeout_s == 0 {
            return Err(InvalidValue::new("timeout", "must be 1 second or more"));
        }
        if self.cache_mb == 0 || self.cache_s > 3600 {
            return Err(InvalidValue::new("cache", "must be 1 megabyte or more, for an hour at most"));
        }
        Ok(())
    }
}

impl Folder {
    fn check(&mut self) -> Result<(), InvalidValue> {
        self.path = self.path.trim().to_owned();
        let safe =
            self.path.starts_with('/') && self.path.len() <= 256 && !self.path.split('/').any(|part| part == "..");
        if !safe || self.path.chars().any(char::is_control) || self.path == "/" {
            return Err(InvalidValue::new(
                "path",
                "must be an absolute path of at most 256 characters, without .. in it",
            ));
        }
        Ok(())
    }
}

impl Bucket {
    fn check(&mut self) -> Result<(), InvalidValue> {
        for text in [&mut self.bucket, &mut self.prefix, &mut self.region] {
            *text = text.trim().to_owned();
        }
        let plain = |text: &str, more: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.as_bytes().contains(&byte))
        };
        if !(3..=63).contains(&self.bucket.len()) || !plain(&self.bucket, ".-") {
            return Err(InvalidValue::new("bucket", "must be 3 to 63 small letters, digits, dots and hyphens"));
        }
        if !plain(&self.region, "-") || self.region.len() > 32 {
            return Err(InvalidValue::new("region", "must be the name of a region, such as eu-central-1"));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()/ ".contains(c);
        if self.prefix.len() > 512 || self.prefix.starts_with('/') || !self.prefix.chars().all(allowed) {
            return Err(InvalidValue::new(
                "prefix",
                "must be at most 512 plain letters, digits and signs, and must not begin with /",
            ));
        }
        if self.prefix.split('/').any(|part| part == "..") {
            return Err(InvalidValue::new("prefix", "must not contain .."));
        }
        if !self.prefix.is_empty() && !self.prefix.ends_with('/') {
            self.prefix.push('/');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that passes every check.
    fn server() -> NodeConfig {
        serde_json::from_value(serde_json::json!({
            "name": "PACS", "kind": "server", "ae_title": "PACS", "host": "127.0.0.1", "port": 104,
            "services": {"study_root_find": true, "study_root_get": true}
        }))
        .unwrap()
    }

    #[test]
    fn a_small_json_becomes_a_server_with_defaults() {
        let config = server().validated().unwrap();
        assert!(config.enabled && config.can_be_source() && !config.can_be_destination());
        assert_eq!(config.server().unwrap().limits, Limits::default());
    }

    #[test]
    fn limits_are_named() {
        let mut config = server();
        if let NodeKind::Server(server) = &mut config.kind {
            server.port = 0;
        }
        assert!(config.validated().unwrap_err().to_string().contains("port"));
    }

    #[test]
    fn a_prefix_ends_with_a_slash_and_a_bucket_has_a_legal_name() {
        let bucket = |bucket: &str, prefix: &str| NodeConfig {
            name: "B".into(),
            enabled: true,
            kind: NodeKind::Bucket(Bucket { bucket: bucket.into(), prefix: prefix.into(), region: String::new() }),
        };
        let NodeKind::Bucket(checked) = bucket("research-data", " liver ").validated().unwrap().kind else {
            unreachable!("a bucket stays a bucket")
        };
        assert_eq!(checked.prefix, "liver/");
        for (name, prefix) in [("X", ""), ("Research", ""), ("research", "/a"), ("research", "a/../b")] {
            assert!(bucket(name, prefix).validated().is_err(), "{name} {prefix}");
        }
    }

    #[test]
    fn folders_stay_where_they_are() {
        for path in ["relative", "/data/../etc", "/"] {
            let config = NodeConfig {
                name: "F".into(),
                enabled: true,
                kind: NodeKind::Folder(Folder { path: path.into(), quota_gb: 0, warn_size_gb: 0 }),
            };
            assert!(config.validated().is_err(), "{path}");
        }
    }
}
