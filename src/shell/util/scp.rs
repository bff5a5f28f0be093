//! `scp`: copies files between the workstation and the nodes, as OpenSSH 9 does over SFTP.
//!
//! The bytes go the way they go by hand: a `cat` (or `tar`) on one machine, piped through `ssh` into one on the
//! other, so a machine that is cut off or powered off fails here as it fails there. Left out: the progress meter,
//! and patterns in remote paths.

use super::ctx::Ctx;
use super::opts;
use super::time::{become_program, spawn_words};
use crate::api::Text;
use crate::os::program::Program;

/// Copies one source after the other. Its words: whether `-r` was given, host and path of the target, whether the
/// target has to be a directory, then host and path of each source; a host is empty for this machine.
/// The words are those of scp.c and sftp-client.c of OpenSSH 9.
const COPY: &str = r#"set -o pipefail
at() { if [ "$1" ]; then ssh "$1" "$2"; else bash -c "$2"; fi; }
say() { echo "scp: $1" >&2; }
recursive=$1 host=$2 target=$3 many=$4 status=0
shift 4
to=$(printf %q "$target")
while [ $# -gt 0 ]; do
  from=$(printf %q "$2") name=$(printf %q "$(basename "$2")")
  kind=$(at "$1" "if [ -d $from ]; then echo dir; elif [ -e $from ]; then stat -c %a $from; fi") ||
    { say "Connection closed"; exit 255; }
  open="d=$to; [ -z '$many' ] || mkdir -p \$d; if [ -d \"\$d\" ]; then d=\${d%/}/$name; fi; "
  if [ "$kind" = dir ] && [ "$recursive" ]; then
    at "$1" "tar -C $from -cf - ." | at "$host" "$open mkdir -p \"\$d\" && tar -C \"\$d\" -xf -"
  elif [ "$kind" = dir ] && [ "$1" ]; then
    say "download $2: not a regular file"; status=1
  elif [ "$kind" = dir ]; then
    say "local \"$2\" is not a regular file"; say "failed to upload file $2 to $target"; status=1
  elif [ -z "$kind" ] && [ "$1" ]; then
    say "$2: No such file or directory"; status=1
  elif [ -z "$kind" ]; then
    say "stat local \"$2\": No such file or directory"; exit 255
  else
    at "$1" "cat $from" | at "$host" "$open [ -d \"\$(dirname \"\$d\")\" ] || exit 9; cat > \"\$d\" && chmod $kind \"\$d\""
  fi
  case $? in
  0) ;;
  9) if [ "$host" ]; then
       say "dest open \"$target\": No such file or directory"; say "failed to upload file $2 to $target"
     else
       say "open local \"$target\": No such file or directory"
     fi
     status=1 ;;
  255) say "Connection closed"; exit 255 ;;
  *) status=1 ;;
  esac
  shift 2
done
exit $status"#;

/// `scp [OPTIONS] SOURCE ... TARGET`.
pub fn scp(ctx: &mut Ctx) -> Result<Box<dyn Program>, i32> {
    let o = opts::parse(ctx, "+346ABCOpqRrsTvc:D:F:i:J:l:o:P:S:X:")?;
    let Some((target, sources)) = o.rest.split_last().filter(|(_, sources)| !sources.is_empty()) else {
        ctx.err("usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n");
        ctx.err("           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]\n");
        ctx.err("           [-P port] [-S program] [-X sftp_option] source ... target\n");
        return Err(1);
    };
    let flag = |on: bool| Text::lit(if on { "1" } else { "" });
    let (host, path) = place(target);
    let mut words: Vec<Text> = vec!["bash".into(), "-c".into(), COPY.into(), "scp".into()];
    words.extend([flag(o.has('r')), host, path, flag(sources.len() > 1)]);
    for source in sources {
        let (host, path) = place(source);
        if !host.is_empty() && path.contains(['*', '?', '[']) {
            return Err(ctx.not_simulated("patterns in remote paths"));
        }
        words.extend([host, path]);
    }
    let spawn = spawn_words(ctx, &words);
    become_program(ctx, spawn)
}

/// Host and path of an operand: a colon before the first slash ends the host; no path is the home directory.
fn place(operand: &str) -> (Text, Text) {
    match operand.split_once(':') {
        Some((host, path)) if !host.is_empty() && !host.contains('/') => {
            (host.into(), if path.is_empty() { ".".into() } else { path.into() })
        }
        _ => (Text::default(), operand.into()),
    }
}
