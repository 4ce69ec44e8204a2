//! Log-in of staff by BankID: two factors in one. The order lies at the hub,
//! sealed; the browser has its name only.

use super::{
    super::refusal::Refused,
    begin::{self, Begun, Reached},
    browser::{self, Browser},
    ceremony,
    invitation::invalid,
    throttle::{self, store},
};
use crate::{HubState, message::Message, problem::ProblemResponse};
use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    ErrorClass, MemberId, Personal,
    audit::{Action, Outcome},
    member::Level,
};
use bildbro_flow::ports::portal::login::{Failed, Named};
use bildbro_login::{
    bankid::{
        App, Ask, BankId, BankIdError, Collected, Completed, Device, Message as Words, Order,
        Situation, Start,
    },
    oidc::local_path,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

const KIND: &str = "bankid";
const CHOICE: &str = "bankid choice";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct BeginAsk {
    return_to: String,
    same_device: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct BankIdBegun {
    ceremony: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_url: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CeremonyAsk {
    ceremony: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ChoiceAsk {
    ceremony: String,
    #[schemars(with = "String")]
    member: Uuid,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Progress {
    /// pending, failed, choose or complete.
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    /// With `choose`: which account, at `/api/login/bankid/choose`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ceremony: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accounts: Vec<Choice>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Said {
    key: &'static str,
    sv: &'static str,
    en: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Choice {
    #[schemars(with = "String")]
    member: Uuid,
    organisation: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    order: Order,
    same_device: bool,
}

impl From<Words> for Said {
    fn from(words: Words) -> Self {
        Self {
            key: words.key(),
            sv: words.swedish(),
            en: words.english(),
        }
    }
}

impl Progress {
    fn of(status: &'static str, message: Option<Words>) -> Self {
        Self {
            status,
            message: message.map(Said::from),
            level: None,
            ceremony: None,
            accounts: Vec::new(),
        }
    }
}

fn bankid(state: &HubState) -> Result<&BankId, Refused> {
    let bankid = state.bankid.as_deref();
    bankid.ok_or_else(|| ProblemResponse::not_found().into())
}

fn device(browser: &Browser) -> Device {
    let mobile = ["Android", "iPhone", "iPad"];
    if mobile.iter().any(|name| browser.agent.contains(name)) {
        Device::Mobile
    } else {
        Device::Computer
    }
}

fn situation(browser: &Browser, kept: &Kept) -> Situation {
    Situation {
        start: if kept.same_device {
            Start::SameDevice
        } else {
            Start::Qr
        },
        device: device(browser),
        personal_number: false,
    }
}

fn over() -> Refused {
    let title = "The log-in by BankID is over";
    ProblemResponse::new(StatusCode::GONE, "expired", title, ErrorClass::Permanent).into()
}

fn fault(error: BankIdError) -> Refused {
    tracing::warn!(%error, "login.bankid_failed");
    let title = "BankID cannot be used now";
    let problem = ProblemResponse::new(
        StatusCode::BAD_GATEWAY,
        "bankid",
        title,
        ErrorClass::Transient,
    );
    match Words::error(&error) {
        Some(words) => problem
            .with("key", words.key().into())
            .with("sv", words.swedish().into())
            .with("en", words.english().into())
            .into(),
        None => problem.into(),
    }
}

pub async fn begin(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<BeginAsk>,
) -> Result<Json<BankIdBegun>, Refused> {
    let bankid = bankid(&state)?;
    let return_to = local_path(&ask.return_to);
    let return_to = return_to.ok_or_else(|| invalid("return_to", "a path on this site"))?;
    throttle::costly(&state, &browser, "bankid").await?;
    let address: Option<IpAddr> = browser.caller.from.parse().ok();
    let mut question = Ask::from_ip(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let back: String = url::form_urlencoded::byte_serialize(return_to.as_bytes()).collect();
    let back = format!("{}/login?back={back}", state.public_url);
    if ask.same_device {
        question.return_url = Some(back.clone());
    }
    let clock = state.clock.clone();
    let order = bankid.auth(question, None, || clock.now()).await;
    let kept = Kept {
        order: order.map_err(fault)?,
        same_device: ask.same_device,
    };
    let start_url = ask.same_device.then(|| {
        let app = match device(&browser) {
            Device::Mobile => App::Mobile,
            Device::Computer => App::Desktop,
        };
        kept.order.same_device_url(app, Some(&back))
    });
    Ok(Json(BankIdBegun {
        ceremony: ceremony::keep(&state, &browser, KIND, &kept).await?,
        start_url,
    }))
}

/// The animated code, as it is this second.
pub async fn qr(
    State(state): State<HubState>,
    browser: Browser,
    Query(ask): Query<CeremonyAsk>,
) -> Result<Response, Refused> {
    let kept = ceremony::see::<Kept>(&state, &browser, KIND, &ask.ceremony).await?;
    let drawn = kept.and_then(|kept| kept.order.qr_svg(browser.caller.at));
    let drawn = drawn.ok_or_else(over)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn).into_response())
}

pub async fn collect(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<CeremonyAsk>,
) -> Result<Response, Refused> {
    let bankid = bankid(&state)?;
    let kept = ceremony::see::<Kept>(&state, &browser, KIND, &ask.ceremony).await?;
    let kept = kept.ok_or_else(over)?;
    let situation = situation(&browser, &kept);
    let collected = bankid.collect(&kept.order.order_ref).await;
    let collected = match collected.map_err(fault)? {
        Collected::Pending(hint) => {
            let words = Words::pending(&hint, situation);
            return Ok(Json(Progress::of("pending", Some(words))).into_response());
        }
        ended => ended,
    };
    // Whoever takes it has it: an order logs in once.
    let kept = ceremony::take::<Kept>(&state, &browser, KIND, &ask.ceremony).await?;
    let Some(kept) = kept else {
        return Err(over());
    };
    match collected {
        Collected::Complete(who) if is_elsewhere(&kept, &who, &browser) => {
            refuse_elsewhere(&state, &browser).await
        }
        Collected::Complete(who) => arrived(&state, &browser, who.personal_number).await,
        Collected::Failed(hint) => {
            let words = Words::failed(&hint, situation);
            Ok(Json(Progress::of("failed", Some(words))).into_response())
        }
        Collected::Pending(_) => Err(over()),
    }
}

/// An order begun for the same device and completed at another address was
/// passed on: someone was lured into logging another in (BankID's guidelines want
/// the two compared). An animated code cannot be passed on like that.
fn is_elsewhere(kept: &Kept, who: &Completed, browser: &Browser) -> bool {
    kept.same_device && who.device_ip.reveal() != browser.caller.from
}

async fn refuse_elsewhere(state: &HubState, browser: &Browser) -> Result<Response, Refused> {
    let failed = Failed {
        action: Action::LogIn,
        outcome: Outcome::Denied,
        about: None,
        why: "BankID was shown at another address than the one that asked",
        from: browser.caller.from.clone(),
        at: browser.caller.at,
    };
    state.portal.failed(failed).await.map_err(store)?;
    let title = "BankID was opened at another place than this";
    let problem = ProblemResponse::new(
        StatusCode::UNAUTHORIZED,
        "bankid-elsewhere",
        title,
        ErrorClass::Permanent,
    );
    Err(problem
        .detail("Log in with the QR code, or on one and the same network.")
        .into())
}

async fn arrived(
    state: &HubState,
    browser: &Browser,
    number: Personal,
) -> Result<Response, Refused> {
    let named = Named::PersonalNumber(number);
    let accounts = state.portal.accounts(named).await.map_err(store)?;
    match &accounts[..] {
        [] => {
            let failed = Failed {
                action: Action::LogIn,
                outcome: Outcome::Failure,
                about: None,
                why: "BankID's person has no account",
                from: browser.caller.from.clone(),
                at: browser.caller.at,
            };
            state.portal.failed(failed).await.map_err(store)?;
            let title = "There is no account with that personal number";
            Err(ProblemResponse::new(
                StatusCode::UNAUTHORIZED,
                "no-account",
                title,
                ErrorClass::Permanent,
            )
            .into())
        }
        [only] => log_in(state, browser, only.member).await,
        several => {
            let members: Vec<MemberId> = several.iter().map(|account| account.member).collect();
            let accounts = several.iter().map(|account| Choice {
                member: account.member.0,
                organisation: account.organisation_name.clone(),
            });
            let progress = Progress {
                accounts: accounts.collect(),
                ceremony: Some(ceremony::keep(state, browser, CHOICE, &members).await?),
                ..Progress::of("choose", None)
            };
            Ok(Json(progress).into_response())
        }
    }
}

async fn log_in(
    state: &HubState,
    browser: &Browser,
    member: MemberId,
) -> Result<Response, Refused> {
    let begun = Begun {
        member,
        level: Level::Full,
        means: "bankid",
        judged: None,
        commissions: None,
    };
    let (_, cookies, caller) = begin::begin(state, browser, begun).await?;
    let view = state.portal.session(&caller).await?;
    let progress = Progress {
        level: Some(Reached::of(&view).level),
        ..Progress::of("complete", None)
    };
    Ok(browser::with(Json(progress).into_response(), cookies))
}

/// Which of several accounts, after BankID has said who it is.
pub async fn choose(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<ChoiceAsk>,
) -> Result<Response, Refused> {
    let members = ceremony::take::<Vec<MemberId>>(&state, &browser, CHOICE, &ask.ceremony).await?;
    let members = members.ok_or_else(over)?;
    let member = MemberId(ask.member);
    if !members.contains(&member) {
        return Err(ProblemResponse::not_found().into());
    }
    log_in(&state, &browser, member).await
}

/// The page is left: BankID shall not go on asking.
pub async fn cancel(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<CeremonyAsk>,
) -> Result<StatusCode, Refused> {
    let bankid = bankid(&state)?;
    let kept = ceremony::take::<Kept>(&state, &browser, KIND, &ask.ceremony).await?;
    if let Some(kept) = kept {
        // It may be at its end already.
        let _cancelled = bankid.cancel(&kept.order.order_ref).await;
    }
    Ok(StatusCode::NO_CONTENT)
}
