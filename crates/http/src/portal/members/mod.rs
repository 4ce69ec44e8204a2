//! Members, their roles, approvals, and the organisation's identity provider.

mod approvals;
mod identity_provider;
mod json;
mod links;
mod people;
mod roles;

pub use json::name;

use crate::endpoints::{Caller, Endpoint, Method, Record};
use axum::routing::{delete, get, post, put};
use bildbro_domain::{audit::Action, permission::Permission};

const READER: Caller = Caller::Holder(Permission::ManageMembers);

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::portal(
        Method::Get,
        "/api/members",
        READER,
        "Members of one's own organisation; `search`, `active`, `after`, `limit`",
        || get(people::list),
    )
    .answers::<json::Members>(),
    Endpoint::act(
        Method::Post,
        "/api/members",
        Action::InviteMember,
        "Invite someone",
        || post(people::invite),
    )
    .takes::<json::NewMember>()
    .answers::<json::InvitedMember>(),
    Endpoint::portal(Method::Get, "/api/members/{id}", READER, "A member", || {
        get(people::one)
    })
    .answers::<json::Member>(),
    Endpoint::act(
        Method::Put,
        "/api/members/{id}",
        Action::ChangeMember,
        "Change a member's particulars",
        || put(people::change),
    )
    .takes::<json::Particulars>(),
    Endpoint::act(
        Method::Post,
        "/api/members/{id}/close",
        Action::CloseMember,
        "Close a member's account and end its sessions; confirmed by the name",
        || post(people::close),
    )
    .takes::<json::Confirm>(),
    Endpoint::act(
        Method::Post,
        "/api/members/{id}/open",
        Action::ChangeMember,
        "Open a member's account again",
        || post(people::open),
    ),
    Endpoint::act(
        Method::Post,
        "/api/members/{id}/reset",
        Action::ResetMember,
        "Take a member's password, or second factors too, and send a new link",
        || post(people::reset),
    )
    .takes::<json::Reset>()
    .answers::<json::Linked>(),
    Endpoint::act(
        Method::Post,
        "/api/members/{id}/invite",
        Action::InviteMember,
        "Send a new invitation",
        || post(people::invite_again),
    )
    .answers::<json::Linked>(),
    Endpoint::act(
        Method::Post,
        "/api/members/{id}/assignments",
        Action::GrantRole,
        "Give a member a role, or ask a second member to (202)",
        || post(people::grant),
    )
    .takes::<json::NewAssignment>()
    .answers::<json::Made>(),
    Endpoint::act(
        Method::Delete,
        "/api/members/{id}/assignments/{assignment}",
        Action::WithdrawRole,
        "Take a role from a member",
        || delete(people::withdraw),
    ),
    Endpoint::act(
        Method::Get,
        "/api/members/{id}/explain",
        Action::ExplainMember,
        "What a member can do, and why",
        || get(people::explain),
    )
    .answers::<json::Explained>(),
    Endpoint::portal(
        Method::Get,
        "/api/members/{id}/sessions",
        READER,
        "Where a member is logged in",
        || get(people::sessions),
    )
    .answers::<json::Sessions>(),
    Endpoint::act(
        Method::Delete,
        "/api/members/{id}/sessions",
        Action::ResetMember,
        "End all of a member's sessions",
        || delete(people::end_sessions),
    ),
    Endpoint::portal(
        Method::Get,
        "/api/roles",
        READER,
        "Roles that can be given",
        || get(roles::list),
    )
    .answers::<json::Roles>(),
    Endpoint::act(
        Method::Post,
        "/api/roles",
        Action::DefineRole,
        "Make a role of permissions",
        || post(roles::define),
    )
    .takes::<json::RoleDefinition>()
    .answers::<json::Made>(),
    Endpoint::act(
        Method::Put,
        "/api/roles/{id}",
        Action::DefineRole,
        "Change a role, for everyone who has it",
        || put(roles::change),
    )
    .takes::<json::RoleDefinition>(),
    Endpoint::act(
        Method::Delete,
        "/api/roles/{id}",
        Action::DefineRole,
        "Delete a role that nobody has",
        || delete(roles::remove),
    ),
    Endpoint::portal(
        Method::Get,
        "/api/approvals",
        READER,
        "What waits for a second member, and what was decided lately",
        || get(approvals::list),
    )
    .answers::<json::Approvals>(),
    Endpoint::act(
        Method::Post,
        "/api/approvals/{id}/approve",
        Action::Approve,
        "Approve what another member asked for",
        || post(approvals::approve),
    ),
    Endpoint::act(
        Method::Post,
        "/api/approvals/{id}/refuse",
        Action::Refuse,
        "Refuse what was asked for",
        || post(approvals::refuse),
    ),
    Endpoint::portal(
        Method::Get,
        "/api/identity-provider",
        READER,
        "The organisation's own identity provider, without its secret",
        || get(identity_provider::show),
    )
    .answers::<Option<identity_provider::Shown>>(),
    Endpoint::act(
        Method::Put,
        "/api/identity-provider",
        Action::ChangeIdentityProvider,
        "Set the organisation's identity provider",
        || put(identity_provider::set),
    )
    .takes::<identity_provider::Wanted>(),
    Endpoint::act(
        Method::Delete,
        "/api/identity-provider",
        Action::ChangeIdentityProvider,
        "Take the identity provider away",
        || delete(identity_provider::remove),
    ),
    Endpoint::portal(
        Method::Post,
        "/api/identity-provider/test",
        READER,
        "Ask a provider for its discovery document, and say what is wrong",
        || post(identity_provider::test),
    )
    .record(Record::Unaudited("it changes nothing here"))
    .takes::<identity_provider::Issuer>()
    .answers::<identity_provider::Tested>(),
];
