//! Changing one thing of a scenario: a field of a manifest, a setting of the cluster, the seed, a command.
//!
//! What is changed is named by a path:
//!
//! * `web.yaml:spec.containers[0].livenessProbe.failureThreshold` – a field of a manifest, wherever the scenario
//!   writes that file; `web.yaml#2:spec.replicas` – in its second document.
//! * `cluster.registry.bytesPerSecond`, `cluster.seed`, or just `seed` – a setting.
//! * `line:3` – the third command line that is typed.
//!
//! Values are read as YAML. The rest of a manifest's text stays as it is wherever the field has a line.

use super::format::{FormatError, Input, Scenario};
use crate::api::{Value, json, yaml};

/// How long a path may be, in bytes.
const PATH_LIMIT: usize = 500;

fn wrong<T>(text: String) -> Result<T, FormatError> {
    Err(FormatError(text))
}

impl Scenario {
    /// The scenario with one thing changed.
    ///
    /// # Errors
    /// Says what of the path does not exist, or why the value cannot stand there.
    pub fn with(&self, path: &str, value: &str) -> Result<Scenario, FormatError> {
        if path.len() > PATH_LIMIT {
            return wrong(format!("a path has at most {PATH_LIMIT} bytes"));
        }
        if let Some(number) = path.strip_prefix("line:") {
            return self.with_line(number, value);
        }
        match path.split_once(':') {
            Some((file, field)) => self.with_field(file, field, value),
            None => self.with_setting(path, value),
        }
    }

    fn with_line(&self, number: &str, value: &str) -> Result<Scenario, FormatError> {
        let mut changed = self.clone();
        let mut lines = changed.log.iter_mut().filter_map(|e| match &mut e.input {
            Input::Line(_, line) => Some(line),
            _ => None,
        });
        let n: usize = number.parse().unwrap_or(0);
        match n.checked_sub(1).and_then(|i| lines.nth(i)) {
            Some(line) => *line = value.to_string(),
            None => return wrong(format!("line:{number}: there is no such command line")),
        }
        Ok(changed)
    }

    fn with_field(&self, file: &str, field: &str, value: &str) -> Result<Scenario, FormatError> {
        let (file, document) = match file.split_once('#') {
            Some((file, n)) => (file, n.parse::<usize>().unwrap_or(0)),
            None => (file, 1),
        };
        let value = read(value)?;
        let mut changed = self.clone();
        let mut found = false;
        let files = changed.files.iter_mut().filter(|(name, _)| same_file(name, file)).map(|(_, text)| text);
        let written = changed.log.iter_mut().filter_map(|e| match &mut e.input {
            Input::File(name, text) if same_file(name, file) => Some(text),
            _ => None,
        });
        for text in files.chain(written) {
            *text = set_field(text, document, field, &value)
                .map_err(|why| FormatError(format!("{file}:{field}: {why}")))?;
            found = true;
        }
        if found { Ok(changed) } else { wrong(format!("{file}: the scenario writes no such file")) }
    }

    fn with_setting(&self, path: &str, value: &str) -> Result<Scenario, FormatError> {
        let path = if path == "seed" { "cluster.seed" } else { path };
        if !path.starts_with("cluster.") {
            return wrong(format!(
                "{path}: neither FILE:FIELD, line:N, seed nor a setting like cluster.registry.preset"
            ));
        }
        let text = self.to_yaml();
        let mut tree =
            yaml::read_value(&text, yaml::Limits::default()).map_err(|e| FormatError(e.message))?;
        tree.set(&dotted(path), read(value)?);
        Scenario::from_yaml(&json::print(&tree))
    }
}

fn same_file(a: &str, b: &str) -> bool {
    a.strip_prefix("/root/").unwrap_or(a) == b.strip_prefix("/root/").unwrap_or(b)
}

fn read(value: &str) -> Result<Value, FormatError> {
    yaml::read_value(value, yaml::Limits::default())
        .map_err(|e| FormatError(format!("\"{value}\": {}", e.message)))
}

/// `a[0].b` as `a.0.b`.
fn dotted(path: &str) -> String {
    path.replace('[', ".").replace(']', "")
}

/// A manifest's text with a field of one of its documents (counted from 1) set.
fn set_field(text: &str, document: usize, field: &str, value: &Value) -> Result<String, String> {
    let documents: Vec<yaml::Document> = yaml::read_documents(text, yaml::Limits::default())
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())?;
    let mine = document.checked_sub(1).and_then(|i| documents.get(i)).ok_or("there is no such document")?;
    let old = mine.value.at(&dotted(field));
    if scalar(old)
        && scalar(value)
        && let Some(changed) = replaced(text, mine, field, value)
    {
        return Ok(changed);
    }
    let mut all: Vec<Value> = documents.iter().map(|d| d.value.clone()).collect();
    let parent = dotted(field);
    let parent = parent.rsplit_once('.').map_or("", |(p, _)| p);
    if parent.rsplit('.').next().is_some_and(|last| last.parse::<usize>().is_ok())
        && all[document - 1].at(parent).is_null()
    {
        return Err("there is no such item".into());
    }
    all[document - 1].set(&dotted(field), value.clone());
    Ok(all.iter().map(yaml::print).collect::<Vec<_>>().join("---\n"))
}

fn scalar(value: &Value) -> bool {
    value.is_some() && value.as_list().is_none() && value.as_map().is_none()
}

/// Replaces a scalar where it stands; `None` if the line does not say it plainly.
fn replaced(text: &str, document: &yaml::Document, field: &str, value: &Value) -> Option<String> {
    let (number, column) = document.find(field);
    let key = field.rsplit(['.', '[']).next()?.trim_end_matches(']');
    let mut lines: Vec<String> = text.split('\n').map(str::to_string).collect();
    let line = lines.get(number as usize)?;
    let at = line.char_indices().nth(column as usize).map_or(line.len(), |(i, _)| i);
    let rest = &line[at..];
    let after = rest.strip_prefix(key)?.trim_start().strip_prefix(':')?.trim_start();
    if after.is_empty() || after.starts_with(['|', '>', '&', '*', '!', '"', '\'']) {
        return None;
    }
    let from = line.len() - after.len();
    let in_flow = line[..at].contains('{');
    let length = if in_flow { after.find([',', '}'])? } else { after.find(" #").unwrap_or(after.len()) };
    let old = after[..length].trim_end();
    let new = json::print(value);
    lines[number as usize] = format!("{}{new}{}", &line[..from], &line[from + old.len()..]);
    Some(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::format::LogEntry;

    fn scenario() -> Scenario {
        let mut s = Scenario::default();
        let text = "# keep me\nkind: Pod\nspec:\n  containers:\n  - name: a\n    livenessProbe: {periodSeconds: 5, failureThreshold: 3}\n    image: nginx # old\n---\nkind: Pod\nspec: {}\n";
        s.files.insert("web.yaml".into(), text.into());
        s.log.push(LogEntry { at: 1, input: Input::Line(0, "kubectl apply -f web.yaml".into()) });
        s
    }

    #[test]
    fn a_field_of_a_manifest_changes_and_the_rest_stays() {
        let set = |path: &str, value: &str| {
            scenario().with(path, value).map(|s| s.files["web.yaml"].clone()).map_err(|e| e.0)
        };
        let text = scenario().files["web.yaml"].clone();
        assert_eq!(
            set("web.yaml:spec.containers[0].livenessProbe.failureThreshold", "1"),
            Ok(text.replace("failureThreshold: 3", "failureThreshold: 1"))
        );
        assert_eq!(
            set("web.yaml:spec.containers[0].image", "redis"),
            Ok(text.replace("image: nginx #", "image: \"redis\" #"))
        );
        let added =
            set("web.yaml:spec.containers[0].livenessProbe.timeoutSeconds", "2").expect("can be added");
        assert!(added.contains("timeoutSeconds: 2") && added.contains("failureThreshold: 3"), "{added}");
        let second = set("web.yaml#2:spec.nodeName", "worker01").expect("can be added");
        assert!(second.contains("nodeName: worker01"), "{second}");
        assert_eq!(set("other.yaml:spec", "1"), Err("other.yaml: the scenario writes no such file".into()));
        assert_eq!(set("web.yaml#9:spec", "1"), Err("web.yaml:spec: there is no such document".into()));
    }

    #[test]
    fn settings_seeds_and_lines_change() {
        let s = scenario();
        assert_eq!(s.with("seed", "7").expect("a seed").cluster.seed, 7);
        assert_eq!(
            s.with("cluster.registry.bytesPerSecond", "1000")
                .expect("a setting")
                .cluster
                .registry
                .bytes_per_second,
            1_000
        );
        assert!(s.with("cluster.registry.preset", "mars").expect_err("no preset").0.contains("mars"));
        let line = s.with("line:1", "kubectl get pods").expect("a line");
        assert_eq!(line.log[0].input, Input::Line(0, "kubectl get pods".into()));
        assert_eq!(s.with("line:2", "x"), Err(FormatError("line:2: there is no such command line".into())));
        assert!(s.with("title", "x").is_err());
    }
}
