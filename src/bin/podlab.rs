//! The native runner: replays recordings, runs scenarios, opens a terminal on a cluster.

fn main() {}
