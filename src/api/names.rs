//! The rules for names: DNS labels and subdomains, label keys and values, ports, environment variables.
//!
//! Each check returns the complaints in apimachinery's words (`pkg/api/validate/content`,
//! `pkg/util/validation`), in its order; an empty list means valid. The regular expressions that the words
//! quote are matched by hand.

/// What a check complains about.
pub type Complaints = Vec<String>;

/// `DNS1123LabelMaxLength`
pub const LABEL_MAX: usize = 63;
/// `DNS1123SubdomainMaxLength`
pub const SUBDOMAIN_MAX: usize = 253;

const LABEL_RE: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_RE: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const KEY_RE: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const KEY_WORDS: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// `must be no more than N characters`
pub fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// `WORDS (e.g. 'a',  or 'b', regex used for validation is 'RE')`
pub fn regex_error(words: &str, re: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{words} (regex used for validation is '{re}')");
    }
    let quoted: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{words} (e.g. {}regex used for validation is '{re}')", quoted.join(" or "))
}

/// A non-empty run of `inner` characters which begins and ends with an `edge` character.
fn framed(s: &str, edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let b = s.as_bytes();
    matches!((b.first(), b.last()), (Some(a), Some(z)) if edge(*a) && edge(*z)) && b.iter().all(|c| inner(*c))
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn lower_or_dash(b: u8) -> bool {
    lower(b) || b == b'-'
}

fn alnum(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

fn key_char(b: u8) -> bool {
    alnum(b) || matches!(b, b'-' | b'_' | b'.')
}

fn is_subdomain(s: &str) -> bool {
    s.split('.').all(|part| framed(part, lower, lower_or_dash))
}

/// `IsDNS1123Label`
pub fn dns_label(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > LABEL_MAX {
        errs.push(too_long(LABEL_MAX));
    }
    if !framed(s, lower, lower_or_dash) {
        errs.push(if is_subdomain(s) {
            String::from("must not contain dots")
        } else {
            let words = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
            regex_error(words, LABEL_RE, &["my-name", "123-abc"])
        });
    }
    errs
}

/// `IsDNS1123Subdomain`
pub fn dns_subdomain(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > SUBDOMAIN_MAX {
        errs.push(too_long(SUBDOMAIN_MAX));
    }
    if !is_subdomain(s) {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
        errs.push(regex_error(words, SUBDOMAIN_RE, &["example.com"]));
    }
    errs
}

/// `IsDNS1123SubdomainWithUnderscore`
pub fn subdomain_with_underscore(s: &str) -> Complaints {
    let inner = |b: u8| lower_or_dash(b) || b == b'_';
    let part = |part: &str| framed(part.strip_prefix('_').unwrap_or(part), lower, inner);
    let mut errs = vec![];
    if s.len() > SUBDOMAIN_MAX {
        errs.push(too_long(SUBDOMAIN_MAX));
    }
    if !s.split('.').all(part) {
        let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
        let label = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
        errs.push(regex_error(words, &format!("{label}(\\.{label})*"), &["example.com"]));
    }
    errs
}

/// `IsDNS1035Label`
pub fn dns1035_label(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > LABEL_MAX {
        errs.push(too_long(LABEL_MAX));
    }
    if !framed(s, lower, lower_or_dash) || s.as_bytes()[0].is_ascii_digit() {
        let words = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
        errs.push(regex_error(words, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    errs
}

/// `IsWildcardDNS1123Subdomain`
pub fn wildcard_subdomain(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > SUBDOMAIN_MAX {
        errs.push(too_long(SUBDOMAIN_MAX));
    }
    if !s.strip_prefix("*.").is_some_and(is_subdomain) {
        let words = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        errs.push(regex_error(words, &format!("\\*\\.{SUBDOMAIN_RE}"), &["*.example.com"]));
    }
    errs
}

/// `IsQualifiedName`, `IsLabelKey`: `[PREFIX/]NAME`
pub fn qualified(s: &str) -> Complaints {
    let mut errs = vec![];
    let examples = ["MyName", "my.name", "123-abc"];
    let parts: Vec<&str> = s.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                errs.push(String::from("prefix part must be non-empty"));
            } else {
                errs.extend(dns_subdomain(prefix).iter().map(|e| format!("prefix part {e}")));
            }
            *name
        }
        _ => {
            let words = format!("a valid label key {KEY_WORDS}");
            let end = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![regex_error(&words, KEY_RE, &examples) + end];
        }
    };
    if name.is_empty() {
        errs.push(String::from("name part must be non-empty"));
    } else if name.len() > LABEL_MAX {
        errs.push(format!("name part {}", too_long(LABEL_MAX)));
    }
    if !framed(name, alnum, key_char) {
        errs.push(regex_error(&format!("name part {KEY_WORDS}"), KEY_RE, &examples));
    }
    errs
}

/// `IsValidLabelValue`
pub fn label_value(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > LABEL_MAX {
        errs.push(too_long(LABEL_MAX));
    }
    if !s.is_empty() && !framed(s, alnum, key_char) {
        let words = format!(
            "a valid label must be an empty string or consist of {}",
            &KEY_WORDS["must consist of ".len()..]
        );
        errs.push(regex_error(&words, &format!("({KEY_RE})?"), &["MyValue", "my_value", "12345"]));
    }
    errs
}

/// `IsRelaxedEnvVarName`
pub fn env_name(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.is_empty() {
        errs.push(String::from("environment variable name must be non-empty"));
    }
    if s.bytes().any(|b| !(b' '..=b'~').contains(&b) || b == b'=') {
        errs.push(String::from(
            "a valid environment variable name must consist only of printable ASCII characters other than '='",
        ));
    }
    errs
}

/// `IsConfigMapKey`
pub fn config_key(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > SUBDOMAIN_MAX {
        errs.push(too_long(SUBDOMAIN_MAX));
    }
    if s.is_empty() || !s.bytes().all(key_char) {
        let words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        errs.push(regex_error(words, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    match s {
        "." => errs.push(String::from("must not be '.'")),
        ".." => errs.push(String::from("must not be '..'")),
        _ if s.starts_with("..") => errs.push(String::from("must not start with '..'")),
        _ => {}
    }
    errs
}

/// `IsValidPortName`
pub fn port_name(s: &str) -> Complaints {
    let mut errs = vec![];
    if s.len() > 15 {
        errs.push(too_long(15));
    }
    if s.is_empty() || !s.bytes().all(lower_or_dash) {
        errs.push(String::from("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"));
    }
    if !s.bytes().any(|b| b.is_ascii_lowercase()) {
        errs.push(String::from("must contain at least one letter (a-z)"));
    }
    if s.contains("--") {
        errs.push(String::from("must not contain consecutive hyphens"));
    }
    if s.starts_with('-') || s.ends_with('-') {
        errs.push(String::from("must not begin or end with a hyphen"));
    }
    errs
}

/// `IsValidPortNum`
pub fn port_number(n: i64) -> Complaints {
    in_range(n, 1, 65_535)
}

/// `must be between LOW and HIGH, inclusive`
pub fn in_range(n: i64, low: i64, high: i64) -> Complaints {
    if (low..=high).contains(&n) {
        vec![]
    } else {
        vec![format!("must be between {low} and {high}, inclusive")]
    }
}

/// `IsHTTPHeaderName`
pub fn http_header(s: &str) -> Complaints {
    if !s.is_empty() && s.bytes().all(|b| alnum(b) || b == b'-') {
        return vec![];
    }
    let words = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(words, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// `IsValidPercent`
pub fn percent(s: &str) -> Complaints {
    if s.strip_suffix('%').is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
        return vec![];
    }
    let words = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![regex_error(words, "[0-9]+%", &["1%", "93%"])]
}

/// A name that gets a suffix may end with a dash (`maskTrailingDash`).
pub fn mask_trailing_dash(name: &str) -> String {
    match name.strip_suffix('-') {
        // Upstream drops the character before the dash, too.
        Some(stem) if !stem.is_empty() && stem.is_ascii() => format!("{}a", &stem[..stem.len() - 1]),
        _ => String::from(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_worded_as_upstream() {
        assert!(dns_label("my-name").is_empty() && dns_subdomain("a.b-c").is_empty());
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            dns_label("Bad"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(
            label_value("x y"),
            [
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
            ]
        );
        assert_eq!(qualified("/x"), ["prefix part must be non-empty"]);
        assert_eq!(qualified("a/b/c").len(), 1);
        assert_eq!(qualified("").len(), 2);
        assert_eq!(port_name("").len(), 2);
        assert_eq!(config_key("..x"), ["must not start with '..'"]);
        assert_eq!(dns1035_label("1nginx").len(), 1);
        assert!(dns1035_label("").len() == 1 && wildcard_subdomain("*.a.b").is_empty());
        assert_eq!((mask_trailing_dash("ab-"), mask_trailing_dash("-")), ("aa".into(), "-".into()));
    }
}
