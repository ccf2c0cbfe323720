//! The rows of DICOMweb, in the standard's layout and in that of the published `adit-client`.

use adit_api::paths::dicomweb as web;
use adit_domain::Right;
use adit_domain::right::Scope;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};

use super::{Needs, Route};
use crate::App;
use crate::routes::dicomweb::{album, metadata, nifti, pixels, query, retrieve, store};

const fn searching(path: &'static str, handler: fn() -> MethodRouter<App>) -> Route {
    Route::new(Method::GET, path, Needs::Right(Right::Search), handler).token(Scope::Search).audit("search")
}

/// Images in any form.
const fn fetching(path: &'static str, handler: fn() -> MethodRouter<App>) -> Route {
    Route::new(Method::GET, path, Needs::Right(Right::Retrieve), handler).token(Scope::Retrieve).audit("images_fetched")
}

/// Their metadata.
const fn describing(path: &'static str) -> Route {
    let needs = Needs::Right(Right::Retrieve);
    Route::new(Method::GET, path, needs, || get(metadata::show)).token(Scope::Retrieve).audit("image_data_fetched")
}

const fn storing(path: &'static str) -> Route {
    let needs = Needs::Right(Right::Store);
    Route::new(Method::POST, path, needs, || post(store::instances)).token(Scope::Store).audit("images_stored")
}

/// The rows.
pub(super) static ROWS: &[Route] = &[
    searching(web::STUDIES, || get(query::studies)),
    searching(web::STUDY_SERIES, || get(query::series)),
    searching(web::SERIES, || get(query::series)),
    searching(web::STUDY_INSTANCES, || get(query::instances)),
    searching(web::SERIES_INSTANCES, || get(query::instances)),
    searching(web::INSTANCES, || get(query::instances)),
    fetching(web::STUDY, || get(retrieve::instances)),
    describing(web::STUDY_METADATA),
    fetching(web::ONE_SERIES, || get(retrieve::instances)),
    describing(web::ONE_SERIES_METADATA),
    fetching(web::INSTANCE, || get(retrieve::instances)),
    describing(web::INSTANCE_METADATA),
    searching(web::CLIENT_STUDIES, || get(query::studies)),
    searching(web::CLIENT_STUDY_SERIES, || get(query::series)),
    searching(web::CLIENT_SERIES, || get(query::series)),
    searching(web::CLIENT_STUDY_INSTANCES, || get(query::instances)),
    searching(web::CLIENT_SERIES_INSTANCES, || get(query::instances)),
    searching(web::CLIENT_INSTANCES, || get(query::instances)),
    fetching(web::CLIENT_STUDY, || get(retrieve::instances)),
    describing(web::CLIENT_STUDY_METADATA),
    fetching(web::CLIENT_ONE_SERIES, || get(retrieve::instances)),
    describing(web::CLIENT_ONE_SERIES_METADATA),
    fetching(web::CLIENT_INSTANCE, || get(retrieve::instances)),
    describing(web::CLIENT_INSTANCE_METADATA),
    storing(web::STUDIES),
    storing(web::STUDY),
    storing(web::CLIENT_STORE),
    storing(web::CLIENT_STORE_STUDY),
    fetching(web::FRAMES, || get(pixels::frames)),
    fetching(web::FRAMES_RENDERED, || get(pixels::rendered)),
    fetching(web::FRAMES_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::INSTANCE_RENDERED, || get(pixels::rendered)),
    fetching(web::SERIES_RENDERED, || get(album::rendered)),
    fetching(web::STUDY_RENDERED, || get(album::rendered)),
    fetching(web::INSTANCE_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::SERIES_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::STUDY_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::BULK_DATA, || get(pixels::bulk)),
    fetching(web::CLIENT_FRAMES, || get(pixels::frames)),
    fetching(web::CLIENT_FRAMES_RENDERED, || get(pixels::rendered)),
    fetching(web::CLIENT_FRAMES_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::CLIENT_INSTANCE_RENDERED, || get(pixels::rendered)),
    fetching(web::CLIENT_SERIES_RENDERED, || get(album::rendered)),
    fetching(web::CLIENT_STUDY_RENDERED, || get(album::rendered)),
    fetching(web::CLIENT_INSTANCE_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::CLIENT_SERIES_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::CLIENT_STUDY_THUMBNAIL, || get(pixels::thumbnail)),
    fetching(web::CLIENT_BULK_DATA, || get(pixels::bulk)),
    fetching(web::STUDY_NIFTI, || get(nifti::files)),
    fetching(web::SERIES_NIFTI, || get(nifti::files)),
    fetching(web::INSTANCE_NIFTI, || get(nifti::files)),
    fetching(web::CLIENT_STUDY_NIFTI, || get(nifti::files)),
    fetching(web::CLIENT_SERIES_NIFTI, || get(nifti::files)),
    fetching(web::CLIENT_INSTANCE_NIFTI, || get(nifti::files)),
];
