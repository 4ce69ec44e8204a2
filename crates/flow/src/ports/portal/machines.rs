//! Machines with an account: keys, scopes, tokens.

use async_trait::async_trait;

#[async_trait]
pub trait Machines: Send + Sync + 'static {}
