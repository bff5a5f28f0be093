//! The texts of `kubectl explain`.

use super::{Field, Shape, TYPES, Type};
use std::rc::Rc;

/// Named types without fields whose descriptions stand behind those of the table, in this order (build.rs
/// has the same list).
const SCALARS: &[&str] = &[
    "Quantity",
    "IntOrString",
    "Time",
    "MicroTime",
    "FieldsV1",
    "RawExtension",
    "JSON",
    "JSONSchemaPropsOrArray",
];

/// The descriptions of all types and fields. They are big (some 450 KB) and seldom needed, so they live apart
/// from the table of fields: `descriptions.txt` in the build's output.
#[derive(Clone, Debug, Default)]
pub struct Descriptions {
    text: Rc<str>,
    /// Where each text begins; texts stand in the table's order, a type before its fields.
    starts: Rc<[u32]>,
}

impl Descriptions {
    /// Takes the content of `descriptions.txt`; `None` if it is not that.
    pub fn load(bytes: &[u8]) -> Option<Descriptions> {
        let text = std::str::from_utf8(bytes).ok()?;
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == 0);
        let starts: Rc<[u32]> = std::iter::once(0).chain(ends.map(|(i, _)| i as u32 + 1)).collect();
        let wanted = table_len() + SCALARS.len();
        (starts.len() == wanted + 1).then(|| Descriptions { text: Rc::from(text), starts })
    }

    /// The descriptions that the build contains.
    pub fn built_in() -> Descriptions {
        let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/descriptions.txt"));
        Descriptions::load(bytes).expect("written together with the table")
    }

    /// The description of a type.
    pub fn of_type(&self, t: Type) -> &str {
        self.get(t.0 as usize + t.row().1 as usize)
    }

    /// The description of a field (without that of its type).
    pub fn of_field(&self, f: Field) -> &str {
        let owner = TYPES.partition_point(|t| t.1 <= f.0) - 1;
        self.get(owner + 1 + f.0 as usize)
    }

    /// The description of a field's type where that has a name but no fields (`Quantity`); else empty.
    pub fn of_scalar(&self, f: Field) -> &str {
        let name = match f.shape() {
            Shape::Time => "Time",
            Shape::MicroTime => "MicroTime",
            Shape::Quantity => "Quantity",
            Shape::IntOrString => "IntOrString",
            Shape::Any => f.type_name(),
            _ => return "",
        };
        let place = SCALARS.iter().position(|s| *s == name);
        place.map_or("", |i| self.get(table_len() + i))
    }

    fn get(&self, i: usize) -> &str {
        let range = self.starts.get(i).zip(self.starts.get(i + 1));
        range.and_then(|(a, b)| self.text.get(*a as usize..*b as usize - 1)).unwrap_or("")
    }
}

/// How many texts the types and fields have.
fn table_len() -> usize {
    TYPES.len() + TYPES.last().map_or(0, |t| (t.1 + t.2) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    #[test]
    fn each_text_belongs_to_its_field() {
        let texts = Descriptions::built_in();
        let pod = Type::of(Kind::POD).expect("in the table");
        assert!(texts.of_type(pod).starts_with("Pod is a collection of containers that can run on a host."));
        let policy = pod.at("spec.containers.imagePullPolicy").expect("a field");
        let text = texts.of_field(policy);
        assert!(
            text.starts_with("Image pull policy.") && text.contains("\n - `\"Always\"` means that kubelet")
        );
        let last = Type::of(Kind::VOLUME_ATTACHMENT).and_then(|t| t.field("status")).expect("a field");
        assert!(texts.of_field(last).starts_with("status represents status of the VolumeAttachment"));
        assert!(Descriptions::load(b"nonsense").is_none());
    }
}
