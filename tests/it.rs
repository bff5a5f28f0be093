//! The integration tests: one binary, one module for each subject.

mod golden;
mod lessons;
mod properties;
mod texts;
mod tidy;
mod transcripts;
