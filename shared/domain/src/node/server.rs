//! A DICOM server: its address, what it offers, how hard it may be used.

use serde::{Deserialize, Serialize};

use super::dicomweb::DicomWeb;
use super::services::Services;
use crate::dicom::{AeTitle, InvalidValue};

/// A DICOM server: address, what it offers, how hard it may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Server {
    /// Called AE title; unique among servers, also the path segment of the DICOMweb interface.
    pub ae_title: AeTitle,
    /// Host name or address; may be empty where only DICOMweb is used.
    #[serde(default)]
    pub host: String,
    /// TCP port, 1 to 65535; 0 where only DICOMweb is used.
    #[serde(default)]
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

/// Transport security of one server (PS3.15 Annex B). For DICOMweb the address says whether it is encrypted; what is said here of
/// certificates and the name holds for both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Tls {
    /// Whether associations are encrypted.
    pub enabled: bool,
    /// Certificates that may sign the server's certificate, PEM; empty means that it cannot be verified and is refused, and for DICOMweb
    /// that those count which this machine trusts.
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
    /// Seconds for which a DICOMweb retrieval stays here at most for a repeated request once nobody reads it. What somebody has read to its
    /// end goes earlier when memory is wanted for others.
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

fn default_results() -> u32 {
    200
}

impl Server {
    /// Whether it can be searched, in one way or another.
    #[must_use]
    pub fn can_find(&self) -> bool {
        self.services.can_find() || self.dicomweb.qido
    }

    /// Whether images can be fetched, in one way or another.
    #[must_use]
    pub fn can_retrieve(&self) -> bool {
        self.services.can_retrieve() || self.dicomweb.wado
    }

    pub(super) fn check(&mut self) -> Result<(), InvalidValue> {
        self.host = self.host.trim().to_owned();
        // Without a DIMSE service nobody connects there.
        let is_web_only = self.dicomweb.is_any() && !self.services.is_any();
        if !(is_web_only && self.host.is_empty()) {
            self.check_address()?;
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

    fn check_address(&self) -> Result<(), InvalidValue> {
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
