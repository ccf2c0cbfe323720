//! ADIT as a DICOMweb server in front of every server it knows: use cases without HTTP.
//!
//! `download` gives one person a study as a file, `query` answers searches, `retrieval` fetches once for however many ask, `nifti` converts what it brings. What goes over the wire is `adit-dicomweb`'s.

mod download;
mod held;
mod idle;
pub mod nifti;
pub mod pixels;
pub mod query;
pub mod retrieval;
pub mod store;

pub(crate) use held::HeldStaging;

use adit_domain::group::Direction;
use adit_domain::{AeTitle, NodeId, Right};
use adit_store::repositories::NodeRecord;

use crate::{Actor, Engine, Refusal};

impl Engine {
    /// The server of this AE title, if the actor holds the right and the active group may use the server in this way. One that the group
    /// does not reach answers as absent.
    pub(crate) async fn gateway_to(
        &self,
        actor: &Actor,
        right: Right,
        ae_title: &str,
        direction: Direction,
    ) -> Result<NodeRecord, Refusal> {
        actor.demand(right)?;
        actor.acting_group()?;
        let title = AeTitle::parse(ae_title).map_err(|_| absent())?;
        let record = self.0.nodes.by_ae_title(&title).await?.ok_or_else(absent)?;
        self.permit(actor, &record.node.id, direction).await.map_err(|refusal| match refusal.is_foreign {
            true => Refusal { is_foreign: true, ..absent() },
            false => refusal,
        })?;
        if !record.node.config.enabled {
            let name = &record.node.config.name;
            return Err(Refusal::unavailable(format!("{name} is disabled. Try again when it is enabled.")));
        }
        Ok(record)
    }

    /// Id and name of the server with this AE title, for the record; none: there is none, or it cannot be read now.
    pub async fn server_by_title(&self, ae_title: &str) -> Option<(NodeId, String)> {
        let title = AeTitle::parse(ae_title).ok()?;
        let record = self.0.nodes.by_ae_title(&title).await.ok().flatten()?;
        Some((record.node.id, record.node.config.name))
    }
}

fn absent() -> Refusal {
    Refusal::absent(
        "There is no server with this AE title, or your group may not use it. The servers that it may use stand under Servers on the page.",
    )
}
