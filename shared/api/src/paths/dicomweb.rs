//! Paths of DICOMweb: the resources of PS3.18 in the standard's layout, and as the published `adit-client` spells them.

/// GET: searches studies.
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
/// GET: fetches a study.
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
