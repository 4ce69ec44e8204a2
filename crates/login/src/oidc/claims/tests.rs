use super::*;
use crate::oidc::{ClientAuthentication, Mapping, Secret};
use serde_json::json;

fn provider(mapping: Mapping) -> Provider {
    Provider {
        id: "region".into(),
        issuer: "https://idp.example".into(),
        client_id: "bildbro".into(),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret: Secret::new("secret"),
        },
        scopes: Vec::new(),
        mapping,
        acr_values: Vec::new(),
        two_factors: true,
        ca_file: None,
    }
}

fn object(value: Value) -> Claims {
    value.as_object().unwrap().clone()
}

fn read(mapping: Mapping, token: Value) -> Result<Identity, OidcError> {
    identity(&provider(mapping), &object(token), None)
}

#[test]
fn a_login_with_a_siths_card_brings_the_chosen_commission() {
    let identity = read(
        Mapping::siths(),
        json!({
            "sub": "a1b2", "name": "Tolvan Tolvansson", "acr": "loa3",
            "employeeHsaId": "tstnmt2321000156-10nl",
            "https://id.oidc.se/claim/personalIdentityNumber": "19121212-1212",
            "commissionHsaId": ["TSTNMT2321000156-10NM"],
            "commissionName": "Radiologi",
            "commissionPurpose": "Vård och behandling",
            "commissionRight": ["Läsa;alt;SJF", "Läsa;und;SJF"],
            "healthCareUnitHsaId": "TSTNMT2321000156-10NN",
            "healthCareProviderHsaId": "TSTNMT2321000156-102R",
        }),
    )
    .unwrap();
    assert_eq!(identity.subject.reveal(), "a1b2");
    assert_eq!(identity.name.reveal(), "Tolvan Tolvansson");
    assert_eq!(
        identity.employee_hsa_id.as_deref(),
        Some("TSTNMT2321000156-10NL")
    );
    assert_eq!(identity.personal_number.unwrap().reveal(), "191212121212");
    assert_eq!(identity.acr.as_deref(), Some("loa3"));
    assert!(identity.two_factors);
    assert_eq!(
        identity.commissions,
        [Commission {
            commission_hsa_id: "TSTNMT2321000156-10NM".into(),
            name: Some("Radiologi".into()),
            purpose: Some("Vård och behandling".into()),
            rights: vec!["Läsa;alt;SJF".into(), "Läsa;und;SJF".into()],
            care_unit_hsa_id: Some("TSTNMT2321000156-10NN".into()),
            care_provider_hsa_id: Some("TSTNMT2321000156-102R".into()),
        }]
    );
}

#[test]
fn several_commissions_come_as_objects_each_once() {
    let identity = read(
        Mapping::siths(),
        json!({
            "sub": "a", "commissionHsaId": "SE1-A",
            "allCommissions": [
                {"commissionHsaId": "SE1-A", "commissionName": "again"},
                {"commissionHsaId": "SE1-B", "healthCareUnitHsaId": "SE1-U"},
                {"commissionName": "without an id"},
                "text",
                null,
            ],
        }),
    )
    .unwrap();
    let ids: Vec<&str> = identity
        .commissions
        .iter()
        .map(|one| one.commission_hsa_id.as_str())
        .collect();
    assert_eq!(ids, ["SE1-A", "SE1-B"]);
    assert_eq!(identity.commissions[0].name, None);
    assert_eq!(
        identity.commissions[1].care_unit_hsa_id.as_deref(),
        Some("SE1-U")
    );
}

#[test]
fn a_mapping_is_configured_down_to_nested_claims() {
    let mapping: Mapping = serde_json::from_value(json!({
        "subject": ["oid", "sub"],
        "email": ["/contact/mail"],
        "employee_hsa_id": ["hsa"],
    }))
    .unwrap();
    let identity = read(
        mapping,
        json!({
            "sub": "a", "oid": "b", "given_name": "Tolvan", "family_name": "Tolvansson",
            "contact": {"mail": "tolvan@example.org"}, "employeeHsaId": "SE1-X",
        }),
    )
    .unwrap();
    assert_eq!(identity.subject.reveal(), "b");
    assert_eq!(identity.name.reveal(), "Tolvan Tolvansson");
    assert_eq!(identity.email.unwrap().reveal(), "tolvan@example.org");
    assert_eq!(identity.employee_hsa_id, None);
    assert_eq!(identity.personal_number, None);
    assert!(serde_json::from_value::<Mapping>(json!({"subjekt": []})).is_err());
}

#[test]
fn user_info_adds_but_says_nothing_of_the_login() {
    let mut mapping = Mapping::siths();
    mapping.subject = vec!["acr".into(), "sub".into()];
    let token = object(json!({"sub": "a", "name": "Signed"}));
    let info = object(json!({
        "sub": "a", "acr": "loa4", "name": "Unsigned", "employeeHsaId": "SE1-X",
    }));
    let identity = identity(&provider(mapping), &token, Some(&info)).unwrap();
    assert_eq!(identity.subject.reveal(), "a");
    assert_eq!(identity.acr, None);
    assert_eq!(identity.name.reveal(), "Signed");
    assert_eq!(identity.employee_hsa_id.as_deref(), Some("SE1-X"));
}

#[test]
fn claims_that_make_no_sense_are_refused_and_never_shown() {
    for (name, value) in [
        ("employeeHsaId", json!(["SE1-A", "SE1-B"])),
        ("employeeHsaId", json!("SE1/../A")),
        ("employeeHsaId", json!("S".repeat(32))),
        ("employeeHsaId", json!(17)),
        ("personalIdentityNumber", json!("191212121")),
        ("personalIdentityNumber", json!("1912-12121212")),
        ("personalIdentityNumber", json!("åååååååå1212")),
        ("name", json!("two\nlines")),
        ("name", json!("x".repeat(257))),
        ("name", json!({"given": "x"})),
        ("commissionHsaId", json!("not an id")),
    ] {
        let claims = json!({"sub": "191212121212", name: value});
        let error = read(Mapping::siths(), claims).unwrap_err();
        assert!(matches!(error, OidcError::Claim(_)), "{name}: {value}");
        assert!(!error.to_string().contains("1212"));
    }
    let nobody = read(Mapping::siths(), json!({"name": "x"})).unwrap_err();
    assert!(matches!(nobody, OidcError::Claim("the subject")));
    let identity = read(Mapping::siths(), json!({"sub": "191212121212"})).unwrap();
    assert!(!format!("{identity:?}").contains("1212"));
}

#[test]
fn an_unverified_address_is_no_address() {
    let with = |verified: Value| {
        let claims = json!({"sub": "a", "email": "a@example.org", "email_verified": verified});
        read(Mapping::default(), claims).unwrap().email
    };
    assert_eq!(with(json!(false)), None);
    assert_eq!(with(json!("false")), None);
    assert!(with(json!(true)).is_some());
    assert!(with(json!(null)).is_some());
}

#[test]
fn only_an_accepted_level_is_good_enough() {
    let accepted = ["loa3".to_owned(), "loa4".to_owned()];
    let check = |claims: Value| check_assurance(&object(claims), &accepted).is_ok();
    assert!(check(json!({"acr": "loa4"})));
    assert!(!check(json!({"acr": "loa2"})));
    assert!(!check(json!({"acr": ["loa4"]})));
    assert!(!check(json!({})));
    assert!(check_assurance(&object(json!({})), &[]).is_ok());
}
