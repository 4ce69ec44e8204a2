//! The orders and how they go on: pure, the time comes in.
//!
//! Times are those of "BankID Relying Party API v6.0": 30 seconds to start the
//! app, three minutes for the whole order; the end is kept for a while and
//! collected once.

use super::persons::{self, Person};
use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac};
use bildbro_wire::bankid::{FailedHint, PendingHint, Secret, StartResponse};
use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const START_WITHIN: SignedDuration = SignedDuration::from_secs(30);
const END_WITHIN: SignedDuration = SignedDuration::from_secs(180);
const KEEP_COMPLETE: SignedDuration = SignedDuration::from_secs(180);
const KEEP_FAILED: SignedDuration = SignedDuration::from_secs(300);

/// How old an animated code may be, and how far ahead of this clock, in seconds.
const CODE_AGE: i64 = 5;
const CODE_AHEAD: i64 = 2;

/// Orders at a time; the oldest go.
const MOST: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Auth,
    Sign,
}

/// What an order is started with, checked.
#[derive(Debug, Clone)]
pub struct NewOrder {
    pub kind: Kind,
    pub end_user_ip: String,
    pub personal_number: Option<String>,
    /// Base64, as sent.
    pub visible: Option<String>,
    /// Base64, as sent.
    pub hidden: Option<String>,
    pub return_url: Option<String>,
    pub return_risk: bool,
    pub mrtd: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has opened it in an app.
    Outstanding,
    /// Open in an app; the person is not chosen.
    Started,
    /// The person reads what it is about.
    Chosen(Person),
    Failed(FailedHint, Timestamp),
    Complete(Person, Timestamp),
}

#[derive(Debug, Clone)]
pub struct Order {
    pub order_ref: String,
    pub auto_start_token: String,
    pub new: NewOrder,
    pub stage: Stage,
    /// Where the app sends the browser, as the link that opened it said.
    pub redirect: Option<String>,
    qr_start_token: String,
    qr_start_secret: String,
    made_at: Timestamp,
    /// Shown instead of the hint that would be right.
    odd_hint: Option<PendingHint>,
}

/// Why the app cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    #[error("no such order, or it is at its end")]
    NoSuchOrder,
    #[error("this is no code or token of BankID")]
    NotACode,
    #[error("the code does not fit its order")]
    WrongCode,
    #[error("the code is too old")]
    OldCode,
    #[error("this person has no BankID here, or the order is for another")]
    WrongPerson,
    #[error("the person is not chosen yet")]
    NobodyChosen,
}

/// Why a relying party's question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderError {
    AlreadyInProgress,
    NoSuchOrder,
}

#[derive(Debug, Default)]
pub struct Orders(Vec<Order>);

impl Order {
    pub fn is_pending(&self) -> bool {
        matches!(
            self.stage,
            Stage::Outstanding | Stage::Started | Stage::Chosen(_)
        )
    }

    pub fn pending_hint(&self) -> PendingHint {
        if let Some(odd) = &self.odd_hint {
            return odd.clone();
        }
        match self.stage {
            Stage::Outstanding => PendingHint::OutstandingTransaction,
            Stage::Chosen(_) if self.new.mrtd => PendingHint::UserMrtd,
            Stage::Chosen(_) => PendingHint::UserSign,
            _ => PendingHint::Started,
        }
    }

    /// Whom it is for, as far as that is known.
    fn personal_number(&self) -> Option<&str> {
        match &self.stage {
            Stage::Chosen(person) => Some(&person.personal_number),
            _ => self.new.personal_number.as_deref(),
        }
    }

    fn open(&mut self) {
        if self.stage == Stage::Outstanding {
            self.stage = Stage::Started;
        }
    }

    fn settle(&mut self, now: Timestamp) {
        let late = match self.stage {
            Stage::Outstanding => (START_WITHIN, FailedHint::StartFailed),
            Stage::Started | Stage::Chosen(_) => (END_WITHIN, FailedHint::ExpiredTransaction),
            Stage::Failed(..) | Stage::Complete(..) => return,
        };
        let (within, hint) = late;
        if now.duration_since(self.made_at) >= within {
            self.stage = Stage::Failed(hint, self.made_at + within);
        }
    }

    fn is_kept(&self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Failed(_, at) => now.duration_since(at) < KEEP_FAILED,
            Stage::Complete(_, at) => now.duration_since(at) < KEEP_COMPLETE,
            _ => true,
        }
    }

    /// Whether the rest of an animated code, `<t>.<hmac>`, is right and fresh.
    fn check_code(&self, rest: &str, now: Timestamp) -> Result<(), AppError> {
        let (seconds, code) = rest.split_once('.').ok_or(AppError::NotACode)?;
        let code = HEXLOWER_PERMISSIVE
            .decode(code.as_bytes())
            .map_err(|_| AppError::NotACode)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.qr_start_secret.as_bytes());
        // Compares in constant time.
        hmac::verify(&key, seconds.as_bytes(), &code).map_err(|_| AppError::WrongCode)?;
        let seconds: i64 = seconds.parse().map_err(|_| AppError::NotACode)?;
        let age = now
            .duration_since(self.made_at)
            .as_secs()
            .saturating_sub(seconds);
        if (-CODE_AHEAD..=CODE_AGE).contains(&age) {
            Ok(())
        } else {
            Err(AppError::OldCode)
        }
    }
}

impl Orders {
    /// A new order, unless one for the same person is under way: that one is
    /// stopped, and neither goes on.
    pub fn start(&mut self, new: NewOrder, now: Timestamp) -> Result<StartResponse, OrderError> {
        self.settle(now);
        if let Some(number) = new.personal_number.as_deref() {
            let under_way = self
                .0
                .iter_mut()
                .find(|order| order.is_pending() && order.personal_number() == Some(number));
            if let Some(order) = under_way {
                order.stage = Stage::Failed(FailedHint::Cancelled, now);
                return Err(OrderError::AlreadyInProgress);
            }
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        let token = || Uuid::new_v4().to_string();
        let order = Order {
            order_ref: token(),
            auto_start_token: token(),
            new,
            stage: Stage::Outstanding,
            redirect: None,
            qr_start_token: token(),
            qr_start_secret: token(),
            made_at: now,
            odd_hint: None,
        };
        let answer = StartResponse {
            order_ref: order.order_ref.clone(),
            auto_start_token: Secret::new(&order.auto_start_token),
            qr_start_token: order.qr_start_token.clone(),
            qr_start_secret: Secret::new(&order.qr_start_secret),
        };
        self.0.push(order);
        Ok(answer)
    }

    /// The order as it stands; its end is told once.
    pub fn collect(&mut self, order_ref: &str, now: Timestamp) -> Result<Order, OrderError> {
        self.settle(now);
        let place = self.place(order_ref)?;
        if self.0[place].is_pending() {
            Ok(self.0[place].clone())
        } else {
            Ok(self.0.remove(place))
        }
    }

    /// The relying party's cancel: the order is gone.
    pub fn cancel(&mut self, order_ref: &str, now: Timestamp) -> Result<(), OrderError> {
        self.settle(now);
        let place = self.place(order_ref)?;
        if !self.0[place].is_pending() {
            return Err(OrderError::NoSuchOrder);
        }
        self.0.remove(place);
        Ok(())
    }

    fn place(&self, order_ref: &str) -> Result<usize, OrderError> {
        self.0
            .iter()
            .position(|order| same(&order.order_ref, order_ref))
            .ok_or(OrderError::NoSuchOrder)
    }

    fn settle(&mut self, now: Timestamp) {
        for order in &mut self.0 {
            order.settle(now);
        }
        self.0.retain(|order| order.is_kept(now));
    }

    // What the citizen's app does.

    pub fn all(&mut self, now: Timestamp) -> &[Order] {
        self.settle(now);
        &self.0
    }

    pub fn pending(&mut self, order_ref: &str, now: Timestamp) -> Result<&mut Order, AppError> {
        self.settle(now);
        self.0
            .iter_mut()
            .find(|order| order.is_pending() && same(&order.order_ref, order_ref))
            .ok_or(AppError::NoSuchOrder)
    }

    /// Opens an order by what a camera or a link gives: an animated code, an
    /// autostart token, or a link that holds one.
    pub fn scan(&mut self, text: &str, now: Timestamp) -> Result<&mut Order, AppError> {
        self.settle(now);
        let text = text.trim();
        let order = match text.strip_prefix("bankid.") {
            Some(code) => {
                let (token, rest) = code.split_once('.').ok_or(AppError::NotACode)?;
                let order = self.by(|order| same(&order.qr_start_token, token))?;
                order.check_code(rest, now)?;
                order
            }
            None => {
                let (token, redirect) = from_link(text).ok_or(AppError::NotACode)?;
                let order = self.by(|order| same(&order.auto_start_token, &token))?;
                order.redirect = redirect;
                order
            }
        };
        order.open();
        Ok(order)
    }

    fn by(&mut self, fits: impl Fn(&Order) -> bool) -> Result<&mut Order, AppError> {
        self.0
            .iter_mut()
            .find(|order| order.is_pending() && fits(order))
            .ok_or(AppError::NoSuchOrder)
    }

    pub fn open(&mut self, order_ref: &str, now: Timestamp) -> Result<(), AppError> {
        self.pending(order_ref, now)?.open();
        Ok(())
    }

    pub fn choose(
        &mut self,
        order_ref: &str,
        personal_number: &str,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let order = self.pending(order_ref, now)?;
        let required = order.new.personal_number.as_deref();
        if required.is_some_and(|required| required != personal_number) {
            return Err(AppError::WrongPerson);
        }
        let person = persons::find(personal_number, required).ok_or(AppError::WrongPerson)?;
        order.stage = Stage::Chosen(person);
        Ok(())
    }

    /// The citizen has entered the code and pressed Identify or Sign.
    pub fn complete(&mut self, order_ref: &str, now: Timestamp) -> Result<Order, AppError> {
        let order = self.pending(order_ref, now)?;
        let Stage::Chosen(person) = &order.stage else {
            return Err(AppError::NobodyChosen);
        };
        order.stage = Stage::Complete(person.clone(), now);
        Ok(order.clone())
    }

    pub fn fail(
        &mut self,
        order_ref: &str,
        hint: FailedHint,
        now: Timestamp,
    ) -> Result<(), AppError> {
        self.pending(order_ref, now)?.stage = Stage::Failed(hint, now);
        Ok(())
    }

    pub fn show_hint(
        &mut self,
        order_ref: &str,
        hint: PendingHint,
        now: Timestamp,
    ) -> Result<(), AppError> {
        self.pending(order_ref, now)?.odd_hint = Some(hint);
        Ok(())
    }
}

/// In constant time for what is of the same length.
fn same(known: &str, said: &str) -> bool {
    verify_slices_are_equal(known.as_bytes(), said.as_bytes()).is_ok()
}

/// The token by itself, or the token and the way back out of a start link.
fn from_link(text: &str) -> Option<(String, Option<String>)> {
    if Uuid::try_parse(text).is_ok() {
        return Some((text.to_owned(), None));
    }
    let link = url::Url::parse(text).ok()?;
    let of = |name: &str| {
        let found = link.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned())
    };
    let redirect = of("redirect").filter(|redirect| redirect != "null");
    Some((of("autostarttoken")?, redirect))
}

#[cfg(test)]
mod tests;
