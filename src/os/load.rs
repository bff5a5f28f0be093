//! From a file to a running program: `PATH`, permissions, `#!`.

use super::world::{CellId, World};
use super::{Errno, Program, Spawn, Sysr};
use crate::api::Text;
use crate::fs::{Content, Cred, FileData, Place, View};

/// Where commands are looked up when `PATH` is not set.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How many interpreters may name one another (Linux: `BINPRM_MAX_RECURSION`).
const MAX_INTERPRETERS: u32 = 4;

/// Longest `#!` line that is read (Linux: `BINPRM_BUF_SIZE`).
const SHEBANG_BYTES: usize = 256;

/// A loaded program and the arguments that it was given.
pub(super) struct Loaded {
    pub program: Box<dyn Program>,
    pub argv: Vec<Text>,
}

enum Executable {
    Program(Text),
    Script(Text, Option<Text>),
}

impl World {
    pub(super) fn load_for(&self, cell: CellId, cred: &Cred, spawn: &Spawn) -> Sysr<Loaded> {
        let mut spawn = spawn.clone();
        let mut path = self.find_command(cell, cred, &spawn)?;
        for _ in 0..MAX_INTERPRETERS {
            match self.executable(cell, cred, &spawn.cwd, &path)? {
                Executable::Program(name) => {
                    spawn.file = path;
                    let program = (self.st.programs)(&name, &spawn).ok_or(Errno::ENOEXEC)?;
                    return Ok(Loaded { program, argv: spawn.argv });
                }
                Executable::Script(interpreter, argument) => {
                    let rest = spawn.argv.split_off(1.min(spawn.argv.len()));
                    spawn.argv = vec![interpreter.clone()];
                    spawn.argv.extend(argument);
                    spawn.argv.push(path);
                    spawn.argv.extend(rest);
                    path = interpreter;
                }
            }
        }
        Err(Errno::ELOOP)
    }

    fn view_for<T>(
        &self,
        cell: CellId,
        cred: &Cred,
        cwd: &str,
        f: impl FnOnce(&View<'_>) -> Sysr<T>,
    ) -> Sysr<T> {
        let now = self.wall();
        let mounts = &self.st.cells.get(cell.0).ok_or(Errno::EINVAL)?.mounts;
        let virt = super::procfs::ProcView { st: &self.st, cell, me: None };
        f(&View { forest: &self.forest, mounts, virt: &virt, cred, cwd, now })
    }

    /// The file that a command means: itself with a slash, else the first executable in `PATH`.
    fn find_command(&self, cell: CellId, cred: &Cred, spawn: &Spawn) -> Sysr<Text> {
        let file = &spawn.file;
        if file.is_empty() {
            return Err(Errno::ENOENT);
        }
        if file.contains('/') {
            return Ok(file.clone());
        }
        let path = spawn.env.iter().rev().find(|(k, _)| *k == "PATH").map(|(_, v)| v.clone());
        let path = path.unwrap_or(Text::lit(DEFAULT_PATH));
        self.view_for(cell, cred, &spawn.cwd, |view| {
            let mut error = Errno::ENOENT;
            for dir in path.split(':') {
                let dir = if dir.is_empty() { "." } else { dir };
                let full = format!("{}/{file}", dir.trim_end_matches('/'));
                let Ok(place) = view.place(&full, true) else { continue };
                let Ok(inode) = view.inode(&place) else { continue };
                if matches!(inode.content, Content::Dir(_)) || !cred.may(inode, 1) {
                    error = Errno::EACCES;
                    continue;
                }
                return Ok(Text::from(full));
            }
            Err(error)
        })
    }

    fn executable(&self, cell: CellId, cred: &Cred, cwd: &str, path: &str) -> Sysr<Executable> {
        self.view_for(cell, cred, cwd, |view| {
            let place = view.place(path, true)?;
            let Place::Inode { .. } = place else { return Err(Errno::EACCES) };
            let inode = view.inode(&place)?;
            match &inode.content {
                Content::Program(name, _) if cred.may(inode, 1) => Ok(Executable::Program(name.clone())),
                Content::File(data) if cred.may(inode, 1) => script(data),
                _ => Err(Errno::EACCES),
            }
        })
    }
}

/// Reads the `#!` line of a script.
fn script(data: &FileData) -> Sysr<Executable> {
    let head = data.read(0, SHEBANG_BYTES);
    let text = String::from_utf8_lossy(&head);
    let line = text.strip_prefix("#!").ok_or(Errno::ENOEXEC)?;
    let line = line.split('\n').next().unwrap_or("").trim();
    if line.is_empty() {
        return Err(Errno::ENOEXEC);
    }
    let (interpreter, argument) = match line.split_once([' ', '\t']) {
        Some((i, a)) => (i, Some(Text::from(a.trim()))),
        None => (line, None),
    };
    Ok(Executable::Script(Text::from(interpreter), argument))
}
