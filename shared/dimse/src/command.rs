//! Command sets (PS3.7 6.3.1, Annex E): implicit little endian, group 0000 only, flat, bounded.

use crate::error::{DimseError, protocol};

/// Longest command set that is accepted, in bytes. Real ones have a few hundred.
pub const MAX_COMMAND: usize = 64 * 1024;
/// (0000,0800): no data set follows.
const NO_DATA_SET: u16 = 0x0101;
/// (0000,0800): a data set follows.
const DATA_SET: u16 = 0x0001;

/// Command Field (0000,0100).
pub mod field {
    pub const C_STORE_RQ: u16 = 0x0001;
    pub const C_GET_RQ: u16 = 0x0010;
    pub const C_FIND_RQ: u16 = 0x0020;
    pub const C_MOVE_RQ: u16 = 0x0021;
    pub const C_ECHO_RQ: u16 = 0x0030;
    pub const C_CANCEL_RQ: u16 = 0x0FFF;
    pub const RESPONSE: u16 = 0x8000;
}

/// A command set with the elements that DIMSE-C uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Affected or Requested SOP Class UID.
    pub sop_class_uid: String,
    /// Command Field.
    pub field: u16,
    /// Message ID of a request.
    pub message_id: u16,
    /// Message ID Being Responded To.
    pub responds_to: u16,
    /// Move Destination.
    pub move_destination: String,
    /// Whether a data set follows.
    pub has_data_set: bool,
    /// Status of a response.
    pub status: Option<u16>,
    /// Error Comment.
    pub error_comment: String,
    /// Affected SOP Instance UID.
    pub sop_instance_uid: String,
    /// Move Originator AE title and message id.
    pub move_originator: Option<(String, u16)>,
    /// Sub-operations: remaining, completed, failed, warning.
    pub sub_operations: [Option<u16>; 4],
}

impl Command {
    /// A request.
    #[must_use]
    pub fn request(field: u16, message_id: u16, sop_class_uid: &str) -> Self {
        Self { field, message_id, sop_class_uid: sop_class_uid.to_owned(), ..Self::default() }
    }

    /// The response to `request`.
    #[must_use]
    pub fn response(request: &Self, status: u16) -> Self {
        Self {
            field: request.field | field::RESPONSE,
            responds_to: request.message_id,
            sop_class_uid: request.sop_class_uid.clone(),
            sop_instance_uid: request.sop_instance_uid.clone(),
            status: Some(status),
            ..Self::default()
        }
    }

    /// Encodes the command set with its group length.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        let is_request = self.field & field::RESPONSE == 0;
        text(&mut body, 0x0002, &self.sop_class_uid, 0);
        number(&mut body, 0x0100, self.field);
        if is_request && self.field != field::C_CANCEL_RQ {
            number(&mut body, 0x0110, self.message_id);
        } else {
            number(&mut body, 0x0120, self.responds_to);
        }
        text(&mut body, 0x0600, &self.move_destination, b' ');
        if is_request && !matches!(self.field, field::C_ECHO_RQ | field::C_CANCEL_RQ) {
            number(&mut body, 0x0700, 0);
        }
        number(&mut body, 0x0800, if self.has_data_set { DATA_SET } else { NO_DATA_SET });
        if let Some(status) = self.status {
            number(&mut body, 0x0900, status);
        }
        text(&mut body, 0x0902, &self.error_comment, b' ');
        text(&mut body, 0x1000, &self.sop_instance_uid, 0);
        for (element, count) in (0x1020..).zip(self.sub_operations) {
            if let Some(count) = count {
                number(&mut body, element, count);
            }
        }
        if let Some((ae_title, message_id)) = &self.move_originator {
            text(&mut body, 0x1030, ae_title, b' ');
            number(&mut body, 0x1031, *message_id);
        }
        let mut all = Vec::with_capacity(body.len() + 12);
        all.extend_from_slice(&[0, 0, 0, 0, 4, 0, 0, 0]);
        all.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        all.extend_from_slice(&body);
        all
    }

    /// Decodes a command set; unknown elements and foreign groups are passed over, anything malformed is an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, DimseError> {
        let mut command = Self::default();
        let mut originator = (String::new(), None);
        let mut rest = bytes;
        while !rest.is_empty() {
            let Element { group, element, value, after } = element(rest)?;
            rest = after;
            // Orthanc ends a C-GET with its list of failed instances as a part of the command set.
            if group != 0 {
                continue;
            }
            match element {
                0x0002 | 0x0003 => command.sop_class_uid = as_text(value),
                0x0100 => command.field = as_number(value)?,
                0x0110 => command.message_id = as_number(value)?,
                0x0120 => command.responds_to = as_number(value)?,
                0x0600 => command.move_destination = as_text(value),
                0x0800 => command.has_data_set = as_number(value)? != NO_DATA_SET,
                0x0900 => command.status = Some(as_number(value)?),
                0x0902 => command.error_comment = as_text(value),
                0x1000 | 0x1001 => command.sop_instance_uid = as_text(value),
                0x1020..=0x1023 => command.sub_operations[usize::from(element - 0x1020)] = Some(as_number(value)?),
                0x1030 => originator.0 = as_text(value),
                0x1031 => originator.1 = Some(as_number(value)?),
                _ => {}
            }
        }
        if command.field == 0 {
            return Err(protocol("a command set without a command field"));
        }
        command.move_originator = originator.1.map(|message_id| (originator.0, message_id));
        Ok(command)
    }
}

struct Element<'a> {
    group: u16,
    element: u16,
    value: &'a [u8],
    after: &'a [u8],
}

fn element(bytes: &[u8]) -> Result<Element<'_>, DimseError> {
    let (head, rest) =
        bytes.split_first_chunk::<8>().ok_or_else(|| protocol("a command set that ends in the middle"))?;
    let length = usize::try_from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])).unwrap_or(usize::MAX);
    let (value, after) =
        rest.split_at_checked(length).ok_or_else(|| protocol("a command set with an element of a wrong length"))?;
    let [group, element] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_le_bytes);
    Ok(Element { group, element, value, after })
}

fn as_number(value: &[u8]) -> Result<u16, DimseError> {
    value
        .first_chunk()
        .map(|bytes| u16::from_le_bytes(*bytes))
        .ok_or_else(|| protocol("a number without bytes in a command set"))
}

fn as_text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim_matches(|c: char| c == '\0' || c == ' ').to_owned()
}

fn number(out: &mut Vec<u8>, element: u16, value: u16) {
    let [e0, e1] = element.to_le_bytes();
    let [v0, v1] = value.to_le_bytes();
    out.extend_from_slice(&[0, 0, e0, e1, 2, 0, 0, 0, v0, v1]);
}

fn text(out: &mut Vec<u8>, element: u16, value: &str, padding: u8) {
    if value.is_empty() {
        return;
    }
    let [e0, e1] = element.to_le_bytes();
    let length = u32::try_from(value.len().next_multiple_of(2)).unwrap_or(0);
    out.extend_from_slice(&[0, 0, e0, e1]);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value.as_bytes());
    if value.len() % 2 == 1 {
        out.push(padding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_foreign_group_is_passed_over() {
        let answer = Command::response(&Command::request(field::C_GET_RQ, 3, "1.2.840.10008.5.1.4.1.2.2.3"), 0xB000);
        let mut bytes = answer.encode();
        // (0008,0000) group length and (0008,0058) Failed SOP Instance UID List.
        bytes.extend([8, 0, 0, 0, 4, 0, 0, 0, 14, 0, 0, 0, 8, 0, 0x58, 0, 6, 0, 0, 0]);
        bytes.extend(b"1.2.3\0");
        assert_eq!(Command::decode(&bytes).unwrap(), answer);
        bytes.pop();
        assert!(Command::decode(&bytes).is_err(), "an element that is cut off");
    }

    #[test]
    fn commands_round_trip() {
        let mut command = Command::request(field::C_STORE_RQ, 7, "1.2.840.10008.5.1.4.1.1.2");
        command.sop_instance_uid = "1.2.3".into();
        command.has_data_set = true;
        command.move_originator = Some(("ADIT".into(), 9));
        assert_eq!(Command::decode(&command.encode()).unwrap(), command);
        let mut answer = Command::response(&command, 0xB000);
        answer.sub_operations = [Some(1), Some(2), Some(3), Some(4)];
        assert_eq!(Command::decode(&answer.encode()).unwrap(), answer);
        assert_eq!(answer.encode().len() % 2, 0);
    }

    #[test]
    fn malformed_commands_are_refused() {
        for bytes in [&[0_u8; 3][..], &[0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF], &[8, 0, 5, 0, 0, 0, 0, 0], &[]] {
            assert!(Command::decode(bytes).is_err());
        }
    }
}
