//! `kubectl describe` and `kubectl explain`.

use crate::api::request::Verb as Method;
use crate::api::schema::Descriptions;
use crate::api::{Kind, Object, Request};
use crate::kubectl::cx::{Cx, OK, Outcome, Select, not_simulated};
use crate::kubectl::describe::{self, Source};
use crate::kubectl::discovery::unkept;
use crate::kubectl::explain::{Topic, explain};
use crate::kubectl::fail::Fail;
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, int, on, switch, text};
use crate::kubectl::resource::{self, Want};

/// Flags of `describe`.
pub const DESCRIBE: &[Flag] = &[
    text("selector", 'l', ""),
    switch("all-namespaces", 'A'),
    on("show-events"),
    int("chunk-size", ' ', "500"),
];
/// Flags of `explain`.
pub const EXPLAIN: &[Flag] =
    &[switch("recursive", ' '), text("api-version", ' ', ""), text("output", 'o', "plaintext")];

impl Source for Cx<'_> {
    fn list(&mut self, kind: Kind, namespace: Option<&str>) -> Vec<Object> {
        Cx::list(self, kind, namespace, &Select::default()).map(|(objects, _)| objects).unwrap_or_default()
    }

    fn get(&mut self, kind: Kind, namespace: &str, name: &str) -> Option<Object> {
        let ns = kind.info().namespaced.then_some(namespace);
        self.object(Request::new(Method::Get, kind, ns, name)).ok()
    }
}

/// Runs `describe`.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if args.rest.is_empty() && !files::given(args) {
        return Err("You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.".into());
    }
    let mut fails = Vec::new();
    let (mut found, mut namespaced) = (Vec::new(), true);
    let own = cx.base.namespace.clone();
    let namespace = (!args.is("all-namespaces")).then_some(own.as_str());
    let select = Select { labels: args.value("selector").into(), fields: String::new() };
    if files::given(args) {
        let loaded = files::load(cx, args)?;
        fails.extend(loaded.fails);
        for doc in &loaded.docs {
            read(cx, doc.kind, doc.namespace(), doc.name(), &mut found, &mut fails);
        }
    } else {
        match resource::parse(&cx.base.custom, &args.rest)? {
            Want::Names(names) => {
                for (kind, name) in names {
                    read(cx, kind, &own, &name, &mut found, &mut fails);
                }
            }
            Want::Types(kinds) => {
                namespaced = kinds.iter().all(|k| k.info().namespaced);
                for kind in kinds {
                    match Cx::list(cx, kind, namespace, &select) {
                        Ok((objects, _)) => found.extend(objects),
                        Err(fail) => fails.push(fail),
                    }
                }
            }
        }
    }
    let now = cx.now();
    // Several objects are described without events unless they are asked for.
    let asked = args.values("show-events").iter().any(|v| v == "true");
    let exact = args.rest.len() != 2 || found.first().is_some_and(|o| o.name() == args.rest[1]);
    let events = asked || (exact && found.len() == 1 && fails.is_empty() && args.is("show-events"));
    for (i, object) in found.iter().enumerate() {
        let text = describe::describe(object, cx, now, events);
        cx.print(&format!("{}{text}", if i > 0 { "\n\n" } else { "" }));
    }
    if found.is_empty() && fails.is_empty() {
        let text = if namespaced && namespace.is_some() {
            format!("No resources found in {own} namespace.\n")
        } else {
            "No resources found\n".to_string()
        };
        cx.eprint(&text);
    }
    if fails.is_empty() { OK } else { Err(Fail::Many(fails)) }
}

/// Reads an object; if there is none, those whose names begin so are taken.
fn read(
    cx: &mut Cx,
    kind: Kind,
    namespace: &str,
    name: &str,
    found: &mut Vec<Object>,
    fails: &mut Vec<Fail>,
) {
    match Cx::get(cx, kind, namespace, name) {
        Ok(object) => found.push(object),
        Err(fail) if fail.is_not_found() => {
            let all = Source::list(cx, kind, kind.info().namespaced.then_some(namespace));
            let begin: Vec<Object> = all.into_iter().filter(|o| o.name().starts_with(name)).collect();
            if begin.is_empty() {
                fails.push(fail);
            }
            found.extend(begin);
        }
        Err(fail) => fails.push(fail),
    }
}

/// Runs `explain`.
pub fn explained(cx: &mut Cx, args: &Args) -> Outcome {
    let [arg] = args.rest.as_slice() else {
        return Err(match args.rest.len() {
            0 => Fail::from(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
            ),
            _ => Fail::from("We accept only this format: explain RESOURCE"),
        });
    };
    if !matches!(args.value("output"), "plaintext" | "") {
        return Err(not_simulated("this output of kubectl explain"));
    }
    let mut words = arg.split('.');
    let first = words.next().unwrap_or("");
    let missing = |_| match unkept(&first.to_lowercase(), "") {
        Some(_) => not_simulated(&format!("the fields of {first}")),
        None => Fail::Raw(format!("the server doesn't have a resource type {first:?}")),
    };
    let mut path: Vec<&str> = words.collect();
    let mut kind = resource::kind_in(&cx.base.custom, first).map_err(missing)?;
    let group = kind.info().group();
    // `deployments.apps.spec`: the group may stand between the resource and its fields.
    let groups: Vec<&str> = group.split('.').collect();
    if !group.is_empty() && path.len() >= groups.len() && path[..groups.len()] == groups[..] {
        path.drain(..groups.len());
    }
    let version = args.value("api-version");
    if !version.is_empty() && kind.info().api_version != version {
        match Kind::of(version, kind.info().kind) {
            Some(other) => kind = other,
            None => {
                return Err(Fail::Plain(format!(
                    "couldn't find resource for {:?}",
                    format!("{version}, Kind={}", kind.info().kind)
                )));
            }
        }
    }
    if kind.is_custom() {
        return explained_custom(cx, args, kind, &path);
    }
    let topic = Topic { kind, path: &path, recursive: args.is("recursive") };
    let (text, unknown) = explain(&topic, &Descriptions::built_in());
    cx.print(&text);
    match unknown {
        None => OK,
        Some(field) => Err(Fail::Plain(format!("field {field:?} does not exist"))),
    }
}

/// Explains a custom kind by the schema in its definition.
fn explained_custom(cx: &mut Cx, args: &Args, kind: Kind, path: &[&str]) -> Outcome {
    let definition = cx.get(Kind::CRD, "", &kind.info().qualified())?;
    let schema = crate::api::custom::schema(&definition, kind.info().api_version);
    let (text, unknown) =
        crate::kubectl::explain::custom(kind, schema, path, args.is("recursive"), &Descriptions::built_in());
    cx.print(&text);
    match unknown {
        None => OK,
        Some(field) => Err(Fail::Plain(format!("field {field:?} does not exist"))),
    }
}
