//! Go's `spew` dump of a pod template, written from a tree.
//!
//! `types.txt` lists the structs of `k8s.io/api/core/v1` (v1.36) that a template is made of: a line is a
//! struct, a word is `Field:type`, `Field=json:type` where the name in JSON does not follow from the
//! field's, or `~Embedded`. Types that have no line are texts.

use super::Sink;
use crate::api::Value;
use crate::api::quantity::{Format, Quantity};

const TYPES: &str = include_str!("types.txt");

/// Dumps a `PodTemplateSpec`.
pub(super) fn template(tree: &Value, out: &mut dyn Sink) {
    named("PodTemplateSpec", tree, out);
}

fn fields(name: &str) -> Option<&'static str> {
    TYPES.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
}

/// A value with the name of its type in front.
fn named(go: &str, value: &Value, out: &mut dyn Sink) {
    out.text("(");
    type_name(go, out);
    out.text(")");
    plain(go, value, out);
}

fn type_name(go: &str, out: &mut dyn Sink) {
    if let Some(rest) = go.strip_prefix("map[") {
        let (key, of) = rest.split_once(']').unwrap_or((rest, ""));
        out.text("map[");
        type_name(key, out);
        out.text("]");
        type_name(of, out);
    } else if let Some(to) = go.strip_prefix('*') {
        out.text("*");
        type_name(to, out);
    } else if let Some(of) = go.strip_prefix("[]") {
        out.text("[]");
        type_name(of, out);
    } else {
        let builtin = go.contains('.') || go.starts_with(|c: char| c.is_ascii_lowercase());
        out.text(if builtin { "" } else { "v1." });
        out.text(go);
    }
}

/// A value without the name of its type.
fn plain(go: &str, value: &Value, out: &mut dyn Sink) {
    if let Some(to) = go.strip_prefix('*') {
        return if value.is_null() { out.text("<nil>") } else { plain(to, value, out) };
    }
    if let Some(of) = go.strip_prefix("[]") {
        return list(of, value.items(), out);
    }
    if let Some(of) = go.strip_prefix("map[").and_then(|m| m.split_once(']')) {
        return map(of.1, value, out);
    }
    match go {
        "bool" => out.text(if value.is_true() { "true" } else { "false" }),
        "int32" | "int64" => out.text(&value.int_or(0).to_string()),
        "ResourceList" => map("resource.Quantity", value, out),
        "resource.Quantity" => quantity(value, out),
        "intstr.IntOrString" => int_or_string(value, out),
        "Time" => out.text("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"),
        _ => match fields(go) {
            Some(fields) => structure(fields, value, out),
            None => out.text(value.str()),
        },
    }
}

fn list(of: &str, items: &[Value], out: &mut dyn Sink) {
    if items.is_empty() {
        return out.text("<nil>");
    }
    out.text("[");
    for (i, item) in items.iter().enumerate() {
        out.text(if i > 0 { " " } else { "" });
        plain(of, item, out);
    }
    out.text("]");
}

fn map(of: &str, value: &Value, out: &mut dyn Sink) {
    if value.is_empty() {
        return out.text("<nil>");
    }
    out.text("map[");
    for (i, (key, v)) in value.entries().enumerate() {
        out.text(if i > 0 { " " } else { "" });
        out.text(key);
        out.text(":");
        plain(of, v, out);
    }
    out.text("]");
}

fn structure(fields: &'static str, value: &Value, out: &mut dyn Sink) {
    out.text("{");
    for (i, field) in fields.split(' ').enumerate() {
        out.text(if i > 0 { " " } else { "" });
        if let Some(embedded) = field.strip_prefix('~') {
            out.text(embedded);
            out.text(":");
            named(embedded, value, out);
            continue;
        }
        let (name, go) = field.split_once(':').unwrap_or((field, ""));
        let (name, key) = match name.split_once('=') {
            Some((name, key)) => (name, key.to_string()),
            None => (name, json_name(name)),
        };
        out.text(name);
        out.text(":");
        named(go, value.get(&key), out);
    }
    out.text("}");
}

/// `HostPID` → `hostPID`, `TCPSocket` → `tcpSocket`, `NFS` → `nfs`.
fn json_name(go: &str) -> String {
    let upper = go.bytes().take_while(u8::is_ascii_uppercase).count();
    let low = if upper == go.len() { upper } else { upper.saturating_sub(1).max(1) };
    go[..low].to_ascii_lowercase() + &go[low..]
}

fn int_or_string(value: &Value, out: &mut dyn Sink) {
    let text = match value.as_str() {
        Some(s) => format!("{{Type:(intstr.Type)1 IntVal:(int32)0 StrVal:(string){s}}}"),
        None => {
            format!("{{Type:(intstr.Type)0 IntVal:(int32){} StrVal:(string)}}", value.int_or(0))
        }
    };
    out.text(&text);
}

/// A quantity as `ParseQuantity` reads its canonical text: small ones as a number and a decimal scale, and
/// with the text if that is certain to be canonical; large ones as an arbitrary-precision decimal.
fn quantity(value: &Value, out: &mut dyn Sink) {
    let quantity = Quantity::of(value);
    let text = quantity.to_string();
    let format = match quantity.format {
        Format::DecimalSi => "DecimalSI",
        Format::BinarySi => "BinarySI",
        Format::DecimalExponent => "DecimalExponent",
    };
    let (i, d, s) = if text == "0" { ((0, 0), None, "0") } else { parsed(&text, quantity.format) };
    let dec = match d {
        None => "(*inf.Dec)<nil>".to_string(),
        Some(units) => big(units),
    };
    out.text(&format!(
        "{{i:(resource.int64Amount){{value:(int64){} scale:(resource.Scale){}}} d:(resource.infDecAmount){{Dec:{dec}}} \
         s:(string){s} Format:(resource.Format){format}}}",
        i.0, i.1
    ));
}

/// Upstream `maxInt64Factors`.
const MAX_FACTORS: usize = 18;

/// ((value, scale), large value, kept text).
fn parsed(text: &str, format: Format) -> ((i64, i32), Option<i128>, &str) {
    let digits = text.trim_start_matches('-');
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (number, suffix) = digits.split_at(end);
    let value: i128 = number.parse().unwrap_or(0);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let exact = |v: i128| i64::try_from(v * sign).ok();
    if format == Format::BinarySi {
        let exponent = 10 * (1 + "KMGTPE".find(suffix.trim_end_matches('i')).unwrap_or(0)) as i32;
        let exponent = if suffix.is_empty() { 0 } else { exponent };
        let result = value << exponent;
        let precision = 15 - number.len() as i32 - exponent * 3 / 10 - 1;
        return match exact(result).filter(|_| precision >= 0) {
            Some(v) => ((v, 0), None, if value & 7 == 0 { "" } else { text }),
            None => ((0, 0), Some(result * sign), ""),
        };
    }
    let scale = match suffix.strip_prefix(['e', 'E']).and_then(|e| e.parse().ok()) {
        Some(exponent) if format == Format::DecimalExponent => exponent,
        _ => decimal_scale(suffix),
    };
    match exact(value).filter(|_| number.len() <= MAX_FACTORS) {
        Some(v) => ((v, scale), None, if number.ends_with("000") { "" } else { text }),
        None => ((0, 0), Some(value * sign), ""),
    }
}

fn decimal_scale(suffix: &str) -> i32 {
    let steps = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    steps.iter().position(|s| *s == suffix).map_or(0, |i| 3 * i as i32 - 9)
}

/// Go's dump of an `inf.Dec` with a whole value.
fn big(units: i128) -> String {
    let magnitude = units.unsigned_abs();
    let mut words = vec![(magnitude as u64).to_string()];
    if magnitude >> 64 != 0 {
        words.push(((magnitude >> 64) as u64).to_string());
    }
    format!(
        "(*inf.Dec){{unscaled:(big.Int){{neg:(bool){} abs:(big.nat)[{}]}} scale:(inf.Scale)0}}",
        units < 0,
        words.join(" ")
    )
}
