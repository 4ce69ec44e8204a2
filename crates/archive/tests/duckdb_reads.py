"""Reads an archive with DuckDB, and verifies the chain by what the operations
guide says of it: SHA-256 of a prefix, the hash before, the number in eight
bytes with the highest first, and the text. Prints what it found as JSON."""

import hashlib
import json
import sys

import duckdb

path = sys.argv[1]
rows = duckdb.sql(
    "select sequence, previous, hash, text from read_parquet(?) order by sequence",
    params=[path],
).fetchall()
before = bytes(32)
for sequence, previous, hash_, text in rows:
    assert bytes(previous) == before, sequence
    made = hashlib.sha256(
        b"bildbro.audit.1" + before + sequence.to_bytes(8, "big") + text.encode()
    ).digest()
    assert made == bytes(hash_), sequence
    before = made
one = duckdb.sql(
    """select count(*), sum(images), max(len(studies)), min(action), min(actor_kind),
       min(detail), min(epoch_us("at")) from read_parquet(?)""",
    params=[path],
).fetchall()[0]
print(json.dumps([before.hex(), *(int(v) if not isinstance(v, str) else v for v in one)]))
