//! Segments of JPEG (ITU-T T.81 Annex B) and JPEG-LS (T.87 Annex C) that may hold text.

/// Walks over markers, byte by byte where it matters.
#[derive(Debug, Clone, Default)]
pub(super) struct Jpeg {
    state: State,
    /// An image has ended: the next fragment is another image, or filling.
    between: bool,
    /// Something made no sense.
    pub(super) lost: bool,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Before the start of an image; true behind its first byte.
    #[default]
    Start,
    StartCode,
    Marker,
    Code,
    LengthHigh(u8),
    LengthLow(u8, u8),
    Segment(Segment),
    Entropy,
    EntropyCode,
    Ended,
    Lost,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    code: u8,
    left: u16,
    at: u16,
    /// What was read of the segment is what may stay.
    known: bool,
}

const COMMENT: u8 = 0xFE;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;
const START_OF_IMAGE: u8 = 0xD8;

impl Jpeg {
    pub(super) fn begin_fragment(&mut self) {
        self.between = matches!(self.state, State::Ended);
        if matches!(self.state, State::Ended | State::Lost) {
            self.state = State::Start;
        }
    }

    pub(super) fn apply(&mut self, chunk: &mut [u8]) {
        let mut at = 0;
        while let Some(byte) = chunk.get(at).copied() {
            if matches!(self.state, State::Start) && self.between && byte != 0xFF {
                self.state = State::Ended;
            }
            self.state = match self.state {
                State::Ended => {
                    chunk[at..].fill(0);
                    return;
                }
                State::Lost => {
                    self.lost = true;
                    return;
                }
                State::Entropy => match chunk[at..].iter().position(|byte| *byte == 0xFF) {
                    None => return,
                    Some(skipped) => {
                        at += skipped;
                        State::EntropyCode
                    }
                },
                State::Segment(segment) => {
                    let length = usize::from(segment.left).min(chunk.len() - at);
                    let next = segment.pass(&mut chunk[at..at + length]);
                    at += length - 1;
                    next
                }
                other => other.header(byte),
            };
            at += 1;
        }
        self.lost |= matches!(self.state, State::Lost);
    }
}

impl State {
    /// One byte outside of segments and entropy-coded data.
    fn header(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Start, 0xFF) => Self::StartCode,
            (Self::StartCode, START_OF_IMAGE) => Self::Marker,
            (Self::Marker, 0xFF) => Self::Code,
            (Self::Code, byte) => Self::behind_code(byte),
            (Self::LengthHigh(code), high) => Self::LengthLow(code, high),
            (Self::LengthLow(code, high), low) => match u16::from_be_bytes([high, low]) {
                0 | 1 => Self::Lost,
                2 => Self::behind_segment(code),
                length => Self::Segment(Segment { code, left: length - 2, at: 0, known: true }),
            },
            // Stuffed bytes (JPEG: zero, JPEG-LS: a zero bit) and restarts.
            (Self::EntropyCode, 0x00..0x80 | 0xD0..=0xD7) => Self::Entropy,
            // The image before had no end.
            (Self::EntropyCode, START_OF_IMAGE) => Self::Marker,
            (Self::EntropyCode, 0xFF) => Self::EntropyCode,
            (Self::EntropyCode, byte) => Self::behind_code(byte),
            _ => Self::Lost,
        }
    }

    fn behind_code(code: u8) -> Self {
        match code {
            0xFF => Self::Code,
            END_OF_IMAGE => Self::Ended,
            0x01 | 0xD0..=0xD7 => Self::Marker,
            0x00 | START_OF_IMAGE => Self::Lost,
            code => Self::LengthHigh(code),
        }
    }

    fn behind_segment(code: u8) -> Self {
        if code == START_OF_SCAN { Self::Entropy } else { Self::Marker }
    }
}

impl Segment {
    /// Passes bytes of the segment, at most those that are left.
    fn pass(mut self, bytes: &mut [u8]) -> State {
        if self.code == COMMENT {
            bytes.fill(b' ');
        } else if (0xE0..=0xEF).contains(&self.code) {
            for (byte, at) in bytes.iter_mut().zip(self.at..) {
                self.application(byte, at);
            }
        }
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.at = self.at.saturating_add(length);
        self.left = self.left.saturating_sub(length);
        if self.left == 0 { State::behind_segment(self.code) } else { State::Segment(self) }
    }

    /// Application segments lose everything but what a decoder needs: JFIF without its thumbnail, the color transforms of
    /// Adobe and of JPEG-LS.
    fn application(&mut self, byte: &mut u8, at: u16) {
        let (name, kept): (&[u8], u16) = match self.code {
            0xE0 => (b"JFIF\0", 14),
            0xE8 => (b"mrfx", 5),
            0xEE => (b"Adobe", 12),
            _ => (b"", 0),
        };
        if let Some(wanted) = name.get(usize::from(at)) {
            self.known &= byte == wanted;
        }
        if !self.known || at >= kept {
            *byte = 0;
        }
    }
}
