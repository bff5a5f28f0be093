//! Guards the house: which module may name which, what no core module may touch, how long files may be.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may name by `crate::…`, beside `collections`. The order of the rows is the order of the layers.
const ARROWS: &[(&str, &[&str])] = &[
    ("collections", &[]),
    ("time", &[]),
    ("rng", &[]),
    ("agenda", &["time", "trace"]),
    ("history", &[]),
    ("trace", &["api", "history", "time"]),
    ("api", &["time"]),
    ("fs", &["api", "time"]),
    ("os", &["api", "fs", "history", "rng", "time"]),
    ("traffic", &["api", "history", "os", "rng", "time", "trace"]),
    ("shell", &["api", "os", "rng", "time"]),
    ("images", &["api", "fs", "os", "rng", "shell", "time"]),
    ("cri", &["api", "fs", "images", "os", "rng", "time"]),
    ("apiserver", &["api", "history", "rng", "time", "trace"]),
    ("scheduler", &["agenda", "api", "apiserver", "rng", "time", "trace"]),
    ("controllers", &["agenda", "api", "apiserver", "rng", "time", "trace"]),
    ("kubelet", &["agenda", "api", "apiserver", "cri", "fs", "os", "rng", "time", "trace"]),
    ("why", &["api", "apiserver", "collections", "kubectl", "scheduler", "time", "trace"]),
    ("kubectl", &["api", "os", "rng", "time"]),
];

/// Modules above the layers, which may name anything.
const ABOVE: &[&str] = &["cluster", "scenario", "view", "wasm", "lib", "bin"];

/// Words that the core must not contain, and what to use instead.
const BANNED: &[(&str, &str)] = &[
    ("std::time", "crate::time: the clock is virtual"),
    ("std::thread", "nothing: the core has one thread"),
    ("std::env", "arguments: the core sees no environment"),
    ("std::fs", "crate::fs: files are simulated"),
    ("std::net", "os::net: the network is simulated"),
    ("std::process", "crate::os: processes are simulated"),
    ("std::collections::BTree", "crate::collections: small and cheap to copy"),
    ("std::collections::{BTree", "crate::collections: small and cheap to copy"),
    (".sort", "crate::collections::Order: compiled once"),
    ("HashMap", "BTreeMap: iteration must have an order"),
    ("HashSet", "BTreeSet: iteration must have an order"),
    ("RefCell", "plain data that is passed by &mut"),
    ("thread_local!", "plain data that is passed by &mut"),
    ("println!", "output that is returned"),
    (".unwrap()", "`?`, or `expect` that names the invariant"),
    ("todo!", "an answer that says \"not simulated: …\""),
    ("unimplemented!", "an answer that says \"not simulated: …\""),
    ("TODO", "an issue"),
    ("FIXME", "an issue"),
];

/// Files longer than this are to be split.
const FILE_LINES: usize = 1_300;

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(dir).expect("a source directory").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).expect("below src");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_string()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    sources(&root().join("src"), &mut paths);
    paths
        .into_iter()
        .map(|p| {
            let text = fs::read_to_string(&p).expect("UTF-8 source");
            (p, text)
        })
        .collect()
}

/// The part of a file that is compiled into the product: everything before its tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().expect("split gives one part at least")
}

#[test]
fn modules_name_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (path, text) in all_sources() {
        let module = module_of(&path);
        // `lab.rs` is the kubelet's test bench; it is compiled for tests only.
        if ABOVE.contains(&module.as_str()) || path.ends_with("lab.rs") {
            continue;
        }
        let Some(may) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: module {module} has no row in ARROWS", path.display()));
            continue;
        };
        for (n, line) in product(&text).lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//"))
        {
            for named in line.split("crate::").skip(1) {
                let name: String =
                    named.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let macro_call = matches!(name.as_str(), "map" | "list");
                if !name.is_empty()
                    && name != module
                    && name != "collections"
                    && !macro_call
                    && !may.contains(&name.as_str())
                {
                    wrong.push(format!("{}:{}: {module} must not name {name}", path.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_touches_nothing_outside_itself() {
    let mut wrong = Vec::new();
    for (path, text) in all_sources() {
        if matches!(module_of(&path).as_str(), "bin" | "wasm" | "collections") {
            continue;
        }
        for (n, line) in product(&text).lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//"))
        {
            for (word, instead) in BANNED {
                // Reading an address as a number is no use of the network.
                if line.contains(word) && !line.contains("std::net::Ipv4Addr") {
                    wrong.push(format!("{}:{}: {word}; use {instead}", path.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for (path, text) in all_sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{}: begins without a //! paragraph", path.display()));
        }
        let lines = product(&text).lines().count();
        if lines > FILE_LINES {
            wrong.push(format!("{}: {lines} lines; split it at {FILE_LINES}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_source_file_is_dead() {
    let sources = all_sources();
    let mut wrong = Vec::new();
    for (path, _) in &sources {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if matches!(stem.as_str(), "lib" | "mod" | "podlab") {
            continue;
        }
        let declares = |text: &str| text.contains(&format!("mod {stem};"));
        if !sources.iter().any(|(_, text)| declares(text)) {
            wrong.push(format!("{}: no module declares it", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
