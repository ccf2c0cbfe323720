//! Scripted peers, a delay proxy and other tools shared by the tests.
