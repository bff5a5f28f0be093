//! Tab completion of kubectl's command lines.

use crate::api::request::{Client, Verb as Method};
use crate::api::{Kind, Request, Response};
use crate::collections::Order;
use crate::kubectl::flags::GLOBAL;
use crate::kubectl::resource::kind_of;
use crate::kubectl::verb::{self, pods};

/// The most candidates that are given.
const LIMIT: usize = 500;

/// What the word at `cursor` (an index into `words`, which begin after `kubectl`) may become, sorted.
/// `namespace` is the context's.
pub fn complete(words: &[String], cursor: usize, namespace: &str, client: &mut dyn Client) -> Vec<String> {
    let word = words.get(cursor).map_or("", String::as_str);
    let before = &words[..cursor.min(words.len())];
    let found = verb::find(before);
    let namespace = flag_value(before, "-n", "--namespace").unwrap_or(namespace).to_string();
    let previous = before.last().map_or("", String::as_str);
    let mut out = match previous {
        "-n" | "--namespace" => names(client, Kind::NAMESPACE, ""),
        "-o" | "--output" => crate::kubectl::print::GET.split(',').map(String::from).collect(),
        "-c" | "--container" => containers(client, &found.words, &namespace),
        _ if word.starts_with('-') => flags(found.verb),
        _ if !found.verb.sub.is_empty() && plain(&found.words).is_empty() => {
            found.verb.sub.iter().map(|v| v.name.to_string()).collect()
        }
        _ => arguments(found.verb.name, &plain(&found.words), word, &namespace, client),
    };
    out.retain(|c| c.starts_with(word));
    out.order();
    out.dedup();
    out.truncate(LIMIT);
    out
}

fn plain(words: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut skip = false;
    for w in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if matches!(w.as_str(), "-n" | "--namespace" | "-c" | "--container" | "-o" | "--output" | "-l" | "-f")
        {
            skip = true;
        } else if !w.starts_with('-') {
            out.push(w.clone());
        }
    }
    out
}

fn flag_value<'w>(words: &'w [String], short: &str, long: &str) -> Option<&'w str> {
    let at = words.iter().position(|w| w == short || w == long)?;
    words.get(at + 1).map(String::as_str)
}

fn flags(verb: &verb::Verb) -> Vec<String> {
    verb.flags.iter().copied().chain([GLOBAL]).flatten().map(|f| format!("--{}", f.name)).collect()
}

fn arguments(
    verb: &str,
    given: &[String],
    word: &str,
    namespace: &str,
    client: &mut dyn Client,
) -> Vec<String> {
    let on_pods = matches!(verb, "logs" | "exec" | "attach" | "port-forward" | "cp" | "debug");
    if let Some((kind, _)) = word.split_once('/') {
        return match kind_of(kind) {
            Ok(k) => names(client, k, namespace).into_iter().map(|n| format!("{kind}/{n}")).collect(),
            Err(_) => vec![],
        };
    }
    if on_pods && given.is_empty() {
        return names(client, Kind::POD, namespace);
    }
    if matches!(verb, "cordon" | "uncordon" | "drain") {
        return names(client, Kind::NODE, "");
    }
    match given.first() {
        None => Kind::all().map(|k| k.info().plural.to_string()).collect(),
        Some(kind) => kind_of(kind).map(|k| names(client, k, namespace)).unwrap_or_default(),
    }
}

fn names(client: &mut dyn Client, kind: Kind, namespace: &str) -> Vec<String> {
    let ns = kind.info().namespaced.then_some(namespace);
    match client.request(Request::new(Method::List, kind, ns, "")) {
        Response::List(objects, _) => objects.iter().map(|o| o.name().to_string()).collect(),
        _ => vec![],
    }
}

fn containers(client: &mut dyn Client, words: &[String], namespace: &str) -> Vec<String> {
    let Some(pod) = plain(words).into_iter().next() else { return vec![] };
    let name = pod.rsplit('/').next().unwrap_or("");
    match client.request(Request::new(Method::Get, Kind::POD, Some(namespace), name)) {
        Response::Object(pod, _) => pods::containers(&pod).into_iter().map(|(n, _)| n).collect(),
        _ => vec![],
    }
}
