# SPDX-License-Identifier: Apache-2.0
# shell.sh - what the shell tests share: sourced by each of them, never run.
# Needs top_srcdir and top_builddir, which "make check" sets; run by hand, a test
# takes the current directory for both.

set -u
: "${top_srcdir:=$(pwd)}" "${top_builddir:=$(pwd)}" "${CC:=cc}" "${NM:=nm}"
: "${PKG_CONFIG:=pkg-config}" "${MAKE:=make}" "${SANITIZER_CFLAGS:=}"

test_name=$(basename "$0" .sh)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/conv3d-$test_name.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 99' HUP INT TERM

# Reasons go to the person at the terminal as well as to the log: "make check" keeps
# descriptor 9 open for that.
aloud() {
    echo "$test_name: $*"
    { echo "$test_name: $*" >&9; } 2>/dev/null || :
}

fail() {
    echo "$test_name: FAILED: $*" >&2
    exit 1
}

skip() {
    aloud "skipped: $*"
    exit 77
}

# Echoes a command, runs it, and ends the test when it fails.
must() {
    echo "+ $*"
    "$@" || fail "status $? from: $*"
}

have() {
    command -v "$1" >/dev/null 2>&1
}
