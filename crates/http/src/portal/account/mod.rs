//! One's own account: second factors, sessions, password.
//!
//! Whoever has no second factor yet may set one up; whoever has one must have
//! shown it just now to change anything of it. Each change is on record, and
//! told to the member by letter.

mod factors;
mod notices;
mod sessions;

use crate::{
    HubState,
    endpoints::{Caller, Endpoint, Method, Record},
};
use axum::routing::{MethodRouter, delete, get, post, put};
use bildbro_domain::audit::Action;

const ADD: Record = Record::Audited(Action::AddFactor);
const KEPT: Record = Record::Unaudited("what is begun counts for nothing until it is proven");

const fn own(
    method: Method,
    path: &'static str,
    record: Record,
    about: &'static str,
    handler: fn() -> MethodRouter<HubState>,
) -> Endpoint {
    Endpoint::portal(method, path, Caller::Beginner, about, handler).record(record)
}

pub const ENDPOINTS: &[Endpoint] = &[
    own(
        Method::Get,
        "/api/account/factors",
        Record::ReadsOnly,
        "One's own second factors",
        || get(factors::list),
    )
    .answers::<factors::Factors>(),
    own(
        Method::Post,
        "/api/account/passkeys/begin",
        KEPT,
        "Begins adding a passkey",
        || post(factors::passkey_begin),
    )
    .takes::<factors::PasskeyAsk>()
    .answers::<factors::PasskeyBegun>(),
    own(
        Method::Post,
        "/api/account/passkeys/finish",
        ADD,
        "Adds a passkey",
        || post(factors::passkey_finish),
    )
    .takes::<factors::PasskeyFinish>()
    .answers::<factors::Added>(),
    own(
        Method::Post,
        "/api/account/totp/begin",
        KEPT,
        "A new secret for one-time codes",
        || post(factors::totp_begin),
    )
    .takes::<factors::Nothing>()
    .answers::<factors::TotpBegun>(),
    own(
        Method::Post,
        "/api/account/totp/finish",
        ADD,
        "Proves the new secret by its first code",
        || post(factors::totp_finish),
    )
    .takes::<factors::TotpFinish>()
    .answers::<factors::Reached>(),
    own(
        Method::Post,
        "/api/account/recovery",
        ADD,
        "Ten new recovery codes, in place of all others",
        || post(factors::recovery),
    )
    .answers::<factors::Recovery>(),
    own(
        Method::Delete,
        "/api/account/factors/{id}",
        Record::Audited(Action::RemoveFactor),
        "Removes a second factor",
        || delete(factors::remove),
    ),
    own(
        Method::Post,
        "/api/account/password",
        Record::Audited(Action::ChangePassword),
        "Changes the password, and ends all other sessions",
        || post(sessions::password),
    )
    .takes::<sessions::PasswordAsk>(),
    own(
        Method::Get,
        "/api/account/sessions",
        Record::ReadsOnly,
        "One's own sessions",
        || get(sessions::list),
    )
    .answers::<sessions::Sessions>(),
    own(
        Method::Delete,
        "/api/account/sessions",
        Record::Audited(Action::EndSession),
        "Ends all other sessions",
        || delete(sessions::end_others),
    ),
    own(
        Method::Delete,
        "/api/account/sessions/{id}",
        Record::Audited(Action::EndSession),
        "Ends one of one's own sessions",
        || delete(sessions::end),
    ),
    own(
        Method::Put,
        "/api/account",
        Record::Audited(Action::ChangeMember),
        "Changes the language of one's pages and letters",
        || put(sessions::change),
    )
    .takes::<sessions::Account>(),
    own(
        Method::Get,
        "/api/account/notices",
        Record::ReadsOnly,
        "When one is written to of what has come",
        || get(notices::read),
    )
    .answers::<notices::OwnNotices>(),
    own(
        Method::Put,
        "/api/account/notices",
        Record::Audited(Action::ChangeMember),
        "Says when to be written to of what has come",
        || put(notices::change),
    )
    .takes::<notices::OwnNotices>(),
];
