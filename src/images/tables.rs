//! The images of the two presets: what kinds there are, and under which names registries offer them.
//!
//! Sizes are compressed sizes for amd64 as registries list them, rounded where no recording tells them;
//! those of the laboratory are recorded.

use super::catalogue::{App, Kit, RECIPE, Recipe, Repository};
use super::registry::Preset;
use super::{examples, popular};
use crate::os::Signal;

/// The search path that images set unless they say otherwise.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Images that are on every node from the beginning, unless the scenario says otherwise.
pub fn preloaded(preset: Preset) -> &'static [&'static str] {
    const ALL: &[&str] = &[
        "harbor.wego.red/library/nginx:latest",
        "harbor.wego.red/library/nginx:1.9.0",
        "harbor.wego.red/library/busyboxplus:latest",
        "harbor.wego.red/library/stress:latest",
        "registry.k8s.io/pause:3.10",
        "docker.io/polinux/stress:latest",
        "docker.io/library/nginx:latest",
        "docker.io/library/nginx:1.14.2",
    ];
    match preset {
        Preset::Lab => ALL,
        Preset::Internet => ALL.split_at(5).0,
    }
}

/// The repositories of a preset.
pub(super) fn repositories(preset: Preset) -> impl Iterator<Item = &'static Repository> {
    let (public, examples, popular): (_, &[Repository], &[Repository]) = match preset {
        Preset::Lab => (LAB_MIRRORS, &[], &[]),
        Preset::Internet => (INTERNET, examples::EXAMPLES, popular::POPULAR),
    };
    COURSE.iter().chain(public).chain(examples).chain(popular)
}

/// A row of a table of repositories.
pub(super) const fn row(name: &'static str, tags: &'static str, recipe: &'static Recipe) -> Repository {
    Repository { name, tags, recipe }
}

/// The course's private registry, in both presets.
const COURSE: &[Repository] = &[
    row("harbor.wego.red/library/nginx", "latest=1.29.4 1.16.1", &LAB_NGINX),
    row("harbor.wego.red/library/nginx", "1.9.0", &LAB_NGINX_OLD),
    row("harbor.wego.red/library/busyboxplus", "latest", &LAB_BUSYBOXPLUS),
    row("harbor.wego.red/library/busybox", "latest=1", &LAB_BUSYBOX),
    row("harbor.wego.red/library/stress", "latest", &LAB_STRESS),
];

const LAB_MIRRORS: &[Repository] = &[
    row("docker.io/library/nginx", "latest=1.29.4 1.29=1.29.4 1.16.1", &LAB_NGINX),
    row("docker.io/library/nginx", "1.14.2=1.9.0 1.7.9=1.9.0", &LAB_NGINX_OLD),
    row("docker.io/library/debian", "latest=1.29.4", &LAB_NGINX),
    row("docker.io/library/bash", "latest=1.29.4 5=1.29.4", &LAB_NGINX),
    row("registry.k8s.io/nginx", "1.7.9=1.9.0", &LAB_NGINX_OLD),
    row("registry.k8s.io/nginx", "latest=1.29.4 test-cmd=1.29.4", &LAB_NGINX),
    row("registry.k8s.io/nginx-slim", "0.7=1.29.4 0.8=1.29.4 0.24=1.29.4", &LAB_NGINX),
    row("docker.io/polinux/stress", "latest", &LAB_STRESS),
    row("docker.io/library/busybox", "latest=1 1.28=1 1.37", &LAB_BUSYBOX),
    row("docker.io/library/alpine", "latest=1", &LAB_BUSYBOX),
    row("registry.k8s.io/busybox", "latest=1 1.27.2=1 1.24=1", &LAB_BUSYBOX),
    row("registry.k8s.io/pause", PAUSE_TAGS, &LAB_PAUSE),
];

const PAUSE_TAGS: &str = "latest=3 2.0=3 3.1=3 3.2=3 3.3=3 3.4=3 3.4.1=3 3.5=3 3.6=3 3.7=3 3.8=3 3.9=3 3.10=3 \
                          3.10.1=3 3.10.2=3";

const NGINX_TAGS: &str = "latest=1.29.4 mainline=1.29.4 1=1.29.4 1.29=1.29.4 1.29.4 1.29.3 1.29.2 1.29.1 1.29.0 \
     stable=1.28.1 1.28=1.28.1 1.28.1 1.28.0 1.27=1.27.5 1.27.5 1.27.4 1.27.3 1.27.2 1.27.1 1.27.0 \
     1.26=1.26.3 1.26.3 1.26.2 1.26.1 1.26.0 1.25=1.25.5 1.25.5 1.25.4 1.25.3 1.25.2 1.25.1 1.25.0 \
     1.24=1.24.0 1.24.0 1.23=1.23.4 1.23.4 1.23.3 1.23.2 1.23.1 1.23.0 1.22=1.22.1 1.22.1 1.22.0 \
     1.21=1.21.6 1.21.6 1.21.5 1.21.4 1.21.3 1.21.1 1.21.0 1.20=1.20.2 1.20.2 1.20.1 1.20.0 \
     1.19=1.19.10 1.19.10 1.19.9 1.19.6 1.19.5 1.19.3 1.19.2 1.19.1 1.19.0";

const NGINX_OLD_TAGS: &str = "1.18=1.18.0 1.18.0 1.17=1.17.10 1.17.10 1.17.9 1.17.6 1.17.3 1.17.1 1.16=1.16.1 \
     1.16.1 1.16.0 1.15=1.15.12 1.15.12 1.15.9 1.15.8 1.15.5 1.15.4 1.15.2 1.14=1.14.2 1.14.2 1.14.1 1.14.0 \
     1.13=1.13.12 1.13.12 1.13.8 1.12=1.12.2 1.12.2 1.11=1.11.13 1.11.13 1.10=1.10.3 1.10.3 1.9=1.9.15 \
     1.9.15 1.9.1 1.9.0 1.8=1.8.1 1.8.1 1.7=1.7.12 1.7.12 1.7.9 1.7.1";

const NGINX_ALPINE_TAGS: &str = "alpine=1.29.4 mainline-alpine=1.29.4 1-alpine=1.29.4 1.29-alpine=1.29.4 \
     1.29.4-alpine=1.29.4 stable-alpine=1.28.1 1.28-alpine=1.28.1 1.27-alpine=1.27.5 1.27.5-alpine=1.27.5 \
     1.26-alpine=1.26.3 1.25-alpine=1.25.5 1.24-alpine=1.24.0 1.23-alpine=1.23.4 1.22-alpine=1.22.1 \
     1.21-alpine=1.21.6 1.20-alpine=1.20.2 1.19-alpine=1.19.10";

const BUSYBOX_TAGS: &str = "latest=1.37.0 stable=1.37.0 glibc=1.37.0 musl=1.37.0 uclibc=1.37.0 1=1.37.0 \
     1.37=1.37.0 1.37.0 1.36=1.36.1 1.36.1 1.36.0 1.35=1.35.0 1.35.0 1.34=1.34.1 1.34.1 1.33=1.33.1 1.33.1 \
     1.32=1.32.1 1.32 1.31=1.31.1 1.31.1 1.30=1.30.1 1.30.1 1.29=1.29.3 1.29.3 1.28=1.28.4 1.28.4 1.28.0 \
     1.27.2 1.27=1.27.2 1.26=1.26.2 1.25=1.25.1 1.24=1.24.2";

const ALPINE_TAGS: &str = "latest=3.23.0 3=3.23.0 3.23=3.23.0 3.23.0 3.22=3.22.2 3.22.2 3.21=3.21.5 3.20=3.20.8 \
     3.20.0 3.19=3.19.9 3.19.0 3.18=3.18.12 3.17=3.17.10 3.16=3.16.9 3.15=3.15.11 3.14=3.14.10 3.12=3.12.12 \
     3.10=3.10.9 3.9=3.9.6 3.8=3.8.5 edge=3.23.0";

const DEBIAN_TAGS: &str = "latest=13 stable=13 trixie=13 13 stable-slim=13 trixie-slim=13 bookworm=12 12 12-slim=12 \
     bookworm-slim=12 bullseye=11 bullseye-slim=11 11 buster=10 10";

const INTERNET: &[Repository] = &[
    row("docker.io/library/nginx", NGINX_TAGS, &NGINX),
    row("docker.io/library/nginx", NGINX_OLD_TAGS, &NGINX_OLD),
    row("docker.io/library/nginx", NGINX_ALPINE_TAGS, &NGINX_ALPINE),
    row(
        "registry.k8s.io/nginx-slim",
        "0.7=1.11.1 0.8=1.11.1 0.24=1.25.1 0.26=1.27.0 0.27=1.27.4",
        &NGINX_OLD,
    ),
    row("docker.io/library/busybox", BUSYBOX_TAGS, &BUSYBOX),
    row("registry.k8s.io/busybox", "latest=1.27.2 1.27.2 1.24=1.24.2", &BUSYBOX),
    row("gcr.io/google_containers/busybox", "latest=1.27.2 1.24=1.24.2", &BUSYBOX),
    row("registry.k8s.io/e2e-test-images/busybox", "1.29-4=1.29.3 1.36.1-1=1.36.1 1.37.0-1=1.37.0", &BUSYBOX),
    row("docker.io/radial/busyboxplus", "latest=1.37.0 curl=1.37.0", &BUSYBOX),
    row("docker.io/library/alpine", ALPINE_TAGS, &ALPINE),
    row("docker.io/library/debian", DEBIAN_TAGS, &DEBIAN),
    row("docker.io/library/ubuntu", "latest=24.04 24.04 noble=24.04 22.04 jammy=22.04 20.04 18.04", &UBUNTU),
    row("docker.io/library/bash", "latest=5.3 5=5.3 5.3 5.2 4=4.4 4.4", &BASH),
    row("docker.io/library/httpd", "latest=2.4.66 2=2.4.66 2.4=2.4.66 2.4.66 2.4.65 2.4.62 2.4.38", &HTTPD),
    row("docker.io/library/httpd", "alpine=2.4.66 2.4-alpine=2.4.66 2-alpine=2.4.66", &HTTPD_ALPINE),
    row(
        "docker.io/library/redis",
        "latest=8.4.0 8=8.4.0 8.4=8.4.0 7=7.4.7 7.4=7.4.7 7.2=7.2.12 7.0=7.0.15 6=6.2.21 \
         6.2=6.2.21 6.0=6.0.20 5=5.0.14 5.0=5.0.14 5.0.4 3.2=3.2.12",
        &REDIS,
    ),
    row(
        "docker.io/library/redis",
        "alpine=8.4.0 8-alpine=8.4.0 7-alpine=7.4.7 7.2-alpine=7.2.12 6-alpine=6.2.21 \
         5-alpine=5.0.14 3.2-alpine=3.2.12",
        &REDIS_ALPINE,
    ),
    row(
        "docker.io/library/mysql",
        "latest=9.5.0 9=9.5.0 9.5=9.5.0 8=8.4.7 8.4=8.4.7 8.0=8.0.44 8.0.44 5.7=5.7.44 \
         5.6=5.6.51",
        &MYSQL,
    ),
    row(
        "docker.io/library/postgres",
        "latest=18.1 18=18.1 17=17.7 16=16.11 15=15.15 14=14.20 13=13.23 18.1 17.7 \
         16.11 16-alpine=16.11 17-alpine=17.7 alpine=18.1",
        &POSTGRES,
    ),
    row(
        "docker.io/library/python",
        "latest=3.14.0 3=3.14.0 3.14=3.14.0 3.13=3.13.9 3.12=3.12.12 3.11=3.11.14 \
         3.10=3.10.19 3.9=3.9.24",
        &PYTHON,
    ),
    row(
        "docker.io/library/python",
        "slim=3.14.0 3-slim=3.14.0 3.14-slim=3.14.0 3.13-slim=3.13.9 3.12-slim=3.12.12 \
         3.11-slim=3.11.14 3.10-slim=3.10.19 3.9-slim=3.9.24",
        &PYTHON_SLIM,
    ),
    row(
        "docker.io/library/python",
        "alpine=3.14.0 3-alpine=3.14.0 3.13-alpine=3.13.9 3.12-alpine=3.12.12 \
         3.11-alpine=3.11.14",
        &PYTHON_ALPINE,
    ),
    row(
        "docker.io/library/node",
        "latest=25.2.1 25=25.2.1 lts=24.11.1 24=24.11.1 22=22.21.1 20=20.19.6 18=18.20.8 \
         16=16.20.2 slim=25.2.1 24-slim=24.11.1 22-slim=22.21.1 20-slim=20.19.6",
        &NODE,
    ),
    row(
        "docker.io/library/node",
        "alpine=25.2.1 lts-alpine=24.11.1 24-alpine=24.11.1 22-alpine=22.21.1 \
         20-alpine=20.19.6 18-alpine=18.20.8",
        &NODE_ALPINE,
    ),
    row("docker.io/polinux/stress", "latest=1.0.4 1.0.4", &STRESS),
    row("docker.io/curlimages/curl", "latest=8.17.0 8.17.0 8.16.0 8.15.0 8.12.1 8.10.1 8.5.0 7.88.1", &CURL),
    row("quay.io/curl/curl", "latest=8.17.0 8.17.0", &CURL),
    row("docker.io/library/hello-world", "latest linux", &HELLO_WORLD),
    row("docker.io/hashicorp/http-echo", "latest=1.0.0 1.0=1.0.0 1.0.0 0.2.3 0.2.3-alpine=0.2.3", &HTTP_ECHO),
    row("docker.io/podlab/crash", "latest", &CRASH),
    row("docker.io/podlab/slow-start", "latest", &SLOW_START),
    row("registry.k8s.io/pause", PAUSE_TAGS, &PAUSE),
    row("gcr.io/google_containers/pause", PAUSE_TAGS, &PAUSE),
    row("docker.io/kubernetes/pause", "latest=3", &PAUSE),
    row(
        "registry.k8s.io/e2e-test-images/agnhost",
        "2.63.0 2.62.0 2.61 2.60 2.59 2.57 2.56 2.54 2.53 2.52 2.48 2.47 \
         2.45 2.43 2.40 2.39 2.33 2.32 2.21 2.20",
        &AGNHOST,
    ),
    row("registry.k8s.io/e2e-test-images/nginx", "1.14-4=1.14.2 1.15-4=1.15.12", &NGINX_OLD),
    row("registry.k8s.io/echoserver", "latest=1.10 1.10 1.9 1.8 1.4", &ECHOSERVER),
    row("registry.k8s.io/hpa-example", "latest", &HPA_EXAMPLE),
    row("registry.k8s.io/serve_hostname", "latest=1.4 v1.4=1.4 1.4", &SERVE_HOSTNAME),
    row("gcr.io/google-samples/hello-app", "latest=2.0.0 1.0=1.0.0 2.0=2.0.0", &HELLO_APP),
    row("gcr.io/google-samples/node-hello", "latest=1.0 1.0", &NODE_HELLO),
];

static LAB_NGINX: Recipe = Recipe { size: 22_907_787, ..LAB_NGINX_BASE };
static LAB_NGINX_OLD: Recipe = Recipe { size: 22_907_785, ..LAB_NGINX_BASE };
const LAB_NGINX_BASE: Recipe = Recipe {
    kit: Kit::LabDebian,
    app: App::NginxPlain,
    cmd: &["nginx", "-g", "daemon off;"],
    env: &[("NGINX_VERSION", "{v}")],
    ports: &[80],
    stop: Signal::Quit,
    ..RECIPE
};
static LAB_BUSYBOXPLUS: Recipe = Recipe { kit: Kit::LabBusybox, size: 2_140_990, cmd: &["sh"], ..RECIPE };
static LAB_BUSYBOX: Recipe = Recipe { kit: Kit::LabBusyboxPlain, size: 2_140_956, cmd: &["sh"], ..RECIPE };
static LAB_STRESS: Recipe =
    Recipe { kit: Kit::LabBusybox, app: App::Stress, size: 6_697_762, cmd: &["bash"], ..RECIPE };
static LAB_PAUSE: Recipe = Recipe { size: 768_827, ..PAUSE_BASE };

const PAUSE_BASE: Recipe = Recipe { app: App::Pause, entrypoint: &["/pause"], user: "65535:65535", ..RECIPE };
static PAUSE: Recipe = Recipe { size: 320_448, ..PAUSE_BASE };

pub(super) const NGINX_BASE: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Nginx,
    entrypoint: &["/docker-entrypoint.sh"],
    cmd: &["nginx", "-g", "daemon off;"],
    env: &[("NGINX_VERSION", "{v}"), ("NJS_VERSION", "0.9.4"), ("PKG_RELEASE", "1~trixie")],
    ports: &[80],
    stop: Signal::Quit,
    ..RECIPE
};
static NGINX: Recipe = Recipe { size: 62_939_286, ..NGINX_BASE };
static NGINX_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 22_631_814, ..NGINX_BASE };
/// Before 1.19 there were no entrypoint scripts, and TERM was the stop signal.
static NGINX_OLD: Recipe = Recipe {
    app: App::NginxPlain,
    size: 44_710_204,
    entrypoint: &[],
    env: &[("NGINX_VERSION", "{v}-1~stretch"), ("NJS_VERSION", "{v}.0.2.6-1~stretch")],
    stop: Signal::Term,
    ..NGINX_BASE
};

pub(super) static BUSYBOX: Recipe = Recipe { kit: Kit::Busybox, size: 2_224_358, cmd: &["sh"], ..RECIPE };
static ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 3_805_787, cmd: &["/bin/sh"], ..RECIPE };
static DEBIAN: Recipe = Recipe { kit: Kit::Debian, size: 49_280_917, cmd: &["bash"], ..RECIPE };
static UBUNTU: Recipe = popular::release("Ubuntu", "ubuntu", 29_724_688);
static BASH: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Server("bash"),
    size: 6_552_108,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["bash"],
    env: &[("_BASH_VERSION", "{v}")],
    ..RECIPE
};

const HTTPD_BASE: Recipe = Recipe {
    app: App::Httpd,
    cmd: &["httpd-foreground"],
    env: &[
        ("PATH", "/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HTTPD_PREFIX", "/usr/local/apache2"),
        ("HTTPD_VERSION", "{v}"),
    ],
    dir: "/usr/local/apache2",
    ports: &[80],
    stop: Signal::Winch,
    ..RECIPE
};
static HTTPD: Recipe = Recipe { kit: Kit::Debian, size: 45_211_804, ..HTTPD_BASE };
static HTTPD_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 20_301_667, ..HTTPD_BASE };

const REDIS_BASE: Recipe = Recipe {
    app: App::Redis,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["redis-server"],
    env: &[("REDIS_VERSION", "{v}")],
    dir: "/data",
    ports: &[6379],
    ..RECIPE
};
static REDIS: Recipe = Recipe { kit: Kit::Debian, size: 52_638_153, ..REDIS_BASE };
static REDIS_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 17_248_331, ..REDIS_BASE };

static MYSQL: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Mysql,
    size: 232_541_970,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["mysqld"],
    env: &[("MYSQL_VERSION", "{v}")],
    ports: &[3306, 33060],
    ..RECIPE
};
static POSTGRES: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Postgres,
    size: 160_372_884,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["postgres"],
    env: &[("LANG", "en_US.utf8"), ("PG_VERSION", "{v}"), ("PGDATA", "/var/lib/postgresql/data")],
    ports: &[5432],
    stop: Signal::Int,
    ..RECIPE
};

const PYTHON_BASE: Recipe = Recipe {
    app: App::Python,
    cmd: &["python3"],
    env: &[("LANG", "C.UTF-8"), ("PYTHON_VERSION", "{v}")],
    ..RECIPE
};
static PYTHON: Recipe = Recipe { kit: Kit::Debian, size: 390_112_650, ..PYTHON_BASE };
static PYTHON_SLIM: Recipe = Recipe { kit: Kit::Debian, size: 45_523_116, ..PYTHON_BASE };
static PYTHON_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 16_204_771, ..PYTHON_BASE };

const NODE_BASE: Recipe = Recipe {
    app: App::Node,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["node"],
    env: &[("NODE_VERSION", "{v}")],
    ..RECIPE
};
static NODE: Recipe = Recipe { kit: Kit::Debian, size: 403_216_118, ..NODE_BASE };
static NODE_ALPINE: Recipe = Recipe { kit: Kit::Alpine, size: 52_873_409, ..NODE_BASE };

static STRESS: Recipe =
    Recipe { kit: Kit::Alpine, app: App::Stress, size: 4_041_495, cmd: &["/bin/bash"], ..RECIPE };
static CURL: Recipe = CURL_BASE;
pub(super) const CURL_BASE: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Curl,
    size: 9_732_210,
    entrypoint: &["/entrypoint.sh"],
    cmd: &["curl"],
    env: &[("CURL_CA_BUNDLE", "/cacert.pem")],
    dir: "/home/curl_user",
    user: "curl_user",
    ..RECIPE
};
static HELLO_WORLD: Recipe = Recipe { app: App::HelloWorld, size: 10_072, cmd: &["/hello"], ..RECIPE };
static HTTP_ECHO: Recipe =
    Recipe { app: App::HttpEcho, size: 3_021_844, entrypoint: &["/http-echo"], ports: &[5678], ..RECIPE };
static CRASH: Recipe =
    Recipe { kit: Kit::Busybox, app: App::Crash, size: 2_240_512, entrypoint: &["/crash"], ..RECIPE };
static SLOW_START: Recipe = Recipe {
    kit: Kit::Busybox,
    app: App::SlowStart,
    size: 2_240_768,
    entrypoint: &["/slow-start"],
    env: &[("START_SECONDS", "20")],
    ports: &[8080],
    ..RECIPE
};
static AGNHOST: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Agnhost,
    size: 51_706_353,
    entrypoint: &["/agnhost"],
    cmd: &["pause"],
    ports: &[80, 8080, 8081, 9376],
    ..RECIPE
};
static ECHOSERVER: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("echoserver"),
    size: 46_159_242,
    cmd: &["/usr/local/bin/run.sh"],
    ports: &[8080],
    ..RECIPE
};
static HPA_EXAMPLE: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("hpa-example"),
    size: 160_324_130,
    cmd: &["apache2-foreground"],
    ports: &[80],
    ..RECIPE
};
static SERVE_HOSTNAME: Recipe = Recipe {
    app: App::Server("serve_hostname"),
    size: 2_307_340,
    entrypoint: &["/serve_hostname"],
    ports: &[9376],
    ..RECIPE
};
static HELLO_APP: Recipe = Recipe {
    app: App::Server("hello-app"),
    size: 11_461_880,
    entrypoint: &["/hello-app"],
    ports: &[8080],
    ..RECIPE
};
static NODE_HELLO: Recipe = Recipe {
    kit: Kit::Debian,
    app: App::Server("node-hello"),
    size: 250_117_540,
    cmd: &["/bin/sh", "-c", "node server.js"],
    ports: &[8080],
    ..RECIPE
};
