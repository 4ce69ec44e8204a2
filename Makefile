# Two commands matter: `make test` (checks and tests, installs what it needs)
# and `make demo` (a hub, two gateways and sample studies on this machine).
# The others are parts of them, or thin names for long lines.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

export PATH := $(HOME)/.cargo/bin:$(PATH)
# The same for cargo, nextest, Python and the browser.
export CARGO_TERM_COLOR ?= auto
export BILDBRO_PYTHON ?= $(CURDIR)/.venv/bin/python
export CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser)

# What `build` makes, run as it is: cargo run with one package would build its
# dependencies anew, for that package's features.
BUILT := $(or $(CARGO_TARGET_DIR),target)/debug

.NOTPARALLEL:
.PHONY: help test demo openapi setup build fmt fmt-check lint layers web web-check web-e2e unit doc browser bench bench-short audit-million audit-cost fuzz fuzz-short chaos chaos-short large licences clean

help:
	@echo 'make test      all checks and tests; installs what they need (Debian)'
	@echo 'make demo      run everything on this machine, with sample studies; ARGS=…'
	@echo 'make bench     speed and memory beside other programs; SHORT=1, ROUNDS=n, ONLY=…'
	@echo 'make audit-million  a log of a million entries: verifying and searching it'
	@echo 'make fuzz      coverage-guided fuzzing; TARGETS=…, FUZZ_SECONDS=n for each'
	@echo 'make chaos     500 kills and other faults for each database and blob store; SEED=n'
	@echo 'make large     an object of 4 GB through everything; minutes, 10 GB of disk'
	@echo 'make fmt lint layers web web-check web-e2e unit browser licences   parts of it'

test: setup fmt-check lint layers web web-check web-e2e build unit doc browser bench-short fuzz-short chaos-short licences

# With the portal, where there is Node to build it.
demo:
	@if command -v npm >/dev/null; then \
	    [ -d web/node_modules ] || npm ci --prefix web --no-audit --no-fund --loglevel=error; \
	    $(MAKE) --no-print-directory web; \
	else echo 'Without Node the portal is left out.'; fi
	cargo run --locked --bin bildbro -- demo $(ARGS)

setup:
	@scripts/setup.sh

# The portal. Built when something of it is newer than what was built.
WEB := web/dist/index.html
web: $(WEB)
$(WEB): $(shell find web/src web/index.html web/package-lock.json web/vite.config.ts web/tsconfig.json -type f 2>/dev/null)
	npm run build --prefix web --silent -- --logLevel warn
	@npm run sizes --prefix web --silent | tail -1

# Form, types, units, and that the client is of the API as it is described.
web-check:
	npm run check --prefix web --silent

# The portal's pages in a browser, before an imitated hub.
web-e2e:
	npm run e2e --prefix web --silent

build:
	cargo build --workspace --locked

fmt:
	cargo fmt --all

fmt-check:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets --locked -- -D warnings

layers:
	cargo run --quiet --locked -p xtask -- layers

# Whole-path tests run the binary that `build` made.
unit: build
	cargo nextest run --workspace --locked

# Writes the API's description anew, from the server's endpoints.
openapi:
	UPDATE_OPENAPI=1 cargo nextest run -p bildbro-http --locked the_openapi_file

doc:
	cargo test --doc --workspace --locked --quiet

browser: build
	npm test --prefix tests/browser --silent

bench:
	@if [ "$(SHORT)" = 1 ]; then scripts/setup.sh; else scripts/setup.sh bench; fi
	cargo build --release --locked --bin bildbro
	SHORT=$(SHORT) cargo run --release --locked -p bildbro-benches --bin bench

# The benchmark in its short form, on the binary that the tests use: shows that
# it runs. Its figures mean nothing.
bench-short: build
	SHORT=1 $(BUILT)/bench

# A log of a million entries: what filling, verifying and searching it takes.
audit-million:
	cargo test --release --locked -p bildbro-store --test suite -- --ignored --nocapture a_million_entries

# What an entry costs of the transaction that it rides in.
audit-cost:
	cargo test --release --locked -p bildbro-store --lib --test suite -- --ignored --nocapture what_an_entry_costs

# libFuzzer on each target, from the seeds and what earlier runs have kept.
# Instrumented without a sanitizer: the product has no unsafe code. See docs/fuzzing.md.
FUZZ_SECONDS ?= 600
fuzz:
	@command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
	cargo build --quiet --locked -p bildbro-fuzz
	@for target in $${TARGETS:-$$($(BUILT)/bildbro-fuzz list)}; do \
	    $(BUILT)/bildbro-fuzz $$target --seeds fuzz/corpus/$$target; \
	    BILDBRO_FUZZ_TARGET=$$target RUSTC_BOOTSTRAP=1 cargo fuzz run \
	        --fuzz-dir fuzz/cargo --sanitizer none one $(CURDIR)/fuzz/corpus/$$target -- \
	        -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -timeout=20 -rss_limit_mb=2048; \
	done

# Every target for a moment, by the driver on stable Rust.
fuzz-short: build
	$(BUILT)/bildbro-fuzz all --seconds 2

# Faults as tests; see docs/chaos.md. A run that goes wrong says its seed.
chaos: setup build
	$(BUILT)/chaos --pair sqlite-folder --kills 500 $(if $(SEED),--seed $(SEED))
	$(BUILT)/chaos --pair postgres-s3 --kills 500 $(if $(SEED),--seed $(SEED))

chaos-short: build
	$(BUILT)/chaos --pair sqlite-folder --kills 20 --seconds 60 --seed 1
	$(BUILT)/chaos --pair postgres-s3 --kills 20 --seconds 60 --seed 1

# An object of 4 GB from PACS to PACS, and how much memory that took. By cargo,
# since nextest ends what takes this long.
large: setup build
	cargo test --quiet --locked -p bildbro-tests --test large_objects -- --ignored --nocapture

# Licences, sources and known holes of all that is linked in.
licences:
	@if command -v cargo-deny >/dev/null; then \
	    cargo deny --locked check licenses bans sources; \
	else \
	    echo 'cargo-deny is not installed; licences are not checked'; \
	fi

clean:
	cargo clean
	rm -rf .work .venv tests/browser/node_modules crates/login/tests/oidc/node_modules \
	    web/node_modules web/dist web/dist-imitation
