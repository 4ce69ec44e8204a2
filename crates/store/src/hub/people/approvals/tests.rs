//! Four eyes, on both kinds of database. Inside the crate, since no port of this
//! part says which acts an organisation wants guarded.

use super::{super::acting::acting, *};
use crate::hub::HubDb;
use bildbro_domain::{
    AeTitle, Digest, audit::Actor, member::Level, organisation::Kind, permission::BuiltIn,
    policy::Denial,
};
use bildbro_flow::ports::{
    hub::{HubStore, NewOrganisation, Timing},
    portal::{
        login::{Login, NewSession, SessionLife},
        members::{FirstMember, Members, NewAssignment, Particulars},
        roles::{RoleDefinition, Roles},
    },
};
use bildbro_testkit::Postgres;
use jiff::SignedDuration;

const GUARD: &str = "UPDATE organisation SET four_eyes = \
     '[\"grant_role\",\"close_member\",\"extract_audit\"]'";

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

fn operator() -> Actor {
    Actor::Operator {
        login: "test".into(),
    }
}

struct World {
    hub: HubDb,
    organisation: OrganisationId,
}

impl World {
    async fn new(hub: HubDb) -> Self {
        let new = NewOrganisation {
            name: "Skåne".into(),
            kind: Kind::Region,
            ae_title: AeTitle::new("BB_SKANE").unwrap(),
        };
        let organisation = hub.add_organisation(new, operator(), at(0)).await.unwrap();
        let mut tx = hub.db.write("test").await.unwrap();
        let done = sqlx::query(GUARD).execute(&mut *tx).await;
        tx.end(done.map(|_| ()).map_err(Fault::from)).await.unwrap();
        Self {
            hub,
            organisation: organisation.id,
        }
    }

    async fn member(&self, name: &str, role: BuiltIn) -> (MemberId, Caller) {
        let new = FirstMember {
            organisation: self.organisation,
            name: name.into(),
            email: format!("{name}@skane.example"),
            language: "sv".into(),
            roles: vec![role],
        };
        let member = self.hub.add_first_member(new, operator(), at(0)).await;
        let member = member.unwrap();
        (member, self.log_in(member, 0).await)
    }

    async fn log_in(&self, member: MemberId, seconds: i64) -> Caller {
        let token = Digest::of(format!("{member} {seconds}").as_bytes());
        let new = NewSession {
            token,
            member,
            level: Level::Full,
            means: "password",
            life: SessionLife::default(),
            from: String::new(),
            agent: String::new(),
            at: at(seconds),
        };
        self.hub.begin_session(new).await.unwrap();
        Caller {
            token,
            from: String::new(),
            at: at(seconds),
        }
    }

    async fn ask_role(&self, by: &Caller, member: MemberId, role: &str) -> Uuid {
        let new = NewAssignment {
            role: role.into(),
            unit: None,
            commission: None,
        };
        match self.hub.grant_role(by, member, &new).await {
            Err(Refusal::ApprovalAsked(approval)) => approval,
            other => panic!("{other:?}"),
        }
    }

    async fn roles(&self, by: &Caller, member: MemberId) -> usize {
        self.hub.member(by, member).await.unwrap().assignments.len()
    }
}

fn is_denied(answer: &Answer<()>, wanted: Denial) -> bool {
    matches!(answer, Err(Refusal::Denied { denial, .. }) if *denial == wanted)
}

/// On each kind of database.
async fn on_both(test: impl AsyncFn(World)) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    test(World::new(HubDb::open(&file, Timing::default()).await.unwrap()).await).await;
    let server = Postgres::shared().await;
    let hub = HubDb::connect(&server.url(), Timing::default()).await;
    test(World::new(hub.unwrap()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_second_member_who_may_and_whom_it_is_not_about_approves() {
    on_both(async |world| {
        let (_, one) = world.member("one", BuiltIn::Administrator).await;
        let (two_id, two) = world.member("two", BuiltIn::Administrator).await;
        let (_, three) = world.member("three", BuiltIn::Administrator).await;
        let (_, clerk) = world.member("clerk", BuiltIn::Sender).await;
        let hub = &world.hub;
        let approval = world.ask_role(&one, two_id, "auditor").await;
        // Asked again, it is the same.
        assert_eq!(world.ask_role(&one, two_id, "auditor").await, approval);
        assert_eq!(world.roles(&one, two_id).await, 1);
        let own = hub.approve(&one, approval).await;
        assert!(is_denied(&own, Denial::FourEyes), "{own:?}");
        let about = hub.approve(&two, approval).await;
        assert!(is_denied(&about, Denial::FourEyes), "{about:?}");
        let lacking = hub.approve(&clerk, approval).await;
        let wanted = Denial::NoPermission(Permission::ManageMembers);
        assert!(is_denied(&lacking, wanted), "{lacking:?}");
        let stale = Caller {
            at: at(1200),
            ..three.clone()
        };
        let unfresh = hub.approve(&stale, approval).await;
        assert!(is_denied(&unfresh, Denial::StepUp), "{unfresh:?}");
        assert_eq!(world.roles(&one, two_id).await, 1);

        hub.approve(&three, approval).await.unwrap();
        assert_eq!(world.roles(&one, two_id).await, 2);
        let twice = hub.approve(&three, approval).await;
        assert!(matches!(twice, Err(Refusal::Over(_))), "{twice:?}");
        let view = hub.approvals(&one).await.unwrap().remove(0);
        assert_eq!(view.state, bildbro_domain::approval::State::Approved);
        assert_eq!(view.summary.role_name.as_deref(), Some("auditor"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_approve_at_once_do_it_once_and_nobody_too_late() {
    on_both(async |world| {
        let (_, one) = world.member("one", BuiltIn::Administrator).await;
        let (two_id, two) = world.member("two", BuiltIn::Administrator).await;
        let (_, three) = world.member("three", BuiltIn::Administrator).await;
        let (clerk, _) = world.member("clerk", BuiltIn::Sender).await;
        let hub = &world.hub;
        let approval = world.ask_role(&one, clerk, "auditor").await;
        let (left, right) =
            tokio::join!(hub.approve(&two, approval), hub.approve(&three, approval));
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
        assert_eq!(world.roles(&one, clerk).await, 2);

        let close = hub.close_member(&one, clerk, "clerk").await;
        let Err(Refusal::ApprovalAsked(close)) = close else {
            panic!("{close:?}")
        };
        let week = 7 * 24 * 3600;
        let late = world.log_in(two_id, week + 1).await;
        let expired = hub.approve(&late, close).await;
        assert!(matches!(expired, Err(Refusal::Over(_))), "{expired:?}");
        let close = hub.close_member(&one, clerk, "clerk").await;
        let Err(Refusal::ApprovalAsked(close)) = close else {
            panic!("{close:?}")
        };
        hub.refuse_approval(&two, close).await.unwrap();
        let refused = hub.approve(&three, close).await;
        assert!(matches!(refused, Err(Refusal::Over(_))), "{refused:?}");
        assert!(hub.member(&one, clerk).await.unwrap().active);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_someone_has_is_widened_by_two() {
    on_both(async |world| {
        let (_, one) = world.member("one", BuiltIn::Administrator).await;
        let (_, two) = world.member("two", BuiltIn::Administrator).await;
        let (clerk, by_clerk) = world.member("clerk", BuiltIn::Sender).await;
        let hub = &world.hub;
        let of = |permissions: &[Permission]| RoleDefinition {
            name: "Kontor".into(),
            permissions: permissions.iter().copied().collect(),
        };
        let role = hub
            .define_role(&one, &of(&[Permission::Find]))
            .await
            .unwrap();
        let wide = of(&[Permission::Find, Permission::ManageMembers]);
        // Nobody has it: no harm.
        hub.change_role(&one, role, &wide).await.unwrap();
        hub.change_role(&one, role, &of(&[Permission::Find]))
            .await
            .unwrap();
        let approval = world.ask_role(&one, clerk, &role.to_string()).await;
        // What was asked for must be what is approved: it grows by approval only.
        let meanwhile = hub.change_role(&one, role, &wide).await;
        assert!(
            matches!(meanwhile, Err(Refusal::ApprovalAsked(_))),
            "{meanwhile:?}"
        );
        hub.approve(&two, approval).await.unwrap();
        let asked = hub.change_role(&one, role, &wide).await;
        let Err(Refusal::ApprovalAsked(approval)) = asked else {
            panic!("{asked:?}")
        };
        let own = hub.approvals(&by_clerk).await;
        assert!(matches!(own, Err(Refusal::Denied { .. })), "{own:?}");
        hub.approve(&two, approval).await.unwrap();
        assert!(hub.approvals(&by_clerk).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_to_another_parts_request_is_spent_once_on_that_request() {
    on_both(async |world| {
        let (_, one) = world.member("one", BuiltIn::Administrator).await;
        let (two_id, two) = world.member("two", BuiltIn::Administrator).await;
        let hub = &world.hub;
        let (what, request) = (Guarded::ExtractAudit, "{\"patient\":\"191212121212\"}");
        let mut tx = hub.db.write("test").await.unwrap();
        let who = acting(&mut tx, &one).await.unwrap().unwrap();
        assert!(needed(&mut tx, world.organisation, what).await.unwrap());
        assert!(
            !needed(&mut tx, world.organisation, Guarded::LiftBlock)
                .await
                .unwrap()
        );
        let asked = ask(&mut tx, &who, what, None, request, at(0)).await;
        let approval = tx.end(asked).await.unwrap();
        let spent = async |request: &str, seconds| {
            let mut tx = hub.db.write("test").await.unwrap();
            let done = spend(&mut tx, approval, what, request, &who, at(seconds)).await;
            tx.end(done).await.unwrap()
        };
        assert!(!spent(request, 1).await);
        // Whoever approves does not see whose it is.
        let shown = hub.approvals(&two).await.unwrap().remove(0);
        assert!(!format!("{:?}", shown.summary).contains("1912"));
        assert_eq!(shown.asked_by.name.reveal(), "one");
        assert_ne!(shown.asked_by.id, two_id);
        hub.approve(&two, approval).await.unwrap();
        assert!(!spent("{\"patient\":\"189001019802\"}", 2).await);
        assert!(!spent(request, 24 * 3600).await);
        assert!(spent(request, 3).await);
        assert!(!spent(request, 4).await);
    })
    .await;
}

/// Whoever asks could otherwise log in as the second member first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_log_in_the_asker_has_touched_is_no_second() {
    on_both(async |world| {
        let (one_id, one) = world.member("one", BuiltIn::Administrator).await;
        let (two_id, two) = world.member("two", BuiltIn::Administrator).await;
        let (clerk, _) = world.member("clerk", BuiltIn::Sender).await;
        let hub = &world.hub;
        let approval = world.ask_role(&one, clerk, "auditor").await;
        let to = Particulars {
            name: "two".into(),
            email: "one.too@skane.example".into(),
            hsa_id: None,
            personal_number: None,
        };
        hub.change_member(&one, two_id, &to).await.unwrap();
        let touched = hub.approve(&two, approval).await;
        assert!(is_denied(&touched, Denial::FourEyes), "{touched:?}");
        let week = 7 * 24 * 3600;
        let later = world.log_in(one_id, week).await;
        let approval = world.ask_role(&later, clerk, "receiver").await;
        let later = world.log_in(two_id, week + 1).await;
        hub.approve(&later, approval).await.unwrap();
    })
    .await;
}
