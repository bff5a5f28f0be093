//! The integration tests: one binary, one module for each subject.

mod controllers;
mod coverage;
mod fuzz;
mod fuzz_shell;
mod golden;
mod histories;
mod hostile;
mod large;
mod lessons;
mod properties;
mod readme;
mod rewind;
mod runner;
mod scheduling;
mod score;
mod shells;
mod texts;
mod tidy;
mod transcripts;
mod upstream;
mod validation;
mod why;
