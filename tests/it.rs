//! The integration tests: one binary, one module for each subject.

mod coverage;
mod golden;
mod hostile;
mod lessons;
mod properties;
mod rewind;
mod texts;
mod tidy;
mod transcripts;
mod why;
