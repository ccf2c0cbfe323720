//! Marker segments of JPEG 2000 code streams (ITU-T T.800 Annex A) and boxes around them (Annex I) that may hold text.

/// Walks over boxes and markers.
#[derive(Debug, Clone, Default)]
pub(super) struct Jpeg2000 {
    state: State,
    /// Something made no sense.
    pub(super) lost: bool,
    /// The bytes of the header at hand.
    head: [u8; 16],
    /// Bytes left of the tile-part, when it says so.
    part: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Before a code stream or the first box.
    #[default]
    Start,
    /// Reading the header of a box; `first` is the signature.
    Box {
        have: usize,
        first: bool,
    },
    /// In the contents of a box; without a length they go on to the end.
    Contents {
        left: Option<u64>,
        kept: bool,
    },
    /// Expecting the start of a code stream, with the second byte to come.
    StreamStart,
    StreamCode,
    Marker,
    Code,
    Length {
        code: u8,
        have: usize,
    },
    Segment {
        code: u8,
        left: u16,
        at: u16,
    },
    /// Compressed data of known length.
    Data {
        left: u64,
    },
    /// Compressed data up to the end of the code stream; true behind 0xFF.
    Open {
        marked: bool,
    },
    Ended,
    Lost,
}

const COMMENT: u8 = 0x64;
const START_OF_TILE_PART: u8 = 0x90;
const START_OF_DATA: u8 = 0x93;
const END_OF_STREAM: u8 = 0xD9;
const START_OF_STREAM: u8 = 0x4F;

impl Jpeg2000 {
    pub(super) fn begin_fragment(&mut self) {
        if matches!(self.state, State::Ended | State::Lost) {
            *self = Self { lost: self.lost, ..Self::default() };
        }
    }

    pub(super) fn apply(&mut self, chunk: &mut [u8]) {
        let mut at = 0;
        while at < chunk.len() {
            let rest = &mut chunk[at..];
            let (next, taken) = match self.state {
                State::Ended => {
                    rest.fill(0);
                    return;
                }
                State::Lost => break,
                State::Contents { left, kept } => contents(left, kept, rest),
                State::Segment { code, left, at } => self.segment(code, left, at, rest),
                State::Data { left } => data(left, rest),
                State::Open { marked } => open(marked, rest),
                other => (self.header(other, rest[0]), 1),
            };
            if !matches!(self.state, State::Data { .. } | State::Open { .. }) {
                self.count(taken);
            }
            self.state = next;
            at += taken;
        }
        self.lost |= matches!(self.state, State::Lost);
    }

    /// Counts bytes of the header of a tile-part.
    fn count(&mut self, taken: usize) {
        if let Some(part) = &mut self.part {
            *part = part.saturating_sub(taken as u64);
        }
    }

    fn header(&mut self, state: State, byte: u8) -> State {
        match (state, byte) {
            (State::Start, 0x00) => {
                self.head[0] = 0;
                State::Box { have: 1, first: true }
            }
            (State::Start | State::StreamStart, 0xFF) => State::StreamCode,
            (State::StreamCode, START_OF_STREAM) | (State::Code, 0x30..=0x3F) => State::Marker,
            (State::Box { have, first }, byte) => self.box_header(have, first, byte),
            (State::Marker, 0xFF) => State::Code,
            (State::Code, END_OF_STREAM) => State::Ended,
            (State::Code, START_OF_DATA) => match self.part.take() {
                // This byte is still counted as one of the tile-part.
                Some(0) => State::Lost,
                Some(1) => State::Marker,
                Some(left) => State::Data { left: left - 1 },
                None => State::Open { marked: false },
            },
            (State::Code, code @ 0x50..=0x9F) => State::Length { code, have: 0 },
            (State::Length { code, have: 0 }, high) => {
                self.head[0] = high;
                State::Length { code, have: 1 }
            }
            (State::Length { code, .. }, low) => match u16::from_be_bytes([self.head[0], low]) {
                0 | 1 => State::Lost,
                2 => State::Marker,
                length => State::Segment { code, left: length - 2, at: 0 },
            },
            _ => State::Lost,
        }
    }

    /// LBox, TBox and XLBox (T.800 I.4).
    fn box_header(&mut self, have: usize, first: bool, byte: u8) -> State {
        self.head[have] = byte;
        let have = have + 1;
        let head = self.head;
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        if have < if short == 1 && have >= 4 { 16 } else { 8 } {
            return State::Box { have, first };
        }
        let kind = [head[4], head[5], head[6], head[7]];
        let long = u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]]);
        let length = if short == 1 { long } else { u64::from(short) };
        let left = if short == 0 { None } else { length.checked_sub(have as u64) };
        match (&kind, left) {
            _ if first && &kind != b"jP  " => State::Lost,
            (_, None) if short != 0 => State::Lost,
            (b"jp2c", _) => State::StreamStart,
            (_, Some(0)) => State::Box { have: 0, first: false },
            (b"jP  " | b"ftyp" | b"jp2h" | b"rreq", left) => State::Contents { left, kept: true },
            (_, left) => State::Contents { left, kept: false },
        }
    }

    fn segment(&mut self, code: u8, left: u16, at: u16, rest: &mut [u8]) -> (State, usize) {
        let taken = usize::from(left).min(rest.len());
        for (byte, at) in rest[..taken].iter_mut().zip(usize::from(at)..) {
            match code {
                // The registration (binary or Latin) stays.
                COMMENT if at >= 2 => *byte = b' ',
                START_OF_TILE_PART if at < 8 => self.head[at] = *byte,
                _ => {}
            }
        }
        let length = u16::try_from(taken).unwrap_or(u16::MAX);
        let left = left.saturating_sub(length);
        if left > 0 {
            return (State::Segment { code, left, at: at.saturating_add(length) }, taken);
        }
        if code == START_OF_TILE_PART {
            if at.saturating_add(length) != 8 {
                return (State::Lost, taken);
            }
            let total = u32::from_be_bytes([self.head[2], self.head[3], self.head[4], self.head[5]]);
            // The length counts from the marker on: 4 bytes before this segment, and these bytes that are counted behind.
            self.part = (total != 0).then(|| u64::from(total).saturating_sub(12) + taken as u64);
        }
        (State::Marker, taken)
    }
}

fn contents(left: Option<u64>, kept: bool, rest: &mut [u8]) -> (State, usize) {
    let taken = left.map_or(rest.len(), |left| usize::try_from(left).unwrap_or(usize::MAX).min(rest.len()));
    if !kept {
        rest[..taken].fill(0);
    }
    let left = left.map(|left| left - taken as u64);
    let next = if left == Some(0) { State::Box { have: 0, first: false } } else { State::Contents { left, kept } };
    (next, taken)
}

fn data(left: u64, rest: &[u8]) -> (State, usize) {
    let taken = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
    let left = left - taken as u64;
    (if left == 0 { State::Marker } else { State::Data { left } }, taken)
}

/// No two bytes of compressed data are above 0xFF8F (T.800 B.10.1), so that the end is found.
fn open(marked: bool, rest: &[u8]) -> (State, usize) {
    if marked {
        let next = match rest[0] {
            END_OF_STREAM => State::Ended,
            byte => State::Open { marked: byte == 0xFF },
        };
        return (next, 1);
    }
    match rest.iter().position(|byte| *byte == 0xFF) {
        Some(at) => (State::Open { marked: true }, at + 1),
        None => (State::Open { marked: false }, rest.len()),
    }
}
