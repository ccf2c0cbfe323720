//! Scripted peers, a delay proxy and other tools shared by the tests.
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
