//! Whole journeys in one process over real sockets.
