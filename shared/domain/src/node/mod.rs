//! DICOM nodes: servers that hold images, folders and buckets that receive them. Every field of a node stands here, with its limits.

mod bucket;
mod dicomweb;
mod folder;
mod server;
mod services;

use serde::{Deserialize, Serialize};

pub use bucket::Bucket;
pub use dicomweb::DicomWeb;
pub use folder::Folder;
pub use server::{Limits, Server, Tls};
pub use services::Services;

use crate::dicom::{InvalidValue, check_text};
use crate::ids::NodeId;

/// A configured node. Secrets (client key, headers, client secret) are kept apart, see [`Secrets`].
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

/// What is never given back once it was entered.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Secrets {
    /// Private key of the client certificate, PEM.
    pub client_key_pem: String,
    /// Value of the `Authorization` header for DICOMweb.
    pub authorization_header: String,
    /// Secret of the OAuth 2 client for DICOMweb.
    pub client_secret: String,
    /// One more header for DICOMweb, as `Name: value`: gateways in front of servers want a key of their own.
    pub extra_header: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secrets(..)")
    }
}

fn yes() -> bool {
    true
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
        self.server().is_some_and(|server| server.can_find() && server.can_retrieve())
    }

    /// Whether images may be sent here.
    #[must_use]
    pub fn can_be_destination(&self) -> bool {
        match &self.kind {
            NodeKind::Server(server) => server.services.store_scp || server.dicomweb.stow,
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
        match &self.kind {
            NodeKind::Server(server) => server.services.is_any() || !server.dicomweb.is_any(),
            NodeKind::Folder(_) => true,
            NodeKind::Bucket(_) => false,
        }
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
    fn a_server_of_dicomweb_alone_needs_no_dicom_address_and_no_bridge() {
        let config: NodeConfig = serde_json::from_value(serde_json::json!({
            "name": "Web", "kind": "server", "ae_title": "WEB",
            "dicomweb": {"root_url": " https://pacs.example/dicom-web/ ", "qido": true, "wado": true, "stow": true}
        }))
        .unwrap();
        let config = config.validated().unwrap();
        assert!(config.can_be_source() && config.can_be_destination() && !config.needs_bridge());
        assert_eq!(config.server().unwrap().dicomweb.root_url, "https://pacs.example/dicom-web");
        assert!(server().needs_bridge());
        let mut both = server();
        if let NodeKind::Server(server) = &mut both.kind {
            server.dicomweb = config.server().unwrap().dicomweb.clone();
            server.host = String::new();
        }
        assert!(both.needs_bridge() && both.validated().is_err());
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
