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
    let Some((pod, path)) = arg.split_once(':') else {
        return Ok(Place { pod: String::new(), path: arg.into() });
    };
    if pod.matches('/').count() > 1 {
        return Err("file spec must be in the form of pod:path, namespace/pod:path".into());
    }
    Ok(Place { pod: pod.into(), path: path.into() })
}

/// Runs the verb.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    let [from, to] = args.rest.as_slice() else {
        return Err("source and destination are required".into());
    };
    let (from, to) = (place(from)?, place(to)?);
    match (from.pod.is_empty(), to.pod.is_empty()) {
        (false, false) => Err("one of src or dest must be a local file specification".into()),
        (true, true) => Err("one of src or dest must be a remote file specification".into()),
        (false, true) => download(cx, args, &from, &to),
        (true, false) => upload(cx, args, &from, &to),
    }
}

fn open(cx: &mut Cx, args: &Args, at: &Place, command: &[&str], stdin: bool) -> Res<StreamId> {
    let (namespace, name) = match at.pod.split_once('/') {
        Some((ns, name)) => (ns.to_string(), name),
        None => (cx.base.namespace.clone(), at.pod.as_str()),
    };
    let pod = cx.get(Kind::POD, &namespace, name)?;
    let (container, notice) = pods::meant(&pod, args.value("container"))?;
    // What is copied from a pod comes with its errors on standard output.
    if stdin {
        cx.eprint(&notice);
    } else {
        cx.print(&notice);
    }
    let mut request = Request::new(Method::Create, Kind::POD, Some(&namespace), name).subresource("exec");
    let query = &mut request.options.query;
    query.extend(command.iter().map(|c| ("command", Text::from(*c))));
    query.push(("container", Text::from(container)));
    query.push(("stdin", Text::lit(if stdin { "true" } else { "false" })));
    query.extend([("stdout", Text::lit("true")), ("stderr", Text::lit("true")), ("tty", Text::lit("false"))]);
    match cx.send(request)? {
        Response::Stream(stream) => Ok(stream),
        _ => Err("unexpected answer of the server".into()),
    }
}

fn download(cx: &mut Cx, args: &Args, from: &Place, to: &Place) -> Outcome {
    let stream = open(cx, args, from, &["tar", "cf", "-", &from.path], false)?;
    if let Some(client) = cx.sys.client() {
        client.stream_close_input(stream);
    }
    Ok(Done::Task(Box::new(Copying {
        stream,
        archive: vec![],
        prefix: from.path.clone(),
        target: Some(to.path.clone()),
    })))
}

fn upload(cx: &mut Cx, args: &Args, from: &Place, to: &Place) -> Outcome {
    if cx.sys.stat(&from.path).is_err() {
        return Err(Fail::Plain(format!("{} doesn't exist in local filesystem", from.path)));
    }
    let path = to.path.trim_end_matches('/');
    let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
    let base = from.path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_string();
    let (dir, name) = if to.path.ends_with('/') { (path, base.as_str()) } else { (dir, name) };
    let mut archive = Vec::new();
    pack(cx, &from.path, name, 0, &mut archive)?;
    archive.extend([0; 2 * BLOCK]);
    let dir = if dir.is_empty() { "/" } else { dir };
    let stream = open(cx, args, to, &["tar", "-xmf", "-", "-C", dir], true)?;
    if let Some(client) = cx.sys.client() {
        client.stream_write(stream, &archive);
        client.stream_close_input(stream);
    }
    Ok(Done::Task(Box::new(Copying { stream, archive: vec![], prefix: String::new(), target: None })))
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
        let base = root.rsplit('/').next().unwrap_or("").to_string();
        let into_dir = target.ends_with('/') || cx.sys.stat(target).is_ok_and(|s| s.kind == FileType::Dir);
        let top =
            if into_dir { format!("{}/{base}", target.trim_end_matches('/')) } else { target.to_string() };
        for (name, is_dir, content) in entries(&self.archive) {
            let name = name.trim_start_matches('/').trim_end_matches('/');
            let rest = name.strip_prefix(&root).unwrap_or(name).trim_start_matches('/');
            if rest.split('/').any(|p| p == "..") {
                continue;
            }
            let path = if rest.is_empty() { top.clone() } else { format!("{top}/{rest}") };
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
                    (StreamEnd::Error(s), _) => Poll::Done(Err(Fail::Plain(doubled(&s.message)))),
                    (_, Some(target)) => Poll::Done(self.unpack(cx, &target).map(|()| 0)),
                    (StreamEnd::Exit(0), None) => Poll::Done(Ok(0)),
                    (StreamEnd::Exit(code), None) => {
                        cx.eprint(&format!("command terminated with exit code {code}\n"));
                        Poll::Done(Ok(1))
                    }
                }
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

/// kubectl wraps what the server already calls an internal error once more.
fn doubled(message: &str) -> String {
    const INTERNAL: &str = "Internal error occurred: ";
    if message.starts_with(INTERNAL) { format!("{INTERNAL}{message}") } else { message.to_string() }
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
