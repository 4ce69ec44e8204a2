use super::*;

const TOLVAN: &str = "191212121212";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn new(personal_number: Option<&str>) -> NewOrder {
    NewOrder {
        kind: Kind::Auth,
        end_user_ip: "192.0.2.1".into(),
        personal_number: personal_number.map(str::to_owned),
        visible: None,
        hidden: None,
        return_url: None,
        return_risk: false,
        mrtd: false,
    }
}

fn code(answer: &StartResponse, t: i64) -> String {
    let secret = answer.qr_start_secret.reveal().as_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let t = t.to_string();
    let code = HEXLOWER_PERMISSIVE.encode(hmac::sign(&key, t.as_bytes()).as_ref());
    format!("bankid.{}.{t}.{code}", answer.qr_start_token)
}

#[test]
fn a_second_order_for_a_person_stops_both() {
    let mut orders = Orders::default();
    let first = orders.start(new(Some(TOLVAN)), at(0)).unwrap();
    let second = orders.start(new(Some(TOLVAN)), at(1));
    assert_eq!(second, Err(OrderError::AlreadyInProgress));
    let ended = orders.collect(&first.order_ref, at(2)).unwrap();
    assert_eq!(ended.stage, Stage::Failed(FailedHint::Cancelled, at(1)));
    assert!(orders.start(new(Some(TOLVAN)), at(3)).is_ok());
    assert!(orders.start(new(None), at(3)).is_ok());
}

#[test]
fn time_ends_an_order_as_the_service_does() {
    let mut orders = Orders::default();
    let first = orders.start(new(None), at(0)).unwrap();
    let second = orders.start(new(None), at(0)).unwrap();
    orders.open(&second.order_ref, at(29)).unwrap();
    let stage = |orders: &mut Orders, answer: &StartResponse, t| {
        orders
            .collect(&answer.order_ref, at(t))
            .map(|order| order.stage)
    };
    assert_eq!(stage(&mut orders, &first, 29), Ok(Stage::Outstanding));
    assert_eq!(
        stage(&mut orders, &first, 30),
        Ok(Stage::Failed(FailedHint::StartFailed, at(30)))
    );
    assert_eq!(
        stage(&mut orders, &first, 31),
        Err(OrderError::NoSuchOrder),
        "the end is told once"
    );
    assert_eq!(stage(&mut orders, &second, 179), Ok(Stage::Started));
    assert_eq!(
        stage(&mut orders, &second, 400),
        Ok(Stage::Failed(FailedHint::ExpiredTransaction, at(180)))
    );
    let third = orders.start(new(None), at(500)).unwrap();
    assert_eq!(
        stage(&mut orders, &third, 500 + 30 + 300),
        Err(OrderError::NoSuchOrder),
        "an end that nobody asks for is forgotten"
    );
}

#[test]
fn only_a_right_and_fresh_code_opens() {
    let mut orders = Orders::default();
    let answer = orders.start(new(None), at(0)).unwrap();
    let other = orders.start(new(None), at(0)).unwrap();
    let fresh = code(&answer, 10);
    let mut scan = |text: &str| {
        orders
            .scan(text, at(10))
            .map(|order| order.order_ref.clone())
    };
    assert_eq!(scan(&code(&answer, 4)), Err(AppError::OldCode));
    assert_eq!(scan(&code(&answer, 13)), Err(AppError::OldCode));
    assert_eq!(scan(&code(&answer, i64::MAX)), Err(AppError::OldCode));
    assert_eq!(
        scan(&fresh.replace(".10.", ".9.")),
        Err(AppError::WrongCode)
    );
    let foreign = fresh.replace(&answer.qr_start_token, &other.qr_start_token);
    assert_eq!(scan(&foreign), Err(AppError::WrongCode));
    for text in ["", "bankid.", "bankid.a", "https://example.se/", "x\u{e5}"] {
        assert!(scan(text).is_err(), "{text}");
    }
    assert_eq!(scan(&format!(" {fresh}\n")), Ok(answer.order_ref.clone()));
    assert_eq!(scan(&code(&answer, 5)), Ok(answer.order_ref.clone()));
    assert_eq!(
        orders.collect(&answer.order_ref, at(10)).unwrap().stage,
        Stage::Started
    );
}

#[test]
fn a_link_opens_and_says_the_way_back() {
    let mut orders = Orders::default();
    let answer = orders.start(new(None), at(0)).unwrap();
    let token = answer.auto_start_token.reveal();
    let link = format!("bankid:///?autostarttoken={token}&redirect=null");
    assert_eq!(orders.scan(&link, at(1)).unwrap().redirect, None);
    let link = format!("https://app.bankid.com/?autostarttoken={token}&redirect=https%3A%2F%2Fa.b");
    assert_eq!(
        orders.scan(&link, at(1)).unwrap().redirect.as_deref(),
        Some("https://a.b")
    );
    assert!(orders.scan(token, at(1)).is_ok());
}

#[test]
fn only_the_asked_for_person_can_go_on() {
    let mut orders = Orders::default();
    let order = orders.start(new(Some(TOLVAN)), at(0)).unwrap().order_ref;
    assert_eq!(
        orders.complete(&order, at(1)).unwrap_err(),
        AppError::NobodyChosen
    );
    assert_eq!(
        orders.choose(&order, "198112189876", at(1)),
        Err(AppError::WrongPerson)
    );
    orders.choose(&order, TOLVAN, at(1)).unwrap();
    assert_eq!(
        orders.collect(&order, at(2)).unwrap().pending_hint(),
        PendingHint::UserSign
    );
    orders.complete(&order, at(3)).unwrap();
    assert_eq!(
        orders.choose(&order, TOLVAN, at(4)),
        Err(AppError::NoSuchOrder)
    );
    let open = orders.start(new(None), at(0)).unwrap().order_ref;
    assert_eq!(
        orders.choose(&open, "199001012385", at(1)),
        Err(AppError::WrongPerson)
    );
}
