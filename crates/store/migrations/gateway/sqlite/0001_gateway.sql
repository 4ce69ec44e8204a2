-- The gateway's index of its spool. Always SQLite.
--
-- Digests are SHA-256 as lower-case text. Times are microseconds since
-- 1970-01-01 UTC.

-- Images that the gateway still needs in the spool.
CREATE TABLE arrival (
    -- The spool's number.
    object    INTEGER NOT NULL PRIMARY KEY,
    study_uid TEXT    NOT NULL,
    sop_uid   TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    length    BIGINT  NOT NULL CHECK (length >= 0),
    -- Route as JSON, always written the same way.
    route     TEXT    NOT NULL,
    -- The node it goes to; NULL when it goes to the hub.
    node      TEXT,
    -- 'refused': the hub does not take it. 'failed': the node does not.
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'refused', 'failed')),
    attempts  BIGINT  NOT NULL DEFAULT 0,
    retry_at  BIGINT  NOT NULL DEFAULT 0,
    -- Arrival as JSON.
    arrival   TEXT    NOT NULL
);
CREATE INDEX arrival_for_hub ON arrival (object, length)
    WHERE state = 'waiting' AND node IS NULL;
CREATE INDEX arrival_for_node ON arrival (node, object, retry_at)
    WHERE state = 'waiting' AND node IS NOT NULL;
CREATE INDEX arrival_waiting_study ON arrival (study_uid, route)
    WHERE state = 'waiting';
CREATE INDEX arrival_failed ON arrival (node) WHERE state = 'failed';

-- Images let go of, which the spool may show again until it has dropped their
-- segment.
CREATE TABLE settled (
    object INTEGER NOT NULL PRIMARY KEY
);

-- Studies as they come in, until some time after they are complete.
CREATE TABLE intake_study (
    study_uid   TEXT   NOT NULL,
    route       TEXT   NOT NULL,
    calling     TEXT   NOT NULL,
    -- Distinct images.
    received    BIGINT NOT NULL,
    latest      BIGINT NOT NULL,
    complete_at BIGINT,
    PRIMARY KEY (study_uid, route)
);
CREATE INDEX intake_open ON intake_study (latest) WHERE complete_at IS NULL;
CREATE INDEX intake_closed ON intake_study (complete_at) WHERE complete_at IS NOT NULL;

CREATE TABLE intake_instance (
    study_uid TEXT NOT NULL,
    route     TEXT NOT NULL,
    sop_uid   TEXT NOT NULL,
    PRIMARY KEY (study_uid, route, sop_uid),
    FOREIGN KEY (study_uid, route)
        REFERENCES intake_study (study_uid, route) ON DELETE CASCADE
) WITHOUT ROWID;

-- Deliveries straight to nodes, so far.
CREATE TABLE direct (
    node     TEXT   NOT NULL PRIMARY KEY,
    stored   BIGINT NOT NULL DEFAULT 0,
    -- Attempts in a row that have failed.
    failures BIGINT NOT NULL DEFAULT 0
);

-- The hub's directory as last heard.
CREATE TABLE directory (
    organisation TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    ae_title     TEXT NOT NULL
);
