//! The embedded backend: SQLite items and queue, directory staging.
