//! What a configuration means: checking directives, and looking them up where they apply.
//!
//! A configuration stays the tree that was read; what holds for a request is looked up from its location
//! outwards. Directives that are known but change nothing that can be seen here are accepted; those that
//! would change what clients see, but are not simulated, are reported by [`Config::unsimulated`].

use super::syntax::{self, Directive};
use crate::os::Sys;

/// Directives by the contexts where they may stand: m(ain), e(vents), h(ttp), s(erver), l(ocation), i(f);
/// `{` after the contexts: with a block. Those behind `x` are not simulated.
const KNOWN: &[(&str, &str)] = &[
    (
        "m",
        "user worker_processes daemon pid master_process worker_rlimit_nofile worker_priority worker_cpu_affinity \
         load_module env pcre_jit lock_file timer_resolution worker_shutdown_timeout thread_pool debug_points",
    ),
    ("mhsl", "error_log"),
    ("e", "worker_connections multi_accept use accept_mutex debug_connection"),
    ("m{", "events http"),
    ("m{x", "stream mail"),
    ("h{", "server upstream types"),
    ("h{x", "map geo split_clients"),
    ("sl{", "location types"),
    ("sl{x", "if limit_except"),
    ("s", "listen server_name"),
    (
        "hsli",
        "root index access_log log_not_found error_page add_header default_type autoindex return try_files allow deny \
         sendfile tcp_nopush tcp_nodelay keepalive_timeout keepalive_requests client_max_body_size \
         client_body_timeout client_header_timeout client_body_buffer_size client_header_buffer_size \
         large_client_header_buffers send_timeout reset_timedout_connection server_tokens charset expires etag gzip \
         gzip_types gzip_vary gzip_proxied gzip_comp_level gzip_min_length gzip_buffers gzip_http_version \
         gzip_disable gzip_static open_file_cache open_file_cache_valid open_file_cache_errors \
         open_file_cache_min_uses types_hash_max_size types_hash_bucket_size server_names_hash_bucket_size \
         server_names_hash_max_size variables_hash_max_size absolute_redirect port_in_redirect \
         server_name_in_redirect underscores_in_headers ignore_invalid_headers merge_slashes msie_padding aio directio \
         output_buffers if_modified_since disable_symlinks resolver resolver_timeout log_subrequest max_ranges \
         client_body_temp_path proxy_temp_path fastcgi_temp_path uwsgi_temp_path scgi_temp_path http2 \
         proxy_set_header proxy_http_version proxy_read_timeout proxy_connect_timeout proxy_send_timeout \
         proxy_buffering proxy_buffer_size proxy_buffers proxy_redirect proxy_cache_bypass proxy_hide_header \
         ssl_certificate ssl_certificate_key ssl_protocols ssl_ciphers ssl_prefer_server_ciphers ssl_session_cache \
         ssl_session_timeout ssl_session_tickets ssl_dhparam",
    ),
    (
        "hslix",
        "proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass memcached_pass rewrite set auth_basic \
         auth_basic_user_file auth_request limit_req limit_req_zone limit_conn limit_conn_zone limit_rate sub_filter \
         mirror proxy_cache proxy_cache_path fastcgi_param fastcgi_index fastcgi_split_path_info real_ip_header \
         set_real_ip_from perl js_import js_content random_index secure_link satisfy ssi addition_types",
    ),
    ("h", "log_format"),
    ("l", "alias internal stub_status"),
];

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// All of it.
    pub all: Vec<Directive>,
}

/// What holds for a request, from the inside out: location, server, http, main.
pub type Scope<'a> = Vec<&'a [Directive]>;

impl Config {
    /// Reads and checks a configuration; `extra` are the directives of `-g`.
    pub fn load(sys: &dyn Sys, path: &str, extra: &str) -> Result<Config, String> {
        let mut all = if extra.is_empty() { Vec::new() } else { syntax::read_text(extra, "command line")? };
        all.extend(syntax::read(sys, path)?);
        check(&all, 'm')?;
        if !all.iter().any(|d| d.name == "events") {
            return Err("no \"events\" section in configuration".to_owned());
        }
        Ok(Config { all })
    }

    /// The last directive of a name at the top.
    pub fn top(&self, name: &str) -> Option<&Directive> {
        self.all.iter().rfind(|d| d.name == name)
    }

    fn http(&self) -> &[Directive] {
        self.top("http").and_then(|h| h.block.as_deref()).unwrap_or_default()
    }

    /// The `server` blocks.
    pub fn servers(&self) -> impl Iterator<Item = &[Directive]> {
        self.http().iter().filter(|d| d.name == "server").filter_map(|d| d.block.as_deref())
    }

    /// The ports that are listened on, in order, with the text that error messages show for each.
    pub fn listens(&self) -> Vec<(u16, Vec<String>)> {
        let mut out: Vec<(u16, Vec<String>)> = Vec::new();
        for server in self.servers() {
            for (port, host) in addresses(server) {
                let text = format!("{host}:{port}");
                match out.iter_mut().find(|(p, _)| *p == port) {
                    Some((_, texts)) if texts.contains(&text) => {}
                    Some((_, texts)) => texts.push(text),
                    None => out.push((port, vec![text])),
                }
            }
        }
        out
    }

    /// What holds for a request to a port with a host name, before its location is known.
    pub fn server(&self, port: u16, host: &str) -> Scope<'_> {
        let on_port = |s: &&[Directive]| addresses(s).any(|(p, _)| p == port);
        let named = |s: &&[Directive]| all(s, "server_name").any(|d| d.args.iter().any(|n| fits(n, host)));
        let default = |s: &&[Directive]| {
            let this = |d: &Directive| d.args.iter().any(|a| a == "default_server");
            all(s, "listen").any(|d| this(d) && address(d.arg(0)).is_some_and(|(p, _)| p == port))
        };
        let mine: Vec<&[Directive]> = self.servers().filter(on_port).collect();
        let pick =
            mine.iter().find(|s| named(s)).or_else(|| mine.iter().find(|s| default(s))).or(mine.first());
        vec![pick.copied().unwrap_or_default(), self.http(), &self.all]
    }

    /// One complaint for each directive that is not simulated.
    pub fn unsimulated(&self) -> Vec<String> {
        let mut out = Vec::new();
        collect_unsimulated(&self.all, &mut out);
        out
    }
}

/// The directives of a name in one block.
pub fn all<'a>(block: &'a [Directive], name: &'static str) -> impl Iterator<Item = &'a Directive> {
    block.iter().filter(move |d| d.name == name)
}

/// The innermost directive of a name.
pub fn lookup<'a>(scope: &[&'a [Directive]], name: &str) -> Option<&'a Directive> {
    scope.iter().find_map(|block| block.iter().rfind(|d| d.name == name))
}

/// All directives of a name in the innermost block that has any.
pub fn lookup_all<'a>(scope: &[&'a [Directive]], name: &str) -> Vec<&'a Directive> {
    let found = scope.iter().find(|block| block.iter().any(|d| d.name == name));
    found.map(|block| block.iter().filter(|d| d.name == name).collect()).unwrap_or_default()
}

/// The location block for a path: exact, longest prefix, or the first pattern that fits.
pub fn location<'a>(server: &'a [Directive], path: &str) -> Option<&'a Directive> {
    let mut best: Option<(&Directive, usize, bool)> = None;
    for d in all(server, "location") {
        let (sign, text) = sign_of(d);
        match sign {
            "=" if text == path => return Some(d),
            "" | "^~" if path.starts_with(text) && best.is_none_or(|(_, n, _)| text.len() > n) => {
                best = Some((d, text.len(), sign == "^~"));
            }
            _ => {}
        }
    }
    if !best.is_some_and(|(.., last)| last) {
        let pattern = |d: &&Directive| {
            let (sign, text) = sign_of(d);
            sign.starts_with('~') && pattern_fits(text, path, sign == "~*") == Some(true)
        };
        if let Some(d) = all(server, "location").find(pattern) {
            return Some(d);
        }
    }
    best.map(|(d, ..)| d)
}

fn sign_of(d: &Directive) -> (&str, &str) {
    if d.args.len() > 1 { (d.arg(0), d.arg(1)) } else { ("", d.arg(0)) }
}

/// Whether a pattern fits a path; `None` if it is of a kind that is not simulated: only `^/prefix`,
/// `\.ext$` and `\.(a|b)$` are.
fn pattern_fits(pattern: &str, path: &str, any_case: bool) -> Option<bool> {
    let path = if any_case { path.to_ascii_lowercase() } else { path.to_owned() };
    let plain =
        |t: &str| !t.contains(['.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '\\', '^', '$', '|']);
    if let Some(extension) = pattern.strip_prefix("\\.").and_then(|p| p.strip_suffix('$')) {
        let list = extension.strip_prefix('(').and_then(|e| e.strip_suffix(')')).unwrap_or(extension);
        if list.split('|').all(plain) {
            return Some(list.split('|').any(|e| path.ends_with(&format!(".{e}"))));
        }
    }
    let prefix = pattern.strip_prefix('^')?;
    plain(prefix).then(|| path.starts_with(prefix))
}

/// The ports of a server block with their hosts; 80 if it has no `listen`.
fn addresses(server: &[Directive]) -> impl Iterator<Item = (u16, &str)> {
    let found = || all(server, "listen").filter_map(|d| address(d.arg(0)));
    let default = found().next().is_none().then_some((80, ANY));
    found().chain(default)
}

/// The address at which all are listened to.
const ANY: &str = "0.0.0.0";

/// The port and host of `80`, `127.0.0.1:8080`, `[::]:80`, `*:80`, `localhost`.
fn address(text: &str) -> Option<(u16, &str)> {
    if let Ok(port) = text.parse::<u16>() {
        return (port > 0).then_some((port, ANY));
    }
    if text.starts_with("unix:") {
        return None;
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port: u16 = port.parse().ok().filter(|p| *p > 0)?;
            Some((port, if host == "*" { ANY } else { host }))
        }
        _ => Some((80, text)),
    }
}

/// Whether a `server_name` fits a host: equal, `*.suffix`, `.suffix`, `prefix.*`.
fn fits(name: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    if let Some(suffix) = name.strip_prefix('*') {
        return host.ends_with(suffix);
    }
    if let Some(prefix) = name.strip_suffix('*') {
        return host.starts_with(prefix);
    }
    host == name || name.starts_with('.') && (host.ends_with(name) || host == name[1..])
}

fn known(name: &str) -> impl Iterator<Item = &'static str> + '_ {
    KNOWN.iter().filter(move |(_, names)| lists(names, name)).map(|(c, _)| *c)
}

fn is_simulated(name: &str) -> bool {
    !KNOWN.iter().any(|(contexts, names)| contexts.contains('x') && lists(names, name))
}

/// Whether a name is among those of a list.
fn lists(names: &str, name: &str) -> bool {
    let mut rest = names.as_bytes();
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
        if rest[..end] == *name.as_bytes() {
            return true;
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    false
}

fn check(block: &[Directive], context: char) -> Result<(), String> {
    for d in block {
        let mut contexts = known(&d.name).peekable();
        if contexts.peek().is_none() {
            return Err(d.complain(&format!("unknown directive \"{}\"", d.name)));
        }
        let Some(contexts) = contexts.find(|c| c.contains(context)) else {
            return Err(d.complain(&format!("\"{}\" directive is not allowed here", d.name)));
        };
        match (contexts.contains('{'), &d.block) {
            (true, None) => {
                return Err(d.complain(&format!("directive \"{}\" has no opening \"{{\"", d.name)));
            }
            (false, Some(_)) => {
                return Err(d.complain(&format!("directive \"{}\" is not terminated by \";\"", d.name)));
            }
            _ => {}
        }
        check_arguments(d)?;
        let inner = match d.name.as_str() {
            "events" => 'e',
            "http" => 'h',
            "server" => 's',
            "location" => 'l',
            _ => continue,
        };
        check(d.block.as_deref().unwrap_or_default(), inner)?;
    }
    Ok(())
}

fn check_arguments(d: &Directive) -> Result<(), String> {
    let (least, most) = match d.name.as_str() {
        "events" | "http" | "server" | "types" => (0, 0),
        "root" | "pid" | "daemon" | "alias" | "default_type" | "autoindex" | "worker_processes"
        | "worker_connections" | "sendfile" => (1, 1),
        "location" | "return" => (1, 2),
        "try_files" | "error_page" | "log_format" | "add_header" => (2, usize::MAX),
        "stub_status" | "internal" => (0, 1),
        "if" | "upstream" | "map" => (0, usize::MAX),
        _ => (1, usize::MAX),
    };
    if d.args.len() < least || d.args.len() > most {
        return Err(d.complain(&format!("invalid number of arguments in \"{}\" directive", d.name)));
    }
    match d.name.as_str() {
        "listen" if address(d.arg(0)).is_none() && !d.arg(0).starts_with("unix:") => {
            Err(d.complain(&format!("invalid port in \"{}\" of the \"listen\" directive", d.arg(0))))
        }
        "worker_connections" if d.arg(0).parse::<u32>().is_err() => {
            Err(d.complain(&format!("invalid number \"{}\"", d.arg(0))))
        }
        "daemon" | "autoindex" | "sendfile" if !matches!(d.arg(0), "on" | "off") => {
            Err(d.complain(&format!(
                "invalid value \"{}\" in \"{}\" directive, it must be \"on\" or \"off\"",
                d.arg(0),
                d.name
            )))
        }
        _ => Ok(()),
    }
}

fn collect_unsimulated(block: &[Directive], out: &mut Vec<String>) {
    for d in block {
        let unknown_pattern = || {
            let (sign, text) = sign_of(d);
            d.name == "location" && sign.starts_with('~') && pattern_fits(text, "", false).is_none()
        };
        let tls = d.name == "listen" && d.args.iter().any(|a| a == "ssl");
        if !is_simulated(&d.name) || unknown_pattern() || tls {
            let text = format!("not simulated: \"{} {}\"", d.name, d.args.join(" "));
            out.push(d.complain(&text));
        } else if d.name != "upstream" && d.name != "types" {
            collect_unsimulated(d.block.as_deref().unwrap_or_default(), out);
        }
    }
}
