//! The audit log for people: search, spot checks, extracts.

use crate::HubDb;
use async_trait::async_trait;
use bildbro_flow::ports::portal::log::Log;

#[async_trait]
impl Log for HubDb {}
