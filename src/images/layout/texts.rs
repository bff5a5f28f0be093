//! Text files that images contain, in the usual form of their distributions.

pub(super) const BUSYBOX_PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
daemon:x:1:1:daemon:/usr/sbin:/bin/false\n\
bin:x:2:2:bin:/bin:/bin/false\n\
sys:x:3:3:sys:/dev:/bin/false\n\
sync:x:4:100:sync:/bin:/bin/sync\n\
mail:x:8:8:mail:/var/spool/mail:/bin/false\n\
www-data:x:33:33:www-data:/var/www:/bin/false\n\
operator:x:37:37:Operator:/var:/bin/false\n\
nobody:x:65534:65534:nobody:/home:/bin/false\n";

pub(super) const BUSYBOX_GROUP: &str = "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\n\
lp:x:7:\nmail:x:8:\nkmem:x:9:\nwheel:x:10:root\ncdrom:x:11:\ndialout:x:18:\nfloppy:x:19:\nvideo:x:28:\naudio:x:29:\n\
tape:x:32:\nwww-data:x:33:\noperator:x:37:\nutmp:x:43:\nplugdev:x:46:\nstaff:x:50:\nlock:x:54:\nnetdev:x:82:\n\
users:x:100:\nnobody:x:65534:\n";

pub(super) const ALPINE_PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
bin:x:1:1:bin:/bin:/sbin/nologin\n\
daemon:x:2:2:daemon:/sbin:/sbin/nologin\n\
lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin\n\
sync:x:5:0:sync:/sbin:/bin/sync\n\
mail:x:8:12:mail:/var/mail:/sbin/nologin\n\
ftp:x:21:21::/var/lib/ftp:/sbin/nologin\n\
nobody:x:65534:65534:nobody:/:/sbin/nologin\n";

pub(super) const ALPINE_GROUP: &str = "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\n\
sys:x:3:root,bin\nadm:x:4:root,daemon\ntty:x:5:\ndisk:x:6:root\nlp:x:7:lp\nkmem:x:9:\nwheel:x:10:root\n\
floppy:x:11:root\nmail:x:12:mail\nnews:x:13:news\nuucp:x:14:uucp\ncron:x:16:cron\naudio:x:18:\ncdrom:x:19:\n\
dialout:x:20:root\nftp:x:21:\nsshd:x:22:\ninput:x:23:\ntape:x:26:root\nvideo:x:27:root\nnetdev:x:28:\n\
kvm:x:34:kvm\ngames:x:35:\nshadow:x:42:\nwww-data:x:82:\nusers:x:100:games\nnogroup:x:65533:\nnobody:x:65534:\n";

pub(super) const ALPINE_RELEASE: &str = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={v}\n\
PRETTY_NAME=\"Alpine Linux v{v}\"\nHOME_URL=\"https://alpinelinux.org/\"\n\
BUG_REPORT_URL=\"https://gitlab.alpinelinux.org/alpine/aports/-/issues\"\n";

pub(super) const DEBIAN_PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
bin:x:2:2:bin:/bin:/usr/sbin/nologin\n\
sys:x:3:3:sys:/dev:/usr/sbin/nologin\n\
sync:x:4:65534:sync:/bin:/bin/sync\n\
games:x:5:60:games:/usr/games:/usr/sbin/nologin\n\
man:x:6:12:man:/var/cache/man:/usr/sbin/nologin\n\
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n\
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n\
backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n\
_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n\
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

pub(super) const DEBIAN_GROUP: &str = "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\n\
lp:x:7:\nmail:x:8:\nman:x:12:\nwww-data:x:33:\nbackup:x:34:\nshadow:x:42:\nutmp:x:43:\nvideo:x:44:\nstaff:x:50:\n\
games:x:60:\nusers:x:100:\nnogroup:x:65534:\n";

pub(super) const DEBIAN_RELEASE: &str = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\n\
VERSION_ID=\"13\"\nVERSION=\"13 (trixie)\"\nVERSION_CODENAME=trixie\nID=debian\n\
HOME_URL=\"https://www.debian.org/\"\nSUPPORT_URL=\"https://www.debian.org/support\"\n\
BUG_REPORT_URL=\"https://bugs.debian.org/\"\n";

pub(super) const NGINX_CONF: &str = "
user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /var/run/nginx.pid;


events {
    worker_connections  1024;
}


http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] \"$request\" '
                      '$status $body_bytes_sent \"$http_referer\" '
                      '\"$http_user_agent\" \"$http_x_forwarded_for\"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    #tcp_nopush     on;

    keepalive_timeout  65;

    #gzip  on;

    include /etc/nginx/conf.d/*.conf;
}
";

pub(super) const NGINX_DEFAULT: &str = "server {
    listen       80;
    server_name  localhost;

    #access_log  /var/log/nginx/host.access.log  main;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    #error_page  404              /404.html;

    # redirect server error pages to the static page /50x.html
    #
    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}

";

pub(super) const NGINX_INDEX: &str = "<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href=\"http://nginx.org/\">nginx.org</a>.<br/>
Commercial support is available at
<a href=\"http://nginx.com/\">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
";

pub(super) const NGINX_50X: &str = "<!DOCTYPE html>
<html>
<head>
<title>Error</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto;
font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>An error occurred.</h1>
<p>Sorry, the page you are looking for is currently unavailable.<br/>
Please try again later.</p>
<p>If you are the system administrator of this resource then you should check
the error log for details.</p>
<p><em>Faithfully yours, nginx.</em></p>
</body>
</html>
";

pub(super) const MIME_TYPES: &str = "
types {
    text/html                                        html htm shtml;
    text/css                                         css;
    text/xml                                         xml;
    image/gif                                        gif;
    image/jpeg                                       jpeg jpg;
    application/javascript                           js;
    text/plain                                       txt;
    image/png                                        png;
    image/svg+xml                                    svg svgz;
    image/x-icon                                     ico;
    application/json                                 json;
    application/pdf                                  pdf;
    application/zip                                  zip;
}
";

pub(super) const NGINX_ENTRYPOINT: &str = r#"#!/bin/sh
set -e

say() {
    if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then
        echo "$@"
    fi
}

if [ "$1" = "nginx" ] || [ "$1" = "nginx-debug" ]; then
    if [ -n "$(ls -A /docker-entrypoint.d)" ]; then
        say "$0: /docker-entrypoint.d/ is not empty, will attempt to perform configuration"
        say "$0: Looking for shell scripts in /docker-entrypoint.d/"
        for f in /docker-entrypoint.d/*; do
            case "$f" in
                *.envsh)
                    if [ -x "$f" ]; then
                        say "$0: Sourcing $f"
                        . "$f"
                    else
                        say "$0: Ignoring $f, not executable"
                    fi
                    ;;
                *.sh)
                    if [ -x "$f" ]; then
                        say "$0: Launching $f"
                        "$f"
                    else
                        say "$0: Ignoring $f, not executable"
                    fi
                    ;;
                *) say "$0: Ignoring $f" ;;
            esac
        done
        say "$0: Configuration complete; ready for start up"
    else
        say "$0: No files found in /docker-entrypoint.d/, skipping configuration"
    fi
fi

exec "$@"
"#;

pub(super) const NGINX_IPV6: &str = r#"#!/bin/sh
set -e

me=$(basename "$0")
conf=etc/nginx/conf.d/default.conf

say() {
    if [ -z "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ]; then
        echo "$@"
    fi
}

if [ ! -f "/$conf" ]; then
    say "$me: info: /$conf is not a file or does not exist"
    exit 0
fi
if ! touch "/$conf" 2>/dev/null; then
    say "$me: info: can not modify /$conf (read-only file system?)"
    exit 0
fi
if grep -q "listen  \[::\]:80;" "/$conf"; then
    say "$me: info: IPv6 listen already enabled"
    exit 0
fi
say "$me: info: Getting the checksum of /$conf"
if ! grep -q "^    listen       80;$" "/$conf"; then
    say "$me: info: /$conf differs from the packaged version"
    exit 0
fi
sed -i 's,listen       80;,listen       80;\n    listen  [::]:80;,' "/$conf"
say "$me: info: Enabled listen on IPv6 in /$conf"
"#;

pub(super) const NGINX_RESOLVERS: &str = r#"#!/bin/sh
[ "${NGINX_ENTRYPOINT_LOCAL_RESOLVERS:-}" ] || return 0
echo "not simulated: NGINX_ENTRYPOINT_LOCAL_RESOLVERS" >&2
"#;

pub(super) const NGINX_TEMPLATES: &str = r#"#!/bin/sh
[ -d /etc/nginx/templates ] || exit 0
echo "not simulated: templates in /etc/nginx/templates" >&2
"#;

pub(super) const NGINX_TUNE: &str = r#"#!/bin/sh
[ "${NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE:-}" ] || exit 0
echo "not simulated: NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE" >&2
"#;

pub(super) const CURL_ENTRYPOINT: &str = "#!/bin/sh\nset -e\nif [ \"${1#-}\" != \"$1\" ]; then\n    set -- curl \"$@\"\nfi\n\
exec \"$@\"\n";

pub(super) const EXEC_ENTRYPOINT: &str = "#!/bin/sh\nset -e\nexec \"$@\"\n";

pub(super) const MYSQL_ENTRYPOINT: &str =
    "#!/bin/bash\nset -e\nif [ \"${1:0:1}\" = '-' ]; then\n    set -- mysqld \"$@\"\nfi\nexec \"$@\"\n";

pub(super) const POSTGRES_ENTRYPOINT: &str =
    "#!/bin/sh\nset -e\nif [ \"${1#-}\" != \"$1\" ]; then\n    set -- postgres \"$@\"\nfi\nexec \"$@\"\n";

pub(super) const MONGO_ENTRYPOINT: &str =
    "#!/bin/bash\nset -e\nif [ \"${1:0:1}\" = '-' ]; then\n    set -- mongod \"$@\"\nfi\nexec \"$@\"\n";

pub(super) const REDIS_ENTRYPOINT: &str = "#!/bin/sh\nset -e\nif [ \"${1#-}\" != \"$1\" ] || [ \"${1%.conf}\" != \"$1\" ]; then\n    \
set -- redis-server \"$@\"\nfi\nexec \"$@\"\n";

pub(super) const NODE_ENTRYPOINT: &str = "#!/bin/sh\nset -e\nif [ \"${1#-}\" != \"$1\" ] || [ -z \"$(command -v \"$1\")\" ]; then\n    \
set -- node \"$@\"\nfi\nexec \"$@\"\n";

pub(super) const HTTPD_CONF: &str = "ServerRoot \"/usr/local/apache2\"\nListen 80\nUser www-data\nGroup www-data\n\
ServerAdmin you@example.com\n#ServerName www.example.com:80\nDocumentRoot \"/usr/local/apache2/htdocs\"\n\
ErrorLog /proc/self/fd/2\nLogLevel warn\nCustomLog /proc/self/fd/1 common\n";

pub(super) const HTTPD_INDEX: &str = "<html><body><h1>It works!</h1></body></html>\n";
