-- The hub's tables.
--
-- Ids are UUIDs and digests are SHA-256, both as lower-case text. Times are
-- microseconds since 1970-01-01 UTC. Counters (images, bytes, pending, …) are
-- kept by the transaction that changes what they count.
--
-- COLLATE "C": as SQLite orders, and no index depends on the locale's version.

-- Who is on the hub ----------------------------------------------------------

CREATE TABLE organisation (
    id         TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C"    NOT NULL,
    -- The name in lower case: names differ in more than case.
    name_key   TEXT COLLATE "C"    NOT NULL UNIQUE,
    kind       TEXT COLLATE "C"    NOT NULL
        CHECK (kind IN ('region', 'private_clinic', 'insurer', 'authority', 'other')),
    ae_title   TEXT COLLATE "C"    NOT NULL UNIQUE,
    active     BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL,
    -- Empty: not said.
    hsa_id     TEXT COLLATE "C" UNIQUE,
    -- Organisation number, ten digits.
    number     TEXT COLLATE "C"    NOT NULL DEFAULT '',
    postal     TEXT COLLATE "C"    NOT NULL DEFAULT '',
    -- E-mail of whoever is on call, for what cannot wait.
    on_call    TEXT COLLATE "C"    NOT NULL DEFAULT '',
    -- What is taken from those that `partner` says nothing of.
    takes      TEXT COLLATE "C"    NOT NULL DEFAULT 'open' CHECK (takes IN ('open', 'hold', 'closed')),
    -- Actions that a second member must approve, as a JSON list of words.
    four_eyes  TEXT COLLATE "C"    NOT NULL DEFAULT '[]',
    -- Whether patients' extracts name who looked (PDL 8 kap. 5 §).
    names_staff BOOLEAN NOT NULL DEFAULT TRUE,
    -- Hours that what has come may lie unopened; 0: for ever.
    escalate_hours BIGINT NOT NULL DEFAULT 24 CHECK (escalate_hours BETWEEN 0 AND 720)
);

-- Test images come from here (`domain::organisation::TEST_SENDER`). It is shown
-- in no list, and nobody can be a member of it.
INSERT INTO organisation (id, name, name_key, kind, ae_title, active, created_at)
VALUES ('00000000-0000-8000-8000-000000000001', 'Bildbro test', 'bildbro test', 'region',
    'BILDBRO_TEST', TRUE, 0);

-- What an organisation takes from another one.
CREATE TABLE partner (
    organisation TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    sender       TEXT COLLATE "C" NOT NULL REFERENCES organisation (id),
    takes        TEXT COLLATE "C" NOT NULL CHECK (takes IN ('open', 'hold', 'closed')),
    PRIMARY KEY (organisation, sender)
);

CREATE TABLE care_unit (
    id           TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    name         TEXT COLLATE "C"    NOT NULL,
    name_key     TEXT COLLATE "C"    NOT NULL,
    hsa_id       TEXT COLLATE "C" UNIQUE,
    -- What its PACS writes as Institution Name, in lower case; tells which
    -- studies are the unit's. Empty: none.
    institution  TEXT COLLATE "C"    NOT NULL DEFAULT '',
    active       BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    UNIQUE (organisation, name_key)
);

CREATE TABLE gateway (
    id             TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    organisation   TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    name           TEXT COLLATE "C"    NOT NULL,
    public_key     TEXT COLLATE "C"    NOT NULL,
    active         BOOLEAN NOT NULL,
    created_at     BIGINT  NOT NULL,
    -- What it said last.
    last_seen      BIGINT,
    version        TEXT COLLATE "C"    NOT NULL DEFAULT '',
    waiting_images BIGINT  NOT NULL DEFAULT 0,
    waiting_bytes  BIGINT  NOT NULL DEFAULT 0,
    nodes          TEXT COLLATE "C"    NOT NULL DEFAULT '[]',
    -- The run of its program that said hello last.
    run            TEXT COLLATE "C"
);
CREATE INDEX gateway_organisation ON gateway (organisation);

CREATE TABLE enrol_code (
    code_hash    TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    issued_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);

CREATE TABLE token (
    token_hash TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    gateway    TEXT COLLATE "C"   NOT NULL REFERENCES gateway (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX token_gateway ON token (gateway);
CREATE INDEX token_expires ON token (expires_at);

-- Assertions that have been used for a token: a second use is a replay.
CREATE TABLE assertion (
    digest     TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX assertion_expires ON assertion (expires_at);

-- What organisations hold ----------------------------------------------------

CREATE TABLE study (
    -- Follows from holder and UID.
    id                 TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    holder             TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    study_uid          TEXT COLLATE "C"    NOT NULL,
    patient_id         TEXT COLLATE "C"    NOT NULL,
    patient_id_issuer  TEXT COLLATE "C"    NOT NULL,
    -- As it is compared: `domain::PatientKey`; empty when there is none.
    patient_key        TEXT COLLATE "C"    NOT NULL DEFAULT '',
    patient_name       TEXT COLLATE "C"    NOT NULL,
    patient_birth_date TEXT COLLATE "C"    NOT NULL,
    patient_sex        TEXT COLLATE "C"    NOT NULL,
    accession          TEXT COLLATE "C"    NOT NULL,
    study_date         TEXT COLLATE "C"    NOT NULL,
    study_time         TEXT COLLATE "C"    NOT NULL,
    description        TEXT COLLATE "C"    NOT NULL,
    institution        TEXT COLLATE "C"    NOT NULL,
    -- Distinct modalities of its series, joined by '/'.
    modality           TEXT COLLATE "C"    NOT NULL,
    images             BIGINT  NOT NULL,
    bytes              BIGINT  NOT NULL,
    first_at           BIGINT  NOT NULL,
    latest_at          BIGINT  NOT NULL,
    -- Since when it has been sent to its holder's own gateway, if it has.
    held_at            BIGINT,
    -- Some of it waits for a person to share it.
    to_share           BOOLEAN NOT NULL,
    complete_at        BIGINT,
    -- The row of a deleted study stays for its shares' sake, and says nothing.
    deleted_at         BIGINT,
    expected           BIGINT,
    UNIQUE (holder, study_uid)
);
CREATE INDEX study_patient ON study (patient_key) WHERE patient_key <> '';
CREATE INDEX study_to_share ON study (latest_at) WHERE to_share;
-- When an organisation last sent something.
CREATE INDEX study_latest ON study (holder, latest_at);

CREATE TABLE series (
    study         TEXT COLLATE "C"   NOT NULL REFERENCES study (id),
    series_uid    TEXT COLLATE "C"   NOT NULL,
    modality      TEXT COLLATE "C"   NOT NULL,
    series_number BIGINT,
    description   TEXT COLLATE "C"   NOT NULL,
    body_part     TEXT COLLATE "C"   NOT NULL,
    images        BIGINT NOT NULL,
    PRIMARY KEY (study, series_uid)
);

CREATE TABLE instance (
    id              TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    holder          TEXT COLLATE "C"   NOT NULL,
    study           TEXT COLLATE "C"   NOT NULL REFERENCES study (id),
    series_uid      TEXT COLLATE "C"   NOT NULL,
    sop_uid         TEXT COLLATE "C"   NOT NULL,
    class_uid       TEXT COLLATE "C"   NOT NULL,
    syntax          TEXT COLLATE "C"   NOT NULL,
    digest          TEXT COLLATE "C"   NOT NULL,
    length          BIGINT NOT NULL CHECK (length >= 0),
    series_number   BIGINT,
    instance_number BIGINT,
    -- InstanceHeader as JSON.
    header          TEXT COLLATE "C"   NOT NULL,
    admitted_at     BIGINT NOT NULL,
    -- Its blob has gone or is spoilt: it is wanted again.
    lost            BOOLEAN NOT NULL DEFAULT FALSE,
    -- An image is held once.
    UNIQUE (holder, sop_uid)
);
CREATE INDEX instance_study ON instance (study);

CREATE TABLE quarantine (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    holder     TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    study_uid  TEXT COLLATE "C"   NOT NULL,
    sop_uid    TEXT COLLATE "C"   NOT NULL,
    syntax     TEXT COLLATE "C"   NOT NULL,
    digest     TEXT COLLATE "C"   NOT NULL,
    length     BIGINT NOT NULL,
    reason     TEXT COLLATE "C"   NOT NULL CHECK (reason IN ('uid_conflict', 'other_study')),
    header     TEXT COLLATE "C"   NOT NULL,
    at         BIGINT NOT NULL,
    UNIQUE (holder, sop_uid, digest, reason)
);
CREATE INDEX quarantine_reason ON quarantine (holder, reason, at);

-- What is sent to whom -------------------------------------------------------

CREATE TABLE share (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    sender     TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    purpose    TEXT COLLATE "C"   NOT NULL,
    legal_mode TEXT COLLATE "C"   NOT NULL CHECK (legal_mode IN ('disclosure', 'coherent_access')),
    -- 'pacs': sent to the recipient's AE title. 'cli': by hand. 'portal': by a
    -- member. 'test': a test image.
    origin     TEXT COLLATE "C"   NOT NULL CHECK (origin IN ('pacs', 'cli', 'portal', 'test')),
    priority   TEXT COLLATE "C"   NOT NULL DEFAULT 'ordinary'
        CHECK (priority IN ('emergency', 'urgent', 'ordinary')),
    created_at BIGINT NOT NULL,
    -- When the last image joined it.
    latest_at  BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    -- Of one made in the portal: by whom, acting where, with which words, and
    -- what was asked for, as a digest: asked for twice, it is made once.
    made_by    TEXT COLLATE "C",
    unit       TEXT COLLATE "C"   REFERENCES care_unit (id),
    message    TEXT COLLATE "C"   NOT NULL DEFAULT '',
    request    TEXT COLLATE "C"   NOT NULL DEFAULT '',
    -- Nothing leaves before this, so that a slip can be undone.
    sends_at   BIGINT,
    -- Why it was taken back: a word, and what the member wrote.
    revoked_why    TEXT COLLATE "C" NOT NULL DEFAULT '',
    revoked_reason TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX share_sender ON share (sender, created_at, id);

-- A study's way to one recipient; a share has one for each.
CREATE TABLE delivery (
    id            TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    share         TEXT COLLATE "C"    NOT NULL REFERENCES share (id),
    study         TEXT COLLATE "C"    NOT NULL REFERENCES study (id),
    recipient     TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    -- Whose images it was made for; empty: whoever's they are. Others' do not
    -- join it.
    patient_key   TEXT COLLATE "C"    NOT NULL DEFAULT '',
    patient_id    TEXT COLLATE "C"    NOT NULL DEFAULT '',
    state         TEXT COLLATE "C"    NOT NULL CHECK (state IN
        ('waiting', 'under_way', 'retrying', 'delivered', 'stopped', 'withdrawn')),
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL,
    images        BIGINT  NOT NULL DEFAULT 0,
    bytes         BIGINT  NOT NULL DEFAULT 0,
    pending       BIGINT  NOT NULL DEFAULT 0,
    stored        BIGINT  NOT NULL DEFAULT 0,
    already_there BIGINT  NOT NULL DEFAULT 0,
    failed        BIGINT  NOT NULL DEFAULT 0,
    -- The recipient holds it: nothing leaves until someone lets it in.
    held          BOOLEAN NOT NULL DEFAULT FALSE,
    -- The sender has said that all has come.
    complete      BOOLEAN NOT NULL DEFAULT FALSE,
    expected      BIGINT,
    -- Images that came and are another patient's: they are not part of it.
    left_out      BIGINT  NOT NULL DEFAULT 0,
    -- Why the last attempt, or an image of it, failed.
    failure       TEXT COLLATE "C",
    CHECK (pending >= 0 AND failed >= 0
        AND images = pending + stored + already_there + failed)
);
CREATE INDEX delivery_share ON delivery (share);
CREATE INDEX delivery_study ON delivery (study, recipient);
CREATE INDEX delivery_created ON delivery (created_at, id);
CREATE INDEX delivery_recipient ON delivery (recipient, created_at, id);
CREATE INDEX delivery_going ON delivery (recipient)
    WHERE state IN ('waiting', 'under_way', 'retrying', 'stopped');

CREATE TABLE delivery_instance (
    delivery        TEXT COLLATE "C"   NOT NULL REFERENCES delivery (id),
    instance        TEXT COLLATE "C"   NOT NULL REFERENCES instance (id),
    -- The order of delivery; the greatest number when the image has none.
    series_number   BIGINT NOT NULL,
    instance_number BIGINT NOT NULL,
    state           TEXT COLLATE "C"   NOT NULL
        CHECK (state IN ('pending', 'stored', 'already_there', 'failed')),
    attempts        BIGINT NOT NULL DEFAULT 0,
    failure         TEXT COLLATE "C",
    -- DIMSE status, when the node gave one.
    status          BIGINT,
    node            TEXT COLLATE "C",
    receipt_at      BIGINT,
    PRIMARY KEY (delivery, instance)
);
CREATE INDEX delivery_instance_pending
    ON delivery_instance (delivery, series_number, instance_number, instance)
    WHERE state = 'pending';
-- To find what names an image that is deleted.
CREATE INDEX delivery_instance_instance ON delivery_instance (instance);
CREATE INDEX delivery_instance_failed
    ON delivery_instance (delivery) WHERE state = 'failed';

-- Work that someone is to come and take. A claim holds a job until its lease
-- ends; a later claim makes it void.
CREATE TABLE job (
    id          TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    -- Whose work it is: the recipient organisation.
    queue       TEXT COLLATE "C"   NOT NULL,
    kind        TEXT COLLATE "C"   NOT NULL CHECK (kind IN ('delivery')),
    subject     TEXT COLLATE "C"   NOT NULL,
    -- Not before this. NULL: parked until a person acts or more comes.
    due_at      BIGINT,
    -- Less is more urgent.
    priority    BIGINT NOT NULL,
    claim       TEXT COLLATE "C",
    -- The gateway that holds it.
    claimed_by  TEXT COLLATE "C",
    lease_until BIGINT,
    -- Attempts in a row that have failed.
    attempts    BIGINT NOT NULL DEFAULT 0,
    -- Under the present claim: images settled, and failures that pass.
    settled     BIGINT NOT NULL DEFAULT 0,
    troubles    BIGINT NOT NULL DEFAULT 0,
    UNIQUE (kind, subject)
);
CREATE INDEX job_next ON job (queue, priority, due_at) WHERE due_at IS NOT NULL;

-- Written to find out whether the database can be written.
CREATE TABLE probe (
    id    BIGINT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL
);
INSERT INTO probe (id, count) VALUES (1, 0);
