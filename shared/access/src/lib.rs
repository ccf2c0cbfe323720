//! Accounts, sessions and who may do what.
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
