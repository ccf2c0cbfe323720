//! The only crate in the browser that knows HTTP.
