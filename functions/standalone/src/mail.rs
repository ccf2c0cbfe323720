//! How this ADIT sends mail, from its settings.

use std::net::SocketAddr;

use adit_engine::Post;
use adit_mail::{Choice, Options, PublicUrl};
use adit_runtime::settings::MailSettings;
use anyhow::{Context, Error, Result, bail};

/// The post of these settings. `web` is where the page is reached on this machine; it stands in links only where nothing is sent.
pub fn post(settings: &MailSettings, web: SocketAddr) -> Result<Post> {
    let choice = Choice::parse(&settings.mail_transport).map_err(Error::msg).context("--mail-transport")?;
    let goes_out = matches!(choice, Choice::Smtp(_));
    let public_url = match &settings.public_url {
        Some(url) => url.clone(),
        None if goes_out => bail!("--public-url is missing: links in mails begin with it"),
        None => format!("http://{web}"),
    };
    let from = match &settings.mail_from {
        Some(from) => from.clone(),
        None if goes_out => bail!("--mail-from is missing: mails need a sender, such as \"ADIT <adit@example.org>\""),
        None => "ADIT <adit@localhost>".to_owned(),
    };
    adit_mail::check_sender(&from).map_err(Error::msg).context("--mail-from")?;
    let ca_pem = settings
        .mail_ca
        .as_ref()
        .map(|file| std::fs::read_to_string(file).with_context(|| format!("--mail-ca {}", file.display())))
        .transpose()?;
    let options = Options { password: settings.password().map_err(Error::msg)?, ca_pem };
    Ok(Post {
        transport: choice.open(&options).map_err(Error::msg).context("--mail-transport")?,
        from,
        public_url: PublicUrl::parse(&public_url).map_err(Error::msg).context("--public-url")?,
    })
}
