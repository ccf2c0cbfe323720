//! Handlers, a file per noun.

pub mod account;
pub mod account_settings;
pub mod audit;
pub mod deid;
pub mod dicomweb;
pub mod downloads;
pub mod factor;
pub mod groups;
pub mod installation;
pub mod jobs;
pub mod links;
pub mod log_in;
pub mod nodes;
pub mod openid;
pub mod people;
pub mod projects;
pub mod registration;
pub mod rules;
pub mod search;
pub mod session;
pub mod tasks;
pub mod tokens;
pub mod usage;

use axum::Json;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::refused::Refused;

/// A JSON body whose refusal has our shape.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;
    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let Json(value) = Json::<T>::from_request(request, state).await?;
        Ok(Self(value))
    }
}
