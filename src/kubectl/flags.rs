//! Command-line flags as pflag reads them: a table for each verb, and pflag's own error texts.
//!
//! Flags may stand anywhere before `--`; shorthands may be joined (`-it`, `-nfoo`, `-n=foo`). What a verb
//! does not list is an error. Values are checked against their type while parsing and kept as text.

/// What a flag's value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// `--watch`, `--watch=false`.
    Bool,
    /// Any text.
    Str,
    /// A whole number.
    Int,
    /// A duration such as `30s`.
    Duration,
    /// May be given several times; every value stands for itself.
    Array,
    /// May be given several times; values are split at commas.
    Slice,
}

/// A flag of a verb.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The name after `--`.
    pub name: &'static str,
    /// The letter after `-`, or a space.
    pub short: char,
    /// Type.
    pub ty: Type,
    /// The value when the flag is absent.
    pub default: &'static str,
    /// The value when the flag is given without one (`--dry-run`); `None` if it needs one.
    pub bare: Option<&'static str>,
}

const fn flag(name: &'static str, short: char, ty: Type, default: &'static str) -> Flag {
    Flag { name, short, ty, default, bare: None }
}

/// A switch.
pub const fn switch(name: &'static str, short: char) -> Flag {
    Flag { name, short, ty: Type::Bool, default: "false", bare: Some("true") }
}

/// A switch that is on unless told otherwise.
pub const fn on(name: &'static str) -> Flag {
    Flag { name, short: ' ', ty: Type::Bool, default: "true", bare: Some("true") }
}

/// A text.
pub const fn text(name: &'static str, short: char, default: &'static str) -> Flag {
    flag(name, short, Type::Str, default)
}

/// A whole number.
pub const fn int(name: &'static str, short: char, default: &'static str) -> Flag {
    flag(name, short, Type::Int, default)
}

/// A duration.
pub const fn span(name: &'static str, default: &'static str) -> Flag {
    flag(name, ' ', Type::Duration, default)
}

/// A flag that may be repeated.
pub const fn array(name: &'static str, short: char) -> Flag {
    flag(name, short, Type::Array, "")
}

/// A flag that may be repeated or hold several values, with commas between.
pub const fn slice(name: &'static str, short: char) -> Flag {
    flag(name, short, Type::Slice, "")
}

/// A text with a value of its own when given bare.
pub const fn bare(name: &'static str, default: &'static str, bare: &'static str) -> Flag {
    Flag { name, short: ' ', ty: Type::Str, default, bare: Some(bare) }
}

/// Flags that every verb takes.
pub const GLOBAL: &[Flag] = &[
    text("namespace", 'n', ""),
    text("context", ' ', ""),
    text("cluster", ' ', ""),
    text("user", ' ', ""),
    text("kubeconfig", ' ', ""),
    text("server", 's', ""),
    text("request-timeout", ' ', "0"),
    text("as", ' ', ""),
    array("as-group", ' '),
    text("as-uid", ' ', ""),
    array("as-user-extra", ' '),
    text("token", ' ', ""),
    text("cache-dir", ' ', ""),
    text("certificate-authority", ' ', ""),
    text("client-certificate", ' ', ""),
    text("client-key", ' ', ""),
    text("tls-server-name", ' ', ""),
    text("username", ' ', ""),
    text("password", ' ', ""),
    text("profile", ' ', "none"),
    text("profile-output", ' ', "profile.pprof"),
    text("kuberc", ' ', ""),
    text("log-flush-frequency", ' ', "5s"),
    text("vmodule", ' ', ""),
    int("v", 'v', "0"),
    switch("insecure-skip-tls-verify", ' '),
    switch("match-server-version", ' '),
    switch("disable-compression", ' '),
    switch("warnings-as-errors", ' '),
    switch("help", 'h'),
];

/// A parsed command line.
#[derive(Clone, Debug, Default)]
pub struct Args {
    tables: Vec<&'static [Flag]>,
    given: Vec<(&'static str, String)>,
    /// The arguments that are no flags.
    pub rest: Vec<String>,
    /// How many arguments stand before `--`, where it was given.
    pub dash: Option<usize>,
}

impl Args {
    /// Reads `words` by the tables of a verb. The error is pflag's sentence.
    pub fn parse(words: &[String], tables: Vec<&'static [Flag]>) -> Result<Args, String> {
        let mut args = Args { tables, ..Args::default() };
        let mut at = 0;
        while let Some(word) = words.get(at) {
            at += 1;
            if word == "--" {
                args.dash = Some(args.rest.len());
                args.rest.extend(words[at..].iter().cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                args.long(word, long, words, &mut at)?;
            } else if word.len() > 1 && word.starts_with('-') {
                args.shorts(&word[1..], words, &mut at)?;
            } else {
                args.rest.push(word.clone());
            }
        }
        Ok(args)
    }

    /// Whether a verb has a flag of its own by the name of a global one.
    pub fn has_several(&self, name: &str) -> bool {
        self.tables.iter().flat_map(|t| t.iter()).filter(|f| f.name == name).count() > 1
    }

    fn find(&self, test: impl Fn(&Flag) -> bool) -> Option<&'static Flag> {
        self.tables.iter().flat_map(|t| t.iter()).find(|f| test(f))
    }

    fn long(&mut self, word: &str, long: &str, words: &[String], at: &mut usize) -> Result<(), String> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(format!("bad flag syntax: {word}"));
        }
        let Some(flag) = self.find(|f| f.name == name) else {
            return Err(format!("unknown flag: --{name}"));
        };
        let value = match (value, flag.bare) {
            (Some(v), _) => v.to_string(),
            (None, Some(v)) => v.to_string(),
            (None, None) => {
                let v = words.get(*at).ok_or_else(|| format!("flag needs an argument: --{name}"))?;
                *at += 1;
                v.clone()
            }
        };
        self.put(flag, value)
    }

    fn shorts(&mut self, letters: &str, words: &[String], at: &mut usize) -> Result<(), String> {
        let mut rest = letters;
        while let Some(letter) = rest.chars().next() {
            let after = &rest[letter.len_utf8()..];
            let Some(flag) = self.find(|f| f.short == letter && letter != ' ') else {
                return Err(format!("unknown shorthand flag: '{letter}' in -{rest}"));
            };
            if let Some(value) = after.strip_prefix('=').filter(|_| after.len() > 1) {
                return self.put(flag, value.to_string());
            }
            if let Some(value) = flag.bare {
                self.put(flag, value.to_string())?;
                rest = after;
                continue;
            }
            if !after.is_empty() {
                return self.put(flag, after.to_string());
            }
            let v = words.get(*at).ok_or_else(|| format!("flag needs an argument: '{letter}' in -{rest}"))?;
            *at += 1;
            return self.put(flag, v.clone());
        }
        Ok(())
    }

    fn put(&mut self, flag: &'static Flag, value: String) -> Result<(), String> {
        if let Err(why) = check(flag, &value) {
            let name = match flag.short {
                ' ' => format!("--{}", flag.name),
                short => format!("-{short}, --{}", flag.name),
            };
            return Err(format!("invalid argument {value:?} for {name:?} flag: {why}"));
        }
        match flag.ty {
            Type::Slice => self.given.extend(value.split(',').map(|v| (flag.name, v.to_string()))),
            _ => self.given.push((flag.name, value)),
        }
        Ok(())
    }

    /// The same command line without a flag.
    pub fn without(&self, name: &str) -> Args {
        let mut out = self.clone();
        out.given.retain(|(n, _)| *n != name);
        out
    }

    /// Whether the flag was given.
    pub fn changed(&self, name: &str) -> bool {
        self.given.iter().any(|(n, _)| *n == name)
    }

    /// The flag's value (the last one given), or its default.
    pub fn value(&self, name: &str) -> &str {
        match self.given.iter().rev().find(|(n, _)| *n == name) {
            Some((_, v)) => v,
            None => self.find(|f| f.name == name).map_or("", |f| f.default),
        }
    }

    /// The flags in the order in which they were given.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.given.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// All values that were given.
    pub fn values(&self, name: &str) -> Vec<String> {
        self.given.iter().filter(|(n, _)| *n == name).map(|(_, v)| v.clone()).collect()
    }

    /// Whether a switch is on.
    pub fn is(&self, name: &str) -> bool {
        parse_bool(self.value(name)) == Some(true)
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> i64 {
        parse_int(self.value(name)).unwrap_or(0)
    }

    /// A duration in microseconds.
    pub fn micros(&self, name: &str) -> i64 {
        parse_duration(self.value(name)).unwrap_or(0)
    }
}

fn check(flag: &Flag, value: &str) -> Result<(), String> {
    match flag.ty {
        Type::Bool if parse_bool(value).is_none() => {
            Err(format!("strconv.ParseBool: parsing {value:?}: invalid syntax"))
        }
        Type::Int => {
            parse_int(value).map(|_| ()).map_err(|why| format!("strconv.ParseInt: parsing {value:?}: {why}"))
        }
        Type::Duration => parse_duration(value).map(|_| ()),
        _ => Ok(()),
    }
}

/// Go's `strconv.ParseBool`.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn parse_int(text: &str) -> Result<i64, &'static str> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("invalid syntax");
    }
    text.parse().map_err(|_| "value out of range")
}

/// Go's `time.ParseDuration`, in microseconds.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let n = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..n].parse().map_err(|_| invalid())?;
        rest = &rest[n..];
        let u = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (unit, after) = rest.split_at(u);
        total += number
            * match unit {
                "" => return Err(format!("time: missing unit in duration {text:?}")),
                "ns" => 1e-3,
                "us" | "µs" | "μs" => 1.0,
                "ms" => 1e3,
                "s" => 1e6,
                "m" => 6e7,
                "h" => 3.6e9,
                _ => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
            };
        rest = after;
    }
    Ok(if negative { -total as i64 } else { total as i64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Flag] = &[
        switch("watch", 'w'),
        text("output", 'o', ""),
        int("grace-period", ' ', "-1"),
        int("port", 'p', "1"),
        bare("dry-run", "none", "unchanged"),
        slice("filename", 'f'),
        switch("stdin", 'i'),
        switch("tty", 't'),
    ];

    fn parse(line: &str) -> Result<Args, String> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        Args::parse(&words, vec![TABLE, GLOBAL])
    }

    #[test]
    fn flags_stand_anywhere_and_joined() {
        let args = parse("get -it -nfoo -o=yaml pods --dry-run -f a,b -f c -- -x y").expect("valid");
        assert_eq!(args.rest, ["get", "pods", "-x", "y"]);
        assert_eq!(args.dash, Some(2));
        assert_eq!(
            (args.value("namespace"), args.value("output"), args.value("dry-run")),
            ("foo", "yaml", "unchanged")
        );
        assert_eq!(args.values("filename"), ["a", "b", "c"]);
        assert!(args.is("stdin") && args.is("tty") && !args.is("watch"));
        assert_eq!(args.int("grace-period"), -1);
    }

    #[test]
    fn errors_are_pflags_own() {
        for (line, want) in [
            ("--al", "unknown flag: --al"),
            ("-wide", "unknown shorthand flag: 'd' in -de"),
            ("-n", "flag needs an argument: 'n' in -n"),
            ("--namespace", "flag needs an argument: --namespace"),
            (
                "--port=abc",
                r#"invalid argument "abc" for "-p, --port" flag: strconv.ParseInt: parsing "abc": invalid syntax"#,
            ),
            (
                "--watch=maybe",
                r#"invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax"#,
            ),
            ("--=x", "bad flag syntax: --=x"),
        ] {
            assert_eq!(parse(line).err().as_deref(), Some(want), "{line}");
        }
        assert_eq!(parse_duration("1m30s"), Ok(90_000_000));
        assert_eq!(parse_duration("5").err().as_deref(), Some(r#"time: missing unit in duration "5""#));
        assert_eq!(parse_duration("x").err().as_deref(), Some(r#"time: invalid duration "x""#));
    }
}
