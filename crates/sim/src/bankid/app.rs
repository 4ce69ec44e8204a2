//! The citizen's app as a page: what waits, who one is, what is said or
//! signed, and the two buttons. No script; what relying parties send is shown
//! as text only.

use super::{
    Shared, control, guard,
    orders::{AppError, Kind, Order, Stage},
    persons::{self, Person},
    rp::utf8,
    words::{self, Language},
};
use axum::{
    Form, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use bildbro_wire::bankid::FailedHint;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Forms and the control API hold little.
const LARGEST: usize = 64 * 1024;

/// Characters of a text that the list shows.
const SHORT: usize = 80;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("truncate", |text: &str| {
        let mut short: String = text.chars().take(SHORT).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    });
    environment
        .add_template("bankid.html", include_str!("../../templates/bankid.html"))
        .expect("the built-in template compiles: tests render it");
    environment
});

pub fn router(shared: Shared) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/bankid.css", get(style))
        .route("/scan", post(scan))
        .route("/order/{order}", get(show))
        .route("/order/{order}/open", post(open))
        .route("/order/{order}/choose", post(choose))
        .route("/order/{order}/complete", post(complete))
        .route("/order/{order}/cancel", post(cancel))
        .merge(control::router())
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn(guard::guard))
        .with_state(shared)
}

async fn style() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css")];
    (headers, include_str!("../../assets/bankid.css")).into_response()
}

#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
    /// As in BankID's own start links, so that a service's link leads here.
    autostarttoken: Option<String>,
    redirect: Option<String>,
}

impl Asked {
    fn language(&self, headers: &HeaderMap) -> Language {
        let accept = headers.get(header::ACCEPT_LANGUAGE);
        let accept = accept.and_then(|value| value.to_str().ok());
        Language::choose(self.lang.as_deref(), accept)
    }
}

/// An order as the template shows it.
#[derive(Serialize)]
struct Shown {
    order_ref: String,
    kind: &'static str,
    personal_number: Option<String>,
    text: Option<String>,
    person: Option<String>,
}

impl From<&Order> for Shown {
    fn from(order: &Order) -> Self {
        Self {
            order_ref: order.order_ref.clone(),
            kind: match order.new.kind {
                Kind::Auth => "auth",
                Kind::Sign => "sign",
            },
            personal_number: order.new.personal_number.clone(),
            text: order.new.visible.as_deref().and_then(utf8),
            person: match &order.stage {
                Stage::Chosen(person) => Some(person.name()),
                _ => None,
            },
        }
    }
}

fn page(language: Language, status: StatusCode, view: Value) -> Response {
    let both = context! {
        lang => language.tag(),
        other => language.other().tag(),
        t => words::table(language),
        ..view
    };
    let rendered = ENVIRONMENT
        .get_template("bankid.html")
        .and_then(|template| template.render(both));
    match rendered {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn front(shared: &Shared, language: Language, error: Option<AppError>) -> Response {
    let orders = shared.with(|orders, now| {
        let pending = orders.all(now).iter().filter(|order| order.is_pending());
        pending.map(Shown::from).collect::<Vec<_>>()
    });
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let error = error.map(|error| words::error(error, language));
    page(language, status, context! { view => "list", orders, error })
}

/// To the order's own page, or the front with what is wrong.
fn onwards(shared: &Shared, language: Language, outcome: Result<String, AppError>) -> Response {
    match outcome {
        Ok(order) => {
            let address = format!("/order/{order}?lang={}", language.tag());
            Redirect::to(&address).into_response()
        }
        Err(error) => front(shared, language, Some(error)),
    }
}

/// `GET /`: what waits; with a start link's query, opens that order.
async fn list(
    State(shared): State<Shared>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = asked.language(&headers);
    let Some(token) = asked.autostarttoken else {
        return front(&shared, language, None);
    };
    let opened = shared.with(|orders, now| {
        let order = orders.scan(&token, now)?;
        order.redirect = asked.redirect.filter(|redirect| redirect != "null");
        Ok(order.order_ref.clone())
    });
    onwards(&shared, language, opened)
}

#[derive(Deserialize)]
struct Scanned {
    text: String,
}

async fn scan(
    State(shared): State<Shared>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    Form(scanned): Form<Scanned>,
) -> Response {
    let opened = shared.with(|orders, now| {
        orders
            .scan(&scanned.text, now)
            .map(|order| order.order_ref.clone())
    });
    onwards(&shared, asked.language(&headers), opened)
}

async fn open(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let opened = shared.with(|orders, now| orders.open(&order, now).map(|()| order.clone()));
    onwards(&shared, asked.language(&headers), opened)
}

async fn show(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = asked.language(&headers);
    let order = shared.with(|orders, now| orders.pending(&order, now).cloned());
    match order {
        Ok(order) => {
            let persons: Vec<_> = offered(&order).iter().map(person).collect();
            let shown = Shown::from(&order);
            page(
                language,
                StatusCode::OK,
                context! { view => "order", order => shown, persons },
            )
        }
        Err(error) => front(&shared, language, Some(error)),
    }
}

/// Whom the order lets one be.
fn offered(order: &Order) -> Vec<Person> {
    match order.new.personal_number.as_deref() {
        Some(number) => persons::find(number, Some(number)).into_iter().collect(),
        None => persons::official(),
    }
}

fn person(person: &Person) -> Value {
    context! {
        personal_number => person.personal_number,
        name => person.name(),
    }
}

#[derive(Deserialize)]
struct Chosen {
    personal_number: String,
}

async fn choose(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    Form(chosen): Form<Chosen>,
) -> Response {
    let number = chosen.personal_number;
    let outcome = shared.with(|orders, now| orders.choose(&order, &number, now));
    onwards(&shared, asked.language(&headers), outcome.map(|()| order))
}

async fn complete(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = asked.language(&headers);
    match shared.with(|orders, now| orders.complete(&order, now)) {
        Ok(order) => {
            let back = way_back(&order);
            page(language, StatusCode::OK, context! { view => "done", back })
        }
        Err(error) => front(&shared, language, Some(error)),
    }
}

async fn cancel(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = asked.language(&headers);
    let cancelled = shared.with(|orders, now| {
        let back = way_back(orders.pending(&order, now)?);
        orders.fail(&order, FailedHint::UserCancel, now)?;
        Ok(back)
    });
    match cancelled {
        Ok(back) => page(
            language,
            StatusCode::OK,
            context! { view => "cancelled", back },
        ),
        Err(error) => front(&shared, language, Some(error)),
    }
}

/// Where the service wants the citizen back: a web address, or none. Any other
/// scheme in a link would be a way to run script.
fn way_back(order: &Order) -> Option<String> {
    let wanted = order.redirect.as_ref().or(order.new.return_url.as_ref())?;
    let web = url::Url::parse(wanted).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    web.then(|| wanted.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bankid::orders::NewOrder;
    use base64::{Engine, prelude::BASE64_STANDARD};

    fn order(kind: Kind, text: &str, back: &str) -> (Shared, String) {
        let shared = Shared::default();
        let new = NewOrder {
            kind,
            end_user_ip: "192.0.2.1".into(),
            personal_number: None,
            visible: Some(BASE64_STANDARD.encode(text)),
            hidden: None,
            return_url: Some(back.into()),
            return_risk: false,
            mrtd: false,
        };
        let answer = shared.with(|orders, now| orders.start(new, now)).unwrap();
        (shared, answer.order_ref)
    }

    async fn body(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }

    fn swedish() -> Query<Asked> {
        Query(Asked {
            lang: Some("sv".into()),
            autostarttoken: None,
            redirect: None,
        })
    }

    #[tokio::test]
    async fn what_is_to_be_signed_is_inert() {
        let (shared, order) = order(
            Kind::Sign,
            "<script>x()</script> [a](javascript:b)",
            "javascript:alert(1)",
        );
        let state = || State(shared.clone());
        let path = || Path(order.clone());
        let html = body(show(state(), path(), swedish(), HeaderMap::new()).await).await;
        assert!(
            html.contains("&lt;script&gt;x()&lt;&#x2f;script&gt;"),
            "{html}"
        );
        assert!(html.contains("Det här skriver du under") && html.contains("Tolvan Tolvansson"));
        let number = "191212121212".to_owned();
        shared
            .with(|orders, now| orders.choose(&order, &number, now))
            .unwrap();
        let html = body(show(state(), path(), swedish(), HeaderMap::new()).await).await;
        assert!(html.contains("Skriv under</button>"), "{html}");
        let html = body(complete(state(), path(), swedish(), HeaderMap::new()).await).await;
        assert!(
            html.contains("Klart") && !html.contains("javascript"),
            "{html}"
        );
    }
}
