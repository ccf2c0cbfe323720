//! Where people reach this installation's page: the beginning of every link in a mail.

use std::fmt;
use std::net::IpAddr;

/// Such as `https://adit.example.org`, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Reads `http://` or `https://`, a host, perhaps a port and a path.
    ///
    /// # Errors
    /// A sentence that says what an address has to look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = text.trim().trim_end_matches('/');
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]".contains(c);
        if rest.is_empty() || rest.starts_with([':', '/']) || !rest.chars().all(legal) {
            return Err("the public address must look like https://adit.example.org".to_owned());
        }
        Ok(Self(url.to_owned()))
    }

    /// Whether it leads nowhere from other computers.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split('/').next().unwrap_or_default();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.split(']').next())
            .unwrap_or_else(|| host.split(':').next().unwrap_or_default());
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_here = |ip: IpAddr| ip.to_canonical().is_loopback() || ip.is_unspecified();
        host == "localhost" || host.parse().is_ok_and(is_here)
    }

    /// The port, if it is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }

    /// The absolute link to a path of the page.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}/{}", self.0, path.trim_start_matches('/'))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_absolute() {
        let url = PublicUrl::parse(" https://adit.example.org/ ").unwrap();
        assert_eq!(url.link("/jobs/1"), "https://adit.example.org/jobs/1");
        assert_eq!(url.link("//evil.example/x"), "https://adit.example.org/evil.example/x");
        assert_eq!(PublicUrl::parse("http://[::1]:8080/adit").unwrap().link("/a"), "http://[::1]:8080/adit/a");
        for wrong in
            ["", "adit.example.org", "https://", "https:///x", "javascript:alert(1)", "https://a b", "https://a/?q\"<"]
        {
            assert!(PublicUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ports_are_those_that_are_written() {
        for (text, port) in [
            ("http://127.0.0.1:8080", Some(8080)),
            ("http://[::1]:81/adit", Some(81)),
            ("https://adit.example.org", None),
            ("http://[::1]", None),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().port(), port, "{text}");
        }
    }

    #[test]
    fn what_leads_here_only_is_known() {
        for (text, here) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost/adit", true),
            ("http://[::1]:8080", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://0.0.0.0:8080", true),
            ("http://LOCALHOST.:8080", true),
            ("https://adit.example.org", false),
            ("http://10.0.0.1:80", false),
            ("http://localhost.example.org", false),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().is_this_machine(), here, "{text}");
        }
    }
}
