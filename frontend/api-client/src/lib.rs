//! The only crate in the browser that knows HTTP.
// begun
// begun
// begun
// begun
// begun
// begun
// begun
// begun
// begun
// begun
// begun
// begun
