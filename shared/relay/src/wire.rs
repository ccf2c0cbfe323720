//! What crosses between bridges: paths, headers, the head of an instance, the status at the end. Bridges of two versions meet during an
//! update: a head of another version is refused in a way that lets the sender try again.

use std::net::SocketAddr;
use std::time::Duration;

use adit_dimse::{InstanceHead, Status};
use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};

/// POST: takes an instance; its head is in [`INSTANCE`], its data set is the body.
pub(crate) const TAKE: &str = "/relay/instance";
/// POST: whether somebody waits for the SOP Instance UID in [`INSTANCE`].
pub(crate) const WANTED: &str = "/relay/wanted";
/// Header: what it is about. Not in the address, which others may log.
pub(crate) const INSTANCE: &str = "x-adit-instance";
/// Header of an answer: the status with which the instance is refused.
pub(crate) const STATUS: &str = "x-adit-status";

/// How often the side that takes an instance shows that it lives.
pub(crate) const BEAT: Duration = Duration::from_secs(5);
/// After this time without a sign of life it is dead.
pub(crate) const SILENCE: Duration = Duration::from_secs(20);

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    v: u32,
    sop_class_uid: String,
    sop_instance_uid: String,
    transfer_syntax_uid: String,
    calling_ae_title: String,
    peer_addr: Option<SocketAddr>,
    move_originator: Option<(String, u16)>,
    message_id: u16,
}

/// A head as the value of [`INSTANCE`]; none: it holds characters that no header may hold.
pub(crate) fn write_head(head: &InstanceHead) -> Option<HeaderValue> {
    let head = head.clone();
    let head = Head {
        v: VERSION,
        sop_class_uid: head.sop_class_uid,
        sop_instance_uid: head.sop_instance_uid,
        transfer_syntax_uid: head.transfer_syntax_uid,
        calling_ae_title: head.calling_ae_title,
        peer_addr: head.peer_addr,
        move_originator: head.move_originator,
        message_id: head.message_id,
    };
    HeaderValue::from_bytes(&serde_json::to_vec(&head).ok()?).ok()
}

/// Reads [`INSTANCE`]; none: it is not of this version.
pub(crate) fn read_head(value: &HeaderValue) -> Option<InstanceHead> {
    let head: Head = serde_json::from_slice(value.as_bytes()).ok()?;
    (head.v == VERSION).then_some(InstanceHead {
        sop_class_uid: head.sop_class_uid,
        sop_instance_uid: head.sop_instance_uid,
        transfer_syntax_uid: head.transfer_syntax_uid,
        calling_ae_title: head.calling_ae_title,
        peer_addr: head.peer_addr,
        move_originator: head.move_originator,
        message_id: head.message_id,
    })
}

/// A status as text.
pub(crate) fn write_status(status: Status) -> String {
    status.to_string()
}

/// Reads a status; none: these are not four hex digits.
pub(crate) fn read_status(text: &[u8]) -> Option<Status> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() == 4 && !text.starts_with('+'))?;
    u16::from_str_radix(text, 16).ok().map(Status)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = r#"{"v":1,"sop_class_uid":"1.2","sop_instance_uid":"1.3","transfer_syntax_uid":"1.4","calling_ae_title":"PACS","peer_addr":"10.0.0.1:104","move_originator":["ADIT",7],"message_id":9}"#;

    #[test]
    fn the_head_is_fixed_both_ways() {
        let head = read_head(&HeaderValue::from_static(GOLDEN)).unwrap();
        assert_eq!(head.move_originator, Some(("ADIT".into(), 7)));
        assert_eq!(write_head(&head).unwrap(), GOLDEN);
        let other = HeaderValue::from_str(&GOLDEN.replace("\"v\":1", "\"v\":2")).unwrap();
        assert_eq!(read_head(&other), None);
        let odd = InstanceHead { calling_ae_title: "PÄCS\n\u{1}".into(), ..head };
        assert_eq!(read_head(&write_head(&odd).unwrap()), Some(odd));
    }

    #[test]
    fn a_status_is_four_hex_digits_and_nothing_else() {
        assert_eq!(read_status(write_status(Status::OUT_OF_RESOURCES).as_bytes()), Some(Status(0xA700)));
        for text in ["", "000", "00000", "+000", "zzzz", " 000"] {
            assert_eq!(read_status(text.as_bytes()), None, "{text:?}");
        }
    }
}
