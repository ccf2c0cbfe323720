//! Searches of the scripted server. Of keys it knows UIDs alone; as many servers do, it passes over the others.

use std::collections::BTreeMap;

use adit_dicomweb::json::to_json;
use adit_dimse::{Identifier, Tag, tags};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::Shared;

/// UIDs with the names that stand for them in paths and queries.
const UIDS: [(&str, &str, Tag); 3] = [
    ("studies", "StudyInstanceUID", tags::STUDY_INSTANCE_UID),
    ("series", "SeriesInstanceUID", tags::SERIES_INSTANCE_UID),
    ("instances", "SOPInstanceUID", tags::SOP_INSTANCE_UID),
];

impl Shared {
    /// Answers a search for `resource`, the parts of its path.
    pub(super) fn search(&self, uri: &Uri, resource: &[&str]) -> Response {
        self.searches.lock().unwrap().push(uri.path_and_query().map(ToString::to_string).unwrap_or_default());
        let Some((wanted, _, unique)) = UIDS.iter().find(|(path, ..)| Some(path) == resource.last()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let of_instances = self.script.instance_search_status.filter(|_| *wanted == "instances");
        if let Some(status) = self.script.search_status.or(of_instances) {
            return StatusCode::from_u16(status).unwrap().into_response();
        }
        if self.script.no_relational && *wanted != "studies" && resource.len() == 1 {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let query: Vec<(String, String)> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%2C", ",")))
            .collect();
        let number = |name: &str| query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok());
        let asked: Option<usize> = number("limit");
        if asked.zip(self.script.most_limit).is_some_and(|(asked, most)| asked > most) {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let all = self.found(*unique, &keys(resource, &query));
        let limit = asked.filter(|_| !self.script.no_limit).unwrap_or(usize::MAX);
        let page = self.script.page.unwrap_or(usize::MAX).min(limit);
        let offset = number("offset").filter(|_| !self.script.no_offset).unwrap_or(0);
        let texts: Vec<String> =
            all.iter().skip(offset).take(page).map(|one| String::from_utf8(to_json(one)).unwrap()).collect();
        let mut response =
            ([(header::CONTENT_TYPE, "application/dicom+json")], format!("[{}]", texts.join(","))).into_response();
        let mut warn = |text: &str| {
            response.headers_mut().append(header::WARNING, format!("299 peer \"{text}\"").parse().unwrap());
        };
        if offset.saturating_add(page) < all.len() && page < limit && !self.script.says_no_more {
            warn("The number of results exceeded the maximum. Additional results can be requested.");
        }
        self.script.search_remark.into_iter().for_each(&mut warn);
        response
    }

    /// What matches, once for each value of `unique`.
    fn found(&self, unique: Tag, keys: &[(Tag, Vec<&str>)]) -> Vec<Identifier> {
        let mut found = BTreeMap::new();
        for held in self.files.lock().unwrap().values() {
            let header = &held.header;
            if keys.iter().all(|(tag, uids)| uids.contains(&header.text(*tag).as_str())) {
                found.entry(header.text(unique)).or_insert_with(|| header.clone());
            }
        }
        found.into_values().collect()
    }
}

/// UIDs of the path and of the query.
fn keys<'a>(resource: &[&'a str], query: &'a [(String, String)]) -> Vec<(Tag, Vec<&'a str>)> {
    let in_path = resource.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    let named = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let tag_of = |name: &str| UIDS.iter().find(|(path, keyword, _)| [*path, *keyword].contains(&name)).map(|uid| uid.2);
    in_path.chain(named).filter_map(|(name, value)| Some((tag_of(name)?, value.split(',').collect()))).collect()
}
