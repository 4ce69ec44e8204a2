-- Each study's data key, wrapped by a key that lies elsewhere. Made before the
-- first bytes of the study are written, and so before its row; gone before
-- anything else of a study is removed.
CREATE TABLE study_key (
    study      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Stays when the key is wrapped anew; a study that was deleted and comes
    -- again has another.
    id         TEXT COLLATE "C" NOT NULL,
    -- The wrapping key's name.
    wrapped_by TEXT COLLATE "C" NOT NULL,
    -- Base64.
    wrapped    TEXT COLLATE "C" NOT NULL
);
CREATE INDEX study_key_wrapped_by ON study_key (wrapped_by, study);
