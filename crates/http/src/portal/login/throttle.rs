//! How many tries there are, and of whom they are counted.
//!
//! | Counted | Most |
//! |---|---|
//! | one account, by browsers that it was never logged in from | 10 in 15 minutes |
//! | one account, by one browser that it was logged in from | 10 in 15 minutes |
//! | one network address, passwords and second factors | 60 in 15 minutes |
//! | one network address, what is begun | 600 in 15 minutes |
//! | second factors in one session | 5, then it ends |
//!
//! Each try is counted before it is judged, and good ones are taken back. What
//! is typed as an address counts whether there is such an account or not, so
//! that being let wait tells nothing.

use super::{super::refusal::Refused, browser::Browser};
use crate::{HubState, problem::ProblemResponse};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use bildbro_domain::{Digest, ErrorClass, MemberId, SessionId, audit::Action};
use bildbro_flow::ports::portal::login::{Attempt, Bucket};
use jiff::{SignedDuration, Timestamp};
use std::net::IpAddr;

const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// As long as a session may live.
const SESSION_WINDOW: SignedDuration = SignedDuration::from_hours(12);

const BY_ACCOUNT: u32 = 10;
const BY_ADDRESS: u32 = 60;
/// A hospital may have one address for all.
const BEGUN: u32 = 600;
const BY_SESSION: u32 = 5;
/// Links to choose a new password, for one account.
const LETTERS: u32 = 3;

/// A try that has been let pass.
#[must_use]
pub struct Passed {
    counted: Vec<Digest>,
}

impl Passed {
    /// It was a good one.
    pub async fn forgive(self, state: &HubState) -> Result<(), Refused> {
        state.portal.forgive(&self.counted).await.map_err(store)
    }
}

pub fn store(error: bildbro_flow::ports::StoreError) -> Refused {
    ProblemResponse::from(error).into()
}

fn bucket(kind: &str, of: &str, most: u32, window: SignedDuration) -> Bucket {
    Bucket {
        key: Digest::of(format!("{kind} {of}").as_bytes()),
        most,
        window,
    }
}

fn by_address(browser: &Browser, kind: &str) -> Bucket {
    let network = network(&browser.caller.from);
    bucket(&format!("{kind} from"), &network, BY_ADDRESS, WINDOW)
}

fn by_account(browser: &Browser, kind: &str, name: &str, member: Option<MemberId>) -> Bucket {
    match member.and_then(|member| Some((member, browser.known_for(member)?))) {
        Some((member, nonce)) => {
            let of = format!("{member} {nonce}");
            bucket(&format!("{kind} known"), &of, BY_ACCOUNT, WINDOW)
        }
        None => bucket(&format!("{kind} unknown"), name, BY_ACCOUNT, WINDOW),
    }
}

/// A browser that the account knows is not counted by its address: a hospital
/// has one for all, and nobody there is to lock the others out.
fn of_try(browser: &Browser, kind: &str, name: &str, member: Option<MemberId>) -> Vec<Bucket> {
    let mut buckets = vec![by_account(browser, kind, name, member)];
    let known = member.and_then(|member| browser.known_for(member));
    if known.is_none() {
        buckets.push(by_address(browser, kind));
    }
    buckets
}

/// Whoever has one IPv6 address has all of its /64.
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => format!("{:x?}", &v6.segments()[..4]),
        _ => address.to_owned(),
    }
}

/// A try at the account that goes by `name` (an e-mail address in lower case).
pub async fn password(
    state: &HubState,
    browser: &Browser,
    name: &str,
    member: Option<MemberId>,
) -> Result<Passed, Refused> {
    let buckets = of_try(browser, "password", name, member);
    pass(state, browser, Action::LogIn, member, buckets).await
}

/// A try with a second factor; of too many in one session the session dies.
pub async fn second_factor(
    state: &HubState,
    browser: &Browser,
    action: Action,
    session: SessionId,
    member: MemberId,
) -> Result<Passed, Refused> {
    let of = session.to_string();
    let own = vec![bucket("session", &of, BY_SESSION, SESSION_WINDOW)];
    let about = Some(member);
    let passed = match pass(state, browser, action, about, own).await {
        Ok(passed) => passed,
        Err(refused) => {
            let why = Some("too many tries with a second factor");
            // Another try may have ended it just before.
            let _ended = state.portal.log_out(&browser.caller, why).await;
            return Err(refused);
        }
    };
    let buckets = of_try(browser, "factor", &member.to_string(), about);
    let mut all = pass(state, browser, action, about, buckets).await?;
    all.counted.extend(passed.counted);
    Ok(all)
}

/// Something that costs us work, or others.
pub async fn costly(state: &HubState, browser: &Browser, what: &str) -> Result<(), Refused> {
    let mut by_address = by_address(browser, what);
    by_address.most = BEGUN;
    let buckets = vec![by_address];
    let _counted = pass(state, browser, Action::LogIn, None, buckets).await?;
    Ok(())
}

/// A letter that anyone may ask for, to an address.
pub async fn letter(
    state: &HubState,
    browser: &Browser,
    name: &str,
    member: Option<MemberId>,
) -> Result<(), Refused> {
    let buckets = vec![
        bucket("letter", name, LETTERS, WINDOW),
        by_address(browser, "letter"),
    ];
    let _counted = pass(state, browser, Action::ChangePassword, member, buckets).await?;
    Ok(())
}

async fn pass(
    state: &HubState,
    browser: &Browser,
    action: Action,
    about: Option<MemberId>,
    buckets: Vec<Bucket>,
) -> Result<Passed, Refused> {
    let counted = buckets.iter().map(|bucket| bucket.key).collect();
    let at = browser.caller.at;
    let attempt = Attempt {
        buckets,
        action,
        about,
        from: browser.caller.from.clone(),
        at,
    };
    match state.portal.attempt(attempt).await.map_err(store)? {
        None => Ok(Passed { counted }),
        Some(until) => Err(wait(until, at)),
    }
}

fn wait(until: Timestamp, at: Timestamp) -> Refused {
    let seconds = until.duration_since(at).as_secs().max(0) + 1;
    let problem = ProblemResponse::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-attempts",
        "There were too many attempts",
        ErrorClass::Transient,
    );
    let mut response = problem.detail("Wait, then try again.").into_response();
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response.into()
}
