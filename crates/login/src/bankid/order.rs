//! One order, as it is kept between the citizen's requests.

use aws_lc_rs::hmac;
use bildbro_wire::bankid::{Secret, StartResponse};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use qrcode::{EcLevel, QrCode, render::svg};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// Side of the drawn code, in units of its own; the page scales it.
const SIDE: u32 = 240;

/// An identification or signature under way. Serialised, it belongs in a row
/// on the server, never in a cookie or page: it holds `qr_start_secret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub order_ref: String,
    pub auto_start_token: Secret,
    pub qr_start_token: String,
    qr_start_secret: Secret,
    /// When BankID had answered.
    pub started_at: Timestamp,
}

/// Where the citizen's app is started, when it is on the same device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App<'a> {
    /// A telephone or tablet: a universal link.
    Mobile,
    /// A computer: the app's own scheme.
    Desktop,
    /// A page that plays the app, by its address: for demo and tests.
    Page(&'a str),
}

impl Order {
    pub(super) fn new(answer: StartResponse, started_at: Timestamp) -> Self {
        Self {
            order_ref: answer.order_ref,
            auto_start_token: answer.auto_start_token,
            qr_start_token: answer.qr_start_token,
            qr_start_secret: answer.qr_start_secret,
            started_at,
        }
    }

    /// The animated code's text, a new one each second:
    /// `bankid.<token>.<t>.<code>`, where `t` is whole seconds since the start
    /// and `code` is HMAC-SHA-256 of `t` under the secret, in hexadecimal
    /// ("BankID Relying Party API v6.0", animated QR).
    #[must_use]
    pub fn qr_text(&self, now: Timestamp) -> String {
        let seconds = now.duration_since(self.started_at).as_secs().max(0);
        let seconds = seconds.to_string();
        let secret = self.qr_start_secret.reveal().as_bytes();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let code = hmac::sign(&key, seconds.as_bytes());
        let code = HEXLOWER.encode(code.as_ref());
        format!("bankid.{}.{seconds}.{code}", self.qr_start_token)
    }

    /// The same as a drawing: a whole `<svg>` element with its quiet zone, no
    /// script, no style. `None` when BankID's token is too long for a code.
    #[must_use]
    pub fn qr_svg(&self, now: Timestamp) -> Option<String> {
        // Read off a screen: no dirt to correct, and fewer squares read faster.
        let code = QrCode::with_error_correction_level(self.qr_text(now), EcLevel::L).ok()?;
        let drawn = code
            .render::<svg::Color<'_>>()
            .min_dimensions(SIDE, SIDE)
            .build();
        // Without the XML declaration, to stand inside a page.
        let start = drawn.find("<svg")?;
        Some(drawn[start..].to_owned())
    }

    /// The link that starts the app on this device. `redirect` is where the
    /// app sends the browser afterwards; without it the citizen goes back by
    /// hand. On a computer the browser stays, so BankID asks for none there.
    #[must_use]
    pub fn same_device_url(&self, app: App<'_>, redirect: Option<&str>) -> String {
        let (start, redirect) = match app {
            App::Mobile => ("https://app.bankid.com/", redirect),
            App::Desktop => ("bankid:///", None),
            App::Page(address) => (address, redirect),
        };
        let token = escaped(self.auto_start_token.reveal());
        let redirect = redirect.map_or_else(|| "null".to_owned(), escaped);
        format!("{start}?autostarttoken={token}&redirect={redirect}")
    }
}

/// For a query: everything but letters, digits and a few signs as `%XX`. A
/// space too, since not all apps take `+` for one.
fn escaped(text: &str) -> String {
    let escaped: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    escaped.replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn order() -> Order {
        let answer = StartResponse {
            order_ref: "131daac9-16c6-4618-beb0-365768f37288".into(),
            auto_start_token: Secret::new("7c40b5c9-fa74-49cf-b98c-bfe651f9a7c6"),
            qr_start_token: "67df3917-fa0d-44e5-b327-edcc928297f8".into(),
            qr_start_secret: Secret::new("d28db9a7-4cde-429e-a983-359be676944c"),
        };
        Order::new(answer, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_animated_code_is_as_published() {
        for (milliseconds, t, code) in [
            (
                0,
                0,
                "dc69358e712458a66a7525beef148ae8526b1c71610eff2c16cdffb4cdac9bf8",
            ),
            (
                1_999,
                1,
                "949d559bf23403952a94d103e67743126381eda00f0b3cbddbf7c96b1adcbce2",
            ),
            (
                2_000,
                2,
                "a9e5ec59cb4eee4ef4117150abc58fad7a85439a6a96ccbecc3668b41795b3f3",
            ),
            // A clock set back: the first code, not a negative one.
            (
                -3_000,
                0,
                "dc69358e712458a66a7525beef148ae8526b1c71610eff2c16cdffb4cdac9bf8",
            ),
        ] {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds);
            let expected = format!("bankid.67df3917-fa0d-44e5-b327-edcc928297f8.{t}.{code}");
            assert_eq!(order().qr_text(now), expected);
        }
    }

    #[test]
    fn the_drawing_is_an_element_without_the_secret() {
        let drawn = order().qr_svg(Timestamp::UNIX_EPOCH).unwrap();
        assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
        assert!(!drawn.contains("d28db9a7") && !drawn.contains("script"));
    }

    #[test]
    fn links_start_the_app_on_this_device() {
        let back = Some("https://portal.example/back?a=b c#d");
        assert_eq!(
            order().same_device_url(App::Mobile, back),
            "https://app.bankid.com/?autostarttoken=7c40b5c9-fa74-49cf-b98c-bfe651f9a7c6\
             &redirect=https%3A%2F%2Fportal.example%2Fback%3Fa%3Db%20c%23d"
        );
        assert_eq!(
            order().same_device_url(App::Desktop, back),
            "bankid:///?autostarttoken=7c40b5c9-fa74-49cf-b98c-bfe651f9a7c6&redirect=null"
        );
        assert_eq!(
            order().same_device_url(App::Page("http://127.0.0.1:9/"), None),
            "http://127.0.0.1:9/?autostarttoken=7c40b5c9-fa74-49cf-b98c-bfe651f9a7c6&redirect=null"
        );
    }

    #[test]
    fn a_row_gives_the_order_back() {
        let row = serde_json::to_string(&order()).unwrap();
        assert_eq!(serde_json::from_str::<Order>(&row).unwrap(), order());
        assert!(!format!("{:?}", order()).contains("d28db9a7"));
    }
}
