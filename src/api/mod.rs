//! What API objects are: values, names, quantities, selectors, the schema, reading and writing YAML
//! and JSON, defaults, validation, patches and the `Status` error.
//!
//! Objects are immutable trees ([`Value`]) that share structure: cloning one is a reference count, a
//! change copies only the path to it. One table generated from the Kubernetes OpenAPI types tells what
//! fields a kind has; components read the fields that they act upon through small accessors.

pub mod convert;
pub mod custom;
pub mod decode;
pub mod defaults;
pub mod duration;
pub mod fields;
pub mod json;
pub mod jsonpath;
pub mod kind;
pub mod labels;
pub mod managed;
pub mod names;
pub mod object;
pub mod patch;
pub mod pod_security;
pub mod quantity;
pub mod rbac;
pub mod request;
pub mod resources;
pub mod schema;
pub mod selector;
pub mod status;
pub mod text;
pub mod timestamp;
pub mod validation;
pub mod value;
pub mod yaml;

pub use kind::Kind;
pub use object::Object;
pub use request::{Request, Response};
pub use status::Status;
pub use text::Text;
pub use value::Value;
