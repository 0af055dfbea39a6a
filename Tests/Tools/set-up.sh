# Set-up shared by ./run and ./test: installs what is missing, and nothing else. Sourced, not run.
# Each step says what it does; a second run finds everything in place and takes a fraction of a second.

step() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Packages a build needs: headers of libcurl, protobuf-c, SQLite and zlib, and pkg-config to find them.
BUILD_PACKAGES="libcurl4-openssl-dev libprotobuf-c-dev libsqlite3-dev zlib1g-dev pkg-config"

# Packages the tests need besides: the real programs that tokenscale is checked against. `./test` without one of these
# still runs; the tests that need it say that they were skipped.
TEST_PACKAGES="prometheus prometheus-alertmanager chromium openssl curl python3-venv procps"

# as_root COMMAND...: as root, by sudo if need be.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else fail "this needs root: $* (run it yourself, then start again)"
    fi
}

# missing_packages NAME...: those that are not installed.
missing_packages() {
    for package in "$@"; do
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || printf '%s ' "$package"
    done
}

# install_packages NAME...: installs the missing ones. Answers 1 when one cannot be installed.
install_packages() {
    command -v dpkg-query >/dev/null || { check_by_pkg_config; return; }
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    step "installing Debian packages: $missing"
    # Services must not start by themselves (prometheus, alertmanager): the tests start their own.
    # shellcheck disable=SC2086
    if ! as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing \
        >/dev/null 2>&1; then
        step "refreshing the package lists first"
        as_root apt-get update -qq >/dev/null || return 1
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing \
            >/dev/null || return 1
    fi
}

# On systems without apt: say what a build needs, instead of failing in the middle of one.
check_by_pkg_config() {
    command -v pkg-config >/dev/null || fail "pkg-config is missing; install it with your package manager"
    for library in libcurl libprotobuf-c sqlite3 zlib; do
        pkg-config --exists "$library" || fail "the headers of $library are missing; install them first"
    done
}

check_swift() {
    command -v swift >/dev/null || fail "swift is not on the PATH; install Swift 6.3 from https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case $version in
        6.[3-9] | 6.[1-9][0-9] | [7-9].*) ;;
        *) fail "Swift 6.3 or later is needed; this is ${version:-an unknown version} (https://www.swift.org/install/linux/)" ;;
    esac
}

prepare_build() {
    check_swift
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES || fail "could not install: $(missing_packages $BUILD_PACKAGES)"
}

# The real OTLP exporters and validators from PyPI, in a virtual environment of the repository.
prepare_python() {
    venv=$PWD/.venv
    wanted=$(cksum < Tests/Tools/requirements.txt)
    if [ "$(cat "$venv/requirements.cksum" 2>/dev/null)" != "$wanted" ]; then
        step "installing the real OTLP exporters (Tests/Tools/requirements.txt) into .venv"
        python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check -r Tests/Tools/requirements.txt \
            || return 1
        printf '%s' "$wanted" > "$venv/requirements.cksum"
    fi
    export TOKENSCALE_TEST_PYTHON="$venv/bin/python"
}

prepare_tests() {
    prepare_build
    for package in $TEST_PACKAGES; do
        install_packages "$package" || step "could not install $package: tests that need it are skipped"
    done
    # kubectl renders Deploy/; Debian's package is one of several that bring it.
    command -v kubectl >/dev/null || install_packages kubernetes-client || step "no kubectl: tests of Deploy/ are skipped"
    prepare_python || step "could not prepare Python: tests with the real OTLP exporters are skipped"
}
