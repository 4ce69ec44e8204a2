//! Patients' blocks and consents, emergency access, and looking up a patient's studies.

use async_trait::async_trait;

#[async_trait]
pub trait Wills: Send + Sync + 'static {}
