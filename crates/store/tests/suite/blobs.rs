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
pub fn instance(of: u32, bytes: &[u8]) -> HeldInstance {
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
pub fn permit(study: StudyId) -> Permit {
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
        closed: bildbro_domain::care::Closed::Nothing,
        held: false,
        expires: None,
        revoked: None,
    };
    release(&request, at(0)).unwrap()
}

pub async fn write(blobs: &dyn Blobs, key: BlobKey, bytes: &[u8], step: usize) {
    let length = bytes.len() as u64;
    let mut writer = blobs.write(key, length, 0).await.unwrap();
    for piece in bytes.chunks(step) {
        writer.push(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
}

pub async fn read(blobs: &dyn Blobs, of: &HeldInstance) -> Vec<u8> {
    let bytes = blobs.read(&permit(of.study), of, 0, at(1)).await.unwrap();
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
    // Around the borders of a segment of 8 MiB, in pieces that do not fit it.
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
    blobs.ready().await.unwrap();
    for length in [100, 9 << 20] {
        let of = instance(1, &vec![7; length]);
        let mut writer = blobs.write(of.key, length as u64 + 1, 0).await.unwrap();
        writer.push(vec![7; length].into()).await.unwrap();
        drop(writer);
        let error = blobs
            .read(&permit(of.study), &of, 0, at(1))
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
            .read(&permit, instance, 0, now)
            .await
            .map(|_| ())
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Transient);
        assert!(error.to_string().contains("does not cover"));
    }
}

pub async fn a_storage_that_is_not_mounted_has_lost_nothing(blobs: &dyn Blobs) {
    let of = instance(1, b"image");
    write(blobs, of.key, b"other", 5).await;
    let mut elsewhere = of.clone();
    elsewhere.key.digest = Digest::of(b"elsewhere");
    let class = async |blobs: &dyn Blobs| {
        let read = blobs.read(&permit(of.study), &elsewhere, 0, at(1)).await;
        read.map(|_| ()).unwrap_err().class()
    };
    assert_eq!(class(blobs).await, ErrorClass::Transient, "never used");
    blobs.ready().await.unwrap();
    assert_eq!(class(blobs).await, ErrorClass::Permanent, "lost");
}

pub async fn a_blob_of_another_length_is_refused(blobs: &dyn Blobs) {
    blobs.ready().await.unwrap();
    let mut of = instance(1, b"image");
    write(blobs, of.key, b"image", 5).await;
    of.meta.length = 6;
    let error = blobs
        .read(&permit(of.study), &of, 0, at(1))
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

pub async fn reading_begins_at_any_byte(blobs: &dyn Blobs) {
    const MIB: usize = 1 << 20;
    for length in [100_000, 17 * MIB + 3] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 249) as u8).collect();
        let of = instance(1, &bytes);
        write(blobs, of.key, &bytes, MIB).await;
        for from in [1, 65_535, 65_536, length / 2, length - 1, length] {
            let rest = blobs.read(&permit(of.study), &of, from as u64, at(1)).await;
            let rest: Vec<Bytes> = rest.unwrap().try_collect().await.unwrap();
            assert!(rest.concat() == bytes[from..], "{length} bytes from {from}");
        }
        let permit = permit(of.study);
        let beyond = blobs.read(&permit, &of, length as u64 + 1, at(1)).await;
        assert!(beyond.is_err());
    }
}

pub async fn an_upload_that_broke_off_goes_on_where_it_was(blobs: &dyn Blobs) {
    const MIB: u64 = 1 << 20;
    let bytes: Vec<u8> = (0..40 * MIB + 9).map(|i| (i % 247) as u8).collect();
    let (of, length) = (instance(1, &bytes), bytes.len() as u64);
    assert_eq!(blobs.begun(of.key, length).await.unwrap(), 0);
    let mut from = 0;
    // Twice broken off, then whole.
    for until in [19 * MIB, 30 * MIB, length] {
        let mut writer = blobs.write(of.key, length, from).await.unwrap();
        let (begin, end) = (
            usize::try_from(from).unwrap(),
            usize::try_from(until).unwrap(),
        );
        for piece in bytes[begin..end].chunks(700_000) {
            writer.push(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        if until == length {
            writer.finish().await.unwrap();
            break;
        }
        drop(writer);
        from = blobs.begun(of.key, length).await.unwrap();
        assert_eq!(
            from,
            until / (8 * MIB) * (8 * MIB),
            "whole segments are safe"
        );
        let begun = blobs.begun_bytes(of.key, from).await.unwrap();
        let begun: Vec<Bytes> = begun.try_collect().await.unwrap();
        assert!(begun.concat() == bytes[..usize::try_from(from).unwrap()]);
        let too_far = blobs.write(of.key, length, from + 8 * MIB).await;
        assert!(too_far.is_err(), "there is nothing to go on with");
    }
    assert!(read(blobs, &of).await == bytes);
}

pub async fn a_spoilt_upload_is_not_gone_on_with_and_spoils_nothing(blobs: &dyn Blobs) {
    const MIB: usize = 1 << 20;
    let bytes = vec![5; 20 * MIB];
    let (of, length) = (instance(1, &bytes), 20 << 20);
    let spoil = async |finish: bool| {
        let mut writer = blobs.write(of.key, length, 0).await.unwrap();
        writer.push(vec![6; 20 * MIB].into()).await.unwrap();
        if finish {
            writer.discard().await.unwrap();
        }
    };
    spoil(true).await;
    assert_eq!(blobs.begun(of.key, length).await.unwrap(), 0);
    // Other bytes under the same digest, once it is there, change nothing.
    write(blobs, of.key, &bytes, MIB).await;
    spoil(false).await;
    spoil(true).await;
    assert!(read(blobs, &of).await == bytes);
}

pub async fn more_bytes_than_announced_are_refused(blobs: &dyn Blobs) {
    let of = instance(1, b"image");
    let mut writer = blobs.write(of.key, 5, 0).await.unwrap();
    assert!(writer.push(Bytes::from_static(b"image!")).await.is_err());
    let mut writer = blobs.write(of.key, 5, 0).await.unwrap();
    writer.push(Bytes::from_static(b"imag")).await.unwrap();
    assert!(writer.finish().await.is_err(), "and fewer");
}
