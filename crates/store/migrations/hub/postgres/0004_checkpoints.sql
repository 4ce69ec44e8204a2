-- Signed checkpoints of the log, and the edge of its tree at the newest one.
CREATE TABLE checkpoint (
    -- Entries that it is over.
    size BIGINT NOT NULL PRIMARY KEY CHECK (size > 0),
    -- The signed note, as it is kept elsewhere.
    note TEXT COLLATE "C" NOT NULL
);

CREATE TABLE checkpoint_edge (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The hub's id, which names its log; made at first use.
    hub      TEXT COLLATE "C",
    size     BIGINT NOT NULL,
    -- Hash of the last entry.
    head     TEXT COLLATE "C" NOT NULL,
    -- The roots of the perfect subtrees, base64.
    frontier TEXT COLLATE "C" NOT NULL
);
INSERT INTO checkpoint_edge (id, hub, size, head, frontier)
VALUES (1, NULL, 0, '0000000000000000000000000000000000000000000000000000000000000000', 'AAAAAAAAAAA=');

CREATE FUNCTION checkpoints_are_only_added() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'checkpoints are only added'; END $$;

CREATE TRIGGER checkpoint_never_changed BEFORE UPDATE OR DELETE ON checkpoint
FOR EACH ROW EXECUTE FUNCTION checkpoints_are_only_added();
CREATE TRIGGER checkpoint_never_emptied BEFORE TRUNCATE ON checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION checkpoints_are_only_added();
CREATE TRIGGER checkpoint_edge_goes_forward BEFORE UPDATE ON checkpoint_edge
FOR EACH ROW WHEN (NEW.size < OLD.size OR OLD.hub IS NOT NULL AND NEW.hub IS DISTINCT FROM OLD.hub)
EXECUTE FUNCTION checkpoints_are_only_added();
CREATE TRIGGER checkpoint_edge_never_deleted BEFORE DELETE ON checkpoint_edge
FOR EACH ROW EXECUTE FUNCTION checkpoints_are_only_added();
CREATE TRIGGER checkpoint_edge_never_emptied BEFORE TRUNCATE ON checkpoint_edge
FOR EACH STATEMENT EXECUTE FUNCTION checkpoints_are_only_added();
