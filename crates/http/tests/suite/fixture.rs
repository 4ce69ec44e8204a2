//! A hub with two organisations, a gateway each, and images to send.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use bildbro_domain::{
    AeTitle, ClassUid, Digest, GatewayId, InstanceHeader, InstanceUid, MemberId, OrganisationId,
    Personal, SeriesUid, StudyUid, SyntaxUid,
    audit::{Action, Actor, Entry},
    member::Level,
    organisation::Kind,
    permission::BuiltIn,
};
use bildbro_flow::{
    clock::Clock,
    ports::{
        checkpoints::Checkpoints,
        hub::{HubStore, NewGateway, NewOrganisation, Timing},
        portal::{
            Portal,
            login::{NewSession, SessionLife},
            members::FirstMember,
        },
    },
    room::Room,
    vault::Vault,
    work::Wake,
};
use bildbro_http::{HubState, LoginMeans, operations_router, public_router};
use bildbro_keys::KeyRing;
use bildbro_seal::DataKey;
use bildbro_store::{HubDb, ObjectBlobs};
use bildbro_wire::{
    frame,
    link::{Carried, Encoding, Intent, Offer},
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt;

pub const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUYNWX+34ZiyDiIvr3kjO+aFMSHkh
lu1KvMYtniOllujs3/IdzmUBQiM/MfL6blPLzliMcr+4DrmD3f51ZTV29g==
-----END PUBLIC KEY-----
";

pub fn now() -> Timestamp {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

pub fn later(seconds: i64) -> Timestamp {
    now()
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap()
}

pub fn operator() -> Actor {
    Actor::Operator {
        login: "test".into(),
    }
}

pub struct Party {
    pub organisation: OrganisationId,
    pub gateway: GatewayId,
    pub token: String,
}

impl Party {
    pub fn share(&self) -> Intent {
        Intent::Share {
            recipient: self.organisation,
        }
    }
}

/// A member, logged in.
pub struct Person {
    pub member: MemberId,
    pub token: String,
}

pub struct Hub {
    pub state: HubState,
    pub store: Arc<dyn HubStore>,
    pub sender: Party,
    pub recipient: Party,
    /// Where `hub.sqlite` lies.
    pub folder: TempDir,
}

impl Hub {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = HubDb::open(&folder.path().join("hub.sqlite"), Timing::default())
            .await
            .unwrap();
        let key = folder.path().join("wrapping.key");
        let ring = Arc::new(KeyRing::single_file("test", &key).unwrap());
        let keys = Arc::new(db.clone());
        let blobs = ObjectBlobs::folder(&folder.path().join("blobs"), keys, ring).unwrap();
        let db = Arc::new(db);
        let portal: Arc<dyn Portal> = db.clone();
        let checkpoints: Arc<dyn Checkpoints> = db.clone();
        let store: Arc<dyn HubStore> = db;
        let state = HubState {
            store: store.clone(),
            portal,
            checkpoints,
            vault: Arc::new(Vault::new(&DataKey::new([7; 32]))),
            login: Arc::new(LoginMeans::new("https://hub.example")),
            bankid: None,
            blobs: Arc::new(blobs),
            clock: Clock::from_fn(now),
            wake: Wake::default(),
            metrics: Default::default(),
            public_url: "https://hub.example".into(),
            behind_proxy: false,
            post: true,
            max_object: 1 << 20,
            room: Room::new(64),
        };
        Self {
            sender: party(&*store, "Region Halland", "BB_HALLAND").await,
            recipient: party(&*store, "Region Skåne", "BB_SKANE").await,
            state,
            store,
            folder,
        }
    }

    pub fn public(&self) -> Router {
        public_router(self.state.clone())
    }

    pub async fn post<T: Serialize>(&self, path: &str, token: &str, message: &T) -> Answer {
        let body = serde_json::to_vec(message).unwrap();
        self.send(path, token, "application/json", body.into())
            .await
    }

    pub async fn send(&self, path: &str, token: &str, media_type: &str, body: Body) -> Answer {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, media_type)
            .body(body)
            .unwrap();
        Answer::of(self.public().oneshot(request).await.unwrap()).await
    }

    /// Someone of an organisation with roles, logged in with both factors just
    /// now; answers the session's token.
    pub async fn member(&self, organisation: OrganisationId, roles: &[BuiltIn]) -> Person {
        let life = SessionLife::default();
        self.person(organisation, roles, Level::Full, life).await
    }

    /// Someone whose log-in has come so far, and lasts so long.
    pub async fn person(
        &self,
        organisation: OrganisationId,
        roles: &[BuiltIn],
        level: Level,
        life: SessionLife,
    ) -> Person {
        let token = bildbro_identity::token::generate();
        let new = FirstMember {
            organisation,
            name: "Siv Syster".into(),
            email: format!("{}@example.com", &token[..12]),
            language: "sv".into(),
            roles: roles.to_vec(),
        };
        let portal = &self.state.portal;
        let member = portal
            .add_first_member(new, operator(), now())
            .await
            .unwrap();
        // A way in, as everyone has who has come in.
        let link = Digest::of(format!("link of {member}").as_bytes());
        let until = later(30 * 24 * 3600);
        let made = portal.issue_link(member, link, until, operator(), now());
        made.await.unwrap();
        let session = NewSession {
            token: Digest::of(token.as_bytes()),
            member,
            level,
            means: "password",
            life,
            from: "192.0.2.7".into(),
            agent: "test".into(),
            at: now(),
        };
        portal.begin_session(session).await.unwrap();
        Person { member, token }
    }

    /// A call of the portal's API, as its own pages make it.
    pub async fn api(&self, who: Option<&Person>, method: &str, path: &str, body: Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-bildbro", "1")
            .header(header::ORIGIN, "https://hub.example")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(who) = who {
            request = request.header(header::COOKIE, format!("__Host-session={}", who.token));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            body.to_string().into()
        };
        let response = self.public().oneshot(request.body(body).unwrap()).await;
        Answer::of(response.unwrap()).await
    }

    /// The database's file, for what no port does.
    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("hub.sqlite")
    }

    /// A page of the status listener.
    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::HOST, "127.0.0.1:8071");
        let router = operations_router(self.state.clone());
        let request = request.body(Body::empty()).unwrap();
        Answer::of(router.oneshot(request).await.unwrap()).await
    }

    pub async fn issue_code(&self, code: &str) {
        let hash = Digest::of(bildbro_identity::code::normalise(code).as_bytes());
        let organisation = self.sender.organisation;
        self.store
            .issue_code(organisation, hash, later(3600), operator(), now())
            .await
            .unwrap();
    }

    pub async fn audited(&self, action: Action) -> usize {
        let links = self.store.audit_links(0, 10_000).await.unwrap();
        let entries = links
            .iter()
            .map(|link| serde_json::from_str::<Entry>(&link.text).unwrap());
        entries.filter(|entry| entry.action == action).count()
    }
}

async fn party(store: &dyn HubStore, name: &str, ae_title: &str) -> Party {
    let new = NewOrganisation {
        name: name.into(),
        kind: Kind::Region,
        ae_title: AeTitle::new(ae_title).unwrap(),
    };
    let organisation = store
        .add_organisation(new, operator(), now())
        .await
        .unwrap()
        .id;
    let code_hash = Digest::of(name.as_bytes());
    store
        .issue_code(organisation, code_hash, later(60), operator(), now())
        .await
        .unwrap();
    let new = NewGateway {
        code_hash,
        name: "gw1".into(),
        public_key: PUBLIC_KEY.into(),
    };
    let gateway = store.redeem_code(new, now()).await.unwrap().gateway;
    let token = format!("token-of-{ae_title}");
    store
        .put_token(Digest::of(token.as_bytes()), gateway, later(600))
        .await
        .unwrap();
    Party {
        organisation,
        gateway,
        token,
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, 64 << 20).await.unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The stable word of a problem, which must be well formed.
    pub fn problem(&self) -> String {
        let problem = self.json();
        assert_eq!(
            self.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty())
        );
        let kind = problem["type"].as_str().unwrap();
        kind.strip_prefix("urn:bildbro:problem:")
            .unwrap()
            .to_owned()
    }
}

/// An image: what is said of it, and its data set in Explicit VR Little Endian.
pub fn image(n: u32, intent: Intent) -> (Offer, Vec<u8>) {
    let (study, series) = ("1.2.3", "1.2.3.1");
    let sop = format!("1.2.3.1.{n}");
    let class = "1.2.840.10008.5.1.4.1.1.2";
    let mut data = Vec::new();
    for (tag, vr, value) in [
        ([0x08, 0, 0x16, 0], b"UI", class),
        ([0x08, 0, 0x18, 0], b"UI", &sop),
        ([0x08, 0, 0x60, 0], b"CS", "CT"),
        ([0x10, 0, 0x20, 0], b"LO", "191212121212"),
        ([0x20, 0, 0x0d, 0], b"UI", study),
        ([0x20, 0, 0x0e, 0], b"UI", series),
    ] {
        let padding = if *vr == *b"UI" { b'\0' } else { b' ' };
        let mut value = value.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(padding);
        }
        data.extend_from_slice(&tag);
        data.extend_from_slice(vr);
        data.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
        data.extend_from_slice(&value);
    }
    let header = InstanceHeader {
        study_uid: StudyUid::new(study).unwrap(),
        series_uid: SeriesUid::new(series).unwrap(),
        sop_uid: InstanceUid::new(&sop).unwrap(),
        class_uid: ClassUid::new(class).unwrap(),
        patient_id: Personal::new("191212121212"),
        patient_id_issuer: String::new(),
        patient_name: Personal::default(),
        patient_birth_date: Personal::default(),
        patient_sex: Personal::default(),
        accession: Personal::default(),
        study_date: String::new(),
        study_time: String::new(),
        study_description: String::new(),
        series_description: String::new(),
        modality: "CT".into(),
        body_part: String::new(),
        institution: String::new(),
        series_number: None,
        instance_number: None,
        frames: None,
    };
    let offer = Offer {
        header,
        syntax: SyntaxUid::new("1.2.840.10008.1.2.1").unwrap(),
        digest: Digest::of(&data),
        length: data.len() as u64,
        intent,
        calling: AeTitle::new("PACS").unwrap(),
        received: now(),
    };
    (offer, data)
}

/// A body of frames, without its end mark.
pub fn frames(images: &[(Offer, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (offer, data) in images {
        let carried = Carried {
            image: offer,
            encoding: Encoding::Identity,
            from: 0,
        };
        body.extend(frame::head(&serde_json::to_vec(&carried).unwrap()));
        for piece in data.chunks(frame::MAX_PIECE) {
            body.extend(frame::piece_head(piece.len()));
            body.extend(piece);
        }
        body.extend(frame::WHOLE);
    }
    body
}

/// With it.
pub fn whole(images: &[(Offer, Vec<u8>)]) -> Body {
    let mut body = frames(images);
    body.extend(frame::END);
    body.into()
}
