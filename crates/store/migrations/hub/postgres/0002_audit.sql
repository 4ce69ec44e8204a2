-- The audit log: a hash chain, only ever appended to.

CREATE TABLE audit (
    sequence     BIGINT NOT NULL PRIMARY KEY CHECK (sequence > 0),
    previous     TEXT COLLATE "C"   NOT NULL,
    hash         TEXT COLLATE "C"   NOT NULL,
    -- Columns to search by; what counts is the text.
    at           BIGINT NOT NULL,
    action       TEXT COLLATE "C"   NOT NULL,
    outcome      TEXT COLLATE "C"   NOT NULL CHECK (outcome IN ('success', 'denied', 'failure')),
    organisation TEXT COLLATE "C",
    counterpart  TEXT COLLATE "C",
    -- Who did it, at which care unit, and whom it is about.
    member       TEXT COLLATE "C",
    care_unit    TEXT COLLATE "C",
    about        TEXT COLLATE "C",
    -- As it is compared: `domain::PatientKey`.
    patient_id   TEXT COLLATE "C",
    share        TEXT COLLATE "C",
    delivery     TEXT COLLATE "C",
    -- The entry as JSON, byte for byte as hashed.
    text         TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_patient ON audit (patient_id, sequence) WHERE patient_id IS NOT NULL;
CREATE INDEX audit_member ON audit (member, sequence) WHERE member IS NOT NULL;
CREATE INDEX audit_organisation ON audit (organisation, sequence) WHERE organisation IS NOT NULL;
CREATE INDEX audit_counterpart ON audit (counterpart, sequence) WHERE counterpart IS NOT NULL;
CREATE INDEX audit_share ON audit (share, sequence) WHERE share IS NOT NULL;

CREATE TABLE audit_study (
    sequence  BIGINT NOT NULL REFERENCES audit (sequence),
    study_uid TEXT COLLATE "C"   NOT NULL,
    PRIMARY KEY (study_uid, sequence)
);

-- The end of the chain, kept beside it, so that cutting the end off shows.
CREATE TABLE audit_head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash     TEXT COLLATE "C"   NOT NULL
);
INSERT INTO audit_head (id, sequence, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE FUNCTION audit_is_append_only() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;

CREATE TRIGGER audit_never_changed BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_study_never_changed BEFORE UPDATE OR DELETE ON audit_study
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_study_never_emptied BEFORE TRUNCATE ON audit_study
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head
FOR EACH ROW WHEN (NEW.sequence <= OLD.sequence)
EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_head_never_deleted BEFORE DELETE ON audit_head
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_head_never_emptied BEFORE TRUNCATE ON audit_head
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
