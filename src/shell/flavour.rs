//! The shells that are modelled and how they differ.

/// Which shell a script runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// busybox `ash`.
    Ash,
    /// Debian's `dash`.
    Dash,
    /// GNU `bash`.
    Bash,
}

impl Flavour {
    /// Arrays, brace expansion, `(( ))`, `<<<`, process substitution.
    pub fn is_bash(self) -> bool {
        self == Flavour::Bash
    }

    /// What bash added and busybox took over: `$'…'`, `[[ ]]`, `${x/a/b}`, `${x:1:2}`, `&>`, `source`.
    pub fn extended(self) -> bool {
        self != Flavour::Dash
    }
}
