//! The simulated registry: images with their files, entrypoints, sizes and programs.
