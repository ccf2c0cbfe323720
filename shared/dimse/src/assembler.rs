//! From bytes to messages: PDU header, PDV header, PDV body (PS3.8 9.3.5, Annex E), as a state machine without I/O.
//!
//! Data bytes are given out as they come, still partial; command fragments are collected up to a limit. Any way of cutting the
//! input gives the same messages.

use bytes::{Buf, Bytes, BytesMut};

use crate::command::{Command, MAX_COMMAND};
use crate::error::{DimseError, protocol};

/// What the bytes said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole command set.
    Command {
        /// Presentation context id.
        context: u8,
        /// The command.
        command: Box<Command>,
    },
    /// A piece of a data set, possibly empty.
    Data {
        /// Presentation context id.
        context: u8,
        /// The bytes.
        bytes: Bytes,
        /// The data set ends here.
        last: bool,
    },
    /// A-RELEASE-RQ.
    ReleaseRequest,
    /// A-RELEASE-RP.
    ReleaseReply,
    /// A-ABORT.
    Abort,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Pdu,
    /// Within a P-DATA PDU with this many bytes left.
    Pdv {
        pdu_left: u32,
    },
    /// Within a PDV.
    Body {
        pdu_left: u32,
        left: u32,
        context: u8,
        control: u8,
    },
    /// Within a PDU without use for us; its type is kept for the end.
    Skip {
        left: u32,
        kind: u8,
    },
}

/// The state machine.
#[derive(Debug)]
pub struct Assembler {
    state: State,
    max_pdu: u32,
    command: Vec<u8>,
    command_context: Option<u8>,
}

impl Assembler {
    /// Accepts P-DATA PDUs of up to `max_pdu` bytes (without the PDU header).
    #[must_use]
    pub fn new(max_pdu: u32) -> Self {
        Self { state: State::Pdu, max_pdu, command: Vec::new(), command_context: None }
    }

    /// Whether the bytes so far end with a whole message part (a connection may only end here in an orderly way).
    #[must_use]
    pub fn is_between_pdus(&self) -> bool {
        matches!(self.state, State::Pdu)
    }

    /// Takes what it can from `input`; `None`: more bytes are needed.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Event>, DimseError> {
        loop {
            match self.state {
                State::Pdu => {
                    let Some(head) = input.first_chunk::<6>() else { return Ok(None) };
                    let (kind, length) = (head[0], u32::from_be_bytes([head[2], head[3], head[4], head[5]]));
                    self.state = self.begin_pdu(kind, length)?;
                    input.advance(6);
                }
                State::Pdv { pdu_left: 0 } => self.state = State::Pdu,
                State::Pdv { pdu_left } => {
                    let Some(head) = input.first_chunk::<6>() else { return Ok(None) };
                    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
                    if length < 2 || pdu_left < 6 || length - 2 > pdu_left - 6 {
                        return Err(protocol("a PDV that does not fit its PDU"));
                    }
                    self.state = State::Body {
                        pdu_left: pdu_left - 4 - length,
                        left: length - 2,
                        context: head[4],
                        control: head[5],
                    };
                    input.advance(6);
                }
                State::Body { pdu_left, left, context, control } => {
                    let take = left.min(u32::try_from(input.len()).unwrap_or(u32::MAX));
                    if take == 0 && left > 0 {
                        return Ok(None);
                    }
                    let bytes = input.split_to(take as usize);
                    let left = left - take;
                    self.state = if left == 0 {
                        State::Pdv { pdu_left }
                    } else {
                        State::Body { pdu_left, left, context, control }
                    };
                    let last = left == 0 && control & 2 != 0;
                    if control & 1 == 0 {
                        return Ok(Some(Event::Data { context, bytes: bytes.freeze(), last }));
                    }
                    if let Some(command) = self.collect(context, &bytes, last)? {
                        return Ok(Some(Event::Command { context, command: Box::new(command) }));
                    }
                }
                State::Skip { left, kind } => {
                    let take = (left as usize).min(input.len());
                    input.advance(take);
                    let left = left - u32::try_from(take).unwrap_or(0);
                    if left > 0 {
                        self.state = State::Skip { left, kind };
                        return Ok(None);
                    }
                    self.state = State::Pdu;
                    return Ok(Some(match kind {
                        0x05 => Event::ReleaseRequest,
                        0x06 => Event::ReleaseReply,
                        _ => Event::Abort,
                    }));
                }
            }
        }
    }

    fn begin_pdu(&self, kind: u8, length: u32) -> Result<State, DimseError> {
        match kind {
            0x04 if length > self.max_pdu => {
                Err(protocol(format!("a PDU of {length} bytes, {} are allowed", self.max_pdu)))
            }
            0x04 => Ok(State::Pdv { pdu_left: length }),
            0x05..=0x07 if length <= 64 => Ok(State::Skip { left: length, kind }),
            0x05..=0x07 => Err(protocol("a release or abort PDU of impossible length")),
            _ => Err(protocol(format!("an unexpected PDU of type {kind:02X}"))),
        }
    }

    fn collect(&mut self, context: u8, bytes: &[u8], last: bool) -> Result<Option<Command>, DimseError> {
        if self.command_context.is_some_and(|begun| begun != context) {
            return Err(protocol("a command set on two presentation contexts"));
        }
        if self.command.len() + bytes.len() > MAX_COMMAND {
            return Err(protocol("a command set of more than 64 KiB"));
        }
        self.command_context = Some(context);
        self.command.extend_from_slice(bytes);
        if !last {
            return Ok(None);
        }
        self.command_context = None;
        let command = Command::decode(&self.command);
        self.command.clear();
        command.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::field;

    /// A P-DATA PDU of the given PDVs: context, control byte, bytes.
    fn pdu(pdvs: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (context, control, bytes) in pdvs {
            body.extend_from_slice(&u32::try_from(bytes.len() + 2).unwrap().to_be_bytes());
            body.extend_from_slice(&[*context, *control]);
            body.extend_from_slice(bytes);
        }
        let mut all = vec![4, 0];
        all.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        all.extend_from_slice(&body);
        all
    }

    /// Events with neighbouring data pieces joined, so that different cuts can be compared.
    fn joined(chunks: &[&[u8]]) -> Vec<Event> {
        let mut assembler = Assembler::new(1 << 20);
        let mut input = BytesMut::new();
        let mut events: Vec<Event> = Vec::new();
        for chunk in chunks {
            input.extend_from_slice(chunk);
            while let Some(event) = assembler.next(&mut input).unwrap() {
                match (events.last_mut(), event) {
                    (Some(Event::Data { bytes: old, last: end, .. }), Event::Data { bytes, last, .. }) if !*end => {
                        *old = [&old[..], &bytes[..]].concat().into();
                        *end = last;
                    }
                    (_, event) => events.push(event),
                }
            }
        }
        assert!(assembler.is_between_pdus());
        events
    }

    fn sample() -> Vec<u8> {
        let mut command = Command::request(field::C_STORE_RQ, 1, "1.2");
        command.has_data_set = true;
        let command = command.encode();
        let (first, second) = command.split_at(11);
        let mut bytes = pdu(&[(1, 1, first)]);
        // The end of a fragmented command and the beginning of the data set in one PDU.
        bytes.extend(pdu(&[(1, 3, second), (1, 0, &[7; 100])]));
        bytes.extend(pdu(&[(1, 2, &[8; 33])]));
        bytes.extend(pdu(&[]));
        bytes.extend([5, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        bytes
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same_messages(cuts in proptest::collection::vec(0_usize..400, 0..20)) {
            let bytes = sample();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(joined(&chunks), joined(&[&bytes]));
        }
    }

    #[test]
    fn a_message_is_command_data_release() {
        let events = joined(&[&sample()]);
        assert_eq!(events.len(), 3);
        assert!(matches!(&events[1], Event::Data { bytes, last: true, .. } if bytes.len() == 133));
        assert_eq!(events[2], Event::ReleaseRequest);
    }

    #[test]
    fn impossible_lengths_are_refused_at_once() {
        for bytes in [
            vec![4, 0, 0xFF, 0xFF, 0xFF, 0xFF],
            vec![4, 0, 0, 0, 0, 8, 0, 0, 0, 9, 1, 2],
            vec![4, 0, 0, 0, 0, 6, 0, 0, 0, 1, 1, 2],
            vec![1, 0, 0, 0, 0, 4],
        ] {
            let mut input = BytesMut::from(&bytes[..]);
            assert!(Assembler::new(1 << 20).next(&mut input).is_err());
        }
    }

    #[test]
    fn an_endless_command_is_refused() {
        let mut assembler = Assembler::new(1 << 20);
        let mut input = BytesMut::from(&pdu(&[(1, 1, &vec![0; 60_000])])[..]);
        input.extend_from_slice(&pdu(&[(1, 1, &vec![0; 60_000])]));
        assert!(assembler.next(&mut input).is_err());
    }
}
