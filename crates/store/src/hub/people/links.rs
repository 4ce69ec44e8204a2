//! Links that let someone set up an account, or choose a new password: kept as
//! hashes, good once and for a time.

use crate::{database::Connection, fault::Fault, value::micros};
use bildbro_domain::{Digest, MemberId, member::InvitationKind};
use jiff::Timestamp;

const MAKE: &str = "INSERT INTO invitation (token_hash, member, kind, issued_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5)";

const END: &str = "DELETE FROM invitation WHERE member = $1 AND used_at IS NULL";

pub async fn make(
    connection: &mut Connection,
    member: MemberId,
    kind: InvitationKind,
    (token, expires): (Digest, Timestamp),
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(MAKE)
        .bind(token.to_string())
        .bind(member.to_string())
        .bind(kind.as_str())
        .bind(micros(at))
        .bind(micros(expires))
        .execute(connection)
        .await?;
    Ok(())
}

/// Those that have not been used are good no more.
pub async fn end(connection: &mut Connection, member: MemberId) -> Result<(), Fault> {
    sqlx::query(END)
        .bind(member.to_string())
        .execute(connection)
        .await?;
    Ok(())
}
