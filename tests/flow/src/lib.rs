//! Whole journeys in one process over real sockets, with peers that follow a script. The journeys stand in `tests/`.
