//! Between organisations and their people: finding in the own PACS, sharing,
//! following, taking back, the inbox, and requests for images.

mod compare;
mod find;
mod inbox;
mod json;
mod requests;
mod shares;

use super::directory::{Items, Nothing};
use crate::endpoints::{Caller, Endpoint, Method, Record};
use axum::routing::{get, post, put};
use bildbro_domain::{audit::Action, permission::Permission};

const SHARE: Caller = Caller::Holder(Permission::Share);
const RECEIVE: Caller = Caller::Holder(Permission::Receive);
const FIND: Caller = Caller::Holder(Permission::Find);

/// One's own unfinished words, and whom one shares with often.
const OWN_DESK: Record = Record::Unaudited("it is on the member's own desk, and tells nothing new");

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::act(
        Method::Post,
        "/api/searches",
        Action::Search,
        "Search one's own PACS; a line of JSON for each study, as it comes",
        || post(find::search),
    )
    .takes::<find::Asked>()
    .answers::<find::SearchLine>(),
    Endpoint::portal(
        Method::Get,
        "/api/recipients",
        SHARE,
        "Whom one can share with",
        || get(shares::recipients),
    )
    .answers::<Items<shares::Recipient>>(),
    Endpoint::portal(
        Method::Put,
        "/api/recipients/{id}/favourite",
        SHARE,
        "Keep a recipient among one's favourites",
        || put(shares::favour),
    )
    .record(OWN_DESK)
    .takes::<Nothing>(),
    Endpoint::portal(
        Method::Delete,
        "/api/recipients/{id}/favourite",
        SHARE,
        "Take a recipient out of one's favourites",
        || axum::routing::delete(shares::forget),
    )
    .record(OWN_DESK),
    Endpoint::portal(
        Method::Get,
        "/api/draft",
        SHARE,
        "What one has begun to write",
        || get(shares::draft),
    )
    .answers::<shares::Draft>(),
    Endpoint::portal(
        Method::Put,
        "/api/draft",
        SHARE,
        "Keep what one has begun to write",
        || put(shares::keep_draft),
    )
    .record(OWN_DESK)
    .takes::<shares::Draft>(),
    Endpoint::portal(
        Method::Delete,
        "/api/draft",
        SHARE,
        "Forget what one has begun to write",
        || axum::routing::delete(shares::forget_draft),
    )
    .record(OWN_DESK),
    Endpoint::act(
        Method::Put,
        "/api/shares/{id}",
        Action::Share,
        "Share studies; asked for twice under one id, they are shared once",
        || put(shares::share),
    )
    .takes::<shares::NewShare>()
    .answers::<json::Share>(),
    Endpoint::act(
        Method::Get,
        "/api/shares",
        Action::FollowShare,
        "What one's organisation has shared, newest first",
        || get(shares::list),
    )
    .answers::<Items<json::ShareLine>>(),
    Endpoint::portal(
        Method::Get,
        "/api/shares/events",
        SHARE,
        "How the newest shares go (server-sent events)",
        || get(shares::events),
    ),
    Endpoint::act(
        Method::Get,
        "/api/shares/{id}",
        Action::FollowShare,
        "A share, how each delivery goes, and its history",
        || get(shares::one),
    )
    .answers::<json::Share>(),
    Endpoint::act(
        Method::Post,
        "/api/shares/{id}/take-back",
        Action::Revoke,
        "Take a share back: access ends everywhere, and holders of copies are asked to remove them",
        || post(shares::take_back),
    )
    .takes::<shares::TakeBack>()
    .answers::<shares::Recalled>(),
    Endpoint::act(
        Method::Post,
        "/api/shares/{id}/recipients/{recipient}/cancel",
        Action::Revoke,
        "End a share's deliveries to one recipient",
        || post(shares::cancel),
    )
    .takes::<shares::Cancel>(),
    Endpoint::act(
        Method::Post,
        "/api/shares/{id}/recipients/{recipient}/retry",
        Action::Retry,
        "Try a share's deliveries to one recipient again, now",
        || post(shares::retry),
    )
    .takes::<Nothing>(),
    Endpoint::act(
        Method::Post,
        "/api/shares/{id}/studies/{study_uid}/fetch",
        Action::Retry,
        "Fetch a study of a share from the PACS again, now",
        || post(shares::fetch),
    )
    .takes::<Nothing>(),
    Endpoint::act(
        Method::Get,
        "/api/inbox",
        Action::OpenInbox,
        "What has come to one's organisation, newest first",
        || get(inbox::list),
    )
    .answers::<inbox::Inbox>(),
    Endpoint::portal(
        Method::Get,
        "/api/inbox/events",
        RECEIVE,
        "How the newest of the inbox go (server-sent events)",
        || get(inbox::events),
    ),
    Endpoint::portal(
        Method::Get,
        "/api/inbox/colleagues",
        RECEIVE,
        "Members that may receive, and care units",
        || get(inbox::colleagues),
    )
    .record(Record::Audited(Action::OpenInbox))
    .answers::<inbox::Colleagues>(),
    Endpoint::act(
        Method::Get,
        "/api/inbox/{id}",
        Action::OpenInbox,
        "Something that has come",
        || get(inbox::one),
    )
    .answers::<inbox::InboxDetail>(),
    Endpoint::act(
        Method::Post,
        "/api/inbox/{id}/open",
        Action::OpenInbox,
        "Say that one has it before one: it is not new any more",
        || post(inbox::open),
    )
    .takes::<Nothing>(),
    Endpoint::act(
        Method::Post,
        "/api/inbox/{id}/match",
        Action::Accept,
        "Ask one's own PACS for the patient",
        || post(inbox::compare),
    )
    .takes::<Nothing>()
    .answers::<inbox::Match>(),
    Endpoint::act(
        Method::Post,
        "/api/inbox/{id}/accept",
        Action::Accept,
        "Let it into the PACS",
        || post(inbox::accept),
    )
    .takes::<inbox::AcceptItem>(),
    Endpoint::act(
        Method::Post,
        "/api/inbox/{id}/decline",
        Action::Decline,
        "Turn it away",
        || post(inbox::decline),
    )
    .takes::<inbox::DeclineItem>(),
    Endpoint::act(
        Method::Post,
        "/api/inbox/{id}/assign",
        Action::Assign,
        "Give it to a member or a unit to handle",
        || post(inbox::assign),
    )
    .takes::<inbox::AssignItem>(),
    Endpoint::act(
        Method::Post,
        "/api/inbox/{id}/recall-done",
        Action::AnswerRecall,
        "Say what became of the copies of a share that was taken back",
        || post(inbox::recall_done),
    )
    .takes::<inbox::RecallDone>(),
    Endpoint::portal(
        Method::Get,
        "/api/requests/holders",
        RECEIVE,
        "Whom one can ask for images",
        || get(requests::holders),
    )
    .answers::<Items<shares::Recipient>>(),
    Endpoint::act(
        Method::Put,
        "/api/requests/{id}",
        Action::AskImages,
        "Ask another organisation for images; asked twice under one id, it is asked once",
        || put(requests::ask),
    )
    .takes::<requests::NewImageRequest>()
    .answers::<requests::AskedRequest>(),
    Endpoint::act(
        Method::Get,
        "/api/requests",
        Action::FollowRequest,
        "What was asked of one's organisation, or by it, newest first",
        || get(requests::list),
    )
    .answers::<requests::RequestList>(),
    Endpoint::portal(
        Method::Get,
        "/api/requests/events",
        FIND,
        "How the newest requests go (server-sent events)",
        || get(requests::events),
    ),
    Endpoint::act(
        Method::Get,
        "/api/requests/{id}",
        Action::FollowRequest,
        "A request, as one's side of it sees it",
        || get(requests::one),
    )
    .answers::<requests::ImageRequest>(),
    Endpoint::act(
        Method::Post,
        "/api/requests/{id}/handle",
        Action::AnswerRequest,
        "Take a request to handle it",
        || post(requests::handle),
    )
    .takes::<Nothing>(),
    Endpoint::act(
        Method::Post,
        "/api/requests/{id}/decline",
        Action::AnswerRequest,
        "Decline a request; whoever asked is told why",
        || post(requests::decline),
    )
    .takes::<requests::DeclineRequest>(),
    Endpoint::act(
        Method::Post,
        "/api/requests/{id}/withdraw",
        Action::AskImages,
        "Withdraw one's own request",
        || post(requests::withdraw),
    )
    .takes::<Nothing>(),
    Endpoint::act(
        Method::Post,
        "/api/requests/{id}/remind",
        Action::AskImages,
        "Remind the holder, once a day at most",
        || post(requests::remind),
    )
    .takes::<Nothing>(),
];
