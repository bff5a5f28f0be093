//! MySQL and PostgreSQL: their start-up lines, their refusal to start without a password, their ports.
//!
//! Left out: the protocols and SQL. A client that connects is told so and turned away.

use super::say::{Act, not_simulated, script};
use super::web::variable;
use crate::os::{Program, STDERR, STDOUT, Spawn};
use crate::time::Span;

/// What who connects to a database gets to read.
const TURNED_AWAY: &[u8] = b"not simulated: the protocol of this database\n";

/// How long a first start takes to set the data directory up.
const SET_UP: Span = Span::secs(6);

/// What the image's own entrypoint runs when its command is not the server.
fn other_command(spawn: &Spawn, server: &str) -> Option<Box<dyn Program>> {
    let entrypoint = spawn.argv.first().is_some_and(|a| a.contains("docker-entrypoint"));
    let command = spawn.argv.get(1).filter(|_| entrypoint)?;
    let fits = *command == server || command.starts_with('-');
    (!fits).then(|| not_simulated(&format!("the entrypoint with the command {command}")))
}

/// Starts `mysqld`, directly or through its entrypoint.
pub fn mysqld(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    if let Some(other) = other_command(spawn, "mysqld") {
        return other;
    }
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

/// Starts `postgres`, directly or through its entrypoint.
pub fn postgres(version: &str, spawn: &Spawn) -> Box<dyn Program> {
    if let Some(other) = other_command(spawn, "postgres") {
        return other;
    }
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
