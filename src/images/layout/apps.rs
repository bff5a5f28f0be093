//! What an application adds to the utilities of its image.

use super::{Entry, Layout, texts};
use crate::api::Text;
use crate::images::catalogue::{App, Image, Kit};

/// The user that official nginx images run their workers as.
const NGINX_UID: u32 = 101;

pub(super) fn put(layout: &mut Layout, app: App, image: &Image) {
    let id = |name: &str| Text::from(format!("{name}/{}", image.version));
    match app {
        App::None => {}
        App::Nginx | App::NginxPlain => nginx(layout, app, image),
        App::Httpd => {
            layout.dirs(
                "/usr/local/apache2 /usr/local/apache2/bin /usr/local/apache2/conf /usr/local/apache2/logs",
            );
            for name in ["httpd-foreground", "httpd", "apachectl"] {
                layout.program(format!("/usr/local/apache2/bin/{name}"), id("httpd"), 1_131_504);
            }
            layout.file("/usr/local/apache2/conf/httpd.conf", Text::lit(texts::HTTPD_CONF));
            layout.file("/usr/local/apache2/htdocs/index.html", Text::lit(texts::HTTPD_INDEX));
        }
        App::Redis => {
            layout.dirs("/data");
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::REDIS_ENTRYPOINT);
            layout.program("/usr/local/bin/redis-server", id("redis-server"), 17_324_088);
            layout.program("/usr/local/bin/redis-cli", id("redis-cli"), 6_847_576);
            user(layout, "redis:x:999:1000::/home/redis:/usr/sbin/nologin\n");
        }
        App::Mysql => {
            layout.dirs("/var/lib/mysql /docker-entrypoint-initdb.d");
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::MYSQL_ENTRYPOINT);
            layout.program("/usr/sbin/mysqld", id("mysqld"), 70_331_480);
            layout.program("/usr/bin/mysql", id("mysql"), 10_121_328);
            layout.program("/usr/bin/mysqladmin", id("mysql"), 9_731_200);
            layout.file("/etc/my.cnf", "[mysqld]\nskip-name-resolve\ndatadir=/var/lib/mysql\nuser=mysql\n");
        }
        App::Postgres => {
            layout.dirs("/var/lib/postgresql /docker-entrypoint-initdb.d");
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::POSTGRES_ENTRYPOINT);
            layout.program("/usr/local/bin/postgres", id("postgres"), 9_812_616);
            layout.program("/usr/local/bin/psql", id("psql"), 790_648);
            layout.program("/usr/local/bin/pg_isready", id("psql"), 89_912);
        }
        App::Python => {
            for name in ["python", "python3"] {
                layout.program(format!("/usr/local/bin/{name}"), id("python"), 14_416);
            }
            layout.program("/usr/local/bin/pip", id("python"), 220);
        }
        App::Node => {
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::NODE_ENTRYPOINT);
            layout.program("/usr/local/bin/node", id("node"), 123_034_400);
            layout.program("/usr/local/bin/npm", id("node"), 54);
        }
        App::Stress => {
            let path =
                if image.recipe.kit == Kit::Alpine { "/usr/local/bin/stress" } else { "/usr/bin/stress" };
            layout.program(Text::lit(path), Text::lit("stress"), 27_656);
            if image.recipe.kit == Kit::Alpine {
                layout.program("/bin/bash", Text::lit("bash"), 764_256);
            }
        }
        App::Curl => {
            layout.dirs("/home/curl_user");
            layout.program("/usr/bin/curl", Text::lit("curl"), 271_448);
            layout.script("/entrypoint.sh", texts::CURL_ENTRYPOINT);
            layout.put(Text::lit("/cacert.pem"), Entry::Filler(224_000), 0o644);
            user(layout, "curl_user:x:100:101:Linux User,,,:/home/curl_user:/bin/sh\n");
        }
        App::Pause => layout.program("/pause", Text::lit("pause"), 516_040),
        App::HelloWorld => layout.program("/hello", Text::lit("hello"), 9_856),
        App::HttpEcho => layout.program("/http-echo", Text::lit("http-echo"), 5_464_064),
        App::Agnhost => layout.program("/agnhost", Text::lit("agnhost"), 49_831_936),
        App::Crash => layout.program("/crash", Text::lit("crash"), 16_384),
        App::SlowStart => layout.program("/slow-start", Text::lit("slow-start"), 16_384),
        App::Server(name) => server(layout, name, image),
        App::NginxUnprivileged => {
            nginx(layout, App::Nginx, image);
            let text = texts::NGINX_DEFAULT.replace("       80;", "       8080;");
            layout.file("/etc/nginx/conf.d/default.conf", text).owner = (NGINX_UID, NGINX_UID);
            layout.put(Text::lit("/var/cache/nginx"), Entry::Dir, 0o755).owner = (NGINX_UID, 0);
        }
        App::Service(name, path) => {
            let dirs = path.rsplit_once('/').map_or("/", |(dir, _)| dir);
            if !dirs.is_empty() {
                layout.put(Text::from(dirs), Entry::Dir, 0o755);
            }
            layout.program(Text::lit(path), id(name), 12_000_000);
            if name == "memcached" {
                user(layout, "memcache:x:11211:11211::/home/memcache:/bin/sh\n");
            }
        }
        App::Tools(names) => {
            for name in names {
                layout.program(format!("/usr/local/bin/{name}"), format!("absent/{name}"), 2_000_000);
            }
        }
        App::Release(name, short) => {
            let v = &image.version;
            let text = format!(
                "NAME=\"{name}\"\nVERSION=\"{v}\"\nID=\"{short}\"\nVERSION_ID=\"{v}\"\nPRETTY_NAME=\"{name} {v}\"\n"
            );
            layout.file("/etc/os-release", text);
        }
    }
}

/// Adds a user to the image's list.
fn user(layout: &mut Layout, line: &str) {
    let Some(node) = layout.nodes.iter_mut().find(|n| n.path == "/etc/passwd") else { return };
    if let Entry::File(text) = &mut node.entry {
        *text = Text::from(format!("{text}{line}"));
    }
}

fn nginx(layout: &mut Layout, app: App, image: &Image) {
    layout.dirs(
        "/etc/nginx /etc/nginx/conf.d /usr/share/nginx /usr/share/nginx/html /var/cache/nginx /var/log/nginx",
    );
    let build = match image.recipe.kit {
        Kit::LabDebian => Text::lit("nginx/lab"),
        Kit::Alpine => Text::from(format!("nginx/{}-alpine", image.version)),
        _ => Text::from(format!("nginx/{}", image.version)),
    };
    layout.program("/usr/sbin/nginx", build, 1_546_320);
    layout.file("/etc/nginx/nginx.conf", Text::lit(texts::NGINX_CONF));
    layout.file("/etc/nginx/conf.d/default.conf", Text::lit(texts::NGINX_DEFAULT));
    layout.file("/etc/nginx/mime.types", Text::lit(texts::MIME_TYPES));
    layout.file("/usr/share/nginx/html/index.html", Text::lit(texts::NGINX_INDEX));
    layout.file("/usr/share/nginx/html/50x.html", Text::lit(texts::NGINX_50X));
    layout.link("/var/log/nginx/access.log", "/dev/stdout");
    layout.link("/var/log/nginx/error.log", "/dev/stderr");
    user(layout, "nginx:x:101:101:nginx user:/nonexistent:/bin/false\n");
    if app == App::Nginx {
        if image.recipe.kit == Kit::Debian {
            layout.program("/usr/bin/curl", Text::lit("curl"), 313_136);
        }
        layout.dirs("/docker-entrypoint.d");
        layout.script("/docker-entrypoint.sh", texts::NGINX_ENTRYPOINT);
        layout.script("/docker-entrypoint.d/10-listen-on-ipv6-by-default.sh", texts::NGINX_IPV6);
        layout.script("/docker-entrypoint.d/15-local-resolvers.envsh", texts::NGINX_RESOLVERS);
        layout.script("/docker-entrypoint.d/20-envsubst-on-templates.sh", texts::NGINX_TEMPLATES);
        layout.script("/docker-entrypoint.d/30-tune-worker-processes.sh", texts::NGINX_TUNE);
    }
}

fn server(layout: &mut Layout, name: &'static str, image: &Image) {
    let id = |name: &str| Text::from(format!("{name}/{}", image.version));
    match name {
        "bash" => {
            layout.program("/usr/local/bin/bash", Text::lit("bash"), 1_204_712);
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::EXEC_ENTRYPOINT);
        }
        "node-hello" => {
            layout.file("/server.js", "// not simulated: what this file did\n");
            layout.program("/usr/local/bin/node", Text::lit("node-hello"), 13_000_000);
        }
        "hpa-example" => {
            layout.program("/usr/local/bin/apache2-foreground", Text::lit("hpa-example"), 1_346);
        }
        "net-tools" => {
            layout.program("/bin/bash", Text::lit("bash"), 764_256);
            layout.program("/usr/bin/curl", Text::lit("curl"), 271_448);
        }
        "echoserver" => layout.program("/usr/local/bin/run.sh", Text::lit("echoserver"), 1_024),
        "hello-app" => {
            layout.program("/hello-app", Text::from(format!("hello-app/{}", image.version)), 6_412_900);
        }
        "mongo" => {
            layout.dirs("/data /data/db");
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::MONGO_ENTRYPOINT);
            layout.program("/usr/bin/mongod", id("mongod"), 120_312_000);
            let shell = if image.version.starts_with('4') { "/usr/bin/mongo" } else { "/usr/bin/mongosh" };
            layout.program(shell, id("mongo"), 90_117_000);
        }
        "perl" => layout.program("/usr/local/bin/perl", id("perl"), 3_900_128),
        "etcd" => layout.program("/usr/local/bin/etcd", id("etcd"), 23_560_192),
        "dnsutils" => layout.program("/usr/bin/nslookup", Text::lit("coreutils/nslookup"), 121_856),
        "vish" => layout.program("/stress", Text::lit("vish"), 5_000_000),
        "liveness" => layout.program("/server", Text::lit("liveness"), 5_000_000),
        "gb-frontend" => layout.program("/usr/local/bin/apache2-foreground", id("gb-frontend"), 1_346),
        "wordpress" => {
            layout.dirs("/var/www /var/www/html");
            layout.script("/usr/local/bin/docker-entrypoint.sh", texts::EXEC_ENTRYPOINT);
            layout.program("/usr/local/bin/apache2-foreground", id("wordpress"), 1_346);
        }
        "kubernetes-bootcamp" => {
            layout.file("/server.js", "// not simulated: what this file did\n");
            layout.program("/usr/local/bin/node", id("kubernetes-bootcamp"), 13_000_000);
            layout.program("/usr/bin/curl", Text::lit("curl"), 182_040);
        }
        _ => layout.program(format!("/{name}"), id(name), 6_000_000),
    }
}
