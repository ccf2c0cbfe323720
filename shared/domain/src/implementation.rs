//! How we name ourselves in associations and files (PS3.7 D.3.3.2, PS3.10 Section 7).

/// Our Implementation Class UID (PS3.7 D.3.3.2), below a root derived from a UUID (PS3.5 B.2).
pub const CLASS_UID: &str = "2.25.250637894561094873654019283746550129384";
/// Our Implementation Version Name.
pub const VERSION_NAME: &str = concat!("ADIT_", env!("CARGO_PKG_VERSION"));
