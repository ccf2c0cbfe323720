//! Viewers on other web addresses: a browser lets the script of another site read answers of ours only if we name that site (CORS). Such a
//! script shows a token; cookies of people who are logged in are never taken from there.

use std::time::Duration;

use axum::Router;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LOCATION, CONTENT_TYPE, WARNING};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser remembers what it may do.
const REMEMBERED: Duration = Duration::from_secs(600);
/// What a viewer's script may send and read.
const SENT: [HeaderName; 3] = [ACCEPT, AUTHORIZATION, CONTENT_TYPE];
const READ: [HeaderName; 3] = [CONTENT_LOCATION, CONTENT_TYPE, WARNING];

/// Lets scripts of these web addresses, such as `https://viewer.example.org`, use DICOMweb, and nothing else.
///
/// # Errors
/// One is not written as browsers write it.
pub fn admit(router: Router, origins: &[String]) -> Result<Router, String> {
    let given = origins.iter().map(String::as_str).map(str::trim).filter(|text| !text.is_empty());
    let origins = given.map(origin).collect::<Result<Vec<_>, _>>()?;
    if origins.is_empty() {
        return Ok(router);
    }
    let is_admitted = move |origin: &HeaderValue, parts: &Parts| origins.contains(origin) && is_dicomweb(&parts.uri);
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_admitted))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED);
    Ok(router.layer(layer))
}

fn is_dicomweb(uri: &Uri) -> bool {
    ["/dicomweb/", "/api/dicom-web/"].iter().any(|root| uri.path().starts_with(root))
}

/// Scheme, host and port: a browser sends them in small letters, without the scheme's own port and without a slash at the end.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || {
        format!(
            "\"{text}\" is no web address of a viewer: write it as https://viewer.example.org, in small letters and without a path"
        )
    };
    let rest = text.strip_prefix("https://").map(|rest| (rest, ":443"));
    let (rest, own_port) = rest.or_else(|| text.strip_prefix("http://").map(|rest| (rest, ":80"))).ok_or_else(wrong)?;
    let fits = !rest.is_empty()
        && !rest.ends_with(own_port)
        && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte));
    if !fits {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{HeaderMap, Request, StatusCode};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn asked(method: Method, path: &str, origin: &str) -> (StatusCode, HeaderMap) {
        let inner = Router::new().fallback(get(|| async { "images" }));
        let router = admit(inner, &["https://viewer.example.org".to_owned()]).unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let answer = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (answer.status(), answer.headers().clone())
    }

    #[tokio::test]
    async fn a_viewer_that_is_named_may_read_images_and_nobody_else_may() {
        for path in ["/dicomweb/PACS/studies", "/api/dicom-web/PACS/wadors/studies/1.2"] {
            for method in [Method::GET, Method::OPTIONS] {
                let (status, headers) = asked(method, path, "https://viewer.example.org").await;
                assert_eq!(status, 200);
                assert_eq!(headers["access-control-allow-origin"], "https://viewer.example.org");
                assert!(!headers.contains_key("access-control-allow-credentials"), "cookies are not taken from there");
            }
            for other in
                ["https://evil.example.org", "http://viewer.example.org", "https://viewer.example.org.evil", "null"]
            {
                let (_, headers) = asked(Method::OPTIONS, path, other).await;
                assert!(!headers.contains_key("access-control-allow-origin"), "{other}");
            }
        }
        for path in ["/api/jobs", "/api/session", "/", "/dicomweb"] {
            let (_, headers) = asked(Method::OPTIONS, path, "https://viewer.example.org").await;
            assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
        }
    }

    #[test]
    fn an_address_that_no_browser_would_send_is_refused() {
        for good in ["https://viewer.example.org", "http://127.0.0.1:3000", "http://[::1]:3000", "https://a-b.de:8443"]
        {
            assert!(origin(good).is_ok(), "{good}");
        }
        for bad in [
            "*",
            "",
            "viewer.example.org",
            "https://",
            "https://a.de/",
            "https://A.de",
            "https://a.de:443",
            "https://*.a.de",
        ] {
            assert!(origin(bad).unwrap_err().contains("https://viewer.example.org"), "{bad}");
        }
    }
}
