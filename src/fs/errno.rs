//! Errors of system calls.

/// Errors of system calls, by their POSIX names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Errno {
    ENOENT,
    EACCES,
    EEXIST,
    ENOTDIR,
    EISDIR,
    ENOTEMPTY,
    EROFS,
    ENOSPC,
    EBADF,
    EPIPE,
    EINVAL,
    ENOEXEC,
    ELOOP,
    ESRCH,
    EPERM,
    ECHILD,
    ECONNREFUSED,
    ECONNRESET,
    ETIMEDOUT,
    EHOSTUNREACH,
    EADDRINUSE,
    EXDEV,
    EMFILE,
    ENOMEM,
    EFBIG,
    EBUSY,
    ENAMETOOLONG,
    ENOTCONN,
    EIO,
    /// Nothing to read, or no room, yet: wait and try again.
    EAGAIN,
}

impl Errno {
    /// The text of `strerror`.
    pub fn text(self) -> &'static str {
        use Errno::*;
        match self {
            ENOENT => "No such file or directory",
            EACCES => "Permission denied",
            EEXIST => "File exists",
            ENOTDIR => "Not a directory",
            EISDIR => "Is a directory",
            ENOTEMPTY => "Directory not empty",
            EROFS => "Read-only file system",
            ENOSPC => "No space left on device",
            EBADF => "Bad file descriptor",
            EPIPE => "Broken pipe",
            EINVAL => "Invalid argument",
            ENOEXEC => "Exec format error",
            ELOOP => "Too many levels of symbolic links",
            ESRCH => "No such process",
            EPERM => "Operation not permitted",
            ECHILD => "No child processes",
            ECONNREFUSED => "Connection refused",
            ECONNRESET => "Connection reset by peer",
            ETIMEDOUT => "Connection timed out",
            EHOSTUNREACH => "No route to host",
            EADDRINUSE => "Address already in use",
            EXDEV => "Invalid cross-device link",
            EMFILE => "Too many open files",
            ENOMEM => "Cannot allocate memory",
            EFBIG => "File too large",
            EBUSY => "Device or resource busy",
            ENAMETOOLONG => "File name too long",
            ENOTCONN => "Socket not connected",
            EIO => "Input/output error",
            EAGAIN => "Resource temporarily unavailable",
        }
    }
}

/// The result of a system call.
pub type Sysr<T> = Result<T, Errno>;
