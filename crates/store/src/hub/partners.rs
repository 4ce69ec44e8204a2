//! What an organisation takes from another one.

use crate::{database::Connection, fault::Fault, value::word};
use bildbro_domain::{
    OrganisationId,
    organisation::{TEST_SENDER, Takes},
};

const TAKES: &str = "SELECT COALESCE(p.takes, o.takes) AS takes FROM organisation o \
     LEFT JOIN partner p ON p.organisation = o.id AND p.sender = $2 WHERE o.id = $1";

/// What `recipient` takes from `sender`: its word on it, or its word on all. A
/// test image was asked for by the recipient itself, so nothing stops it.
pub async fn takes(
    connection: &mut Connection,
    recipient: OrganisationId,
    sender: OrganisationId,
) -> Result<Takes, Fault> {
    if sender == TEST_SENDER {
        return Ok(Takes::Open);
    }
    let text: Option<String> = sqlx::query_scalar(TAKES)
        .bind(recipient.to_string())
        .bind(sender.to_string())
        .fetch_optional(connection)
        .await?;
    text.map_or(Ok(Takes::Closed), |text| {
        word(Takes::parse(&text), "organisation.takes")
    })
}
