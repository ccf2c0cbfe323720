//! De-identification in the browser: the servers' engine, built as a module of its own that a Web Worker loads.
//!
//! The same key and the same file give the same bytes here and on a server; `make deid-golden` proves it over the whole corpus.
//! Files are pushed in pieces of any size, so that memory does not grow with them.

use std::sync::Arc;

use adit_deid::part10::parse_head;
use adit_deid::{Deidentifier, Instructions, Limits, Overrides, PixelRules, Profile, ProjectKey, Rewriter};
use adit_domain::implementation::{CLASS_UID, VERSION_NAME};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

/// A project's de-identification.
#[wasm_bindgen]
pub struct Project {
    deidentifier: Arc<Deidentifier>,
}

#[wasm_bindgen]
impl Project {
    /// `key`: the project's 32 bytes. `rules`: the project's own rules, empty for none. `pixel_rules`: a CTP script; absent for the
    /// rules that ADIT ships. A bad rule is refused with its line and reason.
    #[wasm_bindgen(constructor)]
    pub fn new(profile: &str, key: &[u8], rules: &str, pixel_rules: Option<String>) -> Result<Project, JsError> {
        let key: [u8; 32] = key.try_into().map_err(|_| JsError::new("the key needs 32 bytes"))?;
        let profile = Profile::named(profile).ok_or_else(|| JsError::new("there is no such profile"))?;
        let pixel_rules = pixel_rules.map_or_else(|| Ok(PixelRules::default()), |text| PixelRules::parse(&text))?;
        let profile = profile.with(Overrides::parse(rules)?);
        let deidentifier = Deidentifier::new(profile, &ProjectKey::from_bytes(key), pixel_rules);
        Ok(Self { deidentifier: Arc::new(deidentifier) })
    }

    /// Begins a DICOM file. `first`: at least its file meta information, a few kilobytes; they are to be pushed again.
    /// `pseudonym`: empty for a derived one.
    pub fn begin(&self, first: &[u8], pseudonym: &str) -> Result<Instance, JsError> {
        let head = parse_head(first)?;
        let instructions = Instructions {
            deidentifier: Some(Arc::clone(&self.deidentifier)),
            pseudonym: pseudonym.to_owned(),
            ..Instructions::default()
        };
        let rewriter = Rewriter::new(&head.transfer_syntax_uid, Arc::new(instructions), Limits::default())
            .with_file_meta(CLASS_UID, VERSION_NAME);
        Ok(Instance { rewriter: Some(rewriter), skip: head.data_set_offset, sop_instance_uid: String::new() })
    }
}

/// A file on its way.
#[wasm_bindgen]
pub struct Instance {
    rewriter: Option<Rewriter>,
    /// Bytes before the data set that are still to come.
    skip: u64,
    sop_instance_uid: String,
}

#[wasm_bindgen]
impl Instance {
    /// The next bytes of the file, from its very first on; gives what can be passed on.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, JsError> {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
        self.skip -= skipped as u64;
        let mut out = Vec::new();
        let rewriter = self.rewriter.as_mut().ok_or_else(ended)?;
        rewriter.push(&chunk[skipped..], &mut out)?;
        Ok(out)
    }

    /// The file has ended; gives the last bytes. On an error nothing of what was given out may be used.
    pub fn finish(&mut self) -> Result<Vec<u8>, JsError> {
        let mut out = Vec::new();
        let report = self.rewriter.take().ok_or_else(ended)?.finish(&mut out)?;
        self.sop_instance_uid = report.sop_instance_uid;
        Ok(out)
    }

    /// SOP Instance UID as written, after [`Instance::finish`].
    #[wasm_bindgen(getter)]
    pub fn sop_instance_uid(&self) -> JsValue {
        JsValue::from_str(&self.sop_instance_uid)
    }
}

fn ended() -> JsError {
    JsError::new("this file has ended")
}
