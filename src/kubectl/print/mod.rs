//! Output formats: tables, YAML, JSON, names and the expression languages.

pub mod age;
pub mod columns;
pub mod expression;
mod kyaml;
pub mod pod;
pub mod sort;
pub mod table;
mod template;

use crate::api::kind::CustomColumn;
use crate::api::{Kind, Object, Value, json, yaml};
use crate::kubectl::cx::Cx;
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, bare, switch, text};
use crate::kubectl::resource::label;

/// Flags of verbs that print objects in a format of choice.
pub const FLAGS: &[Flag] = &[
    text("output", 'o', ""),
    text("template", ' ', ""),
    bare("allow-missing-template-keys", "true", "true"),
    switch("show-managed-fields", ' '),
];

/// A format.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// The verb's own words, or a table.
    Human,
    /// A table with more columns.
    Wide,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// YAML in flow style, quoted (`kyaml`).
    Kyaml,
    /// `pod/web`.
    Name,
    /// A jsonpath template.
    JsonPath {
        /// Its text.
        text: String,
        /// Whether the results are printed as JSON.
        as_json: bool,
        /// Whether fields may be missing.
        lenient: bool,
    },
    /// Columns with jsonpath expressions: (header, expression).
    Columns(Vec<(String, String)>),
    /// A Go template.
    Template {
        /// Its text.
        text: String,
        /// Whether fields may be missing.
        lenient: bool,
    },
}

/// Whether a command sees `metadata.managedFields`: YAML and JSON leave them out unless they are asked for,
/// expressions do not.
pub fn wants_managed(args: &Args) -> bool {
    let output = args.value("output").split('=').next().unwrap_or("");
    let expression =
        ["jsonpath", "template", "go-template", "custom-columns"].iter().any(|f| output.starts_with(f));
    args.is("show-managed-fields") || args.changed("template") || expression
}

/// The formats of `kubectl get`.
pub const GET: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";
/// The formats of verbs that print what they have made.
pub const MADE: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

/// The format that `-o` and `--template` ask for; `allowed` is listed if there is no such format.
pub fn format(cx: &mut Cx, args: &Args, allowed: &str) -> Res<Format> {
    let wanted = args.value("output");
    let (name, rest) = wanted.split_once('=').unwrap_or((wanted, ""));
    let template = if rest.is_empty() { args.value("template") } else { rest };
    let known = |n: &str| allowed.split(',').any(|a| a == n);
    if !wanted.is_empty() && !known(name) {
        return Err(unmatched(wanted, allowed));
    }
    let file = |cx: &mut Cx, path: &str| -> Res<String> {
        let bytes = cx
            .read(path)
            .map_err(|f| Fail::Plain(format!("error reading template {path}, {}", f.message())))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(match name {
        "" if args.changed("template") => {
            Format::Template { text: template.to_string(), lenient: args.is("allow-missing-template-keys") }
        }
        "" => Format::Human,
        "wide" => Format::Wide,
        "yaml" => Format::Yaml,
        "json" => Format::Json,
        "kyaml" => Format::Kyaml,
        "name" => Format::Name,
        "jsonpath" | "jsonpath-as-json" | "jsonpath-file" => {
            if template.is_empty() {
                return Err("template format specified but no template given".into());
            }
            let text = if name == "jsonpath-file" { file(cx, template)? } else { template.to_string() };
            let lenient = args.is("allow-missing-template-keys");
            Format::JsonPath { text, as_json: name == "jsonpath-as-json", lenient }
        }
        "custom-columns" => Format::Columns(expression::columns(template)?),
        "custom-columns-file" => {
            let text = file(cx, template)?;
            Format::Columns(expression::columns_file(&text)?)
        }
        _ => {
            if template.is_empty() {
                return Err("template format specified but no template given".into());
            }
            let from_file = matches!(name, "go-template-file" | "templatefile");
            let text = if from_file { file(cx, template)? } else { template.to_string() };
            Format::Template { text, lenient: args.is("allow-missing-template-keys") }
        }
    })
}

fn unmatched(wanted: &str, allowed: &str) -> Fail {
    Fail::Plain(format!(
        "unable to match a printer suitable for the output format {wanted:?}, allowed formats are: {allowed}"
    ))
}

/// Checks expressions before anything is asked of the server, as kubectl does.
pub fn check(format: &Format) -> Res<()> {
    match format {
        Format::JsonPath { text, .. } => expression::check(text),
        Format::Template { text, .. } => template::check(text),
        _ => Ok(()),
    }
}

/// Prints one value in a format other than a table.
pub fn value(value: &Value, format: &Format, many: bool) -> Res<String> {
    Ok(match format {
        Format::Human | Format::Wide => String::new(),
        Format::Yaml if many => format!("---\n{}", yaml::print(value)),
        Format::Yaml => yaml::print(value),
        Format::Json => format!("{}\n", json::print_indented(value)),
        Format::Kyaml => kyaml::print(value),
        Format::Name => names(value),
        Format::JsonPath { text, as_json, lenient } => expression::print(value, text, *as_json, *lenient)?,
        Format::Columns(columns) => expression::table(value, columns)?,
        Format::Template { text, lenient } => {
            let (out, result) = template::print(value, text, *lenient)?;
            match result {
                Ok(()) => out,
                Err(fail) => return Err(Fail::Partly(out, fail.message())),
            }
        }
    })
}

fn names(value: &Value) -> String {
    if value["kind"].str() == "List" {
        return value["items"].items().iter().map(names).collect();
    }
    let kind = crate::kubectl::files::find_kind(&[], value["apiVersion"].str(), value["kind"].str());
    let name = value.at("metadata.name").str();
    match kind {
        Some(kind) => format!("{}\n", label(&Object { kind, value: value.clone() })),
        None => {
            let kind = value["kind"].str().to_lowercase();
            match value["apiVersion"].str().split_once('/') {
                Some((group, _)) => format!("{kind}.{group}/{name}\n"),
                None => format!("{kind}/{name}\n"),
            }
        }
    }
}

/// Several objects as the list that kubectl prints.
pub fn list(objects: &[Object]) -> Value {
    crate::map! {
        "apiVersion" => "v1",
        "kind" => "List",
        "metadata" => crate::map! { "resourceVersion" => "" },
        "items" => objects.iter().map(|o| o.value.clone()).collect::<Value>(),
    }
}

/// What a table of objects shows besides the kind's own columns.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// `-o wide`.
    pub wide: bool,
    /// A column with the namespace.
    pub namespace: bool,
    /// Names with their type: `pod/web`.
    pub kind: bool,
    /// `--show-labels`.
    pub labels: bool,
    /// `-L`: a column for each of these labels.
    pub label_columns: Vec<String>,
    /// A column with the watch event's type.
    pub event: bool,
    /// Other columns than the kind's own.
    pub columns: Option<&'static [columns::Column]>,
}

impl Style {
    /// The header.
    pub fn header(&self, kind: Kind) -> Vec<String> {
        let mut cells = Vec::new();
        if self.event {
            cells.push("EVENT".to_string());
        }
        if self.namespace {
            cells.push("NAMESPACE".to_string());
        }
        if kind.is_custom() {
            cells.push("NAME".to_string());
            cells.extend(self.custom_columns(kind).map(|c| c.name.to_uppercase()));
            if kind.columns().is_empty() {
                cells.push("AGE".to_string());
            }
        } else {
            cells.extend(self.columns(kind).map(|c| c.header.to_string()));
        }
        let short = |l: &String| l.rsplit('/').next().unwrap_or("").to_uppercase();
        cells.extend(self.label_columns.iter().map(short));
        if self.labels {
            cells.push("LABELS".to_string());
        }
        cells
    }

    fn columns(&self, kind: Kind) -> impl Iterator<Item = &'static columns::Column> {
        let wide = self.wide;
        self.columns.unwrap_or_else(|| columns::of(kind)).iter().filter(move |c| wide || !c.wide)
    }

    fn custom_columns(&self, kind: Kind) -> impl Iterator<Item = &'static CustomColumn> {
        let wide = self.wide;
        kind.columns().iter().filter(move |c| wide || !c.wide)
    }

    /// The name and the columns of an object's definition; its age if there are none.
    fn custom_cells(&self, object: &Object, now: i64) -> Vec<String> {
        let mut cells = vec![match self.kind {
            true => label(object),
            false => object.name().to_string(),
        }];
        for column in self.custom_columns(object.kind) {
            let text = expression::cell(&object.value, &column.path);
            cells.push(match column.date {
                true if !text.is_empty() => age::since(&Value::from(text), now),
                _ => table::cell(&text),
            });
        }
        if object.kind.columns().is_empty() {
            cells.push(columns::age(object, now));
        }
        cells
    }

    /// An object's row at an instant.
    pub fn row(&self, object: &Object, now: i64, event: &str) -> Vec<String> {
        let mut cells = Vec::new();
        if self.event {
            cells.push(event.to_string());
        }
        if self.namespace {
            cells.push(object.namespace().to_string());
        }
        if object.kind.is_custom() {
            cells.extend(self.custom_cells(object, now));
        }
        for column in self.columns(object.kind).filter(|_| !object.kind.is_custom()) {
            let text = (column.cell)(object, now);
            let prefix = self.kind && column.header == "NAME" && object.kind != Kind::EVENT;
            cells.push(if prefix {
                format!("{}/{text}", crate::kubectl::resource::resource_name(object.kind))
            } else {
                table::cell(&text)
            });
        }
        let labels = object.at("metadata.labels");
        cells.extend(self.label_columns.iter().map(|l| labels.get(l).str().to_string()));
        if self.labels {
            cells.push(columns::labels(labels));
        }
        cells
    }
}

/// `created`, `created (dry run)`: the line that says what was done to an object.
pub fn done(object: &Object, what: &str, dry: Dry) -> String {
    format!("{} {what}{}\n", label(object), dry.suffix())
}

/// Whether a change is only tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dry {
    /// It is made.
    No,
    /// Nothing is sent.
    Client,
    /// It is sent, but not stored.
    Server,
}

/// The flag `--dry-run`.
pub const DRY: &[Flag] = &[bare("dry-run", "none", "unchanged")];

impl Dry {
    /// What `--dry-run` says.
    pub fn of(args: &Args) -> Res<Dry> {
        match args.value("dry-run") {
            "none" | "" => Ok(Dry::No),
            "client" => Ok(Dry::Client),
            "server" => Ok(Dry::Server),
            "unchanged" => Err("--dry-run flag without a value was specified. A value must be set: \"none\", \"server\", or \"client\".".into()),
            other if crate::kubectl::flags::parse_bool(other).is_some() => Err(Fail::Plain(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
            other => Err(Fail::Plain(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }

    /// What is added to the words about a change.
    pub fn suffix(self) -> &'static str {
        match self {
            Dry::No => "",
            Dry::Client => " (dry run)",
            Dry::Server => " (server dry run)",
        }
    }
}

/// Prints an object that was made or changed: in the format asked for, or as `KIND/NAME WHAT`.
pub fn result(cx: &mut Cx, object: &Object, format: &Format, what: &str, dry: Dry) -> Res<()> {
    let text = match format {
        Format::Human => done(object, what, dry),
        other => value(&object.value, other, false)?,
    };
    cx.print(&text);
    Ok(())
}
