//! MySQL, PostgreSQL, MongoDB and etcd: their start-up lines, their refusal to start without a password, their
//! ports.
//!
//! Left out: the protocols and SQL. A client that connects is told so and turned away.

use super::say::{Act, said, script};
use super::web::variable;
use crate::os::{Program, STDERR, STDOUT, Spawn};
use crate::time::Span;

/// What who connects to a database gets to read.
const TURNED_AWAY: &[u8] = b"not simulated: the protocol of this database\n";

/// How long a first start takes to set the data directory up.
const SET_UP: Span = Span::secs(6);

/// Starts `mysqld`, which its image's entrypoint has prepared.
pub fn mysqld(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let intro = format!(
        "{{iso}}+00:00 [Note] [Entrypoint]: Entrypoint script for MySQL Server {version}-1.el9 started.\n"
    );
    let names = [
        "MYSQL_ROOT_PASSWORD",
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "MYSQL_RANDOM_ROOT_PASSWORD",
        "MYSQL_ROOT_PASSWORD_FILE",
    ];
    if !names.iter().any(|n| variable(spawn, n).is_some_and(|v| !v.is_empty())) {
        let text = "{iso}+00:00 [ERROR] [Entrypoint]: Database is uninitialized and password option is not specified\n    \
                    You need to specify one of the following as an environment variable:\n    - MYSQL_ROOT_PASSWORD\n    \
                    - MYSQL_ALLOW_EMPTY_PASSWORD\n    - MYSQL_RANDOM_ROOT_PASSWORD\n";
        return script(vec![Act::Say(STDOUT, intro), Act::Say(STDERR, text.to_owned()), Act::Exit(1)]);
    }
    let ready = format!(
        "{{iso}} 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '{version}'  socket: \
         '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.\n"
    );
    script(vec![
        Act::Say(STDOUT, intro),
        Act::Say(STDOUT, "{iso}+00:00 [Note] [Entrypoint]: Initializing database files\n".into()),
        Act::Pause(SET_UP),
        Act::Say(STDOUT, "{iso}+00:00 [Note] [Entrypoint]: Database files initialized\n".into()),
        Act::Say(
            STDOUT,
            "{iso}+00:00 [Note] [Entrypoint]: MySQL init process done. Ready for start up.\n".into(),
        ),
        Act::Listen(3306, TURNED_AWAY),
        Act::Say(STDERR, ready),
        Act::Stay,
        Act::Say(
            STDERR,
            "{iso} 0 [System] [MY-013172] [Server] Received SHUTDOWN from user <via user signal>.\n".into(),
        ),
        Act::Pause(Span::millis(900)),
        Act::Say(
            STDERR,
            "{iso} 0 [System] [MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete\n".into(),
        ),
    ])
}

/// Starts `postgres`, which its image's entrypoint has prepared.
pub fn postgres(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let trusted = variable(spawn, "POSTGRES_HOST_AUTH_METHOD") == Some("trust");
    let names = ["POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE"];
    if !trusted && !names.iter().any(|n| variable(spawn, n).is_some_and(|v| !v.is_empty())) {
        let text = "Error: Database is uninitialized and superuser password is not specified.\n       You must specify \
                    POSTGRES_PASSWORD to a non-empty value for the\n       superuser. For example, \"-e \
                    POSTGRES_PASSWORD=password\" on \"docker run\".\n\n       You may also use \
                    \"POSTGRES_HOST_AUTH_METHOD=trust\" to allow all\n       connections without a password. This is *not* \
                    recommended.\n\n       See PostgreSQL documentation about \"trust\":\n       \
                    https://www.postgresql.org/docs/current/auth-trust.html\n";
        return script(vec![Act::Say(STDERR, text.to_owned()), Act::Exit(1)]);
    }
    let line = |text: &str| Act::Say(STDERR, format!("{{iso}}.000 UTC [1] LOG:  {text}\n"));
    script(vec![
        Act::Say(
            STDOUT,
            "The files belonging to this database system will be owned by user \"postgres\".\n".into(),
        ),
        Act::Pause(Span::secs(2)),
        Act::Say(STDOUT, "\nPostgreSQL init process complete; ready for start up.\n\n".into()),
        line(&format!("starting PostgreSQL {version} on x86_64-pc-linux-gnu, compiled by gcc, 64-bit")),
        Act::Listen(5432, TURNED_AWAY),
        line("listening on IPv4 address \"0.0.0.0\", port 5432"),
        line("database system is ready to accept connections"),
        Act::Stay,
        line("received fast shutdown request"),
        line("database system is shut down"),
    ])
}

/// Starts `mongod`.
pub fn mongod(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    let argument = |name: &str| {
        let mut args = spawn.argv.iter().map(|a| a.as_str());
        args.find_map(|a| a.strip_prefix(name)?.strip_prefix('='))
            .or_else(|| spawn.argv.windows(2).find(|w| w[0] == name).map(|w| w[1].as_str()))
    };
    if spawn.argv.iter().any(|a| a == "--version") {
        return said(&format!("db version v{version}\n"));
    }
    let port: u16 = argument("--port").and_then(|p| p.parse().ok()).unwrap_or(27017);
    // Before 4.4 the log was plain text.
    let plain = ["3", "4.0", "4.2"].iter().any(|v| version.starts_with(v));
    let line = |component: &str, context: &str, text: &str, more: &str| {
        if plain {
            let text = format!("{{utc}}+0000 I  {component:<8} [{context}] {text}\n");
            return Act::Say(STDOUT, text);
        }
        Act::Say(
            STDOUT,
            format!(
                "{{\"t\":{{\"$date\":\"{{utc}}+00:00\"}},\"s\":\"I\",  \"c\":\"{component}\",\"ctx\":\"{context}\",\
                 \"msg\":\"{text}\"{more}}}\n"
            ),
        )
    };
    let at = format!(
        ",\"attr\":{{\"pid\":1,\"port\":{port},\"dbPath\":\"/data/db\",\"architecture\":\"64-bit\"}}"
    );
    script(vec![
        line("CONTROL", "initandlisten", "MongoDB starting", &at),
        line(
            "CONTROL",
            "initandlisten",
            "Build Info",
            &format!(",\"attr\":{{\"buildInfo\":{{\"version\":\"{version}\"}}}}"),
        ),
        Act::Pause(Span::millis(800)),
        Act::Listen(port, TURNED_AWAY),
        line(
            "NETWORK",
            "listener",
            "Waiting for connections",
            &format!(",\"attr\":{{\"port\":{port},\"ssl\":\"off\"}}"),
        ),
        Act::Stay,
        line(
            "CONTROL",
            "SignalHandler",
            "Received signal",
            ",\"attr\":{\"signal\":15,\"error\":\"Terminated\"}",
        ),
        line("CONTROL", "SignalHandler", "Shutting down", ",\"attr\":{\"exitCode\":0}"),
    ])
}

/// Starts `etcd` as a single member.
pub fn etcd(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    if spawn.argv.iter().any(|a| a == "--version") {
        return said(&format!("etcd Version: {version}\nGo OS/Arch: linux/amd64\n"));
    }
    let line = |caller: &str, text: &str| {
        let start = "{\"level\":\"info\",\"ts\":\"{utc}Z\"";
        Act::Say(STDERR, format!("{start},\"caller\":\"{caller}\",\"msg\":\"{text}\"}}\n"))
    };
    let clients = spawn.argv.windows(2).find(|w| w[0] == "--listen-client-urls").map(|w| w[1].as_str());
    let port = clients.and_then(|urls| urls.rsplit(':').next()?.parse().ok()).unwrap_or(2379);
    script(vec![
        line("etcdmain/etcd.go:72", "Running: "),
        line("embed/etcd.go:131", "configuring peer listeners"),
        line("embed/etcd.go:139", "configuring client listeners"),
        Act::Pause(Span::millis(1_200)),
        line("etcdserver/server.go:744", "starting initial election tick advance"),
        Act::Serve(port, etcd_page),
        line("embed/serve.go:98", "ready to serve client requests"),
        Act::Stay,
        line("osutil/interrupt_unix.go:64", "received signal; shutting down"),
    ])
}

/// What etcd answers to requests of HTTP/1.
fn etcd_page(path: &str) -> Option<String> {
    let (status, body) = match path {
        "/health" => ("200 OK", "{\"health\":\"true\",\"reason\":\"\"}"),
        _ => ("404 Not Found", "404 page not found\n"),
    };
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"))
}
