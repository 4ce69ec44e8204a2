#!/usr/bin/env python3
"""Makes words.bin, the passwords that crate login refuses.

    make.py ZXCVBN_RS DJANGO_GZ ZXCVBN_TS SWEDISH > words.bin

ZXCVBN_RS  src/frequency_lists.rs of crate zxcvbn
DJANGO_GZ  django/contrib/auth/common-passwords.txt.gz of PyPI's Django
ZXCVBN_TS  the default export of dist/passwords.json.mjs of npm's
           @zxcvbn-ts/language-common, one word a line
SWEDISH    swedish.txt beside this file

README.md says where each comes from and under which licence. `fold` and `core`
have to do what src/password/breached.rs does.
"""

import gzip
import hashlib
import re
import sys
import unicodedata

# Bytes kept of each SHA-256; one in twenty million good passwords is refused by chance.
KEPT = 5
# Shorter cores say nothing about a password of 12 characters.
SHORTEST_CORE = 4
# The shortest password that may be chosen; see src/password/rule.rs.
SHORTEST_PASSWORD = 12


def fold(word: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).lower())


def core(word: str) -> str:
    """The word without what is not a letter before and after it."""
    while word and not word[0].isalpha():
        word = word[1:]
    while word and not word[-1].isalpha():
        word = word[:-1]
    return word


def words(rust: str, django: str, script: str, swedish: str):
    with open(rust, encoding="utf-8") as file:
        found = re.search(r'const PASSWORDS: &str = "(.*?)";', file.read(), re.S)
    if found is None:
        sys.exit(f"{rust}: no list of passwords in it")
    yield from found.group(1).split(",")
    with gzip.open(django, "rt", encoding="utf-8") as file:
        yield from file.read().splitlines()
    for name in (script, swedish):
        with open(name, encoding="utf-8") as file:
            yield from file.read().splitlines()


def main() -> None:
    kept = set()
    for word in words(*sys.argv[1:5]):
        whole = fold(word.strip())
        bare = core(whole)
        if len(bare) >= SHORTEST_CORE:
            kept.add(bare)
        if len(whole) >= SHORTEST_PASSWORD or (whole and not bare):
            kept.add(whole)
    digests = sorted({hashlib.sha256(word.encode()).digest()[:KEPT] for word in kept})
    sys.stdout.buffer.write(b"".join(digests))
    print(f"{len(kept)} words", file=sys.stderr)


if __name__ == "__main__":
    main()
