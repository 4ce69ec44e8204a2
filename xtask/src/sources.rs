//! Rules for source files: size, names, openings, exemptions from lints.

use crate::Findings;
use std::{fs, path::Path, path::PathBuf};

const TOO_LONG: usize = 800;
const LONG: usize = 400;
const CODE: &[&str] = &[
    "rs", "sql", "mjs", "js", "ts", "tsx", "py", "sh", "css", "html",
];

/// Names that hide that nobody decided what belongs there.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager"];

/// Places outside the repository, which nobody who clones it has. Written in
/// halves, so that this file does not break its own rule.
const OUTSIDE: &[&str] = &[
    concat!("../", "shared"),
    concat!("/work/", "shared"),
    concat!(".lib", "rary"),
];

/// Reads and checks every file. Paths are relative to `root`.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path, files: &[PathBuf]) -> Result<Findings, String> {
    let mut findings = Findings::default();
    for file in files {
        let path = root.join(file);
        if !path.is_file() {
            continue; // deleted, not yet committed
        }
        let bytes =
            fs::read(&path).map_err(|error| format!("reading {}: {error}", file.display()))?;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            check_file(file, text, &mut findings);
        }
    }
    Ok(findings)
}

fn check_file(file: &Path, text: &str, findings: &mut Findings) {
    let shown = file.display();
    for outside in OUTSIDE {
        if let Some(at) = text.lines().position(|line| line.contains(outside)) {
            findings.errors.push(format!(
                "{shown}:{}: names `{outside}`, which is not part of the project",
                at + 1
            ));
        }
    }
    let extension = file
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    // `schema.d.ts` is made from the OpenAPI file, not written.
    if !CODE.contains(&extension) || file.ends_with("web/src/api/schema.d.ts") {
        return;
    }
    let lines = text.lines().count();
    if lines > TOO_LONG {
        findings.errors.push(format!(
            "{shown}: {lines} lines, at most {TOO_LONG}: split it by what it decides"
        ));
    } else if lines > LONG {
        findings
            .warnings
            .push(format!("{shown}: {lines} lines, better under {LONG}"));
    }
    if extension == "rs" {
        check_rust(file, text, findings);
    }
}

fn check_rust(file: &Path, text: &str, findings: &mut Findings) {
    let shown = file.display();
    let parts = file.with_extension("");
    for part in parts.iter().filter_map(|part| part.to_str()) {
        if EMPTY_NAMES.contains(&part) {
            findings.errors.push(format!(
                "{shown}: `{part}` says nothing: name the module for what it holds"
            ));
        }
    }
    if file.ends_with("src/lib.rs") && !text.starts_with("//!") {
        findings.errors.push(format!(
            "{shown}: opens without `//!`: say purpose, place, invariants"
        ));
    }
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with("#[allow(") || line.starts_with("#![allow(") {
            findings.errors.push(format!(
                "{shown}:{}: `allow`: write `#[expect(…, reason = \"…\")]`, which tells when it is no longer needed",
                at + 1
            ));
        }
        if let Some(name) = declared_module(line)
            && EMPTY_NAMES.contains(&name)
        {
            findings
                .errors
                .push(format!("{shown}:{}: module `{name}` says nothing", at + 1));
        }
    }
}

/// The name in `mod name;`, `pub mod name {`, `pub(crate) mod name;`.
fn declared_module(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("mod ")?;
    let before = before.trim();
    (before.is_empty() || before.starts_with("pub")).then_some(())?;
    rest.split([';', ' ', '{']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Findings {
        let mut findings = Findings::default();
        check_file(Path::new(path), text, &mut findings);
        findings
    }

    #[test]
    fn good_code_passes() {
        let text =
            "//! Purpose.\n\npub mod share;\n#[expect(dead_code, reason = \"x\")]\nfn f() {}\n";
        assert_eq!(
            findings("crates/flow/src/lib.rs", text),
            Findings::default()
        );
    }

    #[test]
    fn each_rule_speaks() {
        let long = "x\n".repeat(801);
        let outside = format!("see {}/x", OUTSIDE[0]);
        for (path, text, word) in [
            ("crates/a/src/lib.rs", "fn f() {}\n", "opens without"),
            ("crates/a/src/utils.rs", "", "says nothing"),
            ("crates/a/src/common/x.rs", "", "says nothing"),
            (
                "crates/a/src/x.rs",
                "pub(crate) mod helpers {\n",
                "says nothing",
            ),
            ("crates/a/src/x.rs", "    #[allow(dead_code)]\n", "expect"),
            ("tests/browser/x.mjs", long.as_str(), "801 lines"),
            ("docs/x.md", outside.as_str(), "not part of the project"),
        ] {
            let errors = findings(path, text).errors;
            assert!(
                matches!(errors.as_slice(), [e] if e.contains(word)),
                "{path}: {errors:?}"
            );
        }
    }

    #[test]
    fn a_long_file_warns_and_prose_may_be_long() {
        assert_eq!(findings("a.rs", &"x\n".repeat(401)).warnings.len(), 1);
        assert_eq!(
            findings("LICENSE", &"x\n".repeat(2000)),
            Findings::default()
        );
    }
}
