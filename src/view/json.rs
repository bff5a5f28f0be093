//! Views as JSON text: how they cross to the page.
//!
//! Text compares cheaply (the page's worker sends a view on only when its text has changed), `JSON.parse` is
//! the fastest way for a tree into JavaScript, and this writer costs a tenth of the code that building
//! JavaScript objects field by field does. It writes what views are made of: structs, sequences, options,
//! strings, numbers and booleans.

use crate::api::json::push_quoted;
use serde::ser::{
    Error as _, Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer,
};
use std::fmt::{self, Display, Write};

/// A value of a shape that no view has.
#[derive(Debug)]
pub struct Unwritable(String);

impl Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

impl serde::ser::Error for Unwritable {
    fn custom<T: Display>(text: T) -> Self {
        Unwritable(text.to_string())
    }
}

/// A view as JSON; `null` for a shape that no view has.
pub fn text(value: &impl Serialize) -> String {
    let mut writer = Writer { out: String::new() };
    match value.serialize(&mut writer) {
        Ok(()) => writer.out,
        Err(_) => String::from("null"),
    }
}

struct Writer {
    out: String,
}

/// A list or an object that is being written.
struct Open<'a> {
    writer: &'a mut Writer,
    first: bool,
    end: char,
}

impl Open<'_> {
    fn item(&mut self, key: Option<&str>, value: &(impl Serialize + ?Sized)) -> Result<(), Unwritable> {
        if !std::mem::take(&mut self.first) {
            self.writer.out.push(',');
        }
        if let Some(key) = key {
            push_quoted(&mut self.writer.out, key);
            self.writer.out.push(':');
        }
        value.serialize(&mut *self.writer)
    }

    fn close(self) {
        self.writer.out.push(self.end);
    }
}

impl Writer {
    fn open(&mut self, start: char, end: char) -> Open<'_> {
        self.out.push(start);
        Open { writer: self, first: true, end }
    }

    fn put(&mut self, text: &str) -> Result<(), Unwritable> {
        self.out.push_str(text);
        Ok(())
    }
}

impl SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = Unwritable;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.item(None, value)
    }
    fn end(self) -> Result<(), Unwritable> {
        self.close();
        Ok(())
    }
}

impl SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = Unwritable;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.item(None, value)
    }
    fn end(self) -> Result<(), Unwritable> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = Unwritable;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.item(Some(key), value)
    }
    fn end(self) -> Result<(), Unwritable> {
        self.close();
        Ok(())
    }
}

macro_rules! whole_numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, v: $type) -> Result<(), Unwritable> {
            write!(self.out, "{v}").map_err(|_| Unwritable(String::new()))
        })*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Impossible<(), Unwritable>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    whole_numbers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64);
    whole_numbers!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64);

    fn serialize_bool(self, v: bool) -> Result<(), Unwritable> {
        self.put(if v { "true" } else { "false" })
    }
    fn serialize_f32(self, v: f32) -> Result<(), Unwritable> {
        self.serialize_f64(f64::from(v))
    }
    fn serialize_f64(self, v: f64) -> Result<(), Unwritable> {
        match v as i64 {
            // Most are whole, and whole numbers are quick to write.
            whole if whole as f64 == v => self.serialize_i64(whole),
            _ if v.is_finite() => self.put(&v.to_string()),
            _ => self.put("null"),
        }
    }
    fn serialize_char(self, v: char) -> Result<(), Unwritable> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, v: &str) -> Result<(), Unwritable> {
        push_quoted(&mut self.out, v);
        Ok(())
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unwritable> {
        Err(Unwritable::custom("bytes"))
    }
    fn serialize_none(self) -> Result<(), Unwritable> {
        self.put("null")
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Unwritable> {
        self.put("null")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        self.put("null")
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), Unwritable> {
        self.serialize_str(name)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        Err(Unwritable::custom("variant"))
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, Unwritable> {
        Ok(self.open('[', ']'))
    }
    fn serialize_tuple(self, _: usize) -> Result<Open<'a>, Unwritable> {
        Ok(self.open('[', ']'))
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Unwritable> {
        Err(Unwritable::custom("tuple"))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable::custom("variant"))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unwritable> {
        Err(Unwritable::custom("map"))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, Unwritable> {
        Ok(self.open('{', '}'))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(Unwritable::custom("variant"))
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde::Serialize;

    #[derive(Serialize)]
    struct Sample<'a> {
        name: &'a str,
        at: f64,
        pairs: Vec<(String, bool)>,
        none: Option<u32>,
    }

    #[test]
    fn a_view_is_written_as_json() {
        let sample = Sample { name: "a\"b\n", at: 1.5e6, pairs: vec![("x".into(), true)], none: None };
        assert_eq!(text(&sample), r#"{"name":"a\"b\n","at":1500000,"pairs":[["x",true]],"none":null}"#);
    }
}
