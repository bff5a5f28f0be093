//! What fields the kinds have: types, fields, Go's names for them, patch strategies, enumerations.
//!
//! One static table, written at build time from the Kubernetes v1.36 OpenAPI types (see `build.rs`), serves
//! strict decoding, defaulting, patches and `kubectl explain`. Descriptions are a separate text
//! ([`Descriptions`]), so that a page can load them when somebody asks.

mod descriptions;

pub use descriptions::Descriptions;

use crate::api::{Kind, Text};

/// A type with fields: an index into the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Type(u16);

/// A field of a type: an index into the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Field(u16);

/// What a field holds: one value, or several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Container {
    /// One value.
    Plain,
    /// A list.
    List,
    /// A map from strings.
    Map,
    /// A map from strings to lists.
    MapOfLists,
}

/// What a field's values are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Anything (raw JSON).
    Any,
    /// A string.
    Str,
    /// A boolean.
    Bool,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number.
    Float,
    /// A quantity such as `100m`.
    Quantity,
    /// A whole number or a string.
    IntOrString,
    /// A time in RFC 3339.
    Time,
    /// A time with microseconds.
    MicroTime,
    /// Bytes in base64.
    Bytes,
    /// A map of anything.
    Object,
    /// A type with fields.
    Struct(Type),
}

/// Name, first field, number of fields.
struct TypeRow(u16, u16, u16);

/// Key, container, shape, Go type, what a named Go type stands for, flags, embedded, merge key, list keys,
/// enumeration, order in Go.
struct FieldRow(u16, u8, u16, u16, u16, u16, u16, u16, u16, u16, u16);

include!(concat!(env!("OUT_DIR"), "/schema.rs"));

/// A key as shared text, without allocation where it is a known field's name.
pub fn key(name: &str) -> Text {
    match KEYS.binary_search(&name) {
        Ok(i) => Text::lit(KEYS[i]),
        Err(_) => Text::from(name),
    }
}

impl Type {
    /// The type of a kind's objects.
    pub fn of(kind: Kind) -> Option<Type> {
        let info = kind.info();
        Type::of_name(info.api_version, info.kind)
    }

    /// The type of an `apiVersion` and `kind`; besides the kinds of the table: `Scale`, `Eviction`, `Binding`.
    pub fn of_name(api_version: &str, kind: &str) -> Option<Type> {
        ROOTS.iter().find(|(v, k, _)| *v == api_version && *k == kind).map(|(_, _, t)| Type(*t))
    }

    /// A type by its Go name, e.g. `PodSpec`; the first one where several packages have it.
    pub fn named(name: &str) -> Option<Type> {
        TYPES.iter().position(|t| STRINGS[t.0 as usize] == name).map(|i| Type(i as u16))
    }

    fn row(self) -> &'static TypeRow {
        &TYPES[self.0 as usize]
    }

    /// `PodSpec`
    pub fn name(self) -> &'static str {
        STRINGS[self.row().0 as usize]
    }

    /// The fields, sorted by name.
    pub fn fields(self) -> impl DoubleEndedIterator<Item = Field> + ExactSizeIterator {
        let TypeRow(_, first, count) = *self.row();
        (first..first + count).map(Field)
    }

    /// The field of a name.
    pub fn field(self, name: &str) -> Option<Field> {
        let TypeRow(_, first, count) = *self.row();
        let rows = &FIELDS[first as usize..(first + count) as usize];
        rows.binary_search_by(|row| KEYS[row.0 as usize].cmp(name)).ok().map(|i| Field(first + i as u16))
    }

    /// The field at a dotted path of field names; lists and maps are passed through.
    pub fn at(self, path: &str) -> Option<Field> {
        let mut names = path.split('.');
        let mut field = self.field(names.next()?)?;
        for name in names {
            field = field.fields()?.field(name)?;
        }
        Some(field)
    }
}

impl Field {
    fn row(self) -> &'static FieldRow {
        &FIELDS[self.0 as usize]
    }

    fn flag(self, bit: u16) -> bool {
        self.row().5 & (1 << bit) != 0
    }

    /// `containers`
    pub fn name(self) -> &'static str {
        KEYS[self.row().0 as usize]
    }

    /// Whether it holds one value, a list or a map.
    pub fn container(self) -> Container {
        match self.row().1 {
            1 => Container::List,
            2 => Container::Map,
            3 => Container::MapOfLists,
            _ => Container::Plain,
        }
    }

    /// What its value or values are.
    pub fn shape(self) -> Shape {
        match self.row().2 {
            1 => Shape::Str,
            2 => Shape::Bool,
            3 => Shape::Int32,
            4 => Shape::Int64,
            5 => Shape::Float,
            6 => Shape::Quantity,
            7 => Shape::IntOrString,
            8 => Shape::Time,
            9 => Shape::MicroTime,
            10 => Shape::Bytes,
            11 => Shape::Object,
            n if n >= 32 => Shape::Struct(Type(n - 32)),
            _ => Shape::Any,
        }
    }

    /// The type of its value or values, if they have fields.
    pub fn fields(self) -> Option<Type> {
        match self.shape() {
            Shape::Struct(t) => Some(t),
            _ => None,
        }
    }

    /// Go's type without the pointer, e.g. `[]v1.Container`, `int32`, `v1.ResourceList`.
    pub fn go_type(self) -> &'static str {
        STRINGS[self.row().3 as usize]
    }

    /// What a named Go type stands for, e.g. `map[v1.ResourceName]resource.Quantity`; empty for strings.
    pub fn stands_for(self) -> &'static str {
        STRINGS[self.row().4 as usize]
    }

    /// Whether the OpenAPI schema requires it.
    pub fn required(self) -> bool {
        self.flag(0)
    }

    /// Whether Go holds it behind a pointer, so that zero differs from absent.
    pub fn pointer(self) -> bool {
        self.flag(1)
    }

    /// Whether Go leaves it out when it is empty.
    pub fn omitempty(self) -> bool {
        self.flag(2)
    }

    /// Whether Go leaves it out when it is zero, also if it is a struct.
    pub fn omitzero(self) -> bool {
        self.flag(3)
    }

    /// Whether a strategic patch merges its list (or map) with the old one.
    pub fn merges(self) -> bool {
        self.flag(4)
    }

    /// Whether a strategic patch keeps only the keys that it lists (`retainKeys`).
    pub fn retains_keys(self) -> bool {
        self.flag(5)
    }

    /// Whether a strategic patch replaces the map as a whole.
    pub fn replaces(self) -> bool {
        self.flag(6)
    }

    /// Whether server-side apply owns the list or map as a whole.
    pub fn atomic(self) -> bool {
        self.flag(7)
    }

    /// The key by which a strategic patch finds elements, e.g. `name`; empty for lists of plain values.
    pub fn merge_key(self) -> &'static str {
        STRINGS[self.row().7 as usize]
    }

    /// The keys that make an element unique for server-side apply, e.g. `containerPort,protocol`.
    pub fn list_keys(self) -> impl Iterator<Item = &'static str> {
        STRINGS[self.row().8 as usize].split(',').filter(|k| !k.is_empty())
    }

    /// The embedded Go struct in which the field stands, with its type's name: (`VolumeSource`, `VolumeSource`).
    pub fn embedded(self) -> Option<(&'static str, &'static str)> {
        STRINGS[self.row().6 as usize].split_once(':')
    }

    /// The allowed values, sorted, if the type is an enumeration.
    pub fn enum_values(self) -> impl Iterator<Item = &'static str> {
        STRINGS[self.row().9 as usize].split('\n').filter(|v| !v.is_empty())
    }

    /// The place among the type's fields in Go, which is the order in which Go prints them as JSON.
    pub fn order(self) -> u16 {
        self.row().10
    }

    /// Go's name of the type of its values without the package, e.g. `FieldsV1`; `Object` if it has none.
    fn type_name(self) -> &'static str {
        self.go_type().rsplit_once('.').map_or("Object", |(_, name)| name)
    }

    /// The type as `kubectl explain` shows it, e.g. `[]Container`, `map[string]string`, `integer`.
    pub fn explain_type(self) -> String {
        let element = match self.shape() {
            Shape::Any => self.type_name(),
            Shape::Object => "Object",
            Shape::Str | Shape::Time | Shape::MicroTime | Shape::Bytes => "string",
            Shape::Bool => "boolean",
            Shape::Int32 | Shape::Int64 => "integer",
            Shape::Float => "number",
            Shape::Quantity => "Quantity",
            Shape::IntOrString => "IntOrString",
            Shape::Struct(t) => t.name(),
        };
        match self.container() {
            Container::Plain => String::from(element),
            Container::List => format!("[]{element}"),
            Container::Map => format!("map[string]{element}"),
            Container::MapOfLists => format!("map[string][]{element}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_type_with_kind_and_metadata() {
        for kind in Kind::all() {
            let t = Type::of(kind).unwrap_or_else(|| panic!("{kind:?} has no type"));
            assert_eq!(t.name(), kind.info().kind);
            for field in ["apiVersion", "kind", "metadata"] {
                assert!(t.field(field).is_some(), "{} {field}", t.name());
            }
        }
    }

    #[test]
    fn fields_know_their_types_keys_and_strategies() {
        let pod = Type::of(Kind::POD).expect("in the table");
        let containers = pod.at("spec.containers").expect("a field");
        assert_eq!((containers.merge_key(), containers.explain_type()), ("name", "[]Container".into()));
        assert!(containers.required() && containers.merges() && !containers.omitempty());
        let policy = pod.at("spec.containers.imagePullPolicy").expect("a field");
        assert_eq!(policy.enum_values().collect::<Vec<_>>(), ["Always", "IfNotPresent", "Never"]);
        assert_eq!(policy.go_type(), "v1.PullPolicy");
        assert_eq!(
            pod.at("spec.volumes.emptyDir").and_then(Field::embedded),
            Some(("VolumeSource", "VolumeSource"))
        );
        assert_eq!(pod.at("spec.nope"), None);
        assert_eq!(pod.at("spec.containers.ports").expect("a field").list_keys().count(), 2);
        assert!(matches!(key("containers"), Text::Static(_)) && matches!(key("nope!"), Text::Shared(_)));
    }
}
