//! The audit log for people: search, spot checks, extracts.

use async_trait::async_trait;

#[async_trait]
pub trait Log: Send + Sync + 'static {}
