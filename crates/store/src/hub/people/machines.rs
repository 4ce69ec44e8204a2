//! Machines with an account: keys, scopes, tokens.

use crate::HubDb;
use async_trait::async_trait;
use bildbro_flow::ports::portal::machines::Machines;

#[async_trait]
impl Machines for HubDb {}
