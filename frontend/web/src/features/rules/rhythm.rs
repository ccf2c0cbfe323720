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
/// Weekdays as cron names them.
pub const DAYS: [(&str, &str); 7] = [
    ("MON", "Monday"),
    ("TUE", "Tuesday"),
    ("WED", "Wednesday"),
    ("THU", "Thursday"),
    ("FRI", "Friday"),
    ("SAT", "Saturday"),
    ("SUN", "Sunday"),
];
const WORKDAYS: &str = "MON-FRI";

impl Rhythm {
    /// The rhythm of an expression.
    pub fn of(cron: &str) -> Self {
        let known = Self::parse(cron);
        let (how, time, day) = known.unwrap_or((OTHER, "02:00".to_owned(), "MON"));
        Self { how: how.to_owned(), time, day: day.to_owned(), cron: cron.to_owned() }
    }

    fn parse(cron: &str) -> Option<(&'static str, String, &'static str)> {
        let fields: Vec<&str> = cron.split_whitespace().collect();
        let [minute, hour, "*", "*", weekday] = fields.as_slice() else { return None };
        let minute: u8 = minute.parse().ok().filter(|minute| *minute < 60)?;
        if (minute, *hour, *weekday) == (0, "*", "*") {
            return Some((HOURLY, "02:00".to_owned(), "MON"));
        }
        let hour: u8 = hour.parse().ok().filter(|hour| *hour < 24)?;
        let time = format!("{hour:02}:{minute:02}");
        let weekday = weekday.to_uppercase();
        match weekday.as_str() {
            "*" => Some(("day", time, "MON")),
            WORKDAYS | "1-5" => Some(("workdays", time, "MON")),
            // Cron counts from Sunday, which is 0 and 7.
            _ => DAYS
                .iter()
                .zip(1..)
                .find(|((key, _), number)| *key == weekday || weekday == number.to_string())
                .map(|((key, _), _)| (WEEKLY, time, *key)),
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
            ("0 22 * * MON-FRI", "workdays"),
            ("5 0 * * SUN", WEEKLY),
            ("0 * * * *", HOURLY),
            ("*/15 8-18 * * MON-FRI", OTHER),
            ("0 2 1 * *", OTHER),
            ("nonsense", OTHER),
        ] {
            let rhythm = Rhythm::of(cron);
            assert_eq!((rhythm.how.as_str(), rhythm.cron().unwrap().as_str()), (how, cron));
        }
        assert_eq!(Rhythm::of("5 7 * * *").time, "07:05");
    }

    #[test]
    fn weekdays_may_be_numbers() {
        for (cron, same) in
            [("0 6 * * 1-5", "0 6 * * MON-FRI"), ("0 6 * * 1", "0 6 * * MON"), ("0 6 * * 7", "0 6 * * SUN")]
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
