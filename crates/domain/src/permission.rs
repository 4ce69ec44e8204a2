//! What roles are made of: permissions, and the roles that every organisation
//! has from the start.

use crate::words::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

words!(
    /// One thing that a role lets its holder do. A role gives nothing that it
    /// does not name.
    Permission {
        /// Search for studies, in one's own PACS or in the overview.
        Find = "find",
        /// Share studies, and take shares back; answer who asks for images.
        Share = "share",
        /// See what has come, accept or decline it; ask others for images.
        Receive = "receive",
        /// Open images and reports.
        View = "view",
        /// Take copies out of the exchange.
        Download = "download",
        /// Handle patients' orders.
        HandleOrders = "handle_orders",
        /// Reach what is closed, when life or health is at stake.
        Emergency = "emergency",
        /// Register patients' consent, blocks, and their lifting.
        RegisterWill = "register_will",
        /// See each transfer, and why one failed.
        FollowDeliveries = "follow_deliveries",
        /// The organisation's own particulars, care units and partners.
        ManageOrganisation = "manage_organisation",
        /// Members, their roles and second factors.
        ManageMembers = "manage_members",
        /// Gateways and nodes.
        ManageGateways = "manage_gateways",
        /// Other machines: their keys and scopes.
        ManageMachines = "manage_machines",
        /// Search the log, and take patients' extracts.
        SearchAudit = "search_audit",
        /// Draw spot checks and assess them.
        ReviewAudit = "review_audit",
        /// Add organisations, and see the hub's health. No one's data.
        RunHub = "run_hub",
    }
);

impl Permission {
    /// Whether it is about the whole organisation: given at one care unit, it
    /// gives nothing.
    #[must_use]
    pub const fn is_of_the_whole(self) -> bool {
        matches!(
            self,
            Self::ManageOrganisation
                | Self::ManageMembers
                | Self::ManageGateways
                | Self::ManageMachines
                | Self::SearchAudit
                | Self::ReviewAudit
                | Self::RunHub
        )
    }
}

words!(
    /// A role that is there from the start.
    BuiltIn {
        Sender = "sender",
        Receiver = "receiver",
        OrderHandler = "order_handler",
        Administrator = "administrator",
        Auditor = "auditor",
        /// Runs the hub; only in the operator's own organisation.
        Operator = "operator",
    }
);

impl BuiltIn {
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission as P;
        match self {
            Self::Sender => &[P::Find, P::Share, P::View, P::FollowDeliveries],
            // Finding is part of it: an emergency begins with looking the patient up.
            Self::Receiver => &[
                P::Receive,
                P::Find,
                P::View,
                P::Download,
                P::Emergency,
                P::RegisterWill,
                P::FollowDeliveries,
            ],
            Self::OrderHandler => &[P::HandleOrders, P::Find, P::Share, P::View],
            Self::Administrator => &[
                P::ManageOrganisation,
                P::ManageMembers,
                P::ManageGateways,
                P::ManageMachines,
                P::FollowDeliveries,
            ],
            Self::Auditor => &[P::SearchAudit, P::ReviewAudit],
            Self::Operator => &[P::RunHub],
        }
    }
}

/// A role as it counts for someone: its name, and what it gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// A [`BuiltIn`]'s word, or the id of one's own.
    pub word: String,
    /// As people say it.
    pub name: String,
    pub permissions: BTreeSet<Permission>,
}

impl Role {
    #[must_use]
    pub fn built_in(role: BuiltIn) -> Self {
        Self {
            word: role.as_str().to_owned(),
            name: role.as_str().to_owned(),
            permissions: role.permissions().iter().copied().collect(),
        }
    }
}

/// May an organisation make a role with these? Running the hub is not an
/// organisation's to give.
#[must_use]
pub fn is_grantable(permissions: &BTreeSet<Permission>) -> bool {
    !permissions.is_empty() && !permissions.contains(&Permission::RunHub)
}
