//! ConfigMaps and Secrets.

use super::{make, name};
use crate::api::{Kind, Value, json, names};
use crate::kubectl::cx::{Cx, Outcome, lower};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, array, slice, switch, text};
use crate::kubectl::verb::base64;
use crate::kubectl::verb::run::is_variable;
use crate::os::FileType;

/// Flags of what holds keys and values.
pub const SOURCES: &[Flag] = &[
    array("from-literal", ' '),
    slice("from-file", ' '),
    slice("from-env-file", ' '),
    switch("append-hash", ' '),
];
/// Flags of `create secret generic`.
pub const GENERIC: &[Flag] = &[text("type", ' ', "")];
/// Flags of `create secret docker-registry`.
pub const DOCKER: &[Flag] = &[
    text("docker-username", ' ', ""),
    text("docker-password", ' ', ""),
    text("docker-email", ' ', ""),
    text("docker-server", ' ', "https://index.docker.io/v1/"),
    slice("from-file", ' '),
    switch("append-hash", ' '),
];
/// Flags of `create secret tls`.
pub const TLS: &[Flag] = &[text("cert", ' ', ""), text("key", ' ', ""), switch("append-hash", ' ')];

/// What kubectl, stricter than the server, says of the name of a variable.
const VARIABLE: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/// Keys and bytes in the order given.
struct Entries {
    kind: &'static str,
    name: String,
    all: Vec<(String, Vec<u8>)>,
}

impl Entries {
    fn add(&mut self, key: &str, bytes: Vec<u8>) -> Res<()> {
        if let Some(why) = names::config_key(key).first() {
            return Err(Fail::Plain(format!("{key:?} is not a valid key name for a {}: {why}", self.kind)));
        }
        if self.all.iter().any(|(k, _)| k == key) {
            return Err(Fail::Plain(format!(
                "cannot add key {key:?}, another key by that name already exists in Data for {} {:?}",
                self.kind, self.name
            )));
        }
        self.all.push((key.to_string(), bytes));
        Ok(())
    }

    fn read(&mut self, cx: &mut Cx, args: &Args) -> Res<()> {
        let (files, literals, envs) =
            (args.values("from-file"), args.values("from-literal"), args.values("from-env-file"));
        if !envs.is_empty() && (!files.is_empty() || !literals.is_empty()) {
            return Err("from-env-file cannot be combined with from-file or from-literal".into());
        }
        for pair in &literals {
            let Some((key, value)) = pair.split_once('=').filter(|(k, _)| !k.is_empty()) else {
                return Err(Fail::Plain(format!("invalid literal source {pair}, expected key=value")));
            };
            let bare = value
                .strip_prefix('"')
                .and_then(|v| v.strip_suffix('"'))
                .or_else(|| value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')));
            self.add(key, bare.unwrap_or(value).as_bytes().to_vec())?;
        }
        for file in &files {
            self.file(cx, file)?;
        }
        for file in &envs {
            self.env_file(cx, file)?;
        }
        Ok(())
    }

    fn file(&mut self, cx: &mut Cx, source: &str) -> Res<()> {
        let (key, path) = match source.split_once('=') {
            Some((_, path)) if path.contains('=') => {
                return Err("key names or file paths cannot contain '='".into());
            }
            Some(("", path)) => {
                return Err(Fail::Plain(format!("key name for file path {path} missing")));
            }
            Some((key, "")) => return Err(Fail::Plain(format!("file path for key name {key} missing"))),
            Some((key, path)) => (Some(key), path),
            None => (None, source),
        };
        if matches!(path, "-" | "/dev/stdin") {
            let bytes = cx.read("-")?;
            return self.add(key.unwrap_or("stdin"), bytes);
        }
        let stat = cx
            .sys
            .stat(path)
            .map_err(|e| Fail::Plain(format!("error reading {path}: {}", lower(e.text()))))?;
        if stat.kind != FileType::Dir {
            let bytes = cx.read(path)?;
            let base = path.rsplit('/').next().unwrap_or("");
            return self.add(key.unwrap_or(base), bytes);
        }
        if key.is_some() {
            return Err("cannot give a key name for a directory path".into());
        }
        for entry in cx.sys.read_dir(path).unwrap_or_default() {
            let inner = format!("{}/{entry}", path.trim_end_matches('/'));
            if cx.sys.stat(&inner).is_ok_and(|s| s.kind == FileType::File) {
                let bytes = cx.read(&inner)?;
                self.add(&entry, bytes)?;
            }
        }
        Ok(())
    }

    fn env_file(&mut self, cx: &mut Cx, path: &str) -> Res<()> {
        if path != "-" {
            cx.sys
                .stat(path)
                .map_err(|e| Fail::Plain(format!("error reading {path}: {}", lower(e.text()))))?;
        }
        let bytes = cx.read(path)?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = match line.split_once('=') {
                Some((k, v)) => (k, v.to_string()),
                None => {
                    let env = cx.base.env.iter().find(|(k, _)| k == line);
                    (line, env.map(|(_, v)| v.to_string()).unwrap_or_default())
                }
            };
            if !is_variable(key) {
                return Err(Fail::Plain(format!("{key:?} is not a valid key name: {VARIABLE}")));
            }
            self.add(key, value.into_bytes())?;
        }
        Ok(())
    }

    fn coded(&self) -> Value {
        let mut data = Value::map();
        for (k, bytes) in &self.all {
            data.map_mut().insert(k, base64::encode(bytes));
        }
        data
    }
}

/// `create configmap`.
pub fn config_map(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let mut entries = Entries { kind: "ConfigMap", name: name.clone(), all: vec![] };
    entries.read(cx, args)?;
    let mut fields = Value::map();
    for (key, bytes) in entries.all {
        match String::from_utf8(bytes) {
            Ok(text) => fields.slot("data").map_mut().insert(key, text),
            Err(e) => {
                fields.slot("binaryData").map_mut().insert(key, base64::encode(e.as_bytes()));
            }
        }
    }
    make(cx, args, Kind::CONFIG_MAP, &name, Value::Null, fields, "failed to create configmap:")
}

/// `create secret generic`.
pub fn secret(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let mut entries = Entries { kind: "Secret", name: name.clone(), all: vec![] };
    entries.read(cx, args)?;
    let mut fields = Value::map();
    if !entries.all.is_empty() {
        fields.set("data", entries.coded());
    }
    if !args.value("type").is_empty() {
        fields.set("type", args.value("type"));
    }
    make(cx, args, Kind::SECRET, &name, Value::Null, fields, "failed to create secret")
}

/// `create secret docker-registry`.
pub fn docker(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let (user, password) = (args.value("docker-username"), args.value("docker-password"));
    let mut entries = Entries { kind: "Secret", name: name.clone(), all: vec![] };
    if !args.values("from-file").is_empty() {
        entries.read(cx, args)?;
        for (key, _) in &mut entries.all {
            *key = ".dockerconfigjson".into();
        }
    } else {
        if user.is_empty() || password.is_empty() || args.value("docker-server").is_empty() {
            return Err("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required".into());
        }
        let text = format!(
            "{{\"auths\":{{{}:{{\"username\":{},\"password\":{}{},\"auth\":{}}}}}}}",
            json::quote(args.value("docker-server")),
            json::quote(user),
            json::quote(password),
            match args.value("docker-email") {
                "" => String::new(),
                mail => format!(",\"email\":{}", json::quote(mail)),
            },
            json::quote(&base64::encode(format!("{user}:{password}").as_bytes()))
        );
        entries.all.push((".dockerconfigjson".into(), text.into_bytes()));
    }
    let fields = crate::map! { "data" => entries.coded(), "type" => "kubernetes.io/dockerconfigjson" };
    make(cx, args, Kind::SECRET, &name, Value::Null, fields, "failed to create secret")
}

/// `create secret tls`.
pub fn tls(cx: &mut Cx, args: &Args) -> Outcome {
    let name = name(args)?;
    let (cert, key) = (args.value("cert"), args.value("key"));
    if cert.is_empty() || key.is_empty() {
        return Err("key and cert must be specified".into());
    }
    let read = |cx: &mut Cx, path: &str| {
        cx.read(path).map_err(|f| Fail::Plain(format!("Cannot read file {path}, {}", f.message())))
    };
    let (cert, key) = (read(cx, cert)?, read(cx, key)?);
    let pem = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("-----BEGIN ");
    if !pem(&cert) {
        return Err("tls: failed to find any PEM data in certificate input".into());
    }
    if !pem(&key) {
        return Err("tls: failed to find any PEM data in key input".into());
    }
    let data = crate::map! { "tls.crt" => base64::encode(&cert), "tls.key" => base64::encode(&key) };
    let fields = crate::map! { "data" => data, "type" => "kubernetes.io/tls" };
    make(cx, args, Kind::SECRET, &name, Value::Null, fields, "failed to create secret")
}
