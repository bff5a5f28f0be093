//! kubectl: a client of the API server that runs as a program in the workstation's shell.
