//! Clients that ask whether a database is there: `mysqladmin ping`, `mysql -e 'SELECT 1'`, `pg_isready`,
//! `psql -c 'SELECT 1'`, `mongosh --eval 'db.adminCommand("ping")'`.
//!
//! They really connect. What they ask beyond that is not simulated, and said so.

use super::say::{not_simulated, said};
use crate::os::{Errno, Fd, Program, Resolved, STDERR, STDOUT, Spawn, Step, Sys, Wait};

/// What one of them says.
#[derive(Clone, Debug)]
struct Ping {
    host: String,
    port: u16,
    socket: Option<Fd>,
    /// Standard output when somebody listens.
    yes: String,
    /// Standard output, standard error and code when nobody does; `{errno}` is the error's number.
    no: (String, String, i32),
}

/// Options with a value that tell where the server is, and the default port.
struct Flags<'a> {
    rest: Vec<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
    query: Option<&'a str>,
}

/// Reads a command line: `-h HOST`, `--host=HOST`, ports, the flag of a query; other options that take a
/// value are `skipped`.
fn flags<'a>(spawn: &'a Spawn, host: &str, port: &str, query: &str, skipped: &str) -> Flags<'a> {
    let mut flags = Flags { rest: vec![], host: None, port: None, query: None };
    let mut args = spawn.argv.iter().skip(1).map(|a| a.as_str()).peekable();
    while let Some(arg) = args.next() {
        let (name, joined) = match arg.split_once('=') {
            Some((name, value)) if arg.starts_with("--") => (name, Some(value)),
            _ if arg.len() > 2
                && arg.starts_with('-')
                && !arg.starts_with("--")
                && arg.is_char_boundary(2) =>
            {
                (&arg[..2], Some(&arg[2..]))
            }
            _ => (arg, None),
        };
        let among = |list: &str| list.split(' ').any(|l| l == name);
        let slot = if among(host) {
            &mut flags.host
        } else if among(port) {
            &mut flags.port
        } else if among(query) {
            &mut flags.query
        } else {
            if !name.starts_with('-') {
                flags.rest.push(arg);
            } else if among(skipped) && joined.is_none() {
                args.next();
            }
            continue;
        };
        *slot = joined.or_else(|| args.next());
    }
    flags
}

/// `mysql` and `mysqladmin`.
pub fn mysql(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let name = spawn.argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or_default()).to_owned();
    let f = flags(spawn, "-h --host", "-P --port", "-e --execute", "-u --user -D --database");
    if spawn.argv.iter().skip(1).any(|a| matches!(a.as_str(), "-V" | "--version")) {
        return said(&format!("{name}  Ver {version} for Linux on x86_64 (MySQL Community Server - GPL)\n"));
    }
    let admin = name.starts_with("mysqladmin") || name.starts_with("mariadb-admin");
    let yes = match (admin, f.rest.first().copied(), f.query.map(selected)) {
        (true, Some("ping"), _) => "mysqld is alive\n".to_owned(),
        (false, _, Some(Some(value))) => format!("{value}\n{value}\n"),
        _ => return not_simulated(&format!("{name}: the protocol and SQL")),
    };
    let host = f.host.unwrap_or("localhost").to_owned();
    let port = f.port.and_then(|p| p.parse().ok()).unwrap_or(3306);
    let local = host == "localhost";
    let why = if local {
        "Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)".to_owned()
    } else {
        format!("Can't connect to MySQL server on '{host}:{port}' ({{errno}})")
    };
    let error = if admin {
        format!(
            "{name}: connect to server at '{host}' failed\nerror: '{why}'\n{}",
            if local {
                "Check that mysqld is running and that the socket: '/var/run/mysqld/mysqld.sock' exists!\n"
            } else {
                ""
            }
        )
    } else {
        format!("ERROR {} (HY000): {why}\n", if local { 2002 } else { 2003 })
    };
    Box::new(Ping { host, port, socket: None, yes, no: (String::new(), error, 1) })
}

/// `psql` and `pg_isready`.
pub fn postgres(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let name = spawn.argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or_default()).to_owned();
    let f = flags(spawn, "-h --host", "-p --port", "-c --command", "-U --username -d --dbname -t --timeout");
    if spawn.argv.iter().skip(1).any(|a| matches!(a.as_str(), "-V" | "--version")) {
        return said(&format!("{name} (PostgreSQL) {version}\n"));
    }
    let port = f.port.and_then(|p| p.parse().ok()).unwrap_or(5432);
    let place = f.host.unwrap_or("/var/run/postgresql").to_owned();
    let host = f.host.unwrap_or("localhost").to_owned();
    if name == "pg_isready" {
        let yes = format!("{place}:{port} - accepting connections\n");
        let no = format!("{place}:{port} - no response\n");
        return Box::new(Ping { host, port, socket: None, yes, no: (no, String::new(), 2) });
    }
    let Some(value) = f.query.and_then(selected) else {
        return not_simulated("psql: the protocol and SQL");
    };
    let yes = format!(" ?column? \n----------\n{value:>9}\n(1 row)\n\n");
    let error = match f.host {
        Some(host) => format!(
            "psql: error: connection to server at \"{host}\", port {port} failed: Connection refused\n\tIs the \
             server running on that host and accepting TCP/IP connections?\n"
        ),
        None => format!(
            "psql: error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.{port}\" failed: No such \
             file or directory\n\tIs the server running locally and accepting connections on that socket?\n"
        ),
    };
    Box::new(Ping { host, port, socket: None, yes, no: (String::new(), error, 2) })
}

/// `mongosh` and the older `mongo`.
pub fn mongo(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let f = flags(spawn, "--host", "--port", "--eval", "-u -p --username --password");
    if spawn.argv.iter().skip(1).any(|a| a == "--version") {
        return said(&format!("{version}\n"));
    }
    let ping = f.query.is_some_and(|q| q.contains("ping") && q.contains("ommand"));
    if !ping {
        return not_simulated("the shell of MongoDB");
    }
    let host = f.host.unwrap_or("127.0.0.1").to_owned();
    let port = f.port.and_then(|p| p.parse().ok()).unwrap_or(27017);
    let yes = if f.query.is_some_and(|q| q.contains(".ok")) { "1\n" } else { "{ ok: 1 }\n" };
    let no = format!("MongoNetworkError: connect ECONNREFUSED {host}:{port}\n");
    Box::new(Ping { host, port, socket: None, yes: yes.to_owned(), no: (String::new(), no, 1) })
}

/// The number of `SELECT N`.
fn selected(query: &str) -> Option<i64> {
    let mut words = query.trim_end_matches([';', ' ']).split_whitespace();
    let select = words.next()?.eq_ignore_ascii_case("select");
    let value = words.next()?.parse().ok()?;
    (select && words.next().is_none()).then_some(value)
}

impl Program for Ping {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let fd = match self.socket {
            Some(fd) => Ok(fd),
            None => match sys.resolve(&self.host) {
                Resolved::Addresses(list) if !list.is_empty() => sys.connect(&list[0], self.port),
                Resolved::Unanswered(until) if sys.now() < until => return Wait::until(until),
                _ => Err(Errno::EHOSTUNREACH),
            },
        };
        let error = match fd.and_then(|fd| sys.write(fd, b"").map_err(|e| self.waits(fd, e))) {
            Ok(_) => {
                let _ = sys.write(STDOUT, self.yes.as_bytes());
                return Step::Exit(0);
            }
            Err(Errno::EAGAIN) => return self.socket.map_or(Step::Exit(1), Wait::writable),
            Err(e) => e,
        };
        let (out, err, code) = &self.no;
        let _ = sys.write(STDOUT, out.as_bytes());
        let number = match error {
            Errno::ECONNREFUSED => "111",
            Errno::ETIMEDOUT => "110",
            _ => "113",
        };
        let _ = sys.write(STDERR, err.replace("{errno}", number).as_bytes());
        Step::Exit(*code)
    }
}

impl Ping {
    /// Keeps a connection that is being made.
    fn waits(&mut self, fd: Fd, e: Errno) -> Errno {
        self.socket = Some(fd);
        e
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_smallest_of_queries_is_answered() {
        assert_eq!(selected("SELECT 1;"), Some(1));
        assert_eq!(selected("select 42"), Some(42));
        for other in ["SELECT 1, 2", "SELECT * FROM t", "SHOW TABLES", ""] {
            assert_eq!(selected(other), None, "{other}");
        }
    }
}
