//! A modality that sends by itself.

use std::net::SocketAddr;

use adit_deid::part10::parse_head;
use adit_dimse::{Association, DimseError, Proposal, Status, StoreRequest};
use tokio_util::sync::CancellationToken;

use crate::rig::peer;

/// Sends objects (whole files) over one association as `calling`; answers with a status each.
pub async fn send(addr: SocketAddr, calling: &str, objects: &[Vec<u8>]) -> Result<Vec<Status>, DimseError> {
    let never = CancellationToken::new();
    let heads: Vec<_> = objects.iter().map(|bytes| parse_head(bytes).expect("a DICOM file")).collect();
    let mut kinds: Vec<(String, String)> =
        heads.iter().map(|head| (head.sop_class_uid.clone(), head.transfer_syntax_uid.clone())).collect();
    kinds.sort();
    kinds.dedup();
    let mut association =
        Association::connect(&peer("ADIT", addr, calling), &Proposal::new().store(&kinds), &never).await?;
    let mut answers = Vec::new();
    for (bytes, head) in objects.iter().zip(heads) {
        let request = StoreRequest {
            sop_class_uid: head.sop_class_uid,
            sop_instance_uid: head.sop_instance_uid,
            transfer_syntax_uid: head.transfer_syntax_uid,
            move_originator: None,
        };
        let offset = usize::try_from(head.data_set_offset).expect("a small file");
        answers.push(association.store_bytes(&request, &bytes[offset..], &never).await?.status);
    }
    association.release().await;
    Ok(answers)
}
