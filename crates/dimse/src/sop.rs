//! SOP classes and transfer syntaxes, by rule rather than by list: the
//! standard goes on growing, and an exchange must pass what comes next.

pub const VERIFICATION: &str = "1.2.840.10008.1.1";
pub const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
pub const STUDY_ROOT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
pub const STUDY_ROOT_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
pub const PATIENT_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
pub const PATIENT_ROOT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.1.2";
pub const PATIENT_ROOT_GET: &str = "1.2.840.10008.5.1.4.1.2.1.3";

pub const IMPLICIT_LE: &str = "1.2.840.10008.1.2";
pub const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";

/// Storage classes outside the root that nearly all have (PS3.4 B.5, GG.3),
/// and the retired ones of print.
const OTHER_STORAGE: [&str; 11] = [
    "1.2.840.10008.5.1.1.27",
    "1.2.840.10008.5.1.1.29",
    "1.2.840.10008.5.1.1.30",
    "1.2.840.10008.5.1.4.34.1",
    "1.2.840.10008.5.1.4.34.7",
    "1.2.840.10008.5.1.4.34.10",
    "1.2.840.10008.5.1.4.38.1",
    "1.2.840.10008.5.1.4.39.1",
    "1.2.840.10008.5.1.4.43.1",
    "1.2.840.10008.5.1.4.44.1",
    "1.2.840.10008.5.1.4.45.1",
];

/// Under that root, but services of query, retrieval and inventory.
const NOT_STORAGE: [&str; 8] = [
    "200.4", "200.5", "200.6", "201.2", "201.3", "201.4", "201.5", "201.6",
];

/// Whether this is a storage SOP class of the standard, retired and future
/// ones included: all but a few stand under one root.
#[must_use]
pub fn is_storage(class: &str) -> bool {
    match class.strip_prefix("1.2.840.10008.5.1.4.1.1.") {
        Some(rest) => !NOT_STORAGE.contains(&rest),
        None => OTHER_STORAGE.contains(&class),
    }
}

/// Whether this is a transfer syntax of the standard (PS3.5 A): all stand
/// under one root, but for Papyrus.
#[must_use]
pub fn is_transfer_syntax(uid: &str) -> bool {
    uid == IMPLICIT_LE || uid.starts_with("1.2.840.10008.1.2.") || uid == "1.2.840.10008.1.20"
}

/// The transfer syntax to store in: the peer's first that is the standard's.
/// Never transcode on the way in, so any will do, and the first is what the
/// sender would rather send.
#[must_use]
pub fn first_standard(proposed: &[String]) -> Option<&String> {
    proposed.iter().find(|uid| is_transfer_syntax(uid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_from_services() {
        // CT; enhanced CT; encapsulated PDF; RT plan; hanging protocol; one of
        // the year after next.
        for last in [
            "4.1.1.2",
            "4.1.1.2.1",
            "4.1.1.104.1",
            "4.1.1.481.5",
            "4.38.1",
            "4.1.1.999",
        ] {
            assert!(is_storage(&format!("1.2.840.10008.5.1.{last}")), "{last}");
        }
        for other in [
            VERIFICATION,
            STUDY_ROOT_FIND,
            STUDY_ROOT_MOVE,
            "1.2.840.10008.1.20.1",
            "1.2.840.10008.5.1.4.1.1.201.2",
            "1.2.840.10008.5.1.4.31",
        ] {
            assert!(!is_storage(other), "{other}");
        }
    }

    #[test]
    fn the_first_standard_syntax_is_taken() {
        let proposed = ["1.2.826.0.1", "1.2.840.10008.1.2.4.201", IMPLICIT_LE].map(String::from);
        assert_eq!(first_standard(&proposed), Some(&proposed[1]));
        assert_eq!(first_standard(&proposed[..1]), None);
    }
}
