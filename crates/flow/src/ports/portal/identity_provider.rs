//! An organisation's own identity provider. What is kept is sealed; only whoever
//! logs people in opens it.

use super::{Answer, Caller};
use async_trait::async_trait;
use bildbro_domain::OrganisationId;

/// Where an organisation's provider is sealed for.
#[must_use]
pub fn place(organisation: OrganisationId) -> String {
    format!("oidc {organisation}")
}

/// As kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptProvider {
    pub name: String,
    /// Sealed for [`place`].
    pub sealed: String,
}

#[async_trait]
pub trait IdentityProviders: Send + Sync + 'static {
    /// The caller's organisation, and its provider if it has one.
    async fn identity_provider(
        &self,
        caller: &Caller,
    ) -> Answer<(OrganisationId, Option<KeptProvider>)>;

    /// Sets it, or takes it away.
    async fn put_identity_provider(
        &self,
        caller: &Caller,
        provider: Option<&KeptProvider>,
    ) -> Answer<()>;
}
