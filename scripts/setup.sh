#!/usr/bin/env bash
# Installs what `make test` needs and what is not there yet:
# Debian packages, cargo-nextest, Python peers in .venv, npm packages of the
# portal, the browser tests and the OpenID provider. Run it as often as you
# like. `setup.sh bench` adds what only the benchmark needs.
set -euo pipefail
cd "$(dirname "$0")/.."

# program:package
needed=(
    cc:build-essential pkg-config:pkg-config git:git curl:curl kill:procps
    storescu:dcmtk dcmqrscp:dcmtk Orthanc:orthanc softhsm2-util:softhsm2 faketime:faketime
    pg_createcluster:postgresql rsyslogd:rsyslog pdftotext:poppler-utils
    chromium:chromium node:nodejs npm:npm python3:python3
)

have() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing=()
for pair in "${needed[@]}"; do
    have "${pair%%:*}" || missing+=("${pair##*:}")
done
# rsyslog's TLS is a package of its own, without a program.
compgen -G '/usr/lib/*/rsyslog/lmnsd_ossl.so' >/dev/null || missing+=(rsyslog-openssl)
# Debian has the module that makes environments in a package of its own.
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)

if [ "${#missing[@]}" -gt 0 ]; then
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
    if ! have apt-get; then
        echo "Not Debian. Please install what these Debian packages hold: ${missing[*]}" >&2
        exit 1
    fi
    if [ "$(id -u)" != 0 ] && ! have sudo; then
        echo "Please run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    echo "Installing ${missing[*]}"
    as_root apt-get update -q
    # Debian starts Orthanc, PostgreSQL and rsyslog as services, on ports and with data
    # that the tests do not want; they start their own.
    had_orthanc=$(have Orthanc && echo yes || echo no)
    had_postgresql=$(have pg_createcluster && echo yes || echo no)
    had_rsyslog=$(have rsyslogd && echo yes || echo no)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    if [ "$had_orthanc" = no ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --now orthanc || true
    fi
    if [ "$had_rsyslog" = no ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --now rsyslog || true
    fi
    if [ "$had_postgresql" = no ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --now postgresql || true
    fi
fi

if ! have cargo; then
    if ! [ -x "$HOME/.cargo/bin/cargo" ]; then
        echo "Please install Rust first: https://rustup.rs" >&2
        exit 1
    fi
    export PATH="$HOME/.cargo/bin:$PATH"
fi
have cargo-nextest || cargo install cargo-nextest --locked

if ! cmp -s tests/requirements.txt .venv/installed; then
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt .venv/installed
fi

for package in web tests/browser crates/login/tests/oidc; do
    if ! cmp -s "$package/package-lock.json" "$package/node_modules/.installed"; then
        npm ci --prefix "$package" --no-audit --no-fund --loglevel=error
        cp "$package/package-lock.json" "$package/node_modules/.installed"
    fi
done

# An S3 server for the tests.
if ! [ -x .work/tools/bin/s3s-fs ]; then
    cargo install s3s-fs@0.14.1 --features binary --locked --root .work/tools
fi

if [ "${1:-}" = bench ] && ! [ -x .work/tools/bin/dicom-storescp ]; then
    cargo install dicom-storescp@0.10.1 --locked --root .work/tools
fi
