//! No text panics or hangs: mutated manifests, templates and selectors from a seeded generator, and the
//! classic bombs, go through everything in `api` that reads what a person types.

use podlab::api::labels::Selector;
use podlab::api::request::PatchType;
use podlab::api::{
    Kind, Value, decode, defaults, duration, fields, json, jsonpath::JsonPath, patch, quantity::Quantity,
    validation, yaml,
};
use podlab::rng::Rng;

const MANIFESTS: &[&str] = &[
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  containers:\n  - name: c\n    image: nginx:1.9\n    ports:\n    - containerPort: 80\n    resources:\n      limits: {cpu: 500m, memory: 1Gi}\n    livenessProbe:\n      httpGet: {path: /, port: 80}\n  volumes:\n  - name: v\n    emptyDir: {}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: 3\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers: [{name: c, image: x}]\n",
    "a: &a [1, 2]\nb: *a\nc: {<<: {d: 1}}\n---\n- |\n  x\n  y\n- 'z'\n- \"\\u00e4\"\n",
    "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":\"http\"}]}}",
];
const SNIPPETS: &[&str] = &[
    "\t",
    "\n",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "|",
    ">",
    "#",
    "---\n",
    "~",
    "!!int ",
    "0x",
    "1e999",
    "-1",
    "99999999999999999999",
    "ä",
    "😀",
    "\u{0}",
    "\u{feff}",
    "\\",
    "%",
    "..",
    "spec",
    "null",
    "true",
];

fn mutate(text: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=rng.below(6) {
        let at = rng.below(chars.len() as u64 + 1) as usize;
        match rng.below(3) {
            0 => {
                let snippet = SNIPPETS[rng.below(SNIPPETS.len() as u64) as usize];
                chars.splice(at..at, snippet.chars());
            }
            1 => {
                let end = (at + rng.below(9) as usize).min(chars.len());
                chars.drain(at..end);
            }
            _ => {
                let end = (at + rng.below(20) as usize).min(chars.len());
                let copy: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, copy);
            }
        }
    }
    chars.into_iter().collect()
}

/// Sends a value through everything that handles objects.
fn digest(value: &Value) {
    let printed = yaml::print(value);
    let again = yaml::read_documents(&printed, yaml::Limits::default());
    assert!(again.iter().all(Result::is_ok), "what was printed can be read: {printed}");
    assert_eq!(json::parse(&json::print(value)).map(|v| json::print(&v)), Ok(json::print(value)));
    let _ = decode::metadata(value);
    for kind in [Kind::POD, Kind::DEPLOYMENT, Kind::SERVICE] {
        let mut named = value.clone();
        named.set("apiVersion", kind.info().api_version);
        named.set("kind", kind.info().kind);
        if let Ok((mut object, _)) = decode::object(kind, &named, "Warn") {
            defaults::apply(&mut object);
            let _ = validation::create(&object);
            let _ = validation::warnings(&object);
            let _ = patch::diff::two_way(kind, &object.value, value);
        }
        for how in [PatchType::Strategic, PatchType::Merge, PatchType::Json, PatchType::Apply] {
            let _ = patch::apply(kind, how, &named, value);
        }
    }
}

#[test]
fn mutated_manifests_neither_panic_nor_hang() {
    let mut rng = Rng::stream(7, "texts");
    for round in 0..1_500 {
        let text = mutate(MANIFESTS[round % MANIFESTS.len()], &mut rng);
        for document in yaml::read_documents(&text, yaml::Limits::default()).into_iter().flatten() {
            digest(&document.value);
        }
        let _ = json::parse(&text);
    }
}

#[test]
fn mutated_words_neither_panic_nor_hang() {
    let words = [
        "{range .items[*]}{.metadata.name}{\"\\n\"}{end}",
        "{.items[?(@.a==\"b\")].c[0:2]..d}",
        "app in (a,b),!c,d!=e",
        "metadata.name=web,status.phase!=Running",
        "1h2m3.5s",
        "1.5Gi",
    ];
    let data = json::parse(r#"{"items":[{"a":"b","c":[1,2]}]}"#).expect("valid");
    let mut rng = Rng::stream(11, "words");
    for round in 0..6_000 {
        let text = mutate(words[round % words.len()], &mut rng);
        let _ = JsonPath::parse(&text).and_then(|p| p.print(&data, true));
        let _ = Selector::parse(&text);
        let _ = fields::Selector::parse(Kind::POD, &text);
        let _ = duration::parse(&text);
        let _ = Quantity::parse(&text).map(|q| q.to_string());
        let _ = Quantity::given_back(&text);
    }
}

#[test]
fn towers_and_long_texts_are_answered() {
    for open in ["[", "{\"a\":", "- ", "a: {", "? ", "!", "&a ", "\"", "'", "|\n", "{{", "(", "$"] {
        let tower = open.repeat(100_000);
        let _ = yaml::read_documents(&tower, yaml::Limits::default());
        let _ = json::parse(&tower);
        let _ = JsonPath::parse(&tower);
        let _ = Selector::parse(&tower);
        let _ = duration::parse(&tower);
    }
    let long = "key: value\n".repeat(100_000);
    assert_eq!(yaml::read_documents(&long, yaml::Limits::default()).len(), 1);
}
