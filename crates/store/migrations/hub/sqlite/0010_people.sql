-- People: members, what they may do, how they log in. Patients' will. Secrets at
-- rest are sealed by the hub's own key (`flow::vault`), or kept as hashes.

CREATE TABLE member (
    id              TEXT    NOT NULL PRIMARY KEY,
    organisation    TEXT    NOT NULL REFERENCES organisation (id),
    name            TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    -- In lower case; one account for each address on the hub.
    email_key       TEXT    NOT NULL UNIQUE,
    hsa_id          TEXT,
    -- Twelve digits, for log-in by BankID.
    personal_number TEXT,
    -- PHC string; NULL: none has been chosen.
    password        TEXT,
    language        TEXT    NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en')),
    active          BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_login      BIGINT,
    -- When to write of what has come; of a digest the hour of day, and when the
    -- next one is due.
    notices         TEXT     NOT NULL DEFAULT 'at_once'
        CHECK (notices IN ('at_once', 'digest', 'off')),
    digest_hour     BIGINT  NOT NULL DEFAULT 7 CHECK (digest_hour BETWEEN 0 AND 23),
    digest_at       BIGINT
);
CREATE INDEX member_digest ON member (digest_at) WHERE digest_at IS NOT NULL;
CREATE INDEX member_organisation ON member (organisation, name);
CREATE UNIQUE INDEX member_hsa_id ON member (organisation, hsa_id) WHERE hsa_id IS NOT NULL;
CREATE INDEX member_personal_number ON member (personal_number)
    WHERE personal_number IS NOT NULL;

-- Roles that organisations have made; the built-in ones are in the program.
CREATE TABLE role (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL REFERENCES organisation (id),
    name         TEXT    NOT NULL,
    name_key     TEXT    NOT NULL,
    -- JSON list of words.
    permissions  TEXT    NOT NULL,
    active       BOOLEAN NOT NULL,
    UNIQUE (organisation, name_key)
);

CREATE TABLE assignment (
    id         TEXT   NOT NULL PRIMARY KEY,
    member     TEXT   NOT NULL REFERENCES member (id),
    -- A built-in role's word, or a role's id.
    role       TEXT   NOT NULL,
    -- NULL: the whole organisation.
    care_unit  TEXT REFERENCES care_unit (id),
    commission TEXT,
    granted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX assignment_once ON assignment (member, role, COALESCE(care_unit, ''));

-- A link that was sent: to set up an account, or to choose a new password.
CREATE TABLE invitation (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    member     TEXT   NOT NULL REFERENCES member (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('invitation', 'reset')),
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX invitation_member ON invitation (member);

-- Second factors.
CREATE TABLE factor (
    id         TEXT   NOT NULL PRIMARY KEY,
    member     TEXT   NOT NULL REFERENCES member (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('passkey', 'totp')),
    name       TEXT   NOT NULL,
    -- Passkey: the credential's id in base64url. TOTP: NULL.
    credential TEXT UNIQUE,
    -- Sealed, base64: a passkey's public key and counter, a TOTP's secret.
    data       TEXT   NOT NULL,
    -- TOTP: the last time step that was used (RFC 6238 5.2).
    last_step  BIGINT NOT NULL DEFAULT 0,
    -- NULL: not proven yet, so it does not count.
    proven_at  BIGINT,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX factor_member ON factor (member);

CREATE TABLE recovery_code (
    code_hash TEXT   NOT NULL PRIMARY KEY,
    member    TEXT   NOT NULL REFERENCES member (id),
    used_at   BIGINT
);
CREATE INDEX recovery_code_member ON recovery_code (member);

-- One log-in in one browser. The token is known to that browser only.
CREATE TABLE session (
    id          TEXT   NOT NULL PRIMARY KEY,
    token_hash  TEXT   NOT NULL UNIQUE,
    member      TEXT   NOT NULL REFERENCES member (id),
    level       TEXT   NOT NULL CHECK (level IN ('first', 'setup', 'full')),
    -- The care unit acted at.
    care_unit   TEXT REFERENCES care_unit (id),
    -- By what it was begun: password, oidc, bankid.
    means       TEXT   NOT NULL,
    -- Care units and commissions that the identity provider named, as JSON; NULL:
    -- all of the member's count.
    commissions TEXT,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    -- It ends when it has been idle until then, and at `ends_at` in any case.
    idle_until  BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    fresh_at    BIGINT NOT NULL,
    address     TEXT   NOT NULL,
    agent       TEXT   NOT NULL
);
CREATE INDEX session_member ON session (member);
CREATE INDEX session_ends ON session (ends_at);

-- What is kept between two steps of a log-in: a passkey's challenge, an OpenID
-- Connect flow, a BankID order. Used once.
CREATE TABLE ceremony (
    -- Of a random value that only the browser has.
    id_hash    TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    member     TEXT REFERENCES member (id),
    -- Sealed, base64.
    data       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ceremony_expires ON ceremony (expires_at);

-- Attempts that are counted: by account, by address, by browser.
CREATE TABLE attempt (
    -- What is counted, as a hash.
    bucket     TEXT   NOT NULL PRIMARY KEY,
    count      BIGINT NOT NULL,
    -- From here on a new count begins.
    expires_at BIGINT NOT NULL
);
CREATE INDEX attempt_expires ON attempt (expires_at);

-- OpenID Connect, for each organisation. The configuration is sealed.
CREATE TABLE identity_provider (
    organisation TEXT   NOT NULL PRIMARY KEY REFERENCES organisation (id),
    name         TEXT   NOT NULL,
    config       TEXT   NOT NULL,
    changed_at   BIGINT NOT NULL
);

-- What waits for a second member.
CREATE TABLE approval (
    id           TEXT   NOT NULL PRIMARY KEY,
    organisation TEXT   NOT NULL REFERENCES organisation (id),
    action       TEXT   NOT NULL,
    -- What is to be done, as JSON.
    request      TEXT   NOT NULL,
    about        TEXT REFERENCES member (id),
    asked_by     TEXT   NOT NULL REFERENCES member (id),
    asked_at     BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    decided_by   TEXT REFERENCES member (id),
    decided_at   BIGINT,
    approved     BOOLEAN,
    -- When it was made use of, where that is for whoever asked to do.
    spent_at     BIGINT
);
CREATE INDEX approval_organisation ON approval (organisation, asked_at);

-- Machines other than gateways, and their keys.
CREATE TABLE machine (
    id           TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL REFERENCES organisation (id),
    name         TEXT    NOT NULL,
    -- Words, separated by spaces.
    scopes       TEXT    NOT NULL,
    active       BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    last_seen    BIGINT
);
CREATE TABLE machine_key (
    machine    TEXT   NOT NULL REFERENCES machine (id),
    kid        TEXT   NOT NULL,
    -- A JWK.
    public_key TEXT   NOT NULL,
    added_at   BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (machine, kid)
);
CREATE TABLE machine_token (
    token_hash TEXT   NOT NULL PRIMARY KEY,
    machine    TEXT   NOT NULL REFERENCES machine (id),
    scopes     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX machine_token_machine ON machine_token (machine);
CREATE INDEX machine_token_expires ON machine_token (expires_at);

-- Patients' will ------------------------------------------------------------

CREATE TABLE block (
    id            TEXT   NOT NULL PRIMARY KEY,
    -- `domain::PatientKey`.
    patient       TEXT   NOT NULL,
    -- Whose studies.
    organisation  TEXT   NOT NULL REFERENCES organisation (id),
    care_unit     TEXT REFERENCES care_unit (id),
    registered_by TEXT   NOT NULL REFERENCES member (id),
    registered_at BIGINT NOT NULL,
    lifted_by     TEXT REFERENCES member (id),
    lifted_at     BIGINT
);
CREATE INDEX block_patient ON block (patient) WHERE lifted_at IS NULL;
CREATE INDEX block_organisation ON block (organisation, registered_at);

CREATE TABLE consent (
    id            TEXT   NOT NULL PRIMARY KEY,
    patient       TEXT   NOT NULL,
    -- Who may see.
    organisation  TEXT   NOT NULL REFERENCES organisation (id),
    care_unit     TEXT REFERENCES care_unit (id),
    from_at       BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    registered_by TEXT   NOT NULL REFERENCES member (id),
    registered_at BIGINT NOT NULL,
    withdrawn_by  TEXT REFERENCES member (id),
    withdrawn_at  BIGINT
);
CREATE INDEX consent_patient ON consent (patient, organisation);

CREATE TABLE emergency (
    id           TEXT   NOT NULL PRIMARY KEY,
    patient      TEXT   NOT NULL,
    organisation TEXT   NOT NULL REFERENCES organisation (id),
    member       TEXT   NOT NULL REFERENCES member (id),
    care_unit    TEXT REFERENCES care_unit (id),
    reason       TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    reviewed_by  TEXT REFERENCES member (id),
    reviewed_at  BIGINT,
    -- What the reviewer found.
    assessment   TEXT CHECK (assessment IN ('justified', 'unclear', 'unjustified')),
    comment      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX emergency_member ON emergency (member, until_at);
CREATE INDEX emergency_organisation ON emergency (organisation, at);

-- Spot checks of the log ------------------------------------------------------

CREATE TABLE spot_check (
    id           TEXT   NOT NULL PRIMARY KEY,
    organisation TEXT   NOT NULL REFERENCES organisation (id),
    drawn_by     TEXT   NOT NULL REFERENCES member (id),
    drawn_at     BIGINT NOT NULL,
    -- random, same_surname, colleague, vip, own_record, out_of_hours, no_relation.
    rule         TEXT   NOT NULL,
    from_at      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    -- How many entries the rule found, of which those below were drawn.
    found        BIGINT NOT NULL,
    closed_at    BIGINT
);
CREATE INDEX spot_check_organisation ON spot_check (organisation, drawn_at);

CREATE TABLE spot_check_entry (
    spot_check  TEXT   NOT NULL REFERENCES spot_check (id),
    sequence    BIGINT NOT NULL REFERENCES audit (sequence),
    -- Why the rule found it, in words for the reviewer.
    why         TEXT   NOT NULL,
    assessment  TEXT CHECK (assessment IN ('justified', 'unclear', 'unjustified')),
    comment     TEXT   NOT NULL DEFAULT '',
    reviewed_by TEXT REFERENCES member (id),
    reviewed_at BIGINT,
    PRIMARY KEY (spot_check, sequence)
);

-- Patients that an organisation wants looked after (VIP flag).
CREATE TABLE watched_patient (
    organisation TEXT   NOT NULL REFERENCES organisation (id),
    patient      TEXT   NOT NULL,
    added_by     TEXT   NOT NULL REFERENCES member (id),
    added_at     BIGINT NOT NULL,
    PRIMARY KEY (organisation, patient)
);

-- Letters to be sent. No personal data of patients, ever.
CREATE TABLE letter (
    id         TEXT   NOT NULL PRIMARY KEY,
    -- Sealed, base64: address, template, and what goes into it.
    data       TEXT   NOT NULL,
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    -- When it was tried first.
    tried_at   BIGINT
);
CREATE INDEX letter_due ON letter (due_at);

-- How far the log has been passed on to a SIEM, and by which hub now.
CREATE TABLE audit_cursor (
    name        TEXT   NOT NULL PRIMARY KEY,
    sequence    BIGINT NOT NULL,
    holder      TEXT,
    lease_until BIGINT NOT NULL
);
