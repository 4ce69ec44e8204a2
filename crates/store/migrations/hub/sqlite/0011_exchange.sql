-- What goes on between organisations and their people: errands at PACS, what is
-- found, inboxes, drafts, requests for images.

-- What a gateway is asked to do at its nodes.
CREATE TABLE errand (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL REFERENCES organisation (id),
    -- Whose it is to do.
    gateway      TEXT    NOT NULL REFERENCES gateway (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('find', 'fetch')),
    -- What to do: a `wire::errand::Task`, sealed.
    task         TEXT    NOT NULL,
    -- What is fetched, and from which of the gateway's nodes.
    study        TEXT    REFERENCES study (id),
    node         TEXT    NOT NULL DEFAULT '',
    -- The session that waits for what is found.
    session      TEXT,
    asked_at     BIGINT  NOT NULL,
    -- Of no use after this.
    expires_at   BIGINT  NOT NULL,
    state        TEXT    NOT NULL
        CHECK (state IN ('waiting', 'under_way', 'done', 'failed')),
    updated_at   BIGINT  NOT NULL,
    -- Not before this.
    due_at       BIGINT  NOT NULL,
    -- Less is more urgent.
    priority     BIGINT  NOT NULL,
    claim        TEXT,
    lease_until  BIGINT,
    attempts     BIGINT  NOT NULL DEFAULT 0,
    failure      TEXT,
    -- Of a search: there was more. Of a fetch: how far the node has come.
    cut          BOOLEAN NOT NULL DEFAULT FALSE,
    completed    BIGINT  NOT NULL DEFAULT 0,
    failed       BIGINT  NOT NULL DEFAULT 0,
    remaining    BIGINT
);
CREATE INDEX errand_next ON errand (gateway, priority, due_at)
    WHERE state IN ('waiting', 'under_way');
CREATE INDEX errand_study ON errand (study, asked_at) WHERE study IS NOT NULL;
CREATE INDEX errand_expires ON errand (expires_at);

-- What a search has found, sealed, until whoever waits has read it.
CREATE TABLE finding (
    errand  TEXT   NOT NULL REFERENCES errand (id) ON DELETE CASCADE,
    number  BIGINT NOT NULL,
    finding TEXT   NOT NULL,
    PRIMARY KEY (errand, number)
);

-- What a recipient's people have done with a share.
CREATE TABLE inbox (
    share          TEXT   NOT NULL REFERENCES share (id),
    recipient      TEXT   NOT NULL REFERENCES organisation (id),
    came_at        BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL,
    -- A person sent it: a person is to see it. What a PACS sends to a PACS is
    -- seen there.
    to_open        BOOLEAN NOT NULL,
    -- First looked at, by whom.
    opened_at      BIGINT,
    opened_by      TEXT   REFERENCES member (id),
    -- Whose it is to handle: one member, or one unit.
    member         TEXT   REFERENCES member (id),
    unit           TEXT   REFERENCES care_unit (id),
    -- What the own PACS knew of the patient when asked last: the verdict, and
    -- the candidates, sealed.
    verdict        TEXT,
    compared       TEXT,
    accepted_at    BIGINT,
    declined_at    BIGINT,
    decline_reason TEXT   NOT NULL DEFAULT '',
    -- The sender took it back when copies were here: until someone says what
    -- became of them.
    recall_at      BIGINT,
    recalled_at    BIGINT,
    recalled_what  TEXT CHECK (recalled_what IN ('removed', 'kept')),
    -- Since when members are to be told of it, and whoever is on call if it is
    -- an emergency. NULL: told, or nothing that a person must see.
    tell_at        BIGINT,
    call_at        BIGINT,
    -- Since when somebody should open it; NULL: they have, or it was told that
    -- nobody had.
    watch_at       BIGINT,
    escalated_at   BIGINT,
    PRIMARY KEY (share, recipient)
);
CREATE INDEX inbox_tell ON inbox (recipient, tell_at) WHERE tell_at IS NOT NULL;
CREATE INDEX inbox_call ON inbox (call_at) WHERE call_at IS NOT NULL;
CREATE INDEX inbox_watch ON inbox (watch_at) WHERE watch_at IS NOT NULL;
CREATE INDEX inbox_recipient ON inbox (recipient, came_at, share);
CREATE INDEX inbox_to_open ON inbox (recipient) WHERE to_open AND opened_at IS NULL;
CREATE INDEX inbox_recall ON inbox (recipient)
    WHERE recall_at IS NOT NULL AND recalled_at IS NULL;

-- Whom members share with often.
CREATE TABLE favourite (
    member       TEXT NOT NULL REFERENCES member (id),
    organisation TEXT NOT NULL REFERENCES organisation (id),
    PRIMARY KEY (member, organisation)
);

-- What a member has begun to write, sealed.
CREATE TABLE draft (
    member     TEXT   NOT NULL PRIMARY KEY REFERENCES member (id),
    draft      TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- One organisation asks another for a patient's images.
CREATE TABLE image_request (
    id                 TEXT   NOT NULL PRIMARY KEY,
    asker              TEXT   NOT NULL REFERENCES organisation (id),
    holder             TEXT   NOT NULL REFERENCES organisation (id),
    asked_by           TEXT   NOT NULL REFERENCES member (id),
    unit               TEXT   REFERENCES care_unit (id),
    -- Whose images: as typed, and as compared.
    patient_id         TEXT   NOT NULL,
    patient_id_issuer  TEXT   NOT NULL DEFAULT '',
    patient_key        TEXT   NOT NULL,
    patient_name       TEXT   NOT NULL DEFAULT '',
    patient_birth_date TEXT   NOT NULL DEFAULT '',
    -- Which images: in words, and of which days and kind. Days as YYYY-MM-DD.
    wanted             TEXT   NOT NULL,
    from_day           TEXT,
    until_day          TEXT,
    modality           TEXT   NOT NULL DEFAULT '',
    purpose            TEXT   NOT NULL,
    priority           TEXT   NOT NULL,
    needed_by          TEXT,
    -- SHA-256 of what was asked, so that asking again is told from asking anew.
    request            TEXT   NOT NULL,
    asked_at           BIGINT NOT NULL,
    -- What waits for an answer after this has run out.
    expires_at         BIGINT NOT NULL,
    state              TEXT   NOT NULL
        CHECK (state IN ('open', 'being_handled', 'answered', 'declined', 'withdrawn')),
    handled_at         BIGINT,
    handled_by         TEXT   REFERENCES member (id),
    reminded_at        BIGINT,
    share              TEXT   REFERENCES share (id),
    reason             TEXT   NOT NULL DEFAULT '',
    changed_at         BIGINT NOT NULL
);
CREATE INDEX image_request_asker ON image_request (asker, asked_at, id);
CREATE INDEX image_request_holder ON image_request (holder, asked_at, id);
CREATE INDEX image_request_asker_waits ON image_request (asker)
    WHERE state IN ('open', 'being_handled');
CREATE INDEX image_request_holder_waits ON image_request (holder)
    WHERE state IN ('open', 'being_handled');
CREATE INDEX image_request_share ON image_request (share) WHERE share IS NOT NULL;
