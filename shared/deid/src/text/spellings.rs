//! One date in the many ways people write it.

/// Month names, folded, in the languages that reports here are written in: English, German, French, Spanish, Italian, Portuguese
/// and Dutch, full and short.
pub(crate) static MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "janner", "janvier", "janv", "enero", "ene", "gennaio", "gen", "janeiro", "januari"],
    &["february", "feb", "februar", "fevrier", "fevr", "fev", "febrero", "febbraio", "fevereiro", "februari"],
    &["march", "mar", "marz", "maerz", "mars", "mrz", "marzo", "marco", "maart"],
    &["april", "apr", "avril", "avr", "abril", "abr", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio", "mei"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho"],
    &["july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho"],
    &["august", "aug", "aout", "agosto", "ago", "augustus"],
    &["september", "sep", "sept", "septembre", "septiembre", "settembre", "setembro"],
    &["october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro"],
    &["november", "nov", "novembre", "noviembre", "novembro"],
    &["december", "dec", "dezember", "dez", "decembre", "diciembre", "dic", "dicembre", "dezembro"],
];

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub year: u16,
    pub month: u8,
    pub day: u8,
}

/// Letters and digits of a spelling, and before which of them separators may or must stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub key: String,
    pub may: u64,
    pub must: u64,
}

impl Day {
    /// A plausible day.
    pub fn of(year: u32, month: u32, day: u32) -> Option<Self> {
        let plausible = (1850..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        let narrow = Some((u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?));
        narrow.filter(|_| plausible).map(|(year, month, day)| Self { year, month, day })
    }

    /// Reads DA, also in the form of ACR-NEMA (1961.02.03) and at the start of DT.
    pub fn parse(value: &str) -> Option<Self> {
        let digits: String = value.chars().filter(|c| !matches!(c, '.' | '-' | '/')).take(8).collect();
        let number =
            |range| digits.get(range).filter(|text: &&str| text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok();
        Self::of(number(0..4)?, number(4..6)?, number(6..8)?)
    }

    /// What systems write when they do not know.
    pub fn is_filler(self) -> bool {
        matches!((self.year, self.month, self.day), (1900 | 1850 | 1899, 1, 1) | (1899, 12, 30 | 31))
    }

    /// Everything that is searched in free text.
    pub fn spellings(self) -> Vec<Spelling> {
        let Self { year, month, day } = self;
        let short = year % 100;
        let may = |key: String, first: u64, second: u64| Spelling { key, may: 1 << first | 1 << second, must: 0 };
        let must = |key: String, first: u64, second: u64| {
            let mask = 1 << first | 1 << second;
            Spelling { key, may: mask, must: mask }
        };
        let width = |number: u8| if number < 10 { 1 } else { 2 };
        let mut out = vec![
            may(format!("{year}{month:02}{day:02}"), 4, 6),
            may(format!("{day:02}{month:02}{year}"), 2, 4),
            may(format!("{month:02}{day:02}{year}"), 2, 4),
            may(format!("{short:02}{month:02}{day:02}"), 2, 4),
            may(format!("{day:02}{month:02}{short:02}"), 2, 4),
            may(format!("{month:02}{day:02}{short:02}"), 2, 4),
            must(format!("{year}{month}{day}"), 4, 4 + width(month)),
        ];
        for (first, second) in [(day, month), (month, day)] {
            let (one, two) = (width(first), width(first) + width(second));
            out.push(must(format!("{first}{second}{year}"), one, two));
            out.push(must(format!("{first}{second}{short:02}"), one, two));
            out.push(must(format!("{first:02}{second}{year}"), 2, 2 + width(second)));
            out.push(must(format!("{first}{second:02}{year}"), one, one + 2));
        }
        for name in MONTHS[usize::from(month - 1)] {
            let length = name.len() as u64;
            for (day, wide) in [(format!("{day}"), width(day)), (format!("{day:02}"), 2)] {
                out.push(may(format!("{day}{name}{year}"), wide, wide + length));
                out.push(may(format!("{day}{name}{short:02}"), wide, wide + length));
                out.push(may(format!("{name}{day}{year}"), length, length + wide));
            }
            out.push(may(format!("{year}{name}{day:02}"), 4, 4 + length));
        }
        out
    }

    /// The spellings in digits, as they are searched in produced bytes.
    pub fn written(self) -> Vec<String> {
        let Self { year, month, day } = self;
        let mut out = vec![format!("{year}{month:02}{day:02}"), format!("{day}.{month}.{year}")];
        for separator in ['-', '/', '.'] {
            out.push(format!("{year}{separator}{month:02}{separator}{day:02}"));
            out.push(format!("{day:02}{separator}{month:02}{separator}{year}"));
            out.push(format!("{month:02}{separator}{day:02}{separator}{year}"));
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The longest run of digits in a number with letters, without leading zeros.
pub(crate) fn longest_digits(text: &str) -> String {
    let runs = text.split(|c: char| !c.is_ascii_digit());
    let longest = runs.max_by_key(|run| run.len()).unwrap_or_default();
    longest.trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read() {
        let day = Day::of(1961, 2, 3);
        for value in ["19610203", "1961.02.03", "1961-02-03", "19610203120000"] {
            assert_eq!(Day::parse(value), day, "{value}");
        }
        for value in ["", "1961", "19611303", "19610200", "00000000", "abcdefgh"] {
            assert_eq!(Day::parse(value), None, "{value}");
        }
    }

    #[test]
    fn spellings_say_where_separators_stand() {
        let all = Day::of(1961, 2, 3).map(Day::spellings).unwrap_or_default();
        let has = |key: &str, may, must| all.contains(&Spelling { key: key.into(), may, must });
        assert!(has("19610203", 0b101_0000, 0));
        assert!(has("321961", 0b110, 0b110));
        assert!(has("3feb1961", 0b1_0010, 0));
        assert!(has("fevrier31961", 0b1_1000_0000, 0));
    }
}
