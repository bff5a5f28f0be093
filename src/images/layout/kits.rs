//! The utilities of an image and the directories around them.

use super::{Layout, texts};
use crate::api::Text;
use crate::images::catalogue::Kit;

/// Applets of busybox in the directories of the file-system hierarchy, as `busybox --list-full` tells them.
const BIN: &str = "arch ash base64 cat chattr chgrp chmod chown cp cpio date dd df dmesg dnsdomainname echo ed egrep \
     false fgrep fsync grep gunzip gzip hostname ipcalc kill link linux32 linux64 ln login ls lsattr lzop mkdir mknod \
     mktemp more mount mountpoint mt mv netstat pidof ping ping6 ps pwd rev rm rmdir sed sh sleep stat stty sync tar \
     touch true umount uname uncompress usleep vi watch zcat";
const SBIN: &str = "arp blkid fdisk getty halt ifconfig init insmod ip losetup lsmod mkswap modprobe nologin \
     pivot_root poweroff reboot rmmod route start-stop-daemon swapoff swapon switch_root sysctl syslogd udhcpc";
const USR_BIN: &str = "[ [[ awk basename bc bunzip2 bzcat bzip2 cal cksum clear cmp comm crontab cut dc diff dirname \
     dos2unix du env expand expr factor find flock fold free ftpget ftpput getopt groups head hexdump hostid id \
     install killall last less logger logname lsof lzcat md5sum mesg mkfifo mkpasswd nc nl nproc nslookup od paste \
     patch printf readlink realpath renice reset rpm2cpio seq setsid sha1sum sha256sum sha3sum sha512sum shred shuf sort split \
     strings sum tac tail tee telnet test tftp time timeout top tr traceroute truncate ts tty uniq unix2dos unlink \
     unxz unzip uptime users uudecode uuencode vmstat w wc wget which who whoami xargs xxd xz xzcat yes";
const USR_SBIN: &str = "addgroup adduser arping brctl chpasswd chroot crond delgroup deluser httpd rdate";
/// What Debian's static build lacks and others have.
const MORE: &str = "nice nohup pgrep pkill printenv sha384sum su tree";

/// GNU coreutils and what Debian calls essential or required, all in `/usr/bin`.
const GNU: &str = "[ arch b2sum base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir \
     dirname du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls \
     md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd \
     readlink realpath rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat \
     stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users \
     vdir wc who whoami yes awk cmp diff dmesg egrep fgrep find getopt grep gunzip gzip hostname last login more mount \
     mountpoint rev sed setsid su umount watch which xargs zcat";
const DEBIAN_ONLY: &str = "tar perl apt apt-get dpkg";
/// The tools of procps.
const PROCPS: &str = "free kill pgrep pidof pkill ps top uptime vmstat w";

/// Size of a static busybox, in bytes.
const BUSYBOX_BYTES: u64 = 1_982_256;

pub(super) fn put(layout: &mut Layout, kit: Kit, version: &str) {
    match kit {
        Kit::Bare => layout.dirs("/dev /etc /proc /sys"),
        Kit::Busybox => busybox(layout, version),
        Kit::LabBusybox | Kit::LabBusyboxPlain => lab_busybox(layout, kit, version),
        Kit::Alpine => alpine(layout, version),
        Kit::Debian => {
            debian(layout, version);
            layout.dirs("/boot");
            tools(layout, "/usr/bin/", DEBIAN_ONLY, "coreutils", 150_000);
            let (release, point, name) = debian_release(version);
            let text = texts::DEBIAN_RELEASE.replace("trixie", name).replace("13", release);
            layout.file("/etc/os-release", text);
            layout.file("/etc/debian_version", format!("{point}\n"));
        }
        Kit::LabDebian => {
            debian(layout, version);
            tools(layout, "/usr/bin/", PROCPS, "coreutils", 140_000);
        }
    }
}

/// Debian's release, point release and name; only the debian image itself is known by its release.
fn debian_release(version: &str) -> (&'static str, &'static str, &'static str) {
    match version {
        "12" => ("12", "12.12", "bookworm"),
        "11" => ("11", "11.11", "bullseye"),
        "10" => ("10", "10.13", "buster"),
        _ => ("13", "13.2", "trixie"),
    }
}

/// The directories that every distribution has.
fn hierarchy(layout: &mut Layout) {
    layout.dirs(
        "/dev /etc /home /media /mnt /opt /proc /root /run /srv /sys /usr /usr/bin /usr/lib /usr/sbin /usr/share \
         /usr/local /usr/local/bin /var /var/cache /var/lib /var/log /var/run /var/spool",
    );
    for path in ["/tmp", "/var/tmp"] {
        layout.put(Text::lit(path), super::Entry::Dir, 0o1777);
    }
}

/// Programs of their own; `kit` is the part of their ids before the name.
fn tools(layout: &mut Layout, dir: &str, names: &str, kit: &str, size: u64) {
    for name in names.split_ascii_whitespace() {
        layout.program(format!("{dir}{name}"), format!("{kit}/{name}"), size);
    }
}

/// Applets as links to the one program.
fn links(layout: &mut Layout, dir: &str, names: &str) {
    for name in names.split_ascii_whitespace() {
        layout.link(format!("{dir}{name}"), "/bin/busybox");
    }
}

fn linked_busybox(layout: &mut Layout) {
    layout.program("/bin/busybox", Text::lit("busybox"), BUSYBOX_BYTES);
    for (dir, names) in [("/bin/", BIN), ("/sbin/", SBIN), ("/usr/bin/", USR_BIN), ("/usr/sbin/", USR_SBIN)] {
        links(layout, dir, names);
    }
}

fn busybox(layout: &mut Layout, version: &str) {
    layout
        .dirs("/bin /dev /etc /home /lib /proc /root /sys /usr /usr/bin /usr/sbin /var /var/spool /var/www");
    layout.put(Text::lit("/tmp"), super::Entry::Dir, 0o1777);
    layout.link("/lib64", "lib");
    layout.link("/usr/bin/env", "../../bin/env");
    for names in [BIN, SBIN, USR_BIN, USR_SBIN, MORE, "busybox"] {
        tools(layout, "/bin/", names, "busybox", 1_112_880);
    }
    if before_1_29(version) {
        layout.program("/bin/nslookup", Text::lit("busybox/nslookup-1.28"), 1_112_880);
    }
    layout.file("/etc/passwd", texts::BUSYBOX_PASSWD);
    layout.file("/etc/group", texts::BUSYBOX_GROUP);
}

/// Whether a busybox is from before 1.29, in which `nslookup` was written anew.
fn before_1_29(version: &str) -> bool {
    let minor = version.strip_prefix("1.").and_then(|rest| rest.split(['.', '-']).next());
    minor.and_then(|m| m.parse::<u32>().ok()).is_some_and(|m| m < 29)
}

fn lab_busybox(layout: &mut Layout, kit: Kit, version: &str) {
    hierarchy(layout);
    layout.dirs("/bin /sbin /lib /lib64");
    linked_busybox(layout);
    layout.link("/linuxrc", "bin/busybox");
    layout.file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    layout.file("/etc/group", "root:x:0:\n");
    if kit == Kit::LabBusybox {
        layout.program("/bin/bash", Text::lit("bash"), 1_265_648);
    }
    if version == "1.37" {
        links(layout, "/bin/", "printenv");
    }
}

fn alpine(layout: &mut Layout, version: &str) {
    hierarchy(layout);
    layout.dirs("/bin /sbin /lib /etc/apk");
    linked_busybox(layout);
    links(layout, "/usr/bin/", MORE);
    layout.file("/etc/passwd", texts::ALPINE_PASSWD);
    layout.file("/etc/group", texts::ALPINE_GROUP);
    // Only the alpine image itself is known by its release.
    let release = if version.starts_with("3.") { version } else { "3.22.2" };
    layout.file("/etc/alpine-release", format!("{release}\n"));
    layout.file("/etc/os-release", texts::ALPINE_RELEASE.replace("{v}", release));
    layout.file("/etc/shells", "# valid login shells\n/bin/sh\n/bin/ash\n");
}

fn debian(layout: &mut Layout, _version: &str) {
    hierarchy(layout);
    layout.dirs("/usr/lib64");
    for (path, target) in
        [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/lib64", "usr/lib64")]
    {
        layout.link(Text::lit(path), target);
    }
    tools(layout, "/usr/bin/", GNU, "coreutils", 44_016);
    layout.program("/usr/bin/bash", Text::lit("bash"), 1_298_416);
    layout.link("/usr/bin/rbash", "bash");
    layout.program("/usr/bin/dash", Text::lit("dash"), 129_736);
    layout.link("/usr/bin/sh", "dash");
    tools(layout, "/usr/sbin/", "chroot nologin", "coreutils", 22_704);
    layout.file("/etc/passwd", texts::DEBIAN_PASSWD);
    layout.file("/etc/group", texts::DEBIAN_GROUP);
    layout.file(
        "/etc/shells",
        "# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n",
    );
    layout.file(
        "/etc/nsswitch.conf",
        "passwd:         files\ngroup:          files\nhosts:          files dns\n",
    );
}
