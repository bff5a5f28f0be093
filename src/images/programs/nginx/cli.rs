//! nginx's command line.

use super::config::Config;
use super::master::Master;
use super::{Build, Logs, open_logs, print};
use crate::os::{Errno, Program, STDERR, STDOUT, Signal, Spawn, Step, Sys};

const USAGE: &str = "Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: /etc/nginx/)
  -e filename   : set error log file (default: /var/log/nginx/error.log)
  -c filename   : set configuration file (default: /etc/nginx/nginx.conf)
  -g directives : set global directives out of configuration file

";

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    version: bool,
    details: bool,
    help: bool,
    test: bool,
    dump: bool,
    quiet: bool,
    signal: Option<String>,
    /// `-c`.
    pub file: String,
    /// `-g`.
    pub directives: String,
}

/// The command before it has decided what to be.
#[derive(Clone, Debug)]
struct Nginx {
    build: Build,
    argv: Vec<String>,
}

/// Starts nginx; `id` is the part of the program's id behind `nginx/`.
pub fn nginx(id: &str, spawn: &Spawn) -> Box<dyn Program> {
    let argv = spawn.argv.iter().map(ToString::to_string).collect();
    Box::new(Nginx { build: Build::parse(id), argv })
}

impl Program for Nginx {
    fn boxed_clone(&self) -> Box<dyn Program> {
        Box::new(self.clone())
    }

    fn step(&mut self, sys: &mut dyn Sys) -> Step {
        let options = match parse(&self.argv[1.min(self.argv.len())..]) {
            Ok(options) => options,
            Err(text) => {
                print(sys, STDERR, &format!("nginx: {text}\n"));
                return Step::Exit(1);
            }
        };
        if options.version || options.details || options.help {
            return self.tell(sys, &options);
        }
        if options.test || options.dump {
            return test(sys, &options);
        }
        if let Some(signal) = &options.signal {
            return send(sys, &options, signal);
        }
        Step::Become(Box::new(Master::new(self.build.clone(), options, &self.argv)))
    }
}

impl Nginx {
    fn tell(&self, sys: &mut dyn Sys, options: &Options) -> Step {
        print(sys, STDERR, &format!("nginx version: {}\n", self.build.name()));
        if options.help {
            print(sys, STDERR, USAGE);
        } else if options.details {
            if let Some(compiler) = self.build.compiler() {
                print(sys, STDERR, &format!("built by {compiler}\n"));
            }
            let text = "TLS SNI support enabled\nconfigure arguments: --prefix=/etc/nginx \
                        --sbin-path=/usr/sbin/nginx --conf-path=/etc/nginx/nginx.conf \
                        --error-log-path=/var/log/nginx/error.log \
                        --http-log-path=/var/log/nginx/access.log --pid-path=/var/run/nginx.pid\n";
            print(sys, STDERR, text);
        }
        Step::Exit(0)
    }
}

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options { file: "/etc/nginx/nginx.conf".to_owned(), ..Options::default() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty()) else {
            return Err(format!("invalid option: \"{arg}\""));
        };
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            match letter {
                'v' => options.version = true,
                'V' => options.details = true,
                '?' | 'h' => options.help = true,
                't' => options.test = true,
                'T' => options.dump = true,
                'q' => options.quiet = true,
                'p' | 'e' | 'c' | 'g' | 's' => {
                    let value = if rest.is_empty() { args.next().cloned() } else { Some(rest.to_owned()) };
                    let value = value.ok_or_else(|| missing(letter))?;
                    match letter {
                        'c' if value.starts_with('/') => options.file = value,
                        'c' => options.file = format!("/etc/nginx/{value}"),
                        'g' => options.directives = value,
                        's' if !["stop", "quit", "reopen", "reload"].contains(&value.as_str()) => {
                            return Err(format!("invalid option: \"-s {value}\""));
                        }
                        's' => options.signal = Some(value),
                        _ => return Err(format!("not simulated: option -{letter}")),
                    }
                    rest = "";
                }
                other => return Err(format!("invalid option: \"{other}\"")),
            }
        }
    }
    Ok(options)
}

fn missing(letter: char) -> String {
    let what = match letter {
        'p' => "directory name",
        'e' | 'c' => "file name",
        _ => "parameter",
    };
    format!("option \"-{letter}\" requires {what}")
}

/// A fatal message before the server runs: into the log, and on standard error.
pub(super) fn fatal(sys: &mut dyn Sys, logs: &Logs, text: &str) -> Step {
    logs.line(sys, "emerg", text);
    print(sys, STDERR, &format!("nginx: [emerg] {text}\n"));
    Step::Exit(1)
}

/// `-t` and `-T`.
fn test(sys: &mut dyn Sys, options: &Options) -> Step {
    let file = &options.file;
    match Config::load(sys, file, &options.directives) {
        Ok(config) => {
            for text in config.unsimulated() {
                print(sys, STDERR, &format!("nginx: [warn] {text}\n"));
            }
            if !options.quiet {
                print(sys, STDERR, &format!("nginx: the configuration file {file} syntax is ok\n"));
                print(sys, STDERR, &format!("nginx: configuration file {file} test is successful\n"));
            }
            if options.dump {
                let text = sys.read_file(file).unwrap_or_default();
                print(sys, STDOUT, &format!("# configuration file {file}:\n"));
                print(sys, STDOUT, &String::from_utf8_lossy(&text));
                print(sys, STDOUT, "\n");
            }
            Step::Exit(0)
        }
        Err(text) => {
            print(sys, STDERR, &format!("nginx: [emerg] {text}\n"));
            print(sys, STDERR, &format!("nginx: configuration file {file} test failed\n"));
            Step::Exit(1)
        }
    }
}

/// `-s`: signals the process whose number is in the pid file.
fn send(sys: &mut dyn Sys, options: &Options, name: &str) -> Step {
    let config = match Config::load(sys, &options.file, &options.directives) {
        Ok(config) => config,
        Err(text) => return fatal(sys, &Logs::early(), &text),
    };
    let logs = open_logs(sys, &config).unwrap_or_else(|_| Logs::early());
    logs.line(sys, "notice", "signal process started");
    let path = pid_path(&config);
    let fail = |sys: &mut dyn Sys, level: &str, text: &str| {
        logs.line(sys, level, text);
        print(sys, STDERR, &format!("nginx: [{level}] {text}\n"));
        Step::Exit(1)
    };
    let bytes = match sys.read_file(&path) {
        Ok(bytes) => bytes,
        Err(e) => {
            let text = format!("open() \"{path}\" failed ({}: {})", super::number(e), e.text());
            return fail(sys, "error", &text);
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let Some(pid) = text.trim().parse::<i64>().ok().filter(|p| *p > 0) else {
        return fail(sys, "error", &format!("invalid PID number \"{}\" in \"{path}\"", text.trim()));
    };
    let signal = match name {
        "stop" => Signal::Term,
        "quit" => Signal::Quit,
        "reopen" => Signal::Usr1,
        _ => Signal::Hup,
    };
    match sys.kill(pid, Some(signal)) {
        Ok(()) => Step::Exit(0),
        Err(e) => {
            let number = if e == Errno::ESRCH { 3 } else { super::number(e) };
            fail(sys, "alert", &format!("kill({pid}, {}) failed ({number}: {})", signal.number(), e.text()))
        }
    }
}

/// Where the master's number is kept.
pub(super) fn pid_path(config: &Config) -> String {
    config.top("pid").map_or("/var/run/nginx.pid", |d| d.arg(0)).to_owned()
}
