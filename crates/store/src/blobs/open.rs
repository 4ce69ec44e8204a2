//! The storage that an address and its options name.
//!
//! Its client tries again by itself only for a few seconds: what waits longer
//! is the stages' to decide, who know that a PACS is waiting too.

use super::{failed, permanent};
use bildbro_flow::ports::StoreError;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreScheme, RetryConfig,
    aws::AmazonS3Builder, azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, path::Path,
    prefix::PrefixStore,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use url::Url;

const OPEN: &str = "open the blob storage";

/// For a request and its answer: one segment, also to a slow reader.
const REQUEST: Duration = Duration::from_secs(120);
const CONNECT: Duration = Duration::from_secs(5);

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 5,
        retry_timeout: Duration::from_secs(10),
    }
}

#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("the address cannot be read ({0}); write s3://bucket/prefix")]
    Address(url::ParseError),
    #[error("`{0}` is no blob storage; write s3://…, az://… or gs://…")]
    Scheme(String),
    #[error("[blobs.options] has an unknown key `{0}`")]
    Option(String),
}

/// Makes a builder of a kind of storage, with all options known to it.
macro_rules! storage {
    ($builder:ty, $url:expr, $options:expr) => {{
        let mut builder = <$builder>::new()
            .with_url($url.to_string())
            .with_retry(retry());
        for (name, value) in $options {
            let key = name.parse();
            let key = key.map_err(|_| permanent(OPEN, Wrong::Option(name.clone())))?;
            builder = builder.with_config(key, value);
        }
        // Last, since `allow_http` is one of the options.
        let plain = $options.get("allow_http").is_some_and(|v| v == "true");
        let client = ClientOptions::new()
            .with_timeout(REQUEST)
            .with_connect_timeout(CONNECT)
            .with_allow_http(plain);
        let store = builder.with_client_options(client).build();
        Arc::new(store.map_err(|e| failed(OPEN, e))?) as Arc<dyn ObjectStore>
    }};
}

pub fn open(
    url: &str,
    options: &BTreeMap<String, String>,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let url: Url = url
        .parse()
        .map_err(|e| permanent(OPEN, Wrong::Address(e)))?;
    let unknown = || permanent(OPEN, Wrong::Scheme(url.scheme().to_owned()));
    let (scheme, prefix) = ObjectStoreScheme::parse(&url).map_err(|_| unknown())?;
    let store = match scheme {
        ObjectStoreScheme::AmazonS3 => storage!(AmazonS3Builder, url, options),
        ObjectStoreScheme::MicrosoftAzure => storage!(MicrosoftAzureBuilder, url, options),
        ObjectStoreScheme::GoogleCloudStorage => {
            storage!(GoogleCloudStorageBuilder, url, options)
        }
        _ => return Err(unknown()),
    };
    Ok(below(store, prefix))
}

fn below(store: Arc<dyn ObjectStore>, prefix: Path) -> Arc<dyn ObjectStore> {
    Arc::new(PrefixStore::new(store, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(url: &str, options: &[(&str, &str)]) -> Result<(), String> {
        let options = options.iter();
        let options = options.map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let opened = open(url, &options.collect());
        opened.map(|_| ()).map_err(|e| e.to_string())
    }

    #[test]
    fn each_kind_of_storage_is_known_and_what_is_not_is_named() {
        let region = ("region", "eu-north-1");
        opened("s3://images/hub", &[region]).unwrap();
        let key = [("account_name", "a"), ("access_key", "a2V5")];
        opened("az://images/hub", &key).unwrap();
        opened("gs://images/hub", &[("skip_signature", "true")]).unwrap();
        for (url, options, said) in [
            ("images", &[][..], "s3://bucket"),
            ("ftp://images", &[], "`ftp`"),
            ("s3://images", &[("regoin", "x")], "`regoin`"),
        ] {
            let error = opened(url, options).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
