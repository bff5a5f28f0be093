//! Images that tutorials use beside those of upstream's documentation: servers of which only the outside is
//! modelled, other distributions, tools that are not simulated.
//!
//! Sizes are estimates: right in their order, which is what decides how long a pull takes.

use super::catalogue::{App, Kit, RECIPE, Recipe, Repository};
use super::tables::{BUSYBOX, CURL_BASE, NGINX_BASE, row};

/// The repositories.
pub(super) const POPULAR: &[Repository] = &[
    row(
        "docker.io/library/memcached",
        "latest=1.6.39 1=1.6.39 1.6=1.6.39 alpine=1.6.39 1.6-alpine=1.6.39 1.5=1.5.22",
        &MEMCACHED,
    ),
    row(
        "docker.io/library/mariadb",
        "latest=12.1.2 12=12.1.2 11=11.8.5 11.4=11.4.9 10=10.11.15 10.11=10.11.15 10.6=10.6.24 10.5=10.5.29 lts=11.8.5",
        &MARIADB,
    ),
    row(
        "docker.io/library/rabbitmq",
        "latest=4.2.1 4=4.2.1 4.1=4.1.6 3=3.13.7 3.13=3.13.7 3.12=3.12.14 management=4.2.1 4-management=4.2.1 3-management=3.13.7 3.13-management=3.13.7 3-alpine=3.13.7 alpine=4.2.1",
        &RABBITMQ,
    ),
    row("docker.io/library/zookeeper", "latest=3.9.4 3.9=3.9.4 3.8=3.8.5", &ZOOKEEPER),
    row("registry.k8s.io/kubernetes-zookeeper", "1.0-3.4.10=3.4.10", &ZOOKEEPER_EXAMPLE),
    row("docker.io/library/cassandra", "latest=5.0.6 5=5.0.6 5.0=5.0.6 4=4.1.10 4.1=4.1.10", &CASSANDRA),
    row("gcr.io/google-samples/cassandra", "v13=3.11.2 v14=3.11.2", &CASSANDRA),
    row("docker.io/apache/kafka", "latest=4.1.1 4.1.1 4.0.0 3.9.0 3.8.0", &KAFKA),
    row("docker.io/fluent/fluentd", "latest=1.19.1 v1.19=1.19.1 v1.16-1=1.16.9", &FLUENTD),
    row(
        "docker.io/fluent/fluentd-kubernetes-daemonset",
        "v1=1.19.1 v1-debian-elasticsearch=1.19.1",
        &FLUENTD,
    ),
    row(
        "docker.io/fluent/fluent-bit",
        "latest=4.2.0 4.2=4.2.0 4.0=4.0.13 3.2=3.2.10 2.2=2.2.3 1.9=1.9.10",
        &FLUENT_BIT,
    ),
    row(
        "docker.io/library/php",
        "fpm=8.5.0 8-fpm=8.5.0 8.4-fpm=8.4.15 8.3-fpm=8.3.28 8.2-fpm=8.2.29 7.4-fpm=7.4.33 fpm-alpine=8.5.0 8.3-fpm-alpine=8.3.28",
        &PHP_FPM,
    ),
    row(
        "docker.io/library/php",
        "apache=8.5.0 8-apache=8.5.0 8.4-apache=8.4.15 8.3-apache=8.3.28 8.2-apache=8.2.29 8.1-apache=8.1.33 7.4-apache=7.4.33 7.0-apache=7.0.33",
        &PHP_APACHE,
    ),
    row(
        "docker.io/library/php",
        "latest=8.5.0 8=8.5.0 8.4=8.4.15 8.3=8.3.28 8.2=8.2.29 cli=8.5.0 8-cli=8.5.0 7.4=7.4.33",
        &PHP,
    ),
    row("docker.io/minio/minio", "latest", &MINIO),
    row(
        "docker.io/library/tomcat",
        "latest=11.0.14 11=11.0.14 11.0=11.0.14 10=10.1.49 10.1=10.1.49 9=9.0.112 9.0=9.0.112 8=8.5.100 8.5=8.5.100",
        &TOMCAT,
    ),
    row(
        "docker.io/prom/prometheus",
        "latest=3.8.0 v3.8.0=3.8.0 v3.0.0=3.0.0 v2.55.1=2.55.1 v2.45.0=2.45.0",
        &PROMETHEUS,
    ),
    row("quay.io/prometheus/prometheus", "latest=3.8.0 v3.8.0=3.8.0 v2.55.1=2.55.1", &PROMETHEUS),
    row(
        "docker.io/prom/node-exporter",
        "latest=1.10.2 v1.10.2=1.10.2 v1.8.2=1.8.2 v1.3.1=1.3.1",
        &NODE_EXPORTER,
    ),
    row("quay.io/prometheus/node-exporter", "latest=1.10.2 v1.10.2=1.10.2 v1.8.2=1.8.2", &NODE_EXPORTER),
    row("docker.io/grafana/grafana", "latest=12.3.0 12.3.0 11.6.0 10.4.0 9.5.0", &GRAFANA),
    row("docker.io/library/elasticsearch", "9.2.1 8.19.7 8.11.0 7.17.29", &ELASTICSEARCH),
    row("docker.elastic.co/elasticsearch/elasticsearch", "9.2.1 8.19.7 8.11.0 7.17.29", &ELASTICSEARCH),
    row("docker.io/library/registry", "latest=3.0.0 3=3.0.0 2=2.8.3 2.8=2.8.3", &REGISTRY),
    row(
        "docker.io/jenkins/jenkins",
        "latest=2.538 lts=2.528.2 lts-jdk17=2.528.2 lts-jdk21=2.528.2",
        &JENKINS,
    ),
    row(
        "docker.io/library/caddy",
        "latest=2.10.2 2=2.10.2 2.10=2.10.2 alpine=2.10.2 2-alpine=2.10.2",
        &CADDY,
    ),
    row(
        "docker.io/library/traefik",
        "latest=3.6.2 v3.6=3.6.2 v3=3.6.2 v3.0=3.0.4 v2.11=2.11.31 v2.10=2.10.7",
        &TRAEFIK,
    ),
    row("docker.io/traefik/whoami", "latest=1.11.0 v1.11=1.11.0 v1.10=1.10.4", &WHOAMI),
    row("docker.io/containous/whoami", "latest=1.5.0 v1.5.0=1.5.0", &WHOAMI),
    row("docker.io/kicbase/echo-server", "latest=1.0 1.0", &ECHO_SERVER),
    row("docker.io/nginxdemos/hello", "latest=1 plain-text=1 0.4=1 0.4-plain-text=1", &NGINX_HELLO),
    row(
        "docker.io/nginxinc/nginx-unprivileged",
        "latest=1.29.4 stable=1.28.1 1.29=1.29.4 1.28=1.28.1 1.27=1.27.5 1.25=1.25.5 alpine=1.29.4",
        &NGINX_UNPRIVILEGED,
    ),
    row("docker.io/paulbouwer/hello-kubernetes", "latest=1.10 1.10=1.10 1.8 1.7 1.5", &HELLO_KUBERNETES),
    row("docker.io/bmuschko/nodejs-hello-world", "latest=1.0.0 1.0.0", &NODEJS_HELLO),
    row(
        "docker.io/library/golang",
        "latest=1.25.4 1=1.25.4 1.25=1.25.4 1.24=1.24.10 1.23=1.23.12 1.22=1.22.12 1.21=1.21.13 1.20=1.20.14 alpine=1.25.4 1.25-alpine=1.25.4 1.22-alpine=1.22.12",
        &GOLANG,
    ),
    row(
        "docker.io/library/openjdk",
        "8=8 8-jre=8 8-jdk-alpine=8 11=11 11-jre=11 11-jre-slim=11 17=17 17-jdk=17 17-jdk-slim=17 17-alpine=17 21=21",
        &JAVA,
    ),
    row(
        "docker.io/library/eclipse-temurin",
        "latest=25 25 21 21-jre=21 21-jdk=21 17 17-jre=17 17-jdk=17 17-jre-alpine=17 11 11-jre=11 8 8-jre=8",
        &JAVA,
    ),
    row("docker.io/library/amazoncorretto", "latest=25 25 21 17 11 8", &JAVA),
    row(
        "docker.io/library/ruby",
        "latest=3.4.7 3=3.4.7 3.4=3.4.7 3.3=3.3.10 3.2=3.2.9 slim=3.4.7 alpine=3.4.7",
        &RUBY,
    ),
    row("docker.io/library/rust", "latest=1.91.1 1=1.91.1 1.91=1.91.1 slim=1.91.1", &RUST),
    row("docker.io/library/gcc", "latest=15.2.0 15=15.2.0 14=14.3.0 13=13.4.0", &GCC),
    row("docker.io/bitnami/kubectl", "latest=1.34.1", &KUBECTL),
    row("docker.io/rancher/kubectl", "v1.34.1=1.34.1 v1.33.5=1.33.5", &KUBECTL),
    row("docker.io/library/fedora", "latest=43 43 42 41 40", &FEDORA),
    row("docker.io/library/centos", "latest=8 8 7 centos7=7 centos8=8", &CENTOS),
    row("docker.io/library/rockylinux", "8 9 8.9 9.3", &ROCKY),
    row("docker.io/rockylinux/rockylinux", "8 9 10", &ROCKY),
    row("docker.io/library/almalinux", "latest=10 8 9 10", &ALMA),
    row("docker.io/library/amazonlinux", "latest=2023 2023 2", &AMAZON),
    row("docker.io/library/oraclelinux", "8 9 10", &ORACLE),
    row("docker.io/opensuse/leap", "latest=15.6 15 15.6", &SUSE),
    row("docker.io/nicolaka/netshoot", "latest=0.14 v0.14=0.14 v0.13=0.13", &NET_TOOLS),
    row("docker.io/praqma/network-multitool", "latest=1", &NET_TOOLS),
    row("docker.io/wbitt/network-multitool", "latest=1", &NET_TOOLS),
    row("docker.io/infoblox/dnstools", "latest=1", &NET_TOOLS),
    row("docker.io/alpine/curl", "latest=8.17.0 8.17.0 8.14.1 8.12.1 8.5.0 3.14=8.0.1", &CURL_ALPINE),
    row("docker.io/yauritux/busybox-curl", "latest=1.37.0", &BUSYBOX),
];

/// A server behind its image's own entrypoint: the program's id and path.
const fn served(
    id: &'static str,
    path: &'static [&'static str; 1],
    kit: Kit,
    size: u64,
    ports: &'static [u16],
) -> Recipe {
    Recipe { kit, app: App::Service(id, path[0]), size, entrypoint: path, ports, ..RECIPE }
}

/// A distribution of its own.
pub(super) const fn release(name: &'static str, short: &'static str, size: u64) -> Recipe {
    Recipe { kit: Kit::Debian, app: App::Release(name, short), size, cmd: &["/bin/bash"], ..RECIPE }
}

/// An image with tools that are not simulated.
const fn tools(names: &'static [&'static str], size: u64, cmd: &'static [&'static str]) -> Recipe {
    Recipe { kit: Kit::Debian, app: App::Tools(names), size, cmd, ..RECIPE }
}

static MEMCACHED: Recipe = Recipe {
    user: "memcache",
    ..served("memcached", &["/usr/local/bin/memcached"], Kit::Debian, 33_214_602, &[11211])
};
static MARIADB: Recipe =
    served("mariadb", &["/usr/local/bin/docker-entrypoint.sh"], Kit::Debian, 107_220_412, &[3306]);
static RABBITMQ: Recipe =
    served("rabbitmq", &["/opt/rabbitmq/sbin/rabbitmq-server"], Kit::Debian, 102_418_820, &[5672, 15672]);
static ZOOKEEPER: Recipe =
    served("zookeeper", &["/docker-entrypoint.sh"], Kit::Debian, 130_117_302, &[2181, 2888, 3888]);
/// The documentation's example starts it by a script of its own.
static ZOOKEEPER_EXAMPLE: Recipe =
    served("zookeeper", &["/usr/bin/start-zookeeper"], Kit::Debian, 109_232_141, &[2181, 2888, 3888]);
static CASSANDRA: Recipe =
    served("cassandra", &["/usr/local/bin/docker-entrypoint.sh"], Kit::Debian, 150_824_110, &[7000, 9042]);
static KAFKA: Recipe = served("kafka", &["/__cacert_entrypoint.sh"], Kit::Alpine, 166_402_917, &[9092]);
static FLUENTD: Recipe = served("fluentd", &["/bin/entrypoint.sh"], Kit::Debian, 65_412_008, &[24224]);
static FLUENT_BIT: Recipe =
    served("fluent-bit", &["/fluent-bit/bin/fluent-bit"], Kit::Bare, 42_110_230, &[2020]);
static PHP_FPM: Recipe = served("php-fpm", &["/usr/local/sbin/php-fpm"], Kit::Debian, 182_118_009, &[9000]);
static PHP_APACHE: Recipe =
    served("php-apache", &["/usr/local/bin/apache2-foreground"], Kit::Debian, 178_820_441, &[80]);
static PHP: Recipe = tools(&["php", "composer"], 175_320_118, &["php", "-a"]);
static MINIO: Recipe = served("minio", &["/usr/bin/docker-entrypoint.sh"], Kit::Debian, 60_218_004, &[9000]);
static TOMCAT: Recipe =
    served("tomcat", &["/usr/local/tomcat/bin/catalina.sh"], Kit::Debian, 215_440_220, &[8080]);
static PROMETHEUS: Recipe = Recipe {
    user: "nobody",
    ..served("prometheus", &["/bin/prometheus"], Kit::Busybox, 140_228_917, &[9090])
};
static NODE_EXPORTER: Recipe = Recipe {
    user: "nobody",
    ..served("node-exporter", &["/bin/node_exporter"], Kit::Busybox, 13_440_212, &[9100])
};
static GRAFANA: Recipe =
    Recipe { user: "472", ..served("grafana", &["/run.sh"], Kit::Alpine, 205_118_220, &[3000]) };
static ELASTICSEARCH: Recipe = Recipe {
    user: "1000:0",
    ..served(
        "elasticsearch",
        &["/usr/local/bin/docker-entrypoint.sh"],
        Kit::Debian,
        640_118_300,
        &[9200, 9300],
    )
};
static REGISTRY: Recipe = served("registry", &["/entrypoint.sh"], Kit::Alpine, 19_220_118, &[5000]);
static JENKINS: Recipe = Recipe {
    user: "1000",
    ..served("jenkins", &["/usr/local/bin/jenkins.sh"], Kit::Debian, 271_118_402, &[8080, 50000])
};
static CADDY: Recipe = served("caddy", &["/usr/bin/caddy"], Kit::Alpine, 24_118_230, &[80, 443, 2019]);
static TRAEFIK: Recipe = served("traefik", &["/entrypoint.sh"], Kit::Alpine, 52_228_110, &[80]);
static WHOAMI: Recipe = served("whoami", &["/whoami"], Kit::Bare, 2_920_118, &[80]);
static ECHO_SERVER: Recipe = served("echo-server", &["/bin/echo-server"], Kit::Bare, 2_118_220, &[8080]);
static NGINX_HELLO: Recipe = served("nginx-hello", &["/usr/sbin/nginx"], Kit::Alpine, 21_118_220, &[80]);
static NGINX_UNPRIVILEGED: Recipe =
    Recipe { app: App::NginxUnprivileged, size: 63_118_220, user: "101", ports: &[8080], ..NGINX_BASE };
static HELLO_KUBERNETES: Recipe =
    served("hello-kubernetes", &["/usr/local/bin/server"], Kit::Alpine, 46_118_220, &[8080]);
static NODEJS_HELLO: Recipe =
    served("nodejs-hello", &["/usr/local/bin/server"], Kit::Debian, 45_118_220, &[3000]);
static GOLANG: Recipe = tools(&["go", "gofmt"], 295_118_220, &["bash"]);
static JAVA: Recipe = tools(&["java", "javac", "jshell", "jar"], 216_118_220, &["jshell"]);
static RUBY: Recipe = tools(&["ruby", "irb", "gem", "bundle"], 360_118_220, &["irb"]);
static RUST: Recipe = tools(&["rustc", "cargo"], 560_118_220, &["bash"]);
static GCC: Recipe = tools(&["gcc", "g++", "make"], 510_118_220, &["bash"]);
static KUBECTL: Recipe =
    Recipe { entrypoint: &["kubectl"], user: "1001", ..tools(&["kubectl"], 84_118_220, &["--help"]) };
static FEDORA: Recipe = release("Fedora Linux", "fedora", 66_118_220);
static CENTOS: Recipe = release("CentOS Linux", "centos", 83_518_086);
static ROCKY: Recipe = release("Rocky Linux", "rocky", 67_118_220);
static ALMA: Recipe = release("AlmaLinux", "almalinux", 71_118_220);
static AMAZON: Recipe = release("Amazon Linux", "amzn", 53_118_220);
static ORACLE: Recipe = release("Oracle Linux Server", "ol", 92_118_220);
static SUSE: Recipe = release("openSUSE Leap", "opensuse-leap", 45_118_220);
static NET_TOOLS: Recipe = Recipe {
    kit: Kit::Alpine,
    app: App::Server("net-tools"),
    size: 202_118_220,
    cmd: &["/bin/bash"],
    ..RECIPE
};
static CURL_ALPINE: Recipe = Recipe { entrypoint: &["curl"], cmd: &[], user: "", dir: "", ..CURL_BASE };
