//! `kubectl cp`: files through `tar` in the container.

use super::pods;
use crate::api::request::{Channel, StreamEnd, StreamId, Verb as Method};
use crate::api::{Kind, Request, Response, Text};
use crate::kubectl::cx::{Cx, Done, Outcome, Poll, Task, lower};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::flags::{Args, Flag, int, switch, text};
use crate::os::FileType;

/// Flags.
pub const FLAGS: &[Flag] =
    &[text("container", 'c', ""), switch("no-preserve", ' '), int("retries", ' ', "0")];

/// A block of a tar archive.
const BLOCK: usize = 512;
/// How deep directories are copied.
const DEPTH_LIMIT: usize = 32;
/// The most bytes that are copied at once.
const SIZE_LIMIT: usize = 64 << 20;

/// A file here or in a pod.
#[derive(Clone, Debug)]
struct Place {
    pod: String,
    path: String,
}

fn place(arg: &str) -> Res<Place> {
    let wrong = || Err("filespec must match the canonical format: [[namespace/]pod:]file/path".into());
    let (pod, path) = match arg.split_once(':') {
        None => ("", arg),
        Some(("", _)) => return wrong(),
        Some((pod, _)) if pod.matches('/').count() > 1 => return wrong(),
        Some((pod, path)) => (pod, path),
    };
    let path = if path == "/" { path } else { path.strip_suffix('/').unwrap_or(path) };
    Ok(Place { pod: pod.into(), path: path.into() })
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let [from, to] = args.rest.as_slice() else {
        return Err("source and destination are required".into());
    };
    let (from, to) = (place(from)?, place(to)?);
    if !from.pod.is_empty() && !to.pod.is_empty() {
        return Err("one of src or dest must be a local file specification".into());
    }
    if from.path.is_empty() || to.path.is_empty() {
        return Err("filepath can not be empty".into());
    }
    match (from.pod.is_empty(), to.pod.is_empty()) {
        (false, _) => download(cx, args, &from, &to),
        (true, false) => upload(cx, args, from, to),
        (true, true) => Err("one of src or dest must be a remote file specification".into()),
    }
}

/// Runs a command in a container; with it comes what is to be said of the choice of the container.
fn open(cx: &mut Cx, args: &Args, at: &Place, command: &[&str], stdin: bool) -> Res<(StreamId, String)> {
    let (namespace, name) = match at.pod.split_once('/') {
        Some((ns, name)) => (ns.to_string(), name),
        None => (cx.base.namespace.clone(), at.pod.as_str()),
    };
    let pod = cx.get(Kind::POD, &namespace, name)?;
    let phase = pod.at("status.phase").str();
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Fail::Plain(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let (container, notice) = pods::meant(&pod, args.value("container"))?;
    let mut request = Request::new(Method::Create, Kind::POD, Some(&namespace), name).subresource("exec");
    let query = &mut request.options.query;
    query.extend(command.iter().map(|c| ("command", Text::from(*c))));
    query.push(("container", Text::from(container)));
    query.push(("stdin", Text::lit(if stdin { "true" } else { "false" })));
    query.extend([("stdout", Text::lit("true")), ("stderr", Text::lit("true")), ("tty", Text::lit("false"))]);
    let Response::Stream(stream) = cx.send(request)? else {
        return Err("unexpected answer of the server".into());
    };
    if !stdin && let Some(client) = cx.sys.client() {
        client.stream_close_input(stream);
    }
    Ok((stream, notice))
}

fn download(cx: &mut Cx, args: &Args, from: &Place, to: &Place) -> Outcome {
    let (stream, notice) = open(cx, args, from, &["tar", "cf", "-", &from.path], false)?;
    // What is copied from a pod comes with its errors on standard output.
    cx.print(&notice);
    Ok(Done::Task(Box::new(Copying {
        stream,
        archive: vec![],
        prefix: from.path.clone(),
        target: Some(to.path.clone()),
    })))
}

fn upload(cx: &mut Cx, args: &Args, from: Place, to: Place) -> Outcome {
    if cx.sys.stat(&from.path).is_err() {
        return Err(Fail::Plain(format!("{} doesn't exist in local filesystem", from.path)));
    }
    // What cannot be asked is no directory; the copy itself will tell why.
    let probe = open(cx, args, &to, &["test", "-d", &to.path], false).ok().map(|(stream, _)| stream);
    Ok(Done::Task(Box::new(Probing { args: args.clone(), from, to, probe })))
}

/// An upload that first asks whether its goal is a directory.
#[derive(Clone, Debug)]
struct Probing {
    args: Args,
    from: Place,
    to: Place,
    probe: Option<StreamId>,
}

impl Probing {
    fn copy(&self, cx: &mut Cx, into: bool) -> Res<Copying> {
        let base = self.from.path.rsplit('/').next().unwrap_or("");
        let mut goal = self.to.path.clone();
        if into {
            goal = format!("{}/{base}", goal.trim_end_matches('/'));
        }
        let (dir, name) = goal.rsplit_once('/').unwrap_or((".", &goal));
        let dir = if dir.is_empty() { "/" } else { dir };
        let mut archive = Vec::new();
        pack(cx, &self.from.path, name, 0, &mut archive)?;
        archive.extend([0; 2 * BLOCK]);
        let command = ["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-", "-C", dir];
        let command: Vec<&str> = match self.args.is("no-preserve") {
            true => command.to_vec(),
            false => [&command[..1], &command[3..]].concat(),
        };
        let (stream, notice) = open(cx, &self.args, &self.to, &command, true)?;
        cx.eprint(&notice);
        if let Some(client) = cx.sys.client() {
            client.stream_write(stream, &archive);
            client.stream_close_input(stream);
        }
        Ok(Copying { stream, archive: vec![], prefix: String::new(), target: None })
    }
}

impl Task for Probing {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        let mut into = false;
        if let Some(stream) = self.probe {
            match cx.sys.client().and_then(|c| c.stream_end(stream)) {
                None => return Poll::api(None),
                Some(end) => into = end == StreamEnd::Exit(0),
            }
            cx.close(stream);
        }
        match self.copy(cx, into) {
            Ok(copying) => Poll::Next(Box::new(copying)),
            Err(fail) => Poll::Done(Err(fail)),
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

fn pack(cx: &mut Cx, path: &str, name: &str, depth: usize, out: &mut Vec<u8>) -> Res<()> {
    let stat = cx.sys.stat(path).map_err(|e| Fail::Plain(format!("open {path}: {}", lower(e.text()))))?;
    if stat.kind == FileType::Dir {
        out.extend(header(&format!("{name}/"), 0, b'5', stat.mode));
        if depth >= DEPTH_LIMIT {
            return Ok(());
        }
        for entry in cx.sys.read_dir(path).unwrap_or_default() {
            pack(cx, &format!("{path}/{entry}"), &format!("{name}/{entry}"), depth + 1, out)?;
        }
        return Ok(());
    }
    let bytes =
        cx.sys.read_file(path).map_err(|e| Fail::Plain(format!("open {path}: {}", lower(e.text()))))?;
    if out.len() + bytes.len() > SIZE_LIMIT {
        return Err(crate::kubectl::cx::not_simulated("copying more than 64 MiB"));
    }
    out.extend(header(name, bytes.len(), b'0', stat.mode));
    out.extend(&bytes);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    Ok(())
}

fn header(name: &str, size: usize, kind: u8, mode: u32) -> [u8; BLOCK] {
    let mut h = [0; BLOCK];
    let mut put = |at: usize, text: &str, most: usize| {
        for (i, b) in text.bytes().take(most).enumerate() {
            h[at + i] = b;
        }
    };
    put(0, name, 100);
    put(100, &format!("{:07o}", mode & 0o7777), 8);
    put(108, "0000000", 8);
    put(116, "0000000", 8);
    put(124, &format!("{size:011o}"), 12);
    put(136, "00000000000", 12);
    put(148, "        ", 8);
    put(257, "ustar", 6);
    put(263, "00", 2);
    h[156] = kind;
    let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
    for (i, b) in format!("{sum:06o}\0 ").bytes().enumerate() {
        h[148 + i] = b;
    }
    h
}

/// The entries of an archive: (name, is a directory, content).
fn entries(archive: &[u8]) -> Vec<(String, bool, &[u8])> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(h) = archive.get(at..at + BLOCK) {
        if h[0] == 0 {
            break;
        }
        let field = |r: std::ops::Range<usize>| {
            let text = String::from_utf8_lossy(&h[r]).into_owned();
            text.split('\0').next().unwrap_or("").trim().to_string()
        };
        let size = usize::from_str_radix(&field(124..136), 8).unwrap_or(0);
        at += BLOCK;
        let Some(content) = archive.get(at..at.saturating_add(size)) else { break };
        out.push((field(0..100), h[156] == b'5', content));
        at = at.saturating_add(size.next_multiple_of(BLOCK));
    }
    out
}

#[derive(Clone, Debug)]
struct Copying {
    stream: StreamId,
    archive: Vec<u8>,
    prefix: String,
    /// Where a download goes; nothing for uploads.
    target: Option<String>,
}

impl Copying {
    fn unpack(&self, cx: &mut Cx, target: &str) -> Res<()> {
        let root = self.prefix.trim_start_matches('/').trim_end_matches('/').to_string();
        for (name, is_dir, content) in entries(&self.archive) {
            let name = name.trim_start_matches('/').trim_end_matches('/');
            let rest = name.strip_prefix(&root).unwrap_or(name).trim_start_matches('/');
            if rest.split('/').any(|p| p == "..") {
                continue;
            }
            let path = if rest.is_empty() { target.to_string() } else { format!("{target}/{rest}") };
            if is_dir {
                let _ = cx.sys.mkdir(&path, 0o755);
            } else {
                cx.sys
                    .write_file(&path, content, false)
                    .map_err(|e| Fail::Plain(format!("open {path}: {}", lower(e.text()))))?;
            }
        }
        Ok(())
    }
}

impl Task for Copying {
    fn poll(&mut self, cx: &mut Cx) -> Poll {
        let arrived = cx.sys.client().map(|c| c.stream_read(self.stream)).unwrap_or_default();
        for (channel, bytes) in arrived {
            match channel {
                Channel::Out if self.archive.len() < SIZE_LIMIT => self.archive.extend(bytes),
                Channel::Out => {}
                Channel::Err => cx.output.push(crate::os::STDERR, &bytes),
            }
        }
        match cx.sys.client().and_then(|c| c.stream_end(self.stream)) {
            None => Poll::api(None),
            Some(end) => {
                cx.close(self.stream);
                match (end, self.target.clone()) {
                    (StreamEnd::Error(s), _) => Poll::Done(Err(Fail::Plain(s.message.to_string()))),
                    (_, Some(target)) => Poll::Done(self.unpack(cx, &target).map(|()| 0)),
                    (StreamEnd::Exit(0), None) => Poll::Done(Ok(0)),
                    (StreamEnd::Exit(code), None) => {
                        cx.eprint(&format!("command terminated with exit code {code}\n"));
                        Poll::Done(Ok(code))
                    }
                }
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_round_trip() {
        let mut archive = header("d/", 0, b'5', 0o755).to_vec();
        archive.extend(header("d/a", 3, b'0', 0o644));
        archive.extend(b"abc");
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
        archive.extend([0; 2 * BLOCK]);
        let found = entries(&archive);
        assert_eq!(found, [("d/".to_string(), true, &b""[..]), ("d/a".to_string(), false, &b"abc"[..])]);
        assert!(entries(b"garbage").is_empty());
    }
}
