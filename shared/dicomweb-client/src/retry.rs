//! When a request is sent again, and how long is waited before: exponential with jitter, and never earlier than the server asks.

use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use hyper::header::RETRY_AFTER;

use crate::error::WebError;

/// How often a request is sent at most.
pub(crate) const TRIES: u32 = 4;
const FIRST: Duration = Duration::from_millis(500);
/// A server that wants more patience than this is left to whoever asked.
const LONGEST: Duration = Duration::from_secs(60);

/// How a try has failed.
pub(crate) struct Failed {
    pub error: WebError,
    /// What the server asks for.
    pub retry_after: Option<Duration>,
    /// Something has changed on our side, such as the token.
    pub again: bool,
    /// How often it is sent at most.
    pub tries: u32,
}

impl From<WebError> for Failed {
    fn from(error: WebError) -> Self {
        Self { error, retry_after: None, again: false, tries: TRIES }
    }
}

impl Failed {
    /// A refusal of the server.
    pub fn status(status: u16, headers: &HeaderMap) -> Self {
        let said = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = said.and_then(|text| asked(text.trim(), SystemTime::now()));
        Self { error: WebError::Status(status), retry_after, again: false, tries: TRIES }
    }

    /// Of several instances: whoever asked tries fewer of them soon, which tells more than the same ones again.
    pub fn of_several(self) -> Self {
        let tries = match self.error {
            WebError::Timeout(_) => 1,
            _ if self.error.is_of_the_content() => 2,
            _ => self.tries,
        };
        Self { tries, ..self }
    }

    /// How long is waited before the next try; none: there is none. `tried`: how often it was sent.
    fn wait(&self, tried: u32, spread: f64) -> Option<Duration> {
        if tried >= self.tries || !(self.again || self.error.is_retriable()) {
            return None;
        }
        let own = FIRST.saturating_mul(1 << (tried - 1)).mul_f64(0.5 + spread);
        let wait = self.retry_after.map_or(own, |asked| own.max(asked));
        (wait <= LONGEST).then_some(wait)
    }
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110 10.2.3).
fn asked(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Does something that may be done several times, until it works or there is no hope.
pub(crate) async fn patiently<T, F>(mut one: impl FnMut() -> F) -> Result<T, WebError>
where
    F: Future<Output = Result<T, Failed>>,
{
    let mut tried = 0;
    loop {
        let failed = match one().await {
            Ok(done) => return Ok(done),
            Err(failed) => failed,
        };
        tried += 1;
        let Some(wait) = failed.wait(tried, spread()) else { return Err(failed.error) };
        tracing::debug!(error = %failed.error, tried, "a request is sent again");
        tokio::time::sleep(wait).await;
    }
}

/// A number in 0.0..1.0.
fn spread() -> f64 {
    let mut bytes = [0; 2];
    // Without random numbers nothing is spread, which does no harm.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u16::from_le_bytes(bytes)) / 65536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, retry_after: Option<u64>) -> Failed {
        let retry_after = retry_after.map(Duration::from_secs);
        Failed { error: WebError::Status(status), retry_after, again: false, tries: TRIES }
    }

    #[test]
    fn waits_grow_are_spread_and_end() {
        let waits: Vec<_> = (1..TRIES).map(|tried| status(503, None).wait(tried, 0.5).unwrap().as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000]);
        assert_eq!(status(503, None).wait(1, 0.0).unwrap().as_millis(), 250);
        assert_eq!(status(503, None).wait(TRIES, 0.0), None);
    }

    #[test]
    fn the_server_is_asked_no_earlier_than_it_wants() {
        assert_eq!(status(429, Some(7)).wait(1, 0.9), Some(Duration::from_secs(7)));
        assert_eq!(status(503, Some(3600)).wait(1, 0.0), None);
    }

    #[test]
    fn patience_is_asked_for_in_seconds_or_until_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        assert_eq!(asked("7", now), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(asked("soon", now), None);
    }

    #[test]
    fn several_instances_are_soon_left_to_who_can_send_fewer() {
        let waits = |failed: Failed| (1..=TRIES).filter(|tried| failed.wait(*tried, 0.5).is_some()).count();
        assert_eq!(waits(status(500, None).of_several()), 1);
        assert_eq!(waits(Failed::from(WebError::Timeout("sending")).of_several()), 0);
        assert_eq!(waits(Failed::from(WebError::Connect("refused".into())).of_several()), 3);
        assert_eq!((waits(status(503, None).of_several()), waits(status(429, None).of_several())), (3, 3));
    }

    #[test]
    fn what_will_not_change_is_not_repeated() {
        for code in [400, 401, 403, 404, 406, 409, 415] {
            assert_eq!(status(code, None).wait(1, 0.0), None, "{code}");
        }
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(status(code, None).wait(1, 0.0).is_some(), "{code}");
        }
    }
}
