//! `redis-server` and `redis-cli`: the start-up lines, a few commands over the real protocol.
//!
//! Models PING, ECHO, SET, GET, DEL, EXISTS, INCR, DECR, APPEND, KEYS, DBSIZE, FLUSHALL, FLUSHDB, INFO, SELECT 0,
//! QUIT and SHUTDOWN on strings. Other commands answer `ERR not simulated`. Left out: expiry, persistence,
//! replication, pipelining beyond what arrives together.

use crate::collections::BTreeMap;
use crate::os::{Disposition, Errno, Fd, Program, STDERR, STDOUT, Signal, Spawn, Step, Sys, Wait};
use crate::time::civil;

/// Most keys that a server keeps, and longest value in bytes.
const MAX_KEYS: usize = 10_000;
const VALUE_BYTES: usize = 64 << 10;

/// Longest request in bytes.
const REQUEST_BYTES: usize = 128 << 10;

/// The usual port.
const PORT: u16 = 6379;

/// The server.
#[derive(Clone, Debug)]
struct RedisServer {
    version: String,
    port: u16,
    listener: Option<Fd>,
    clients: Vec<(Fd, Vec<u8>)>,
    keys: BTreeMap<String, String>,
}

/// Starts the server.
pub fn server(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let args: Vec<&str> = spawn.argv.iter().skip(1).map(|a| a.as_str()).collect();
    if let Some(text) = args.first().filter(|a| matches!(**a, "-v" | "--version")) {
        let _ = text;
        return super::say::said(&format!(
            "Redis server v={version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n"
        ));
    }
    let port = args.windows(2).find(|w| w[0] == "--port").and_then(|w| w[1].parse().ok()).unwrap_or(PORT);
    Box::new(RedisServer {
        version: version.to_owned(),
        port,
        listener: None,
        clients: Vec::new(),
        keys: BTreeMap::new(),
    })
}

impl Program for RedisServer {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let Some(listener) = self.listener else { return self.start(sys) };
        if sys.take_signal().is_some() {
            log(sys, "M", '#', "User requested shutdown...");
            log(sys, "M", '*', "Redis is now ready to exit, bye bye...");
            return Step::Exit(0);
        }
        while let Ok((fd, _)) = sys.accept(listener) {
            self.clients.push((fd, Vec::new()));
        }
        for (fd, mut input) in std::mem::take(&mut self.clients) {
            if self.serve(sys, fd, &mut input) {
                self.clients.push((fd, input));
            } else {
                sys.close(fd);
            }
        }
        let readable = self.clients.iter().map(|(fd, _)| *fd).chain([listener]).collect();
        Step::Wait(Wait { readable, ..Wait::default() })
    }
}

/// `1:M 23 Nov 2026 08:04:52.123 * TEXT`
fn log(sys: &mut dyn Sys, role: &str, mark: char, text: &str) {
    let c = civil(sys.wall_micros());
    let day = format!("{:02} {} {}", c.day, super::http::month(&c), c.year);
    let time = format!("{:02}:{:02}:{:02}.{:03}", c.hour, c.minute, c.second, c.micros / 1000);
    let pid = sys.pid();
    let _ = sys.write(STDOUT, format!("{pid}:{role} {day} {time} {mark} {text}\n").as_bytes());
}

impl RedisServer {
    fn start(&mut self, sys: &mut dyn Sys) -> Step {
        sys.set_disposition(Signal::Term, Disposition::Catch);
        sys.set_disposition(Signal::Int, Disposition::Catch);
        sys.set_memory(9 << 20);
        let (version, port, pid) = (self.version.clone(), self.port, sys.pid());
        log(sys, "C", '*', "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
        let text =
            format!("Redis version={version}, bits=64, commit=00000000, modified=0, pid={pid}, just started");
        log(sys, "C", '*', &text);
        let text = "Warning: no config file specified, using the default config. In order to specify a config file \
                    use redis-server /path/to/redis.conf";
        log(sys, "C", '#', text);
        log(sys, "M", '*', "monotonic clock: POSIX clock_gettime");
        match sys.listen(port) {
            Ok(fd) => self.listener = Some(fd),
            Err(e) => {
                let text = format!(
                    "Warning: Could not create server TCP listening socket *:{port}: bind: {}",
                    e.text()
                );
                log(sys, "M", '#', &text);
                log(sys, "M", '#', &format!("Failed listening on port {port} (tcp), aborting."));
                return Step::Exit(1);
            }
        }
        log(sys, "M", '*', &format!("Running mode=standalone, port={port}."));
        log(sys, "M", '*', "Server initialized");
        log(sys, "M", '*', "Ready to accept connections tcp");
        Step::Yield
    }

    /// Reads and answers what has come; whether the client stays.
    fn serve(&mut self, sys: &mut dyn Sys, fd: Fd, input: &mut Vec<u8>) -> bool {
        loop {
            match sys.read(fd, 16 << 10) {
                Err(Errno::EAGAIN) => return true,
                Ok(bytes) if !bytes.is_empty() && input.len() < REQUEST_BYTES => input.extend(bytes),
                _ => return false,
            }
            while let Some((words, used)) = request(input) {
                input.drain(..used);
                if words.is_empty() {
                    continue;
                }
                let quit = words[0].eq_ignore_ascii_case("quit");
                let answer = self.obey(&words);
                if sys.write(fd, answer.as_bytes()).is_err() || quit {
                    return false;
                }
            }
        }
    }

    fn obey(&mut self, words: &[String]) -> String {
        let name = words[0].to_ascii_uppercase();
        let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let least = match name.as_str() {
            "GET" | "DEL" | "EXISTS" | "INCR" | "DECR" | "KEYS" | "ECHO" | "SELECT" | "TYPE" => 1,
            "SET" | "APPEND" => 2,
            _ => 0,
        };
        if args.len() < least {
            return format!("-ERR wrong number of arguments for '{}' command\r\n", name.to_ascii_lowercase());
        }
        match name.as_str() {
            "PING" => args.first().map_or("+PONG\r\n".to_owned(), |a| bulk(a)),
            "ECHO" => bulk(args[0]),
            "SELECT" | "FLUSHALL" | "FLUSHDB" | "QUIT" | "AUTH" | "SAVE" => {
                if name.starts_with("FLUSH") {
                    self.keys.clear();
                }
                "+OK\r\n".to_owned()
            }
            "SET" => {
                if self.keys.len() >= MAX_KEYS || args[1].len() > VALUE_BYTES {
                    return "-OOM command not allowed when used memory > 'maxmemory'.\r\n".to_owned();
                }
                self.keys.insert(args[0].to_owned(), args[1].to_owned());
                "+OK\r\n".to_owned()
            }
            "GET" => self.keys.get(args[0]).map_or("$-1\r\n".to_owned(), |v| bulk(v)),
            "DEL" => int(args.iter().filter(|k| self.keys.remove(**k).is_some()).count() as i64),
            "EXISTS" => int(args.iter().filter(|k| self.keys.contains_key(**k)).count() as i64),
            "TYPE" => if self.keys.contains_key(args[0]) { "+string\r\n" } else { "+none\r\n" }.to_owned(),
            "DBSIZE" => int(self.keys.len() as i64),
            "INCR" | "DECR" => self.add(args[0], if name == "INCR" { 1 } else { -1 }),
            "APPEND" => {
                let value = self.keys.entry(args[0].to_owned()).or_default();
                if value.len() + args[1].len() <= VALUE_BYTES {
                    value.push_str(args[1]);
                }
                int(value.len() as i64)
            }
            "KEYS" => {
                let (before, after) = args[0].split_once('*').map_or((args[0], None), |(b, a)| (b, Some(a)));
                let fits = |k: &&String| match after {
                    Some(after) => {
                        k.len() >= before.len() + after.len() && k.starts_with(before) && k.ends_with(after)
                    }
                    None => *k == before,
                };
                let found: Vec<&String> = self.keys.keys().filter(fits).collect();
                let list: String = found.iter().map(|k| bulk(k)).collect();
                format!("*{}\r\n{list}", found.len())
            }
            "INFO" => {
                let (version, port, keys) = (&self.version, self.port, self.keys.len());
                bulk(&format!(
                    "# Server\r\nredis_version:{version}\r\nredis_mode:standalone\r\ntcp_port:{port}\r\n\
                     # Replication\r\nrole:master\r\n# Keyspace\r\ndb0:keys={keys},expires=0,avg_ttl=0\r\n"
                ))
            }
            "COMMAND" | "CONFIG" => "*0\r\n".to_owned(),
            _ => format!("-ERR not simulated: {name}\r\n"),
        }
    }

    fn add(&mut self, key: &str, by: i64) -> String {
        let old = self.keys.get(key).map_or("0", String::as_str);
        match old.parse::<i64>().ok().and_then(|n| n.checked_add(by)) {
            Some(n) => {
                self.keys.insert(key.to_owned(), n.to_string());
                int(n)
            }
            None => "-ERR value is not an integer or out of range\r\n".to_owned(),
        }
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn int(n: i64) -> String {
    format!(":{n}\r\n")
}

/// The first request in the input and its length: an array of strings, or words on a line.
fn request(input: &[u8]) -> Option<(Vec<String>, usize)> {
    let text = String::from_utf8_lossy(input);
    let (line, _) = text.split_once('\n')?;
    let Some(count) = line.trim().strip_prefix('*') else {
        let end = input.iter().position(|b| *b == b'\n')? + 1;
        return Some((line.split_whitespace().map(str::to_owned).collect(), end));
    };
    let count: usize = count.parse().ok()?;
    let mut at = input.iter().position(|b| *b == b'\n')? + 1;
    let mut words = Vec::new();
    for _ in 0..count.min(1_000) {
        let rest = input.get(at..)?;
        let end = rest.iter().position(|b| *b == b'\n')?;
        let length: usize = std::str::from_utf8(&rest[..end]).ok()?.trim().strip_prefix('$')?.parse().ok()?;
        let start = end + 1;
        let word = rest.get(start..start.checked_add(length)?)?;
        words.push(String::from_utf8_lossy(word).into_owned());
        at += start + length + 2;
    }
    (at <= input.len()).then_some((words, at))
}

/// `redis-cli` with a command.
#[derive(Clone, Debug)]
struct Cli {
    host: String,
    port: u16,
    words: Vec<String>,
    connection: Option<(Fd, bool)>,
    input: Vec<u8>,
}

/// Starts the client.
pub fn cli(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let mut cli =
        Cli { host: "127.0.0.1".into(), port: PORT, words: Vec::new(), connection: None, input: Vec::new() };
    let mut args = spawn.argv.iter().skip(1).peekable();
    while let Some(arg) = args.next_if(|a| a.starts_with('-')) {
        match arg.as_str() {
            "-h" => cli.host = args.next().map(ToString::to_string).unwrap_or_default(),
            "-p" => cli.port = args.next().and_then(|p| p.parse().ok()).unwrap_or(PORT),
            "--raw" | "--no-raw" => {}
            "-v" | "--version" => return super::say::said(&format!("redis-cli {version}\n")),
            other => return super::say::not_simulated(&format!("redis-cli {other}")),
        }
    }
    cli.words = args.map(ToString::to_string).collect();
    if cli.words.is_empty() {
        return super::say::not_simulated("redis-cli without a command");
    }
    Box::new(cli)
}

impl Program for Cli {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let Some((fd, sent)) = self.connection else { return self.connect(sys) };
        if !sent {
            let list: String = self.words.iter().map(|w| bulk(w)).collect();
            let text = format!("*{}\r\n{list}", self.words.len());
            match sys.write(fd, text.as_bytes()) {
                Ok(_) => self.connection = Some((fd, true)),
                Err(Errno::EAGAIN) => return Wait::writable(fd),
                Err(e) => return self.fail(sys, e),
            }
        }
        match sys.read(fd, 64 << 10) {
            Err(Errno::EAGAIN) => return Wait::readable(fd),
            Err(e) => return self.fail(sys, e),
            Ok(bytes) if bytes.is_empty() => {
                let _ = sys.write(STDERR, b"Error: Server closed the connection\n");
                return Step::Exit(1);
            }
            Ok(bytes) => self.input.extend(bytes),
        }
        let text = String::from_utf8_lossy(&self.input).into_owned();
        let tty = sys.is_tty(STDOUT);
        match shown(&text, tty) {
            Some(out) => {
                let _ = sys.write(STDOUT, out.as_bytes());
                Step::Exit(i32::from(text.starts_with('-')))
            }
            None => Wait::readable(fd),
        }
    }
}

impl Cli {
    fn connect(&mut self, sys: &mut dyn Sys) -> Step {
        let ip = match sys.resolve(&self.host) {
            crate::os::Resolved::Addresses(list) => list.first().cloned(),
            crate::os::Resolved::Unanswered(until) if sys.now() < until => return Wait::until(until),
            _ => None,
        };
        let Some(ip) = ip else {
            let text = format!(
                "Could not connect to Redis at {}:{}: Name or service not known\n",
                self.host, self.port
            );
            let _ = sys.write(STDERR, text.as_bytes());
            return Step::Exit(1);
        };
        match sys.connect(&ip, self.port) {
            Ok(fd) => {
                self.connection = Some((fd, false));
                Step::Yield
            }
            Err(e) => self.fail(sys, e),
        }
    }

    fn fail(&self, sys: &mut dyn Sys, e: Errno) -> Step {
        let text = format!("Could not connect to Redis at {}:{}: {}\n", self.host, self.port, e.text());
        let _ = sys.write(STDERR, text.as_bytes());
        Step::Exit(1)
    }
}

/// An answer once it is complete: for scripts as it is, for people with its kind.
fn shown(text: &str, tty: bool) -> Option<String> {
    let (line, rest) = text.split_once("\r\n")?;
    let (kind, value) = line.split_at_checked(1)?;
    match kind {
        ":" if tty => Some(format!("(integer) {value}\n")),
        "-" if tty => Some(format!("(error) {value}\n")),
        "+" | ":" => Some(format!("{value}\n")),
        "-" => Some(format!("{value}\n\n")),
        "$" => match value.parse::<usize>() {
            Ok(length) if length > rest.len().saturating_sub(2) => None,
            Ok(length) => rest.get(..length).map(|v| if tty { format!("{v:?}\n") } else { format!("{v}\n") }),
            Err(_) => Some(if tty { "(nil)\n" } else { "\n" }.to_owned()),
        },
        "*" => {
            let mut out = String::new();
            let mut rest = rest;
            for _ in 0..value.parse::<usize>().ok()? {
                let (head, tail) = rest.split_once("\r\n")?;
                let length: usize = head.strip_prefix('$')?.parse().ok()?;
                out.push_str(tail.get(..length)?);
                out.push('\n');
                rest = tail.get(length + 2..)?;
            }
            Some(if out.is_empty() { "\n".to_owned() } else { out })
        }
        _ => Some(text.to_owned()),
    }
}
