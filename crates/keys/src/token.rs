//! A wrapping key on a PKCS#11 token (OASIS PKCS#11 2.40 and later).
//!
//! Calls to a module block, and a token answers one at a time: a call waits for
//! its turn without a thread, and only the one whose turn it is has one. A
//! module that hangs holds that thread, but nobody waits longer than
//! [`PATIENCE`].

mod error;
mod keeper;

pub use error::TokenError;
pub(crate) use keeper::generate;

use crate::config::Pkcs11Config;
use bildbro_seal::{DataKey, wrapped_nonce};
use keeper::Keeper;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::Mutex, task, time};

/// How long a token may take, those before in the queue included.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Token {
    name: String,
    keeper: Arc<Mutex<Keeper>>,
    patience: Duration,
}

impl Token {
    /// Logs in and finds the key; blocks. When the key is to wrap, sees that it
    /// does.
    pub fn open(config: &Pkcs11Config, wraps: bool) -> Result<Self, TokenError> {
        let mut keeper = Keeper::new(config)?;
        if wraps {
            keeper.check()?;
        } else {
            keeper.find()?;
        }
        Ok(Self {
            name: config.token.clone(),
            keeper: Arc::new(Mutex::new(keeper)),
            patience: PATIENCE,
        })
    }

    pub async fn wrap(
        &self,
        key: &DataKey,
        context: &[u8],
        nonce: [u8; 12],
    ) -> Result<Vec<u8>, TokenError> {
        let (key, context) = (key.clone(), context.to_vec());
        self.ask(move |keeper| keeper.wrap(&key, &context, nonce))
            .await
    }

    pub async fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey, TokenError> {
        let (nonce, sealed) = wrapped_nonce(wrapped)?;
        let (sealed, context) = (sealed.to_vec(), context.to_vec());
        self.ask(move |keeper| keeper.unwrap(nonce, &sealed, &context))
            .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Keeper) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        let keeper = Arc::clone(&self.keeper);
        let answer = async {
            let mut keeper = keeper.lock_owned().await;
            task::spawn_blocking(move || work(&mut keeper)).await
        };
        match time::timeout(self.patience, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(stopped)) => Err(TokenError::Stopped(stopped)),
            Err(_) => Err(TokenError::Silent(self.name.clone())),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_domain::ErrorClass;

    /// Loading a module asks no token anything: any will do.
    const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

    #[tokio::test]
    async fn nobody_waits_for_a_module_that_hangs() {
        let config = Pkcs11Config {
            module: MODULE.into(),
            token: "slow".to_owned(),
            pin_file: None,
            pin_env: Some("PATH".to_owned()),
            label: "key".to_owned(),
        };
        let keeper = Arc::new(Mutex::new(Keeper::new(&config).unwrap()));
        let token = Token {
            name: config.token,
            keeper: Arc::clone(&keeper),
            patience: Duration::ZERO,
        };
        let _hanging = keeper.lock().await;
        let error = token.unwrap(&[0; 60], b"study 1").await.unwrap_err();
        assert!(matches!(error, TokenError::Silent(_)), "{error}");
        assert_eq!(error.class(), ErrorClass::Transient);
    }
}
