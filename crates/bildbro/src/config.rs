//! Reading configuration: a TOML file, then environment variables
//! (`BILDBRO_LIMITS__MAX_ASSOCIATIONS=…`), into one typed struct. Unknown keys
//! are refused, with the nearest right one.

use crate::fault::Fault;
use figment::{
    Figment,
    error::Kind,
    providers::{Env, Format, Toml},
};
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads the file, if any, and the environment.
///
/// # Errors
/// When the file is missing or malformed, or a key or value is wrong.
pub fn load<T: DeserializeOwned>(file: Option<&Path>) -> Result<T, Fault> {
    let mut figment = Figment::new();
    if let Some(file) = file {
        if !file.is_file() {
            return Err(Fault::new(format!(
                "there is no configuration file {}",
                file.display()
            )));
        }
        figment = figment.merge(Toml::file_exact(file));
    }
    figment
        .merge(
            Env::prefixed("BILDBRO_")
                .ignore(&["python", "log"])
                .split("__"),
        )
        .extract()
        .map_err(|error| explain(&error))
}

fn explain(error: &figment::Error) -> Fault {
    let place = error.path.join(".");
    if let Kind::UnknownField(field, known) = &error.kind {
        let nearest = known
            .iter()
            .max_by(|a, b| likeness(field, a).total_cmp(&likeness(field, b)));
        let hint = nearest.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
        return Fault::new(format!(
            "the configuration has an unknown key `{field}`{hint} (known here: {})",
            known.join(", ")
        ));
    }
    Fault::new(format!(
        "the configuration is wrong at `{place}`: {}",
        error.kind
    ))
}

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Sample {
        #[serde(default)]
        data_dir: String,
        #[serde(default)]
        listen: String,
    }

    #[test]
    fn an_unknown_key_names_the_nearest_right_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.toml");
        std::fs::write(&file, "lisen = \"a\"\n").unwrap();
        let error = load::<Sample>(Some(&file)).unwrap_err().to_string();
        assert!(error.contains("did you mean `listen`?"), "{error}");
    }
}
