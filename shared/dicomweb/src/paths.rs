//! Resources below a service's base address (PS3.18 10.4 and 10.6).

use adit_domain::Uid;
use adit_domain::dicom::InvalidValue;

/// A study, a series or an instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Resource {
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID; none: the whole study.
    pub series: Option<Uid>,
    /// SOP Instance UID; none: the whole series or study.
    pub instance: Option<Uid>,
}

impl Resource {
    /// A study.
    #[must_use]
    pub fn study(study: Uid) -> Self {
        Self { study, series: None, instance: None }
    }

    /// From the parts of an address; an instance needs its series.
    pub fn parse(study: &str, series: Option<&str>, instance: Option<&str>) -> Result<Self, InvalidValue> {
        Ok(Self {
            study: Uid::parse(study)?,
            series: series.map(Uid::parse).transpose()?,
            instance: instance.filter(|_| series.is_some()).map(Uid::parse).transpose()?,
        })
    }

    /// `studies/1.2/series/1.3/instances/1.4`, without a slash at either end.
    #[must_use]
    pub fn path(&self) -> String {
        path(self.study.as_str(), self.series.as_ref().map(Uid::as_str), self.instance.as_ref().map(Uid::as_str))
    }
}

/// The same from texts.
#[must_use]
pub fn path(study: &str, series: Option<&str>, instance: Option<&str>) -> String {
    let mut path = format!("studies/{study}");
    if let Some(series) = series {
        path.push_str(&format!("/series/{series}"));
        if let Some(instance) = instance {
            path.push_str(&format!("/instances/{instance}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_have_a_path_and_nothing_else_gets_into_it() {
        assert_eq!(Resource::parse("1.2", None, None).unwrap().path(), "studies/1.2");
        let instance = Resource::parse("1.2", Some("1.3"), Some("1.4")).unwrap();
        assert_eq!(instance.path(), "studies/1.2/series/1.3/instances/1.4");
        assert_eq!(Resource::parse("1.2", None, Some("1.4")).unwrap().path(), "studies/1.2");
        for wrong in ["", "a", "1/2", "%2e", &"1".repeat(65)] {
            assert!(Resource::parse(wrong, None, None).is_err(), "{wrong}");
        }
    }
}
