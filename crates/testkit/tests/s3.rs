//! Does the S3 server do what the hub asks of one, and does it keep what it
//! has acknowledged? Spoken to with the client that the hub uses.

use bildbro_testkit::S3;
use futures::TryStreamExt;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};

fn client(s3: &S3) -> AmazonS3 {
    let builder = AmazonS3Builder::new().with_bucket_name(s3.bucket());
    s3.options()
        .into_iter()
        .fold(builder, |builder, (key, value)| {
            builder.with_config(key.parse().expect("the client knows the name"), value)
        })
        .build()
        .expect("the options are enough for a client")
}

#[tokio::test]
async fn objects_are_put_once_read_in_part_listed_deleted_and_outlive_the_server() {
    let mut s3 = S3::start().await;
    let store = client(&s3);
    let (one, two) = (Path::from("a/b/one"), Path::from("a/two"));
    store.put(&one, "0123456789".into()).await.unwrap();
    assert_eq!(store.get_range(&one, 2..5).await.unwrap(), "234");

    let create = PutOptions::from(PutMode::Create);
    let again = store.put_opts(&one, "other".into(), create.clone()).await;
    assert!(
        matches!(again, Err(Error::AlreadyExists { .. })),
        "{again:?}"
    );
    store.put_opts(&two, "2".into(), create).await.unwrap();

    s3.kill();
    s3.start_again().await;
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut listed: Vec<_> = listed.into_iter().map(|meta| meta.location).collect();
    listed.sort();
    assert_eq!(listed, [one.clone(), two.clone()]);
    assert_eq!(
        store.get(&one).await.unwrap().bytes().await.unwrap(),
        "0123456789"
    );

    store.delete(&one).await.unwrap();
    assert!(matches!(store.get(&one).await, Err(Error::NotFound { .. })));
    // Another bucket has nothing of it.
    let other: Vec<_> = client(&s3).list(None).try_collect().await.unwrap();
    assert!(other.is_empty());
    s3.stop().await;
}

#[tokio::test]
async fn an_object_in_parts_appears_whole() {
    const PART: usize = 5 << 20;
    let s3 = S3::start().await;
    let store = client(&s3);
    let path = Path::from("large");
    let mut upload = store.put_multipart(&path).await.unwrap();
    upload.put_part(vec![1; PART].into()).await.unwrap();
    assert!(store.get(&path).await.is_err());
    upload.put_part(vec![2; 10].into()).await.unwrap();
    upload.complete().await.unwrap();
    let head = store.head(&path).await.unwrap();
    assert_eq!(head.size, PART as u64 + 10);
    let end = store
        .get_range(&path, PART as u64 - 1..PART as u64 + 1)
        .await;
    assert_eq!(end.unwrap(), vec![1, 2]);
}
