//! Paths of DICOMweb: the resources of PS3.18 in the standard's layout, and as the published `adit-client` spells them.

/// GET: searches studies. POST: stores instances.
pub const STUDIES: &str = "/dicomweb/{server}/studies";
/// GET: searches series.
pub const SERIES: &str = "/dicomweb/{server}/series";
/// GET: searches instances.
pub const INSTANCES: &str = "/dicomweb/{server}/instances";
/// GET: searches the series of a study.
pub const STUDY_SERIES: &str = "/dicomweb/{server}/studies/{study}/series";
/// GET: searches the instances of a study.
pub const STUDY_INSTANCES: &str = "/dicomweb/{server}/studies/{study}/instances";
/// GET: searches the instances of a series.
pub const SERIES_INSTANCES: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances";
/// GET: fetches a study. POST: stores instances of it.
pub const STUDY: &str = "/dicomweb/{server}/studies/{study}";
/// GET: the data of a study without pixels.
pub const STUDY_METADATA: &str = "/dicomweb/{server}/studies/{study}/metadata";
/// GET: fetches a series.
pub const ONE_SERIES: &str = "/dicomweb/{server}/studies/{study}/series/{series}";
/// GET: the data of a series without pixels.
pub const ONE_SERIES_METADATA: &str = "/dicomweb/{server}/studies/{study}/series/{series}/metadata";
/// GET: fetches an instance.
pub const INSTANCE: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}";
/// GET: the data of an instance without pixels.
pub const INSTANCE_METADATA: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/metadata";
/// GET: searches studies.
pub const CLIENT_STUDIES: &str = "/api/dicom-web/{server}/qidors/studies";
/// GET: searches series.
pub const CLIENT_SERIES: &str = "/api/dicom-web/{server}/qidors/series";
/// GET: searches instances.
pub const CLIENT_INSTANCES: &str = "/api/dicom-web/{server}/qidors/instances";
/// GET: searches the series of a study.
pub const CLIENT_STUDY_SERIES: &str = "/api/dicom-web/{server}/qidors/studies/{study}/series";
/// GET: searches the instances of a study.
pub const CLIENT_STUDY_INSTANCES: &str = "/api/dicom-web/{server}/qidors/studies/{study}/instances";
/// GET: searches the instances of a series.
pub const CLIENT_SERIES_INSTANCES: &str = "/api/dicom-web/{server}/qidors/studies/{study}/series/{series}/instances";
/// GET: fetches a study.
pub const CLIENT_STUDY: &str = "/api/dicom-web/{server}/wadors/studies/{study}";
/// GET: the data of a study without pixels.
pub const CLIENT_STUDY_METADATA: &str = "/api/dicom-web/{server}/wadors/studies/{study}/metadata";
/// GET: fetches a series.
pub const CLIENT_ONE_SERIES: &str = "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}";
/// GET: the data of a series without pixels.
pub const CLIENT_ONE_SERIES_METADATA: &str = "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/metadata";
/// GET: fetches an instance.
pub const CLIENT_INSTANCE: &str = "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}";
/// GET: the data of an instance without pixels.
pub const CLIENT_INSTANCE_METADATA: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/metadata";
/// POST: stores instances.
pub const CLIENT_STORE: &str = "/api/dicom-web/{server}/stowrs/studies";
/// POST: stores instances of a study.
pub const CLIENT_STORE_STUDY: &str = "/api/dicom-web/{server}/stowrs/studies/{study}";
/// Where a program sends a body that it cannot send twice.
pub const STORES: [&str; 4] = [STUDIES, STUDY, CLIENT_STORE, CLIENT_STORE_STUDY];
/// GET: frames of an instance.
pub const FRAMES: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/frames/{frames}";
/// GET: frames of an instance as pictures.
pub const FRAMES_RENDERED: &str =
    "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered";
/// GET: a small picture of a frame.
pub const FRAMES_THUMBNAIL: &str =
    "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail";
/// GET: an instance as a picture.
pub const INSTANCE_RENDERED: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/rendered";
/// GET: all images of a series as pictures.
pub const SERIES_RENDERED: &str = "/dicomweb/{server}/studies/{study}/series/{series}/rendered";
/// GET: all images of a study as pictures.
pub const STUDY_RENDERED: &str = "/dicomweb/{server}/studies/{study}/rendered";
/// GET: a small picture of an instance.
pub const INSTANCE_THUMBNAIL: &str =
    "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/thumbnail";
/// GET: a small picture of a series.
pub const SERIES_THUMBNAIL: &str = "/dicomweb/{server}/studies/{study}/series/{series}/thumbnail";
/// GET: a small picture of a study.
pub const STUDY_THUMBNAIL: &str = "/dicomweb/{server}/studies/{study}/thumbnail";
/// GET: a value that stands outside of the metadata.
pub const BULK_DATA: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/bulkdata/{*value}";
/// GET: frames of an instance.
pub const CLIENT_FRAMES: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/frames/{frames}";
/// GET: frames of an instance as pictures.
pub const CLIENT_FRAMES_RENDERED: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered";
/// GET: a small picture of a frame.
pub const CLIENT_FRAMES_THUMBNAIL: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail";
/// GET: an instance as a picture.
pub const CLIENT_INSTANCE_RENDERED: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/rendered";
/// GET: all images of a series as pictures.
pub const CLIENT_SERIES_RENDERED: &str = "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/rendered";
/// GET: all images of a study as pictures.
pub const CLIENT_STUDY_RENDERED: &str = "/api/dicom-web/{server}/wadors/studies/{study}/rendered";
/// GET: a small picture of an instance.
pub const CLIENT_INSTANCE_THUMBNAIL: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/thumbnail";
/// GET: a small picture of a series.
pub const CLIENT_SERIES_THUMBNAIL: &str = "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/thumbnail";
/// GET: a small picture of a study.
pub const CLIENT_STUDY_THUMBNAIL: &str = "/api/dicom-web/{server}/wadors/studies/{study}/thumbnail";
/// GET: a value that stands outside of the metadata.
pub const CLIENT_BULK_DATA: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/bulkdata/{*value}";
/// GET: a study as NIfTI files.
pub const STUDY_NIFTI: &str = "/dicomweb/{server}/studies/{study}/nifti";
/// GET: a series as NIfTI files.
pub const SERIES_NIFTI: &str = "/dicomweb/{server}/studies/{study}/series/{series}/nifti";
/// GET: an instance as NIfTI files.
pub const INSTANCE_NIFTI: &str = "/dicomweb/{server}/studies/{study}/series/{series}/instances/{instance}/nifti";
/// GET: a study as NIfTI files.
pub const CLIENT_STUDY_NIFTI: &str = "/api/dicom-web/{server}/wadors/studies/{study}/nifti";
/// GET: a series as NIfTI files.
pub const CLIENT_SERIES_NIFTI: &str = "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/nifti";
/// GET: an instance as NIfTI files.
pub const CLIENT_INSTANCE_NIFTI: &str =
    "/api/dicom-web/{server}/wadors/studies/{study}/series/{series}/instances/{instance}/nifti";
