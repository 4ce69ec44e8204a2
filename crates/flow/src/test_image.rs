//! A test image: made at the hub, and taken in as any other is, to show that
//! the way to an organisation's PACS works.
//!
//! It is of nobody, and held by [`TEST_SENDER`]. What it says of itself is read
//! from its bytes, as of every image ([`crate::admit`]).

use crate::ports::{
    StoreError,
    hub::{BlobKey, Blobs, Item},
};
use bildbro_dicom::{
    phantom,
    scan::{Limits, Scanner},
};
use bildbro_domain::{AeTitle, Digest, organisation::TEST_SENDER};
use bildbro_wire::link::{Intent, Offer};
use bytes::Bytes;
use jiff::{Timestamp, tz::TimeZone};

/// What the image calls itself as sent by: the test sender's own AE title.
pub const TEST_AE_TITLE: &str = "BILDBRO_TEST";

/// Makes a test image, with UIDs of `random` bits. Whom it is for is said when it
/// is taken in.
#[must_use]
pub fn make(random: [u128; 3], at: Timestamp) -> (Offer, Bytes) {
    let now = at.to_zoned(TimeZone::system());
    let date = now.strftime("%Y%m%d").to_string();
    let time = now.strftime("%H%M%S").to_string();
    let made = phantom::test_image(random, &date, &time);
    let mut scanner = Scanner::new(made.syntax.as_str(), Limits::default());
    scanner
        .push(&made.data_set)
        .expect("the test image is a data set");
    let header = scanner.finish().expect("the test image says who it is");
    let offer = Offer {
        header,
        syntax: made.syntax,
        digest: Digest::of(&made.data_set),
        length: made.data_set.len() as u64,
        intent: Intent::Hold,
        calling: AeTitle::new(TEST_AE_TITLE).expect("our own AE title is one"),
        received: at,
    };
    (offer, made.data_set.into())
}

/// Puts its bytes where the hub keeps images, sealed.
///
/// # Errors
/// When the blob storage or the database fails.
pub async fn keep(blobs: &dyn Blobs, offer: Offer, bytes: Bytes) -> Result<Item, StoreError> {
    let key = BlobKey::of(TEST_SENDER, &offer);
    let mut writer = blobs.write(key, offer.length, 0).await?;
    writer.push(bytes).await?;
    let stored = Some(writer.finish().await?);
    Ok(Item { offer, stored })
}
