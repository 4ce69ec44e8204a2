//! placeholder while the archive is being written
use crate::fault::Fault;
use bildbro_dimse::{client::Node, server::Server};
use bildbro_domain::AeTitle;
use std::{net::SocketAddr, path::PathBuf};
pub struct Archive;
impl Archive {
    pub fn open(_d: PathBuf, _a: AeTitle) -> Result<Self, Fault> { Err(Fault::new("soon")) }
    pub async fn bind(&self, _a: SocketAddr) -> Result<Server, Fault> { Err(Fault::new("soon")) }
    pub fn know(&self, _n: Node) {}
}
