//! The rings: which crate may use which.
//!
//! Normal dependencies only. A test may use anything: what it builds is not
//! shipped.

use serde_json::Value;

/// A workspace package and what it is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// Normal dependencies, ours and others'.
    pub dependencies: Vec<String>,
}

const RING_0: &[&str] = &["domain", "dicom", "wire", "seal", "site"];
const RING_1: &[&str] = &["flow"];
const RING_2: &[&str] = &[
    "store",
    "keys",
    "spool",
    "dimse",
    "link",
    "identity",
    "login",
    "mail",
    "syslog",
    "archive",
    "print",
    "http",
    "telemetry",
];
const RING_3: &[&str] = &[
    "bildbro", "sim", "testkit", "tests", "benches", "fuzz", "chaos", "xtask",
];

/// Adapters stay apart, so that one can be replaced without the next; these
/// are the agreed exceptions (user, used).
const BETWEEN_ADAPTERS: &[(&str, &str)] =
    &[("http", "identity"), ("http", "login"), ("http", "print")];
const USED_BY_ALL_ADAPTERS: &str = "telemetry";

/// Libraries whose types must not leak: (prefix of the name, who may use it,
/// why).
const RESERVED: &[(&str, &[&str], &str)] = &[
    ("sqlx", &["store"], "only `store` contains SQL"),
    ("object_store", &["store"], "only `store` reaches blobs"),
    (
        "dicom-",
        &["dicom", "dimse"],
        "dicom-rs types stay inside `dicom` and `dimse`",
    ),
];

/// `bildbro-flow` is called `flow` in the table; `bildbro` is the program.
fn short(name: &str) -> &str {
    name.strip_prefix("bildbro-").unwrap_or(name)
}

fn ring(name: &str) -> Option<usize> {
    [RING_0, RING_1, RING_2, RING_3]
        .iter()
        .position(|ring| ring.contains(&short(name)))
}

fn is_ours(name: &str) -> bool {
    name == "bildbro" || name == "xtask" || name.starts_with("bildbro-")
}

/// Why `user` may not use `used`, both workspace packages; `None` when it may.
fn objection(user: &str, used: &str) -> Option<String> {
    let (Some(from), Some(to)) = (ring(user), ring(used)) else {
        return None; // the package without a ring is an error of its own
    };
    let (user_short, used_short) = (short(user), short(used));
    if to > from {
        return Some(format!(
            "`{user}` (ring {from}) depends on `{used}` (ring {to}): dependencies point inwards; \
             put a trait in `flow::ports`, or move the code"
        ));
    }
    let adapters = from == 2 && to == 2;
    let excepted =
        used_short == USED_BY_ALL_ADAPTERS || BETWEEN_ADAPTERS.contains(&(user_short, used_short));
    (adapters && !excepted).then(|| {
        format!("`{user}` depends on `{used}`: adapters (ring 2) do not use each other; let `bildbro` join them")
    })
}

/// Every broken rule, in a fixed order.
pub fn check(packages: &[Package]) -> Vec<String> {
    let mut errors = Vec::new();
    for package in packages {
        let user = package.name.as_str();
        if ring(user).is_none() {
            errors.push(format!(
                "`{user}` stands in no ring: give it one in xtask/src/layers.rs and in ARCHITECTURE.md"
            ));
        }
        for used in package.dependencies.iter().map(String::as_str) {
            if is_ours(used) {
                errors.extend(objection(user, used));
            }
            for (prefix, allowed, reason) in RESERVED {
                let reserved =
                    used == *prefix || (prefix.ends_with('-') && used.starts_with(prefix));
                if reserved && !allowed.contains(&short(user)) {
                    errors.push(format!("`{user}` depends on `{used}`: {reason}"));
                }
            }
        }
    }
    errors
}

/// Reads the answer of `cargo metadata --no-deps`.
///
/// # Errors
/// When it is not the JSON that cargo promises for format version 1.
pub fn read_metadata(json: &[u8]) -> Result<Vec<Package>, String> {
    let wrong = || "cargo metadata answered in an unknown form".to_owned();
    let metadata: Value =
        serde_json::from_slice(json).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or_else(wrong)?;
    packages
        .iter()
        .map(|package| read_package(package).ok_or_else(wrong))
        .collect()
}

fn read_package(package: &Value) -> Option<Package> {
    let dependencies = package["dependencies"].as_array()?;
    let normal = dependencies
        .iter()
        .filter(|dependency| dependency["kind"].is_null());
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        dependencies: normal
            .map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(name: &str, dependencies: &[&str]) -> Vec<String> {
        check(&[Package {
            name: name.to_owned(),
            dependencies: dependencies.iter().map(|&d| d.to_owned()).collect(),
        }])
    }

    #[test]
    fn what_the_rings_allow() {
        for (user, used) in [
            ("bildbro-dicom", "bildbro-domain"),
            ("bildbro-flow", "bildbro-wire"),
            ("bildbro-store", "bildbro-flow"),
            ("bildbro-store", "bildbro-telemetry"),
            ("bildbro-http", "bildbro-identity"),
            ("bildbro", "bildbro-http"),
            ("bildbro-tests", "bildbro-testkit"),
            ("bildbro-store", "sqlx"),
            ("bildbro-dimse", "dicom-core"),
            ("bildbro-domain", "serde"),
        ] {
            assert_eq!(
                errors(user, &[used]),
                Vec::<String>::new(),
                "{user} -> {used}"
            );
        }
    }

    #[test]
    fn what_they_refuse() {
        for (user, used, word) in [
            ("bildbro-domain", "bildbro-flow", "inwards"),
            ("bildbro-flow", "bildbro-store", "inwards"),
            ("bildbro-http", "bildbro-testkit", "inwards"),
            ("bildbro-http", "bildbro-store", "adapters"),
            ("bildbro-identity", "bildbro-http", "adapters"),
            ("bildbro", "sqlx", "SQL"),
            ("bildbro-tests", "object_store", "blobs"),
            ("bildbro-flow", "dicom-object", "dicom-rs"),
        ] {
            let errors = errors(user, &[used]);
            assert!(
                matches!(errors.as_slice(), [e] if e.contains(word)),
                "{user} -> {used}: {errors:?}"
            );
        }
    }

    #[test]
    fn a_crate_without_a_ring_is_refused() {
        let errors = errors("bildbro-mystery", &[]);
        assert!(errors[0].contains("stands in no ring"), "{errors:?}");
    }

    #[test]
    fn dev_and_build_dependencies_do_not_count() {
        let json = br#"{"packages":[{"name":"bildbro-domain","dependencies":[
            {"name":"serde","kind":null},
            {"name":"bildbro-testkit","kind":"dev"},
            {"name":"cc","kind":"build"}]}]}"#;
        let packages = read_metadata(json).unwrap();
        assert_eq!(packages[0].dependencies, ["serde"]);
        assert!(read_metadata(b"{}").is_err());
    }
}
