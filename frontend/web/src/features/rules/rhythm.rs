//! Times as people say them, and the cron expression that means the same.

/// A rhythm as the form holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// One of the keys of [`RHYTHMS`].
    pub how: String,
    /// `HH:MM`; does not count for every hour.
    pub time: String,
    /// One of the keys of [`DAYS`]; counts for a weekly rhythm.
    pub day: String,
    /// The expression of [`OTHER`].
    pub cron: String,
}

/// Key of a rhythm that only an expression can say.
pub const OTHER: &str = "other";
/// Key of the rhythm without a time of day.
pub const HOURLY: &str = "hour";
/// Key of the rhythm with a weekday.
pub const WEEKLY: &str = "week";
/// Keys and words of the rhythms.
pub const RHYTHMS: [(&str, &str); 5] = [
    ("day", "Every day"),
    ("workdays", "Monday to Friday"),
    (WEEKLY, "Once a week"),
    (HOURLY, "Every hour"),
    (OTHER, "Other (cron expression)"),
];
/// Weekdays as cron counts them.
pub const DAYS: [(&str, &str); 7] = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("0", "Sunday"),
];
const WORKDAYS: &str = "1-5";
/// Weekday and time that the form proposes.
const PROPOSED: (&str, &str) = ("1", "02:00");

impl Rhythm {
    /// The rhythm of an expression.
    pub fn of(cron: &str) -> Self {
        let (how, day, time) = Self::parse(cron).unwrap_or((OTHER, PROPOSED.0, PROPOSED.1.to_owned()));
        Self { how: how.to_owned(), time, day: day.to_owned(), cron: cron.to_owned() }
    }

    /// Key of the rhythm, weekday, time; none: the form has no words for it.
    fn parse(cron: &str) -> Option<(&'static str, &'static str, String)> {
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let [minute, hour, "*", "*", weekday] = fields.as_slice() else { return None };
        let minute: u8 = minute.parse().ok().filter(|minute| *minute < 60)?;
        if (minute, *hour, *weekday) == (0, "*", "*") {
            return Some((HOURLY, PROPOSED.0, PROPOSED.1.to_owned()));
        }
        let hour: u8 = hour.parse().ok().filter(|hour| *hour < 24)?;
        let time = format!("{hour:02}:{minute:02}");
        let weekday = weekday.to_uppercase();
        match weekday.as_str() {
            "*" => Some(("day", PROPOSED.0, time)),
            WORKDAYS | "MON-FRI" => Some(("workdays", PROPOSED.0, time)),
            "7" => Some((WEEKLY, "0", time)),
            _ => {
                let is_it = |(key, name): &&(&str, &str)| *key == weekday || name[..3].to_uppercase() == weekday;
                DAYS.iter().find(is_it).map(|(key, _)| (WEEKLY, *key, time))
            }
        }
    }

    /// The expression, or what is missing.
    pub fn cron(&self) -> Result<String, String> {
        match self.how.as_str() {
            OTHER if self.cron.trim().is_empty() => return Err("Enter a cron expression.".to_owned()),
            OTHER => return Ok(self.cron.trim().to_owned()),
            HOURLY => return Ok("0 * * * *".to_owned()),
            _ => {}
        }
        let number = |text: &str| text.parse::<u8>().ok();
        // Some browsers give seconds too.
        let mut parts = self.time.split(':').map(number);
        let (Some(Some(hour)), Some(Some(minute))) = (parts.next(), parts.next()) else {
            return Err("Enter the time of day.".to_owned());
        };
        let days = match self.how.as_str() {
            "workdays" => WORKDAYS,
            WEEKLY => &self.day,
            _ => "*",
        };
        Ok(format!("{minute} {hour} * * {days}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_form_can_say_comes_back_as_it_was() {
        for (cron, how) in [
            ("30 2 * * *", "day"),
            ("0 22 * * 1-5", "workdays"),
            ("5 0 * * 0", WEEKLY),
            ("0 * * * *", HOURLY),
            ("*/15 8-18 * * 1-5", OTHER),
            ("0 2 1 * *", OTHER),
            ("nonsense", OTHER),
        ] {
            let rhythm = Rhythm::of(cron);
            assert_eq!((rhythm.how.as_str(), rhythm.cron().unwrap().as_str()), (how, cron));
        }
        assert_eq!(Rhythm::of("5 7 * * *").time, "07:05");
    }

    #[test]
    fn weekdays_may_be_names() {
        for (cron, same) in
            [("0 6 * * mon-fri", "0 6 * * 1-5"), ("0 6 * * SAT", "0 6 * * 6"), ("0 6 * * 7", "0 6 * * 0")]
        {
            assert_eq!(Rhythm::of(cron).cron().unwrap(), same);
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let without_time = Rhythm { time: String::new(), ..Rhythm::of("0 2 * * *") };
        assert_eq!(without_time.cron().unwrap_err(), "Enter the time of day.");
        let empty = Rhythm { how: OTHER.to_owned(), cron: " ".to_owned(), ..without_time };
        assert_eq!(empty.cron().unwrap_err(), "Enter a cron expression.");
        let seconds = Rhythm { time: "02:30:00".to_owned(), ..Rhythm::of("0 2 * * *") };
        assert_eq!(seconds.cron().unwrap(), "30 2 * * *");
    }
}
