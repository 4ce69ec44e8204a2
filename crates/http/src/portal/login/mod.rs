//! Log-in: password and second factor, identity providers, BankID.
//!
//! A session rises from `first` (one thing shown) to `full`, each time under a
//! new token. Every try is counted before it is judged ([`throttle`]), every
//! answer is the same whether there is an account or not, and what failed is on
//! record. What this deliberately does not do: it makes no accounts, and decides
//! nothing about what a member may do.

mod bankid;
mod begin;
mod browser;
pub mod ceremony;
mod factor;
mod invitation;
mod means;
mod oidc;
mod password;
mod session;
pub mod throttle;

pub use means::LoginMeans;

/// What one's own account needs of it.
pub(super) mod parts {
    pub use super::{
        begin::{Reached, changed, renewal, under},
        browser::{Browser, session as session_cookie, with},
        ceremony,
        factor::{Nothing, PasskeyBegun, credentials, open_totp, passkeys, place},
        invitation::{invalid, judge, language},
        password::wrong,
        session::has,
        throttle,
    };
}

use crate::endpoints::{Caller, Endpoint, Method, Record};
use axum::routing::{get, post};
use bildbro_domain::audit::Action;

const KEPT: Record = Record::Unaudited("it begins something that by itself lets no one in");

const LOG_IN: Record = Record::Audited(Action::LogIn);

const fn anyone(
    method: Method,
    path: &'static str,
    about: &'static str,
    handler: fn() -> axum::routing::MethodRouter<crate::HubState>,
) -> Endpoint {
    Endpoint::portal(method, path, Caller::Anyone, about, handler)
}

const fn proof(
    path: &'static str,
    record: Record,
    about: &'static str,
    handler: fn() -> axum::routing::MethodRouter<crate::HubState>,
) -> Endpoint {
    Endpoint::portal(Method::Post, path, Caller::Proof, about, handler).record(record)
}

const fn on_the_way(
    path: &'static str,
    record: Record,
    about: &'static str,
    handler: fn() -> axum::routing::MethodRouter<crate::HubState>,
) -> Endpoint {
    Endpoint::portal(Method::Post, path, Caller::Beginner, about, handler).record(record)
}

const fn member(
    path: &'static str,
    record: Record,
    about: &'static str,
    handler: fn() -> axum::routing::MethodRouter<crate::HubState>,
) -> Endpoint {
    Endpoint::portal(Method::Post, path, Caller::Member, about, handler).record(record)
}

pub const ENDPOINTS: &[Endpoint] = &[
    anyone(
        Method::Get,
        "/api/session",
        "The session of this browser",
        || get(session::see),
    )
    .answers::<session::Session>(),
    anyone(
        Method::Post,
        "/api/login/means",
        "How someone with this address may log in",
        || post(password::means),
    )
    .record(Record::Unaudited(
        "it only counts the questions of an address",
    ))
    .takes::<password::MeansAsk>()
    .answers::<password::Means>(),
    proof(
        "/api/login/password",
        LOG_IN,
        "The first step: address and password",
        || post(password::log_in),
    )
    .takes::<password::PasswordAsk>()
    .answers::<begin::Reached>(),
    on_the_way(
        "/api/login/passkey/begin",
        KEPT,
        "Asks for one of the member's passkeys",
        || post(factor::passkey_begin),
    )
    .takes::<factor::Nothing>()
    .answers::<factor::PasskeyBegun>(),
    on_the_way(
        "/api/login/passkey/finish",
        LOG_IN,
        "The second step, by passkey",
        || post(factor::passkey_finish),
    )
    .takes::<factor::PasskeyFinish>()
    .answers::<begin::Reached>(),
    on_the_way(
        "/api/login/totp",
        LOG_IN,
        "The second step, by a one-time code",
        || post(factor::totp),
    )
    .takes::<factor::CodeAsk>()
    .answers::<begin::Reached>(),
    on_the_way(
        "/api/login/recovery",
        LOG_IN,
        "The second step, by a recovery code",
        || post(factor::recovery),
    )
    .takes::<factor::CodeAsk>()
    .answers::<begin::Reached>(),
    anyone(
        Method::Post,
        "/api/login/oidc/begin",
        "Begins a log-in at the identity provider for an address",
        || post(oidc::begin),
    )
    .record(KEPT)
    .takes::<oidc::BeginAsk>()
    .answers::<oidc::GoTo>(),
    Endpoint::portal(
        Method::Get,
        oidc::CALLBACK,
        Caller::Proof,
        "The browser comes back from the identity provider",
        || get(oidc::callback),
    )
    .record(LOG_IN),
    anyone(
        Method::Post,
        "/api/login/bankid/begin",
        "Begins a log-in by BankID",
        || post(bankid::begin),
    )
    .record(KEPT)
    .takes::<bankid::BeginAsk>()
    .answers::<bankid::BankIdBegun>(),
    anyone(
        Method::Get,
        "/api/login/bankid/qr",
        "BankID's animated code, as it is this second (SVG)",
        || get(bankid::qr),
    ),
    proof(
        "/api/login/bankid/collect",
        LOG_IN,
        "How a log-in by BankID stands",
        || post(bankid::collect),
    )
    .takes::<bankid::CeremonyAsk>()
    .answers::<bankid::Progress>(),
    proof(
        "/api/login/bankid/choose",
        LOG_IN,
        "Chooses one of several accounts after BankID",
        || post(bankid::choose),
    )
    .takes::<bankid::ChoiceAsk>()
    .answers::<bankid::Progress>(),
    anyone(
        Method::Post,
        "/api/login/bankid/cancel",
        "Gives up a log-in by BankID",
        || post(bankid::cancel),
    )
    .record(KEPT)
    .takes::<bankid::CeremonyAsk>(),
    anyone(
        Method::Post,
        "/api/logout",
        "Ends the session of this browser",
        || post(session::log_out),
    )
    .record(Record::Audited(Action::LogOut)),
    member(
        "/api/session/unit",
        Record::Audited(Action::ChooseUnit),
        "Chooses the care unit to act at",
        || post(session::choose_unit),
    )
    .takes::<session::UnitAsk>()
    .answers::<session::Session>(),
    member(
        "/api/session/step-up/passkey/begin",
        KEPT,
        "Asks for a passkey once more",
        || post(factor::step_up_begin),
    )
    .takes::<factor::Nothing>()
    .answers::<factor::PasskeyBegun>(),
    member(
        "/api/session/step-up/passkey/finish",
        Record::Audited(Action::StepUp),
        "Makes the session fresh, by passkey",
        || post(factor::step_up_finish),
    )
    .takes::<factor::PasskeyFinish>()
    .answers::<session::Session>(),
    member(
        "/api/session/step-up/totp",
        Record::Audited(Action::StepUp),
        "Makes the session fresh, by a one-time code",
        || post(factor::step_up_totp),
    )
    .takes::<factor::CodeAsk>()
    .answers::<session::Session>(),
    Endpoint::portal(
        Method::Get,
        "/api/invitations/{token}",
        Caller::Proof,
        "What a link that was sent is for",
        || get(invitation::see),
    )
    .answers::<invitation::Link>(),
    proof(
        "/api/invitations/{token}",
        Record::Audited(Action::AcceptInvitation),
        "Chooses a password by a link that was sent",
        || post(invitation::accept),
    )
    .takes::<invitation::Chosen>()
    .answers::<session::Session>(),
    anyone(
        Method::Post,
        "/api/login/forgotten",
        "Asks for a link to choose a new password",
        || post(password::forgotten),
    )
    .record(Record::Audited(Action::ChangePassword))
    .takes::<password::ForgottenAsk>(),
];
