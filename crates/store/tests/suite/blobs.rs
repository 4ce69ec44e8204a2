//! Blobs.

use crate::fixture::{at, image, study};
use bildbro_domain::{
    DeliveryId, Digest, ErrorClass, GatewayId, InstanceId, OrganisationId, ShareId, StudyId,
    policy::{Permit, ReleaseRequest, Subject, release},
    share::{LegalMode, Purpose},
};
use bildbro_flow::ports::hub::{BlobKey, Blobs, HeldInstance};
use bildbro_wire::link::{InstanceMeta, Intent};
use bytes::Bytes;
use futures::TryStreamExt;
use jiff::SignedDuration;
use uuid::Uuid;

/// An instance of study `of`, whose bytes are `bytes`.
fn instance(of: u32, bytes: &[u8]) -> HeldInstance {
    let holder = OrganisationId(Uuid::nil());
    let offer = image(of, 1, Intent::Hold);
    let key = BlobKey {
        holder,
        study: StudyId::of(holder, &study(of)),
        digest: Digest::of(bytes),
    };
    HeldInstance {
        meta: InstanceMeta {
            instance: InstanceId(Uuid::nil()),
            header: offer.header,
            syntax: offer.syntax,
            digest: key.digest,
            length: bytes.len() as u64,
        },
        study: key.study,
        key,
    }
}

/// A permit for a study, given at the beginning of time.
fn permit(study: StudyId) -> Permit {
    let recipient = OrganisationId(Uuid::now_v7());
    let request = ReleaseRequest {
        subject: Subject {
            gateway: GatewayId(Uuid::nil()),
            organisation: recipient,
        },
        delivery: DeliveryId(Uuid::nil()),
        share: ShareId(Uuid::nil()),
        study,
        sender: OrganisationId(Uuid::nil()),
        recipient,
        purpose: Purpose::Care,
        legal_mode: LegalMode::Disclosure,
        subject_active: true,
        sender_active: true,
        recipient_active: true,
        recipient_in_care: true,
        expires: None,
        revoked: None,
    };
    release(&request, at(0)).unwrap()
}

async fn write(blobs: &dyn Blobs, key: BlobKey, bytes: &[u8], step: usize) {
    let mut writer = blobs.write(key).await.unwrap();
    for piece in bytes.chunks(step) {
        writer.push(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
}

async fn read(blobs: &dyn Blobs, of: &HeldInstance) -> Vec<u8> {
    let bytes = blobs.read(&permit(of.study), of, at(1)).await.unwrap();
    let pieces: Vec<Bytes> = bytes.try_collect().await.unwrap();
    assert!(
        pieces.iter().all(|p| p.len() <= 2 << 20),
        "about a mebibyte at a time"
    );
    pieces.concat()
}

pub async fn small_and_large_blobs_read_back(blobs: &dyn Blobs) {
    blobs.ready().await.unwrap();
    const MIB: usize = 1 << 20;
    // Around the borders of a part of 8 MiB, in pieces that do not fit it.
    for (length, step) in [
        (0, 1),
        (1, 1),
        (5000, 777),
        (8 * MIB, 3_000_001),
        (20 * MIB + 5, 3_000_001),
    ] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let of = instance(1, &bytes);
        write(blobs, of.key, &bytes, step).await;
        assert!(read(blobs, &of).await == bytes, "{length} bytes");
    }
}

pub async fn a_write_given_up_leaves_nothing_to_read(blobs: &dyn Blobs) {
    for length in [100, 9 << 20] {
        let of = instance(1, &vec![7; length]);
        let mut writer = blobs.write(of.key).await.unwrap();
        writer.push(vec![7; length].into()).await.unwrap();
        drop(writer);
        let error = blobs
            .read(&permit(of.study), &of, at(1))
            .await
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent);
    }
}

pub async fn a_permit_for_another_study_or_time_is_refused(blobs: &dyn Blobs) {
    let of = instance(1, b"image");
    write(blobs, of.key, b"image", 5).await;
    let other = instance(2, b"image");
    let late = at(0).checked_add(SignedDuration::from_mins(16)).unwrap();
    // Another study's permit; a permit that has run out; another place.
    let mut moved = of.clone();
    moved.key.study = other.study;
    let tries = [
        (permit(other.study), &of, at(1)),
        (permit(of.study), &of, late),
        (permit(of.study), &moved, at(1)),
    ];
    for (permit, instance, now) in tries {
        let error = blobs
            .read(&permit, instance, now)
            .await
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Permanent);
        assert!(error.to_string().contains("does not cover"));
    }
}

pub async fn a_blob_of_another_length_is_refused(blobs: &dyn Blobs) {
    let mut of = instance(1, b"image");
    write(blobs, of.key, b"image", 5).await;
    of.meta.length = 6;
    let error = blobs
        .read(&permit(of.study), &of, at(1))
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Permanent);
}

pub async fn writing_again_is_no_error(blobs: &dyn Blobs) {
    let of = instance(1, b"image");
    for _ in 0..2 {
        write(blobs, of.key, b"image", 2).await;
    }
    assert_eq!(read(blobs, &of).await, b"image");
}
