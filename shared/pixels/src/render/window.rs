//! Windows (PS3.3 C.11.2.1.2) and look-up tables (C.11.1.1, C.11.2.1.1, C.7.6.3.1.5).

/// How a window maps values to shades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Function {
    /// C.11.2.1.2.1
    #[default]
    Linear,
    /// C.11.2.1.3.2
    LinearExact,
    /// C.11.2.1.3.1
    Sigmoid,
}

impl Function {
    /// From the value of (0028,1056), or from a parameter: small letters and a dash mean the same.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_uppercase().replace('-', "_").as_str() {
            "" | "LINEAR" => Some(Self::Linear),
            "LINEAR_EXACT" => Some(Self::LinearExact),
            "SIGMOID" => Some(Self::Sigmoid),
            _ => None,
        }
    }
}

/// Center and width in values behind the modality transform, such as Hounsfield units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    center: f64,
    width: f64,
    function: Function,
}

impl Window {
    /// None: the width is too small for the function, or a number is none.
    #[must_use]
    pub fn new(center: f64, width: f64, function: Function) -> Option<Self> {
        let is_wide = match function {
            Function::Linear => width >= 1.0,
            Function::LinearExact | Function::Sigmoid => width > 0.0,
        };
        (is_wide && width.is_finite() && center.is_finite()).then_some(Self { center, width, function })
    }

    /// From the smallest value to the largest.
    #[must_use]
    pub(super) fn between(smallest: f64, largest: f64) -> Self {
        let width = largest - smallest;
        let width = if width > 0.0 && width.is_finite() { width } else { 1.0 };
        Self { center: smallest + width / 2.0, width, function: Function::LinearExact }
    }

    /// The shade of a value, 0.0 to 1.0.
    #[must_use]
    pub fn shade(&self, value: f64) -> f64 {
        let Self { center, width, function } = *self;
        let shade = match function {
            // A width of 1 is a threshold.
            Function::Linear if width <= 1.0 => f64::from(value > center - 0.5),
            Function::Linear => (value - (center - 0.5)) / (width - 1.0) + 0.5,
            Function::LinearExact => (value - center) / width + 0.5,
            Function::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - center) / width).exp()),
        };
        shade.clamp(0.0, 1.0)
    }
}

/// A look-up table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lut {
    first: i64,
    bits: u32,
    entries: Vec<u16>,
}

impl Lut {
    /// From a descriptor (number of entries, first value mapped, bits of an entry) and its data: words in little endian, or bytes if there
    /// are just as many bytes as entries. `signed`: the first value mapped is in two's complement. None: they do not fit.
    #[must_use]
    pub fn new(descriptor: [u16; 3], signed: bool, data: &[u8]) -> Option<Self> {
        let [count, first, bits] = descriptor;
        let count = if count == 0 { 1 << 16 } else { usize::from(count) };
        let first = if signed { i64::from(first.cast_signed()) } else { i64::from(first) };
        let entries: Vec<u16> = if data.len() == count.next_multiple_of(2) && count > 1 {
            data.iter().take(count).map(|byte| u16::from(*byte)).collect()
        } else {
            data.chunks_exact(2).take(count).map(|two| u16::from_le_bytes([two[0], two[1]])).collect()
        };
        let largest = entries.iter().max().copied()?;
        // Some writers name 16 bits and mean 8, or the other way round.
        let bits = match u32::from(bits) {
            9..=16 if largest < 256 && bits == 16 => 8,
            known @ 1..=16 if u32::from(largest) < 1 << known => known,
            _ => 16,
        };
        (entries.len() == count).then_some(Self { first, bits, entries })
    }

    /// The entry of a value; those outside have the first or the last one.
    pub(super) fn entry(&self, value: i64) -> u16 {
        let last = self.entries.len().saturating_sub(1);
        let place = usize::try_from(value.saturating_sub(self.first).max(0)).unwrap_or(last).min(last);
        self.entries.get(place).copied().unwrap_or(0)
    }

    /// The same, 0.0 to 1.0.
    pub(super) fn shade(&self, value: i64) -> f64 {
        f64::from(self.entry(value)) / f64::from((1_u32 << self.bits) - 1)
    }

    /// The same in 8 bits, the most significant ones.
    pub(super) fn byte(&self, value: i64) -> u8 {
        let entry = self.entry(value);
        let byte = if self.bits > 8 { entry >> (self.bits - 8) } else { entry << (8 - self.bits) };
        u8::try_from(byte).unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shades(center: f64, width: f64, function: Function, values: &[f64]) -> Vec<f64> {
        let window = Window::new(center, width, function).unwrap();
        values.iter().map(|value| (window.shade(*value) * 255.0 * 1000.0).round() / 1000.0).collect()
    }

    /// The examples of PS3.3 C.11.2.1.2.1: a window of 2048/4096 is the range 0 to 4095, one of 0/1 a threshold at -0.5.
    #[test]
    fn linear_windows() {
        assert_eq!(
            shades(2048.0, 4096.0, Function::Linear, &[-1.0, 0.0, 4095.0, 5000.0, 2047.5]),
            [0.0, 0.0, 255.0, 255.0, 127.5]
        );
        assert_eq!(shades(2048.0, 1.0, Function::Linear, &[2047.0, 2048.0]), [0.0, 255.0]);
        assert_eq!(shades(0.0, 100.0, Function::Linear, &[-50.0, 49.0, -0.5, 24.25]), [0.0, 255.0, 127.5, 191.25]);
        assert_eq!(shades(0.0, 1.0, Function::Linear, &[-1.0, 0.0]), [0.0, 255.0]);
    }

    #[test]
    fn exact_and_sigmoid_windows() {
        assert_eq!(
            shades(0.0, 100.0, Function::LinearExact, &[-50.0, 50.0, 0.0, 25.0, -51.0]),
            [0.0, 255.0, 127.5, 191.25, 0.0]
        );
        // 255 / (1 + e^-2) and its mirror.
        assert_eq!(shades(40.0, 400.0, Function::Sigmoid, &[40.0, 240.0, -160.0]), [127.5, 224.603, 30.397]);
    }

    #[test]
    fn windows_without_a_width_are_none() {
        assert_eq!(Window::new(0.0, 0.5, Function::Linear), None);
        assert_eq!(Window::new(0.0, 0.0, Function::LinearExact), None);
        assert_eq!(Window::new(f64::NAN, 1.0, Function::Sigmoid), None);
        assert!(Window::new(0.0, 0.5, Function::LinearExact).is_some());
        assert_eq!(Function::parse("linear-exact"), Some(Function::LinearExact));
        assert_eq!(Function::parse("cubic"), None);
    }

    #[test]
    fn tables_have_an_entry_for_every_value() {
        let words: Vec<u8> = [0_u16, 0x8000, 0xFFFF].iter().flat_map(|word| word.to_le_bytes()).collect();
        let lut = Lut::new([3, 0xFFFF, 16], true, &words).unwrap();
        assert_eq!([-9, -1, 0, 1, 9].map(|value| lut.byte(value)), [0, 0, 0x80, 0xFF, 0xFF]);
        assert_eq!(lut.shade(1), 1.0);
        let bytes = Lut::new([3, 5, 8], false, &[1, 2, 3, 0]).unwrap();
        assert_eq!([0, 5, 6, 7].map(|value| bytes.byte(value)), [1, 1, 2, 3]);
        let small = Lut::new([2, 0, 16], false, &[200, 0, 100, 0]).unwrap();
        assert_eq!([small.byte(0), small.byte(1)], [200, 100]);
        assert_eq!(Lut::new([4, 0, 16], false, &words), None);
    }
}
