//! Letters to people, and the ways by which they go out.
//!
//! A [`Letter`] says what is told and holds no patient data. Its words (`words/`) make a sheet of it, and two templates make text and HTML
//! of every sheet. A [`Transport`] hands one mail to one recipient. This room knows neither store nor queue; who gets a letter and when it is
//! tried again is decided in `adit_engine`.

mod choice;
mod letter;
mod markdown;
mod public_url;
mod recipient;
mod sheet;
mod transport;
mod words;

pub use choice::Choice;
#[cfg(feature = "smtp")]
pub use choice::Options;
pub use letter::{JobEnded, JobWaits, Letter};
pub use markdown::to_html;
pub use public_url::PublicUrl;
pub use recipient::Recipient;
pub use sheet::Written;
#[cfg(feature = "smtp")]
pub use transport::{FileTransport, SmtpTransport, check_sender};
pub use transport::{LogTransport, MailError, OutgoingMail, Transport};
pub use words::bytes;
