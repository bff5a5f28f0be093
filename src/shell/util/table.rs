//! The table of applets.

use super::ctx::Ctx;
use super::stream::Stream;
use super::{
    archive, awk, columns, copy, curl, date, dd, diff, disks, dump, echo, editor, expr, files,
    find as search, grep, info, lines, ls, machine, multi, net, nslookup, paths, ping, procs, scp, sed, sort,
    sums, tail, test, text, time, top,
};
use crate::os::program::Program;

/// An applet.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// How it runs.
    pub kind: Kind,
}

/// How an applet runs.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Plain(fn(&mut Ctx) -> i32),
    Stream(fn(&mut Ctx) -> Result<Stream, i32>),
    Machine(fn(&mut Ctx) -> Result<Box<dyn Program>, i32>),
}

use Kind::{Machine, Plain, Stream as Filter};

const fn row(name: &'static str, kind: Kind) -> Row {
    Row { name, kind }
}

/// All applets.
pub const TABLE: &[Row] = &[
    row("[", Plain(test::bracket)),
    row("apt", Plain(info::absent)),
    row("apt-get", Plain(info::absent)),
    row("awk", Filter(awk::awk)),
    row("base64", Plain(info::base64)),
    row("basename", Plain(paths::basename)),
    row("busybox", Machine(multi::busybox)),
    row("bzip2", Plain(info::absent)),
    row("cat", Filter(text::cat)),
    row("chgrp", Plain(files::chown)),
    row("chmod", Plain(files::chmod)),
    row("chown", Plain(files::chown)),
    row("clear", Plain(info::clear)),
    row("cp", Plain(copy::cp)),
    row("curl", Machine(curl::curl)),
    row("cut", Filter(lines::cut)),
    row("date", Plain(date::date)),
    row("df", Plain(disks::df)),
    row("dirname", Plain(paths::dirname)),
    row("dmesg", Plain(info::absent)),
    row("dpkg", Plain(info::absent)),
    row("du", Plain(disks::du)),
    row("echo", Plain(echo::echo)),
    row("egrep", Filter(grep::grep)),
    row("env", Machine(time::env)),
    row("expr", Plain(expr::expr)),
    row("false", Plain(|_| 1)),
    row("fgrep", Filter(grep::grep)),
    row("find", Machine(search::find)),
    row("free", Plain(machine::free)),
    row("gawk", Filter(awk::awk)),
    row("grep", Filter(grep::grep)),
    row("groups", Plain(info::id)),
    row("head", Filter(text::head)),
    row("hostname", Plain(machine::hostname)),
    row("id", Plain(info::id)),
    row("kill", Plain(procs::kill)),
    row("killall", Plain(procs::by_name)),
    row("less", Filter(text::cat)),
    row("ln", Plain(copy::ln)),
    row("logname", Plain(info::id)),
    row("ls", Plain(ls::ls)),
    row("mawk", Filter(awk::awk)),
    row("mkdir", Plain(files::mkdir)),
    row("mkfifo", Plain(files::mkfifo)),
    row("mktemp", Plain(files::mktemp)),
    row("more", Filter(text::cat)),
    row("mount", Plain(disks::mount)),
    row("mv", Plain(copy::mv)),
    row("nc", Machine(net::nc)),
    row("nice", Machine(time::prefix)),
    row("nl", Filter(lines::nl)),
    row("nohup", Machine(time::prefix)),
    row("nproc", Plain(machine::nproc)),
    row("nslookup", Machine(nslookup::nslookup)),
    row("nslookup-1.28", Machine(nslookup::old)),
    row("patch", Plain(info::absent)),
    row("perl", Plain(info::absent)),
    row("pgrep", Plain(procs::by_name)),
    row("pidof", Plain(procs::by_name)),
    row("pkill", Plain(procs::by_name)),
    row("printenv", Plain(info::printenv)),
    row("printf", Plain(echo::printf)),
    row("ps", Plain(procs::ps)),
    row("pwd", Plain(info::pwd)),
    row("readlink", Plain(paths::readlink)),
    row("realpath", Plain(paths::readlink)),
    row("reset", Plain(info::clear)),
    row("rev", Filter(lines::rev)),
    row("rm", Plain(files::rm)),
    row("rmdir", Plain(files::rmdir)),
    row("scp", Machine(scp::scp)),
    row("sed", Filter(sed::sed)),
    row("seq", Plain(info::seq)),
    row("setsid", Machine(time::prefix)),
    row("shred", Plain(info::absent)),
    row("sleep", Machine(time::sleep)),
    row("sort", Filter(sort::sort)),
    row("ssh", Machine(time::ssh)),
    row("stat", Plain(ls::stat)),
    row("stdbuf", Machine(time::prefix)),
    row("strace", Plain(info::absent)),
    row("su", Plain(info::absent)),
    row("sudo", Machine(time::sudo)),
    row("sync", Plain(|_| 0)),
    row("sysctl", Plain(machine::sysctl)),
    row("tac", Filter(sort::tac)),
    row("tail", Machine(tail::tail)),
    row("tee", Filter(text::tee)),
    row("test", Plain(test::test)),
    row("time", Machine(multi::time)),
    row("timeout", Machine(time::timeout)),
    row("touch", Plain(files::touch)),
    row("tr", Filter(lines::tr)),
    row("true", Plain(|_| 0)),
    row("truncate", Plain(files::truncate)),
    row("tty", Plain(info::tty)),
    row("uname", Plain(machine::uname)),
    row("uniq", Filter(lines::uniq)),
    row("uptime", Plain(machine::uptime)),
    row("watch", Machine(time::watch)),
    row("wc", Filter(text::wc)),
    row("wget", Machine(net::wget)),
    row("which", Plain(paths::which)),
    row("whoami", Plain(info::id)),
    row("xargs", Machine(time::xargs)),
    row("yes", Machine(tail::yes)),
    row("md5sum", Plain(sums::sum)),
    row("sha256sum", Plain(sums::sum)),
    row("sha384sum", Plain(sums::sum)),
    row("sha512sum", Plain(sums::sum)),
    row("cksum", Plain(sums::crcs)),
    row("sum", Plain(sums::crcs)),
    row("crc32", Plain(sums::crcs)),
    row("diff", Plain(diff::diff)),
    row("cmp", Plain(diff::cmp)),
    row("dd", Machine(dd::dd)),
    row("arch", Plain(machine::uname)),
    row("cal", Plain(columns::cal)),
    row("comm", Plain(columns::comm)),
    row("dos2unix", Plain(columns::dos2unix)),
    row("expand", Plain(columns::expand)),
    row("factor", Plain(columns::factor)),
    row("fold", Plain(columns::fold)),
    row("gunzip", Plain(archive::gzip)),
    row("gzip", Plain(archive::gzip)),
    row("hd", Plain(dump::hexdump)),
    row("hexdump", Plain(dump::hexdump)),
    row("ifconfig", Plain(ping::ip)),
    row("ip", Plain(ping::ip)),
    row("install", Plain(copy::install)),
    row("join", Plain(columns::join)),
    row("link", Plain(columns::link)),
    row("stty", Plain(info::stty)),
    row("umount", Plain(disks::umount)),
    row("logger", Plain(info::logger)),
    row("mountpoint", Plain(disks::mountpoint)),
    row("nologin", Plain(info::nologin)),
    row("od", Plain(dump::od)),
    row("paste", Plain(columns::paste)),
    row("ping", Machine(ping::ping)),
    row("sha1sum", Plain(sums::sum)),
    row("shuf", Plain(columns::shuf)),
    row("split", Plain(columns::split)),
    row("strings", Plain(columns::strings)),
    row("tar", Plain(archive::tar)),
    row("top", Machine(top::top)),
    row("unix2dos", Plain(columns::dos2unix)),
    row("unlink", Plain(columns::link)),
    row("usleep", Machine(time::sleep)),
    row("xxd", Plain(dump::xxd)),
    row("zcat", Plain(archive::gzip)),
    row("who", Plain(|_| 0)),
    row("w", Plain(info::absent)),
    row("nano", Machine(editor::editor)),
    row("vi", Machine(editor::editor)),
    row("vim", Machine(editor::editor)),
];

/// The row of an applet.
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|r| r.name == name)
}

/// The function of a plain applet.
pub fn plain_named(name: &str) -> Option<fn(&mut Ctx) -> i32> {
    match find(name)?.kind {
        Plain(function) => Some(function),
        _ => None,
    }
}

/// The names of all applets.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|r| r.name).filter(|name| !name.contains('.'))
}
