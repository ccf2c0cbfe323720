//! The DICOMweb side of a server: addresses, services, and how it lets us in.

use serde::{Deserialize, Serialize};

use crate::dicom::{InvalidValue, check_text};

/// DICOMweb base address and services (PS3.18). The authorization header and the client's secret are secrets.
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
    /// Where access tokens come from (OAuth 2, client credentials); empty means that the authorization header is sent, if there is one.
    pub token_url: String,
    /// Our name at the authorization server.
    pub client_id: String,
    /// What a token has to be good for, in the authorization server's own words; may be empty.
    pub scope: String,
}

impl DicomWeb {
    /// Whether any service is offered.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.qido || self.wado || self.stow
    }

    pub(super) fn check(&mut self) -> Result<(), InvalidValue> {
        for text in [
            &mut self.root_url,
            &mut self.qido_prefix,
            &mut self.wado_prefix,
            &mut self.stow_prefix,
            &mut self.token_url,
            &mut self.client_id,
            &mut self.scope,
        ] {
            *text = text.trim().to_owned();
            check_text("DICOMweb address", text, 2000)?;
        }
        for text in [&mut self.root_url, &mut self.qido_prefix, &mut self.wado_prefix, &mut self.stow_prefix] {
            *text = text.trim_end_matches('/').to_owned();
        }
        if self.is_any() && !is_address(&self.root_url) {
            return Err(InvalidValue::new(
                "DICOMweb address",
                "must start with http:// or https:// when a DICOMweb service is ticked",
            ));
        }
        if !self.token_url.is_empty() && (!is_address(&self.token_url) || self.client_id.is_empty()) {
            return Err(InvalidValue::new(
                "token address",
                "must start with http:// or https://, and the client id must be given with it",
            ));
        }
        Ok(())
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' ', '@']))
}
