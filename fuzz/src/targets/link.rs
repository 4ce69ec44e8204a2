//! The link between gateway and hub: frames, the same at any split; messages,
//! which say the same after being written again.

use crate::random::{Random, pieces};
use bildbro_dicom::scan::{Limits, Scanner};
use bildbro_wire::{
    frame::{self, Decoder, Event, FrameError},
    link, problem,
};
use serde::{Serialize, de::DeserializeOwned};

pub const WORDS: &[&[u8]] = &[
    b"\0\0\0\0",
    b"\0\0\0\x02{}",
    b"\xff\xff\xff\xff",
    b"\0\x04\0\0",
    b"\0\x10\0\0",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"\"\"",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"\"intent\":\"hold\",",
    b"\"intent\":\"share\",",
    b"\"answer\":\"held\",",
    b"\"end\":\"done\",",
    b"\"from\":0,",
    b"\"2026-01-01T00:00:00Z\"",
    b"\"-009999-01-02T01:59:59Z\"",
    b"\"9999-12-31T23:59:60.999999999+14:00\"",
    b"\"00000000-0000-0000-0000-000000000000\"",
];

pub fn run(data: &[u8]) {
    frames(data);
    messages(data);
}

fn frames(data: &[u8]) {
    let whole = decode(&[data]);
    let mut random = Random::of(data);
    for _ in 0..2 {
        let split = pieces(data, Random::new(random.next()));
        assert_eq!(whole, decode(&split), "the same at any split");
    }
    let (events, end) = whole;
    let told: usize = events
        .iter()
        .map(|event| match event {
            Event::Head(bytes) | Event::Data(bytes) => bytes.len(),
            _ => 0,
        })
        .sum();
    assert!(told <= data.len(), "no more than came");
    if end.is_ok() {
        assert_eq!(events.last(), Some(&Event::End));
        assert!(decode(&[data, b"\0"]).1.is_err(), "nothing follows the end");
        let cut = &data[..data.len() - 1];
        assert_eq!(decode(&[cut]).1, Err(FrameError::CutOff));
    }
}

/// The events, data that come together as one, and how it ended.
fn decode(pieces: &[&[u8]]) -> (Vec<Event>, Result<(), FrameError>) {
    let mut decoder = Decoder::default();
    let mut events: Vec<Event> = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next_event() {
                Ok(Some(Event::Data(data))) => {
                    assert!(!data.is_empty(), "data are not empty");
                    if let Some(Event::Data(earlier)) = events.last_mut() {
                        *earlier = [&earlier[..], &data[..]].concat().into();
                    } else {
                        events.push(Event::Data(data));
                    }
                }
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Err(error)),
            }
        }
    }
    let end = decoder.finish();
    (events, end)
}

fn messages(data: &[u8]) {
    stable::<link::Enrol>(data);
    stable::<link::Enrolled>(data);
    stable::<link::Hello>(data);
    stable::<link::HelloReply>(data);
    stable::<link::Offers>(data);
    stable::<link::Carried<link::Offer>>(data);
    stable::<link::Carried<link::InstanceMeta>>(data);
    stable::<link::Answers>(data);
    stable::<link::Complete>(data);
    stable::<link::AskWork>(data);
    stable::<link::Work>(data);
    stable::<link::Fetch>(data);
    stable::<link::Report>(data);
    stable::<link::ReportReply>(data);
    stable::<problem::Problem>(data);
}

fn stable<T: Serialize + DeserializeOwned>(data: &[u8]) {
    let Ok(message) = serde_json::from_slice::<T>(data) else {
        return;
    };
    let name = std::any::type_name::<T>();
    let write = |message: &T| serde_json::to_vec(message).expect("a message can be written");
    let once = write(&message);
    let read = serde_json::from_slice::<T>(&once);
    let read = read.unwrap_or_else(|error| panic!("{name}: what is written reads: {error}"));
    assert!(once == write(&read), "{name}: stable");
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut out = vec![
        frame::END.to_vec(),
        [
            frame::head(b"{}"),
            frame::WHOLE.to_vec(),
            frame::END.to_vec(),
        ]
        .concat(),
        [
            frame::head(br#"{"from":0}"#),
            frame::piece_head(4).to_vec(),
            b"data".to_vec(),
            frame::piece_head(1).to_vec(),
            b"!".to_vec(),
            frame::WHOLE.to_vec(),
            frame::head(b"{}"),
            frame::piece_head(2).to_vec(),
            b"ha".to_vec(),
            frame::GIVEN_UP.to_vec(),
            frame::END.to_vec(),
        ]
        .concat(),
    ];
    out.extend(json().into_iter().map(String::into_bytes));
    out
}

fn json() -> Vec<String> {
    let id = "00000000-0000-7000-8000-000000000001";
    let digest = "00".repeat(32);
    let image = crate::seeds::image("1.2.840.10008.1.2.1");
    let mut scanner = Scanner::new("1.2.840.10008.1.2.1", Limits::default());
    scanner.push(&image).expect("a right data set");
    let header = scanner.finish().expect("a right data set");
    let header = serde_json::to_string(&header).expect("a header can be written");
    let time = "2026-01-01T00:00:00Z";
    let carried = r#""encoding":"packed","from":7"#;
    let offer = format!(
        r#""header":{header},"syntax":"1.2.840.10008.1.2.1","digest":"{digest}","length":700,"intent":"share","recipient":"{id}","calling":"PACS","received":"{time}""#
    );
    let meta = format!(
        r#""instance":"{id}","header":{header},"syntax":"1.2.840.10008.1.2.1","digest":"{digest}","length":700"#
    );
    vec![
        r#"{"code":"ABCD-EFGH","public_key":"-----BEGIN PUBLIC KEY-----","gateway_name":"g"}"#.to_owned(),
        format!(r#"{{"gateway":"{id}","organisation":"{id}","organisation_name":"Ö"}}"#),
        r#"{"version":"0.1.0","waiting_images":1,"waiting_bytes":2,"nodes":[{"name":"pacs","ae_title":"PACS","answers":true}]}"#.to_owned(),
        format!(r#"{{"time":"{time}","directory":[{{"organisation":"{id}","name":"Ö","ae_title":"BB"}}]}}"#),
        format!(r#"{{"offers":[{{{offer}}}]}}"#),
        format!("{{{offer},{carried}}}"),
        format!("{{{meta},{carried}}}"),
        r#"{"answers":[{"answer":"send"},{"answer":"go_on","from":9},{"answer":"held"},{"answer":"quarantined","reason":"uid_conflict"},{"answer":"refused","reason":"too_large"},{"answer":"denied"},{"answer":"again"}]}"#.to_owned(),
        r#"{"study_uid":"1.2.3","intent":"hold","received":3,"expected":4}"#.to_owned(),
        r#"{"wait_seconds":30}"#.to_owned(),
        format!(r#"{{"task":{{"delivery":"{id}","claim":"{id}","lease_until":"{time}","attempts":1,"sender":"Ö","study_uid":"1.2","purpose":"care","legal_mode":"coherent_access","instances":[{{{meta}}}]}}}}"#),
        format!(r#"{{"delivery":"{id}","claim":"{id}","instances":["{id}"],"from":0,"encoding":"identity"}}"#),
        format!(r#"{{"delivery":"{id}","claim":"{id}","node":"pacs","receipts":[{{"instance":"{id}","outcome":"stored","status":0}}],"end":{{"end":"done"}}}}"#),
        format!(r#"{{"lease_until":"{time}"}}"#),
        r#"{"type":"urn:bildbro:problem:x","title":"t","status":400,"class":"permanent"}"#.to_owned(),
    ]
}
