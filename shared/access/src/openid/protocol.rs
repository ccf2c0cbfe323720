//! What is said to the issuer and how its answer is proved, by the crate `openidconnect`.

use std::collections::HashMap;
use std::sync::PoisonError;

use adit_domain::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthenticationFlow, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::http::exchange;
use super::{OpenIdSettings, Pending};
use crate::{Access, AccessError};

/// The issuer's description is read anew after this long, in milliseconds, with its keys: so that it may change them.
const KNOWN_MS: i64 = 10 * 60_000;

/// Claims that no standard names, such as groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Others(HashMap<String, Value>);
impl AdditionalClaims for Others {}

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Issuer<A, D, I, R, T, U> = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    A,
    D,
    I,
    R,
    T,
    U,
>;
type Discovered = Issuer<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

impl Access {
    /// The issuer's description and keys.
    pub(super) async fn issuer(
        &self,
        settings: &OpenIdSettings,
        now: Timestamp,
    ) -> Result<CoreProviderMetadata, AccessError> {
        let known = self.openid.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((issuer, since, description)) = known
            && issuer == settings.issuer
            && (0..KNOWN_MS).contains(&now.since_ms(since))
        {
            return Ok(description);
        }
        let url = IssuerUrl::new(settings.issuer.clone()).map_err(failed)?;
        let description = CoreProviderMetadata::discover_async(url, &exchange).await.map_err(failed)?;
        *self.openid.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((settings.issuer.clone(), now, description.clone()));
        Ok(description)
    }
}

fn client(
    settings: &OpenIdSettings,
    secret: Option<String>,
    issuer: CoreProviderMetadata,
    redirect: &str,
) -> Result<Discovered, AccessError> {
    let (id, secret) = (ClientId::new(settings.client_id.clone()), secret.map(ClientSecret::new));
    let redirect = RedirectUrl::new(redirect.to_owned()).map_err(failed)?;
    Ok(Client::from_provider_metadata(issuer, id, secret).set_redirect_uri(redirect))
}

/// Where the browser goes.
pub(super) fn departure(
    settings: &OpenIdSettings,
    issuer: CoreProviderMetadata,
    redirect: &str,
    state: &str,
    nonce: &str,
    verifier: &str,
) -> Result<String, AccessError> {
    let client = client(settings, None, issuer, redirect)?;
    let (state, nonce) = (CsrfToken::new(state.to_owned()), Nonce::new(nonce.to_owned()));
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let (url, _, _) = client
        .authorize_url(flow, move || state, move || nonce)
        .add_scopes(settings.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new))
        .set_pkce_challenge(challenge)
        .url();
    Ok(url.into())
}

/// What the issuer says of the person, proved: signature, issuer, audience, end, nonce, hash of the access token; of what it says
/// elsewhere, that it is about the same person.
pub(super) async fn arrival(
    settings: &OpenIdSettings,
    secret: Option<String>,
    issuer: CoreProviderMetadata,
    code: &str,
    pending: &Pending,
) -> Result<Map<String, Value>, AccessError> {
    let client = client(settings, secret, issuer, &pending.redirect)?;
    let answer = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(failed)?
        .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
        .request_async(&exchange)
        .await
        .map_err(failed)?;
    let id_token = answer.id_token().ok_or_else(|| AccessError::Issuer("no ID token".into()))?;
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, &Nonce::new(pending.nonce.clone())).map_err(failed)?;
    if let Some(expected) = claims.access_token_hash() {
        let (method, key) = (id_token.signing_alg().map_err(failed)?, id_token.signing_key(&verifier).map_err(failed)?);
        let actual = AccessTokenHash::from_token(answer.access_token(), method, key).map_err(failed)?;
        if actual != *expected {
            return Err(AccessError::Issuer("the access token is not the one of the ID token".into()));
        }
    }
    let mut said = Map::new();
    if let Ok(asking) = client.user_info(answer.access_token().clone(), Some(claims.subject().clone())) {
        let more: UserInfoClaims<Others, CoreGenderClaim> = asking.request_async(&exchange).await.map_err(failed)?;
        merge(&mut said, serde_json::to_value(&more).map_err(failed)?);
    }
    // What is signed comes last and so counts.
    merge(&mut said, serde_json::to_value(claims).map_err(failed)?);
    Ok(said)
}

/// What is said later counts. That an address is verified counts only where it is said of that address, in the same answer.
fn merge(said: &mut Map<String, Value>, more: Value) {
    let Value::Object(mut more) = more else { return };
    more.retain(|_, value| !value.is_null());
    if more.contains_key("email") {
        said.remove("email_verified");
    } else {
        more.remove("email_verified");
    }
    said.extend(more);
}

/// The whole chain of causes, for the log. None of them holds a code, a token or a secret.
fn failed(error: impl std::error::Error) -> AccessError {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    AccessError::Issuer(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_verified_by_who_gives_it() {
        let merged = |first: Value, then: Value| {
            let mut said = Map::new();
            merge(&mut said, first);
            merge(&mut said, then);
            Value::Object(said)
        };
        let verified = json!({ "email": "a@x.org", "email_verified": true });
        assert_eq!(merged(verified.clone(), json!({ "sub": "1" }))["email_verified"], json!(true));
        assert!(merged(verified.clone(), json!({ "email": "b@x.org" })).get("email_verified").is_none());
        assert_eq!(merged(verified.clone(), json!({ "email_verified": null })), verified);
        assert!(
            merged(json!({ "email": "a@x.org" }), json!({ "email_verified": true })).get("email_verified").is_none()
        );
    }
}
