//! Services that cannot be reached from here, played for demo and tests: they speak
//! the real protocol, and the product's client does not know the difference.
//!
//! Ring 3. What this crate deliberately does not do: stand in for a service in
//! production. What it makes is signed by nobody.

pub mod bankid;
