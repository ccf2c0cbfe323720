//! Images as NIfTI files: a retrieval, and `dcm2niix` over what it brought, series by series.
//!
//! `board` knows what is being converted, `conversion` holds what has come of it and who reads, `reader` is what a reader has in hand.
//! `run` does the work: `intake` puts the images into folders, and `crate::nifti` converts them. All of it stands in the scratch folder, and
//! goes when the last reader has been away for a while.

mod board;
mod conversion;
mod intake;
mod reader;
mod run;

use adit_domain::group::Direction;
use adit_domain::{JobId, Right};
use adit_store::repositories::NodeRecord;

pub(crate) use board::Conversions;
pub use reader::{File, FilesReader};

use super::retrieval::Wish;
use crate::clock::random;
use crate::{Actor, Engine, Refusal, now};

/// What is to be fetched and converted, and for whom.
struct Ask {
    actor: Actor,
    source: NodeRecord,
    wish: Wish,
}

impl Engine {
    /// Lets images of the server of an AE title be converted to NIfTI, or joins a conversion of the same for the same person that is under
    /// way or has just ended.
    ///
    /// # Errors
    /// The actor may not, not in this form, or there is no such server. What the server and the converter say comes with the reader.
    pub async fn nifti(&self, actor: &Actor, ae_title: &str, wish: Wish) -> Result<FilesReader, Refusal> {
        let source = self.gateway_to(actor, Right::Retrieve, ae_title, Direction::Source).await?;
        let (key, options) = self.key_of(actor, &source, &wish).await?;
        self.permit_reading(actor, &options).await?;
        let (reader, is_new) = self.0.conversions.join(&key, JobId::new(now(), random()));
        if is_new {
            let (engine, conversion) = (self.clone(), reader.conversion());
            let ask = Ask { actor: actor.clone(), source, wish };
            tokio::spawn(async move { engine.convert_for_readers(key, ask, conversion).await });
        }
        Ok(reader)
    }
}
