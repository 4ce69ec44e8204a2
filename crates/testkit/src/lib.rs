//! Real peers for tests and benchmarks: Orthanc, DCMTK, and the product's own
//! programs, each started on a free port in a folder of its own and killed on
//! drop.
//!
//! Ring 3, used by tests and benches only, so it panics where a test would
//! fail: a missing program panics with the Debian package that has it, a
//! program that does not come up panics with the end of its log.
//!
//! Invariants: nothing waits without a limit; nothing sleeps in place of an
//! event (readiness is asked for until it is there); no port is fixed; peers
//! listen on loopback only where they can be told to.
//!
//! What this crate deliberately does not do: it makes no DICOM objects (see
//! `bildbro_dicom::phantom`; [`samples`] lists real ones) and asserts nothing.

pub mod certificates;
pub mod dcmtk;
mod folder;
mod http;
mod orthanc;
mod postgres;
mod process;
mod program;
mod s3;
pub mod samples;
mod shaper;
mod wait;

pub use folder::{Folder, root};
pub use http::Http;
pub use orthanc::{Orthanc, OrthancOptions};
pub use postgres::Postgres;
pub use process::{Process, free_port, program};
pub use program::{Gateway, GatewayOptions, Hub, HubOptions, Node, bildbro};
pub use s3::S3;
pub use shaper::Shaper;
pub use wait::{LIMIT, eventually, until};

use std::net::{Ipv4Addr, SocketAddr};

/// A DICOM application on this machine: whom to call, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub ae_title: String,
    pub address: SocketAddr,
}

impl Peer {
    pub fn new(ae_title: impl Into<String>, address: SocketAddr) -> Self {
        Self {
            ae_title: ae_title.into(),
            address,
        }
    }

    pub fn local(ae_title: impl Into<String>, port: u16) -> Self {
        Self::new(ae_title, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}
