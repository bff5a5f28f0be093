//! `quantity.tsv`.

use super::rows;
use podlab::api::decode;
use podlab::api::quantity::{Format, Quantity};
use podlab::api::{Kind, Value, json};

fn format(name: &str) -> Format {
    match name {
        "BinarySI" => Format::BinarySi,
        "DecimalExponent" => Format::DecimalExponent,
        _ => Format::DecimalSi,
    }
}

/// An amount in nano-units from its mantissa and power of ten.
fn nano(mantissa: &str, power: &str) -> i128 {
    let (mantissa, power): (i128, i32) = (mantissa.parse().expect("number"), power.parse().expect("power"));
    match power + 9 {
        up @ 0.. => mantissa * 10_i128.pow(up as u32),
        down => mantissa / 10_i128.pow(-down as u32),
    }
}

/// What is wrong with one row, if anything.
fn check(row: &[&str]) -> Result<(), String> {
    let read = |text: &str| Quantity::read(text).map_err(|e| format!("{text}: {e}"));
    let same = |what: &str, a: &dyn ToString, b: &dyn ToString| match (a.to_string(), b.to_string()) {
        (a, b) if a == b => Ok(()),
        (a, b) => Err(format!("{what}: expected {b}, got {a}")),
    };
    match *row {
        ["read", text, mantissa, power, name] => {
            for (sign, text) in [(1, text.to_string()), (-1, format!("-{text}")), (1, format!("+{text}"))] {
                let got = read(&text)?;
                same("amount", &got.nano, &(nano(mantissa, power) * sign))?;
                same("format", &format!("{:?}", got.format), &format!("{:?}", format(name)))?;
            }
            Ok(())
        }
        ["print", mantissa, power, name, text, other] => {
            let quantity = Quantity { nano: nano(mantissa, power), format: format(name) };
            same("printed", &quantity, &text)?;
            if quantity.nano > 0 {
                same("negative", &Quantity { nano: -quantity.nano, ..quantity }, &format!("-{text}"))?;
            }
            same("given back", &Quantity::given_back(text).unwrap_or_default(), &text)?;
            if other.is_empty() { Ok(()) } else { same("other", &read(other)?, &text) }
        }
        ["emit", text, printed] => {
            same("printed", &read(text)?, &printed)?;
            same("negative", &read(&format!("-{text}"))?, &format!("-{printed}"))
        }
        ["back", text, back] => same("given back", &Quantity::given_back(text).unwrap_or_default(), &back),
        ["refuse", text, words] => same("refused", &Quantity::read(text).err().unwrap_or("read"), &words),
        ["compare", a, b, order] => {
            let (a, b) = (read(a)?, read(b)?);
            same("order", &(a.cmp(&b) as i32), &order)?;
            same("reverse", &-(b.cmp(&a) as i32), &order)
        }
        ["rounded", text, power, mantissa, of] => {
            let scale = if power == "0" { 1_000_000_000 } else { 1_000_000 };
            let quantity = read(text)?;
            let got = if power == "0" { quantity.value() } else { quantity.milli_value() };
            same("rounded", &got, &(nano(mantissa, of) / scale))
        }
        ["sum", a, b, sum] => same("sum", &read(a)?.plus(read(b)?), &read(sum)?),
        ["difference", a, b, rest] => same("difference", &read(a)?.minus(read(b)?), &read(rest)?),
        _ => Err(String::from("no such kind of case")),
    }
}

#[test]
fn quantities_are_read_and_printed_as_upstreams_tests_say() {
    let mut wrong = vec![];
    for row in rows(include_str!("quantity.tsv")) {
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        if let Err(why) = check(&row) {
            wrong.push(format!("{row:?}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_manifests_quantity_may_have_blanks_around_it_and_be_a_number() {
    for (text, read) in [("\" 1\"", "1"), ("\"1 \"", "1"), ("1", "1"), ("10", "10"), ("-1", "-1")] {
        let quota = format!(
            r#"{{"apiVersion":"v1","kind":"ResourceQuota","metadata":{{"name":"q"}},"spec":{{"hard":{{"cpu":{text}}}}}}}"#
        );
        let quota = json::parse(&quota).expect("JSON");
        let (object, _) = decode::object(Kind::RESOURCE_QUOTA, &quota, "Strict").expect(text);
        assert_eq!(object.value["spec"]["hard"]["cpu"], Value::from(read), "{text}");
    }
}
