//! What crosses HTTP: requests, responses, the error body, route paths.
