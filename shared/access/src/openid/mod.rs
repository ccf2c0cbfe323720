//! Log-in at a foreign issuer by OpenID Connect: authorization code flow with PKCE; state and nonce are bound to the browser that began.
//!
//! `settings.rs` says which issuer, `protocol.rs` speaks with it, `http.rs` carries that, `claims.rs` reads what it says of a person, and
//! `person.rs` decides who that is here.

mod claims;
mod http;
mod person;
mod protocol;
mod settings;

use std::collections::BTreeSet;
use std::sync::Mutex;

use adit_domain::Timestamp;
use adit_store::items::{Condition, Item, Key, Write};
use openidconnect::core::CoreProviderMetadata;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::brake::address_key;
use crate::rows::{hash, item, key, put, value};
use crate::{Access, AccessError, LogIn, random};

pub use settings::{OpenIdForm, OpenIdSettings, OpenIdView};

/// Milliseconds that a person may spend at the issuer.
const PENDING_MS: i64 = 15 * 60_000;

/// What this process knows of the issuer: its description, for a while.
#[derive(Default)]
pub(crate) struct Known(Mutex<Option<(String, Timestamp, CoreProviderMetadata)>>);

/// Where to send the browser.
pub struct Departure {
    /// Address at the issuer.
    pub url: String,
    /// For a cookie of the browser that lasts until it is back (`SameSite=Lax`: the way back comes from elsewhere).
    pub browser_token: String,
}

/// A person who came back from the issuer.
pub struct Arrival {
    /// How far the log-in is.
    pub log_in: LogIn,
    /// Who.
    pub person: crate::Person,
    /// An account was made.
    pub created: bool,
    /// Names of the groups that the person is to be in, exactly, of those that [`Arrival::mapped_groups`] names; absent if the issuer's
    /// groups are not used.
    pub groups: Option<BTreeSet<String>>,
    /// All groups that the mapping speaks of; other memberships are not the issuer's business.
    pub mapped_groups: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct Pending {
    browser: String,
    nonce: String,
    verifier: String,
    redirect: String,
    /// What its attempts are counted under.
    #[serde(default)]
    from: String,
    ends: Timestamp,
}

impl Access {
    /// Begins a log-in at the issuer, which sends the browser back to `redirect` (as registered there) with `code` and `state`.
    ///
    /// `address` is where the browser is.
    ///
    /// # Errors
    /// [`AccessError::NoIssuer`], [`AccessError::Issuer`], [`AccessError::Braked`].
    pub async fn depart(&self, redirect: &str, address: &str, now: Timestamp) -> Result<Departure, AccessError> {
        let from = format!("{} departures", address_key(address));
        self.attempt(&from, now)?;
        let settings = self.openid_in_use().await?.settings;
        let (browser_token, verifier) = (hex::encode(random::<24>()), hex::encode(random::<32>()));
        let (state, nonce) = (hex::encode(random::<24>()), hex::encode(random::<24>()));
        let issuer = self.issuer(&settings, now).await?;
        let url = protocol::departure(&settings, issuer, redirect, &state, &nonce, &verifier)?;
        let ends = now.plus_ms(PENDING_MS);
        let browser = hash(&browser_token);
        let pending = Pending { browser, nonce, verifier, redirect: redirect.to_owned(), from, ends };
        let stored = Item { expires_at: Some(ends.seconds()), ..item(pending_key(&state), &pending)? };
        self.items.transact(vec![put(stored, Condition::Absent)]).await?;
        Ok(Departure { url, browser_token })
    }

    /// Finishes it with what the issuer sent back; `browser_token` is the cookie's. Each departure has one arrival.
    ///
    /// # Errors
    /// [`AccessError::LogInOver`]: too late, a second time, or another browser. [`AccessError::Issuer`]: the issuer's answer cannot be
    /// trusted. [`AccessError::Foreign`]: the person gets no access here.
    pub async fn arrive(
        &self,
        state: &str,
        code: &str,
        browser_token: &str,
        now: Timestamp,
    ) -> Result<Arrival, AccessError> {
        let key = pending_key(state);
        let found = self.items.get(&key).await?.ok_or(AccessError::LogInOver)?;
        let (pending, version) = value::<Pending>(found)?;
        let same_browser = bool::from(hash(browser_token).as_bytes().ct_eq(pending.browser.as_bytes()));
        if !same_browser || now > pending.ends {
            return Err(AccessError::LogInOver);
        }
        let over = Write::Delete { key, condition: Condition::Version(version) };
        let ending = self.items.transact(vec![over]).await.map_err(AccessError::from);
        ending.map_err(|error| error.conflict().map_or(error, |_| AccessError::LogInOver))?;

        let stored = self.openid_in_use().await?;
        let (secret, settings) = (self.openid_secret(&stored)?, stored.settings);
        let issuer = self.issuer(&settings, now).await?;
        let said = protocol::arrival(&settings, secret, issuer, code, &pending).await?;
        let claims = claims::Claims::read(&said, &settings)?;
        // A whole hospital may come from one address.
        self.brake.take_back(&pending.from);
        let (user, created) = self.foreign_person(&claims, &settings, now).await?;
        let log_in = if settings.trust_second_factor {
            LogIn::Session(self.begin_session(&user, Vec::new(), now).await?)
        } else {
            self.after_first_step(&user, now).await?
        };
        Ok(Arrival {
            log_in,
            person: user.person(),
            created,
            groups: settings.groups_claim.is_some().then(|| claims.mapped(&settings)),
            mapped_groups: settings.mapping.values().flatten().cloned().collect(),
        })
    }
}

fn pending_key(state: &str) -> Key {
    key(format!("OPENID#{}", hash(state)), "OPENID")
}
