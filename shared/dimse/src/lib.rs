//! DIMSE over TCP and TLS: associations, command sets, status codes, service classes.
