fn main() {}
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
