//! The fields of places that are no DICOM servers: a folder, a bucket.

use adit_domain::node::{Bucket, Folder, NodeKind};
use leptos::prelude::*;

use crate::ui::{Number, Text};

/// The fields of a folder as signals.
#[derive(Clone, Copy)]
pub struct FolderFields {
    path: RwSignal<String>,
    quota: RwSignal<u32>,
    warn: RwSignal<u32>,
}

impl FolderFields {
    /// Empty fields unless a folder is edited.
    pub fn of(kind: Option<&NodeKind>) -> Self {
        let folder = match kind {
            Some(NodeKind::Folder(folder)) => folder.clone(),
            _ => Folder { path: String::new(), quota_gb: 0, warn_size_gb: 0 },
        };
        Self {
            path: RwSignal::new(folder.path),
            quota: RwSignal::new(folder.quota_gb),
            warn: RwSignal::new(folder.warn_size_gb),
        }
    }

    pub fn value(self) -> Folder {
        Folder {
            path: self.path.get_untracked(),
            quota_gb: self.quota.get_untracked(),
            warn_size_gb: self.warn.get_untracked(),
        }
    }
}

#[component]
pub fn FolderForm(fields: FolderFields) -> impl IntoView {
    view! {
        <div class="grid gap-3 md:grid-cols-3">
            <Text label="Path" value=fields.path placeholder="/data/research" hint="Absolute path on the machine that runs ADIT"/>
            <Number label="Quota in GB" value=fields.quota hint="0: none"/>
            <Number label="Warn above GB" value=fields.warn hint="0: never"/>
        </div>
    }
}

/// The fields of a bucket as signals.
#[derive(Clone, Copy)]
pub struct BucketFields {
    bucket: RwSignal<String>,
    prefix: RwSignal<String>,
    region: RwSignal<String>,
}

impl BucketFields {
    /// Empty fields unless a bucket is edited.
    pub fn of(kind: Option<&NodeKind>) -> Self {
        let bucket = match kind {
            Some(NodeKind::Bucket(bucket)) => bucket.clone(),
            _ => Bucket { bucket: String::new(), prefix: String::new(), region: String::new() },
        };
        Self {
            bucket: RwSignal::new(bucket.bucket),
            prefix: RwSignal::new(bucket.prefix),
            region: RwSignal::new(bucket.region),
        }
    }

    pub fn value(self) -> Bucket {
        Bucket {
            bucket: self.bucket.get_untracked(),
            prefix: self.prefix.get_untracked(),
            region: self.region.get_untracked(),
        }
    }
}

#[component]
pub fn BucketForm(fields: BucketFields) -> impl IntoView {
    view! {
        <div class="grid gap-3 md:grid-cols-3">
            <Text label="Bucket" value=fields.bucket placeholder="research-images" hint="Name of the S3 bucket"/>
            <Text label="Prefix" value=fields.prefix placeholder="liver-study/" hint="A folder in the bucket; empty: the whole bucket"/>
            <Text label="Region" value=fields.region placeholder="eu-central-1" hint="Empty: the region of this ADIT"/>
        </div>
        <p class="text-sm">"The credentials are those of this ADIT: whoever runs it has to allow it to read from and write to this bucket."</p>
    }
}
