//! Mails as files: for installations without a mail server, whose operator hands out the links, and for trying ADIT out.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::message::message;
use super::{MailError, OutgoingMail, Transport};

/// Writes each mail as `<id>.eml`, which every mail program opens; ids sort by time. Files and directory are readable by their owner
/// only, because links hold tokens. Nothing is ever removed.
#[derive(Debug)]
pub struct FileTransport(PathBuf);

impl FileTransport {
    /// Writes into `directory`, which is made if it is absent.
    ///
    /// # Errors
    /// The directory cannot be made or written to.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        Ok(Self(directory.to_owned()))
    }

    async fn write(&self, mail: &OutgoingMail, bytes: &[u8]) -> std::io::Result<()> {
        let (part, whole) = (self.0.join(format!("{}.part", mail.id)), self.0.join(format!("{}.eml", mail.id)));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let mut file = options.open(&part).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(part, whole).await
    }
}

#[async_trait]
impl Transport for FileTransport {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let bytes = message(mail)?.formatted();
        self.write(mail, &bytes).await.map_err(|error| {
            let retriable = !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported);
            MailError::new(retriable, &format!("the mail's file cannot be written: {error}"))
        })
    }
}
