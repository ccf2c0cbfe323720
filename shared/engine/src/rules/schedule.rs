//! When a schedule is due: five fields of cron in a time zone. A wall clock time that the clocks skip is due when they have
//! moved; one that comes twice is due once, unless the schedule says "every hour" or "every minute".

use adit_domain::Timestamp;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::Refusal;

/// A schedule that can be asked.
pub(crate) struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a schedule; the refusal names the field.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, Refusal> {
        let zone = TimeZone::get(time_zone).map_err(|_| {
            Refusal::invalid("This time zone is not known. Write it as region and city, such as Europe/Berlin.")
                .at("time_zone")
        })?;
        let wrong = || {
            Refusal::invalid(
                "The schedule must have five fields: minute, hour, day of month, month, weekday; such as 30 6 * * 1-5 for half past six from Monday to Friday.",
            )
            .at("cron")
        };
        if cron.split_whitespace().count() != 5 {
            return Err(wrong());
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        Ok(Self { cron: parser.parse(cron).map_err(|_| wrong())?, zone })
    }

    /// The first due minute after `now`; none: there will be none.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_next_occurrence(&self.local(now)?, false).ok()?;
        Some(Timestamp(found.timestamp().as_millisecond()))
    }

    /// The last due minute up to `now`.
    pub fn last(&self, now: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_previous_occurrence(&self.local(now)?, true).ok()?;
        Some(Timestamp(found.timestamp().as_millisecond()))
    }

    /// The calendar day of `moment` minus `days`, as `YYYY-MM-DD`.
    pub fn day_before(&self, moment: Timestamp, days: u32) -> Option<String> {
        let day = self.local(moment)?.date();
        let day = day.checked_sub(jiff::Span::new().try_days(i64::from(days)).ok()?).ok()?;
        Some(format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()))
    }

    fn local(&self, moment: Timestamp) -> Option<Zoned> {
        Some(jiff::Timestamp::from_millisecond(moment.0).ok()?.to_zoned(self.zone.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn berlin(cron: &str) -> Schedule {
        Schedule::parse(cron, "Europe/Berlin").unwrap()
    }

    #[test]
    fn a_time_of_the_day_is_that_of_its_zone() {
        let schedule = berlin("30 6 * * 1-5");
        // A Friday in winter, then the Monday in between.
        assert_eq!(schedule.next(at("2025-01-10T05:29:00Z")), Some(at("2025-01-10T05:30:00Z")));
        assert_eq!(schedule.next(at("2025-01-10T05:30:00Z")), Some(at("2025-01-13T05:30:00Z")));
        assert_eq!(schedule.last(at("2025-01-12T12:00:00Z")), Some(at("2025-01-10T05:30:00Z")));
        assert_eq!(schedule.last(at("2025-01-10T05:30:00Z")), Some(at("2025-01-10T05:30:00Z")));
        assert_eq!(schedule.next(at("2025-07-11T00:00:00Z")), Some(at("2025-07-11T04:30:00Z")));
    }

    #[test]
    fn a_skipped_time_is_due_once_and_a_repeated_one_too() {
        let schedule = berlin("30 2 * * *");
        let due = |from: &str, until: &str| {
            let (mut now, until, mut all) = (at(from), at(until), Vec::new());
            while let Some(next) = schedule.next(now).filter(|next| *next <= until) {
                all.push(next);
                now = next;
            }
            all
        };
        // 2025-03-30: at 02:00 the clocks go to 03:00. 2025-10-26: at 03:00 they go back to 02:00.
        assert_eq!(due("2025-03-29T12:00:00Z", "2025-03-30T12:00:00Z"), [at("2025-03-30T01:00:00Z")]);
        assert_eq!(due("2025-10-25T12:00:00Z", "2025-10-26T12:00:00Z"), [at("2025-10-26T00:30:00Z")]);
        let seen: Vec<_> = ["2025-10-26T00:31:00Z", "2025-10-26T01:31:00Z", "2025-10-26T12:00:00Z"]
            .map(|now| schedule.last(at(now)))
            .to_vec();
        assert_eq!(seen, [Some(at("2025-10-26T00:30:00Z")); 3]);
        assert_eq!(schedule.last(at("2025-03-30T12:00:00Z")), Some(at("2025-03-30T01:00:00Z")));
    }

    #[test]
    fn days_are_counted_in_the_zone() {
        let schedule = berlin("0 1 * * *");
        assert_eq!(schedule.day_before(at("2025-03-01T23:30:00Z"), 0).unwrap(), "2025-03-02");
        assert_eq!(schedule.day_before(at("2025-03-01T12:00:00Z"), 1).unwrap(), "2025-02-28");
    }

    #[test]
    fn mistakes_are_named() {
        let field = |cron: &str, zone: &str| Schedule::parse(cron, zone).err().and_then(|error| error.body.field);
        assert_eq!(field("0 6 * * *", "Europe/Bonn").as_deref(), Some("time_zone"));
        for wrong in ["", "0 6 * *", "0 0 6 * * *", "61 6 * * *", "@daily"] {
            assert_eq!(field(wrong, "Europe/Berlin").as_deref(), Some("cron"), "{wrong}");
        }
        assert_eq!(berlin("0 0 30 2 *").next(at("2025-01-01T00:00:00Z")), None);
    }
}
