//! Settings, telemetry and shutdown.
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
