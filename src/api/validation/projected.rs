//! Projected volumes: several sources in one directory, whose files must not collide.

use super::mounts::local_path;
use super::volume::{downward, items, mode};
use super::{Errors, meta};
use crate::api::Value;

/// Shortest and longest life of a service account's token, in seconds.
const TOKEN_LIFE: std::ops::RangeInclusive<i64> = 600..=1 << 32;

/// `validateProjectedVolumeSource`
pub(super) fn check(source: &Value, path: &str, errors: &mut Errors) {
    mode(&source["defaultMode"], &format!("{path}.defaultMode"), errors);
    let mut taken: Vec<&str> = vec![];
    for (i, part) in source["sources"].items().iter().enumerate() {
        let at = format!("{path}.sources[{i}]");
        for kind in ["secret", "configMap"] {
            let inner = &part[kind];
            if inner.is_null() {
                continue;
            }
            let name = inner["name"].str();
            if name.is_empty() {
                errors.required(format!("{at}.{kind}.name"), "");
            }
            items(inner, &format!("{at}.{kind}"), errors);
            for item in inner["items"].items() {
                // Upstream shows the name of the object here, not that of the file.
                claim(item["path"].str(), name, &mut taken, path, errors);
            }
        }
        for item in part["downwardAPI"]["items"].items() {
            downward(item, &format!("{at}.downwardAPI"), errors);
            claim(item["path"].str(), item["path"].str(), &mut taken, path, errors);
        }
        token(&part["serviceAccountToken"], &at, path, errors);
        let bundle = &part["clusterTrustBundle"];
        if bundle.is_some() {
            trust_bundle(bundle, &format!("{at}.clusterTrustBundle"), errors);
            claim(bundle["path"].str(), bundle["path"].str(), &mut taken, path, errors);
        }
        if part.entries().filter(|(_, v)| v.is_some()).count() > 1 {
            errors.forbidden(at, "may not specify more than 1 volume type per source");
        }
    }
}

fn claim<'a>(file: &'a str, shown: &str, taken: &mut Vec<&'a str>, path: &str, errors: &mut Errors) {
    if file.is_empty() {
        return;
    }
    if taken.contains(&file) {
        errors.invalid(path, shown, "conflicting duplicate paths");
    } else {
        taken.push(file);
    }
}

fn token(token: &Value, at: &str, volume: &str, errors: &mut Errors) {
    if token.is_null() {
        return;
    }
    let seconds = token["expirationSeconds"].int_or(3600);
    let field = format!("{at}.serviceAccountToken.expirationSeconds");
    if seconds < *TOKEN_LIFE.start() {
        errors.invalid(field, seconds, "may not specify a duration less than 10 minutes");
    } else if seconds > *TOKEN_LIFE.end() {
        errors.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    // Upstream names the volume's path here, not the source's.
    let field = format!("{volume}.path");
    match token["path"].str() {
        "" => errors.required(field, ""),
        file => local_path(file, &field, errors),
    }
}

fn trust_bundle(bundle: &Value, at: &str, errors: &mut Errors) {
    match (bundle["name"].as_str(), bundle["signerName"].as_str()) {
        (Some(_), Some(_)) => {
            let shown = super::internal::compact(bundle, "ClusterTrustBundleProjection");
            errors.invalid_shown(at, shown, "only one of name and signerName may be used");
        }
        (Some(name), None) => {
            if name.is_empty() {
                errors.required(format!("{at}.name"), "must be a valid object name");
            }
            if bundle["labelSelector"].is_some() {
                let words = "labelSelector must be unset if name is specified";
                errors.invalid(format!("{at}.labelSelector"), &bundle["labelSelector"], words);
            }
        }
        (None, Some(signer)) => {
            if signer.is_empty() {
                errors.required(format!("{at}.signerName"), "must be a valid signer name");
            }
            meta::selector(&bundle["labelSelector"], &format!("{at}.labelSelector"), errors);
        }
        (None, None) => errors.required(at, "either name or signerName must be specified"),
    }
    let path = format!("{at}.path");
    if bundle["path"].str().is_empty() {
        errors.required(path.as_str(), "");
    }
    local_path(bundle["path"].str(), &path, errors);
}
