//! A POSIX shell with the usual extras of bash and busybox ash, and the utilities, one file each.
