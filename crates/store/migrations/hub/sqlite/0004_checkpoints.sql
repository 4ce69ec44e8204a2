-- Signed checkpoints of the log, and the edge of its tree at the newest one.
CREATE TABLE checkpoint (
    -- Entries that it is over.
    size BIGINT NOT NULL PRIMARY KEY CHECK (size > 0),
    -- The signed note, as it is kept elsewhere.
    note TEXT NOT NULL
);

CREATE TABLE checkpoint_edge (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The hub's id, which names its log; made at first use.
    hub      TEXT,
    size     BIGINT NOT NULL,
    -- Hash of the last entry.
    head     TEXT NOT NULL,
    -- The roots of the perfect subtrees, base64.
    frontier TEXT NOT NULL
);
INSERT INTO checkpoint_edge (id, hub, size, head, frontier)
VALUES (1, NULL, 0, '0000000000000000000000000000000000000000000000000000000000000000', 'AAAAAAAAAAA=');

CREATE TRIGGER checkpoint_never_updated BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;
CREATE TRIGGER checkpoint_never_deleted BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;
-- INSERT OR REPLACE would pass the trigger above by.
CREATE TRIGGER checkpoint_never_replaced BEFORE INSERT ON checkpoint
WHEN NEW.size <= (SELECT MAX(size) FROM checkpoint)
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;
CREATE TRIGGER checkpoint_edge_goes_forward BEFORE UPDATE ON checkpoint_edge
WHEN NEW.size < OLD.size OR OLD.hub IS NOT NULL AND NEW.hub IS NOT OLD.hub
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;
CREATE TRIGGER checkpoint_edge_never_deleted BEFORE DELETE ON checkpoint_edge
BEGIN SELECT RAISE(ABORT, 'checkpoints are only added'); END;
