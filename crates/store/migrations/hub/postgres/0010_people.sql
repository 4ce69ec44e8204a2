-- People: members, what they may do, how they log in. Patients' will. Secrets at
-- rest are sealed by the hub's own key (`flow::vault`), or kept as hashes.

CREATE TABLE member (
    id              TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    organisation    TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    name            TEXT COLLATE "C"    NOT NULL,
    email           TEXT COLLATE "C"    NOT NULL,
    -- In lower case; one account for each address on the hub.
    email_key       TEXT COLLATE "C"    NOT NULL UNIQUE,
    hsa_id          TEXT COLLATE "C",
    -- Twelve digits, for log-in by BankID.
    personal_number TEXT COLLATE "C",
    -- PHC string; NULL: none has been chosen.
    password        TEXT COLLATE "C",
    language        TEXT COLLATE "C"    NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en')),
    active          BOOLEAN NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_login      BIGINT,
    -- When to write of what has come; of a digest the hour of day, and when the
    -- next one is due.
    notices         TEXT COLLATE "C" NOT NULL DEFAULT 'at_once'
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
    id           TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    name         TEXT COLLATE "C"    NOT NULL,
    name_key     TEXT COLLATE "C"    NOT NULL,
    -- JSON list of words.
    permissions  TEXT COLLATE "C"    NOT NULL,
    active       BOOLEAN NOT NULL,
    UNIQUE (organisation, name_key)
);

CREATE TABLE assignment (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    member     TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    -- A built-in role's word, or a role's id.
    role       TEXT COLLATE "C"   NOT NULL,
    -- NULL: the whole organisation.
    care_unit  TEXT COLLATE "C" REFERENCES care_unit (id),
    commission TEXT COLLATE "C",
    granted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX assignment_once ON assignment (member, role, COALESCE(care_unit, ''));

-- A link that was sent: to set up an account, or to choose a new password.
CREATE TABLE invitation (
    token_hash TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    member     TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    kind       TEXT COLLATE "C"   NOT NULL CHECK (kind IN ('invitation', 'reset')),
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX invitation_member ON invitation (member);

-- Second factors.
CREATE TABLE factor (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    member     TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    kind       TEXT COLLATE "C"   NOT NULL CHECK (kind IN ('passkey', 'totp')),
    name       TEXT COLLATE "C"   NOT NULL,
    -- Passkey: the credential's id in base64url. TOTP: NULL.
    credential TEXT COLLATE "C" UNIQUE,
    -- Sealed, base64: a passkey's public key and counter, a TOTP's secret.
    data       TEXT COLLATE "C"   NOT NULL,
    -- TOTP: the last time step that was used (RFC 6238 5.2).
    last_step  BIGINT NOT NULL DEFAULT 0,
    -- NULL: not proven yet, so it does not count.
    proven_at  BIGINT,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX factor_member ON factor (member);

CREATE TABLE recovery_code (
    code_hash TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    member    TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    used_at   BIGINT
);
CREATE INDEX recovery_code_member ON recovery_code (member);

-- One log-in in one browser. The token is known to that browser only.
CREATE TABLE session (
    id          TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    token_hash  TEXT COLLATE "C"   NOT NULL UNIQUE,
    member      TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    level       TEXT COLLATE "C"   NOT NULL CHECK (level IN ('first', 'setup', 'full')),
    -- The care unit acted at.
    care_unit   TEXT COLLATE "C" REFERENCES care_unit (id),
    -- By what it was begun: password, oidc, bankid.
    means       TEXT COLLATE "C"   NOT NULL,
    -- Care units and commissions that the identity provider named, as JSON; NULL:
    -- all of the member's count.
    commissions TEXT COLLATE "C",
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    -- It ends when it has been idle until then, and at `ends_at` in any case.
    idle_until  BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    fresh_at    BIGINT NOT NULL,
    address     TEXT COLLATE "C"   NOT NULL,
    agent       TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX session_member ON session (member);
CREATE INDEX session_ends ON session (ends_at);

-- What is kept between two steps of a log-in: a passkey's challenge, an OpenID
-- Connect flow, a BankID order. Used once.
CREATE TABLE ceremony (
    -- Of a random value that only the browser has.
    id_hash    TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    kind       TEXT COLLATE "C"   NOT NULL,
    member     TEXT COLLATE "C" REFERENCES member (id),
    -- Sealed, base64.
    data       TEXT COLLATE "C"   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ceremony_expires ON ceremony (expires_at);

-- Attempts that are counted: by account, by address, by browser.
CREATE TABLE attempt (
    -- What is counted, as a hash.
    bucket     TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    count      BIGINT NOT NULL,
    -- From here on a new count begins.
    expires_at BIGINT NOT NULL
);
CREATE INDEX attempt_expires ON attempt (expires_at);

-- OpenID Connect, for each organisation. The configuration is sealed.
CREATE TABLE identity_provider (
    organisation TEXT COLLATE "C"   NOT NULL PRIMARY KEY REFERENCES organisation (id),
    name         TEXT COLLATE "C"   NOT NULL,
    config       TEXT COLLATE "C"   NOT NULL,
    changed_at   BIGINT NOT NULL
);

-- What waits for a second member.
CREATE TABLE approval (
    id           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    action       TEXT COLLATE "C"   NOT NULL,
    -- What is to be done, as JSON.
    request      TEXT COLLATE "C"   NOT NULL,
    about        TEXT COLLATE "C" REFERENCES member (id),
    asked_by     TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    asked_at     BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    decided_by   TEXT COLLATE "C" REFERENCES member (id),
    decided_at   BIGINT,
    approved     BOOLEAN,
    -- When it was made use of, where that is for whoever asked to do.
    spent_at     BIGINT
);
CREATE INDEX approval_organisation ON approval (organisation, asked_at);

-- Machines other than gateways, and their keys.
CREATE TABLE machine (
    id           TEXT COLLATE "C"    NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C"    NOT NULL REFERENCES organisation (id),
    name         TEXT COLLATE "C"    NOT NULL,
    -- Words, separated by spaces.
    scopes       TEXT COLLATE "C"    NOT NULL,
    active       BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    last_seen    BIGINT
);
CREATE TABLE machine_key (
    machine    TEXT COLLATE "C"   NOT NULL REFERENCES machine (id),
    kid        TEXT COLLATE "C"   NOT NULL,
    -- A JWK.
    public_key TEXT COLLATE "C"   NOT NULL,
    added_at   BIGINT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (machine, kid)
);
CREATE TABLE machine_token (
    token_hash TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    machine    TEXT COLLATE "C"   NOT NULL REFERENCES machine (id),
    scopes     TEXT COLLATE "C"   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX machine_token_machine ON machine_token (machine);
CREATE INDEX machine_token_expires ON machine_token (expires_at);

-- Patients' will ------------------------------------------------------------

CREATE TABLE block (
    id            TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    -- `domain::PatientKey`.
    patient       TEXT COLLATE "C"   NOT NULL,
    -- Whose studies.
    organisation  TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    care_unit     TEXT COLLATE "C" REFERENCES care_unit (id),
    registered_by TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    registered_at BIGINT NOT NULL,
    lifted_by     TEXT COLLATE "C" REFERENCES member (id),
    lifted_at     BIGINT
);
CREATE INDEX block_patient ON block (patient) WHERE lifted_at IS NULL;
CREATE INDEX block_organisation ON block (organisation, registered_at);

CREATE TABLE consent (
    id            TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    patient       TEXT COLLATE "C"   NOT NULL,
    -- Who may see.
    organisation  TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    care_unit     TEXT COLLATE "C" REFERENCES care_unit (id),
    from_at       BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    registered_by TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    registered_at BIGINT NOT NULL,
    withdrawn_by  TEXT COLLATE "C" REFERENCES member (id),
    withdrawn_at  BIGINT
);
CREATE INDEX consent_patient ON consent (patient, organisation);

CREATE TABLE emergency (
    id           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    patient      TEXT COLLATE "C"   NOT NULL,
    organisation TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    member       TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    care_unit    TEXT COLLATE "C" REFERENCES care_unit (id),
    reason       TEXT COLLATE "C"   NOT NULL,
    at           BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    reviewed_by  TEXT COLLATE "C" REFERENCES member (id),
    reviewed_at  BIGINT,
    -- What the reviewer found.
    assessment   TEXT COLLATE "C" CHECK (assessment IN ('justified', 'unclear', 'unjustified')),
    comment      TEXT COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX emergency_member ON emergency (member, until_at);
CREATE INDEX emergency_organisation ON emergency (organisation, at);

-- Spot checks of the log ------------------------------------------------------

CREATE TABLE spot_check (
    id           TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    organisation TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    drawn_by     TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    drawn_at     BIGINT NOT NULL,
    -- random, same_surname, colleague, vip, own_record, out_of_hours, no_relation.
    rule         TEXT COLLATE "C"   NOT NULL,
    from_at      BIGINT NOT NULL,
    until_at     BIGINT NOT NULL,
    -- How many entries the rule found, of which those below were drawn.
    found        BIGINT NOT NULL,
    closed_at    BIGINT
);
CREATE INDEX spot_check_organisation ON spot_check (organisation, drawn_at);

CREATE TABLE spot_check_entry (
    spot_check  TEXT COLLATE "C"   NOT NULL REFERENCES spot_check (id),
    sequence    BIGINT NOT NULL REFERENCES audit (sequence),
    -- Why the rule found it, in words for the reviewer.
    why         TEXT COLLATE "C"   NOT NULL,
    assessment  TEXT COLLATE "C" CHECK (assessment IN ('justified', 'unclear', 'unjustified')),
    comment     TEXT COLLATE "C"   NOT NULL DEFAULT '',
    reviewed_by TEXT COLLATE "C" REFERENCES member (id),
    reviewed_at BIGINT,
    PRIMARY KEY (spot_check, sequence)
);

-- Patients that an organisation wants looked after (VIP flag).
CREATE TABLE watched_patient (
    organisation TEXT COLLATE "C"   NOT NULL REFERENCES organisation (id),
    patient      TEXT COLLATE "C"   NOT NULL,
    added_by     TEXT COLLATE "C"   NOT NULL REFERENCES member (id),
    added_at     BIGINT NOT NULL,
    PRIMARY KEY (organisation, patient)
);

-- Letters to be sent. No personal data of patients, ever.
CREATE TABLE letter (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    -- Sealed, base64: address, template, and what goes into it.
    data       TEXT COLLATE "C"   NOT NULL,
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT,
    -- When it was tried first.
    tried_at   BIGINT
);
CREATE INDEX letter_due ON letter (due_at);

-- How far the log has been passed on to a SIEM, and by which hub now.
CREATE TABLE audit_cursor (
    name        TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    sequence    BIGINT NOT NULL,
    holder      TEXT COLLATE "C",
    lease_until BIGINT NOT NULL
);
