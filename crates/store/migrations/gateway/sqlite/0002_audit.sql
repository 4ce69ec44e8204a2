-- The audit log: a hash chain, only ever appended to.

CREATE TABLE audit (
    sequence     BIGINT NOT NULL PRIMARY KEY CHECK (sequence > 0),
    previous     TEXT   NOT NULL,
    hash         TEXT   NOT NULL,
    -- Columns to search by; what counts is the text.
    at           BIGINT NOT NULL,
    action       TEXT   NOT NULL,
    outcome      TEXT   NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
    organisation TEXT,
    counterpart  TEXT,
    -- Who did it, at which care unit, and whom it is about.
    member       TEXT,
    care_unit    TEXT,
    about        TEXT,
    -- As it is compared: `domain::PatientKey`.
    patient_id   TEXT,
    share        TEXT,
    delivery     TEXT,
    -- The entry as JSON, byte for byte as hashed.
    text         TEXT   NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_patient ON audit (patient_id, sequence) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_member ON audit (member, sequence) WHERE member IS NOT NULL;
CREATE INDEX audit_organisation ON audit (organisation, sequence) WHERE organisation IS NOT NULL;
CREATE INDEX audit_counterpart ON audit (counterpart, sequence) WHERE counterpart IS NOT NULL;
CREATE INDEX audit_share ON audit (share, sequence) WHERE share IS NOT NULL;

CREATE TABLE audit_study (
    sequence  BIGINT NOT NULL REFERENCES audit (sequence),
    study_uid TEXT   NOT NULL,
    PRIMARY KEY (study_uid, sequence)
) WITHOUT ROWID;

-- The end of the chain, kept beside it, so that cutting the end off shows.
CREATE TABLE audit_head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT   NOT NULL
);
INSERT INTO audit_head (id, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TRIGGER audit_never_updated BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- INSERT OR REPLACE would pass the trigger above by.
CREATE TRIGGER audit_never_replaced BEFORE INSERT ON audit
WHEN NEW.sequence <= (SELECT sequence FROM audit_head)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_study_never_updated BEFORE UPDATE ON audit_study
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_study_never_deleted BEFORE DELETE ON audit_study
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head
WHEN NEW.sequence <= OLD.sequence
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_never_deleted BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
