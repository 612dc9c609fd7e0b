#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh - every test, from a fresh clone, in one command.
#
#   sh tools/check.sh            installs what is missing (Debian), then checks
#   sh tools/check.sh --cross    also installs what the NEON test needs
#
# The whole suite runs in a GCC build; other builds (clang, sanitizers, without the
# optional libraries) repeat it with fewer random cases; "make distcheck" tests the
# tarball.  Every build is a check as well: a warning fails it.  Builds and logs are in
# build-check/.  The last line is "N passed, N failed", over all of it; the exit
# status is 0 only when something passed and nothing failed.
. "$(dirname -- "$0")/setup.sh"

work=$top/build-check
passed=0 failed=0 skipped=0
trap 'say "" "$passed passed, $((failed + 1)) failed"' EXIT # until the end is reached

case ${1:-} in
'' | --cross) ;;
*) die "unknown option $1; there is --cross" ;;
esac

install_packages $build_packages libcriterion-dev python3-numpy mricron-data g++ clang libomp-dev
if [ "${1:-}" = --cross ]; then
    (install_packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user) ||
        say "Going on without a cross compiler."
fi
mkdir -p "$work"

# step NAME COMMAND...: one check that passes or fails as a whole.
step() {
    name=$1
    shift
    log="$work/$(echo "$name" | tr ' ' '-').log"
    start=$(date +%s)
    if ("$@") >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        say "$name: ok ($(($(date +%s) - start)) s)"
    else
        failed=$((failed + 1))
        tail -n 30 "$log" | sed 's/^/    /'
        say "$name: FAILED; the whole log is $log"
        return 1
    fi
}

configure_and_build() {
    mkdir -p "$work/$1" && cd "$work/$1" || return
    shift
    [ -f config.status ] || ../../configure --enable-werror "$@" || return
    make -j"$jobs" && make -j"$jobs" check TESTS=
}

# Prints the sum of the lines "# WORD: N" of Automake's summary in file $2.
total_of() {
    awk -v word="$1:" '$1 == "#" && $2 == word { n += $3 } END { print n + 0 }' "$2"
}

# A unit test program that fails also exits with status 1, which Automake counts as an
# ERROR beside the FAIL: prints how many errors are only that.
echoed_failures() {
    awk '/^FAIL: / { fails[$2] = 1 }
         /^ERROR: .* - exited with status 1$/ && ($2 in fails) { n++ }
         END { print n + 0 }' "$1"
}

# suite NAME [MAKE-ARGUMENT...]: "make check" in build NAME, counted test by test.
suite() {
    name=$1
    shift
    log=$work/$name-tests.log
    start=$(date +%s)
    status=0
    (cd "$work/$name" && make -j"$jobs" check "$@") >"$log" 2>&1 </dev/null || status=$?
    good=$(($(total_of PASS "$log") + $(total_of XFAIL "$log")))
    bad=$(($(total_of FAIL "$log") + $(total_of XPASS "$log") + $(total_of ERROR "$log") -
        $(echoed_failures "$log")))
    absent=$(total_of SKIP "$log")
    grep -E '^(FAIL|XPASS|ERROR|SKIP)|: skipped: ' "$log" | sed 's/^/    /' || :
    # A failure that no test accounts for, or a suite in which nothing ran, is one too.
    if [ $((status != 0 && bad == 0)) = 1 ] || [ "$good" = 0 ]; then
        bad=$((bad + 1))
        tail -n 30 "$log" | sed 's/^/    /'
    fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + absent))
    say "$name: tests: $good passed, $bad failed, $absent skipped ($(($(date +%s) - start)) s)"
    [ "$bad" = 0 ] || say "    details: $log and $work/$name/test-suite.log"
}

# build_and_test NAME CONFIGURE-ARGUMENT...
build_and_test() {
    build=$1
    step "$build build" configure_and_build "$@" || return 0
    suite "$build"
}

step "autoreconf" make_configure || exit 1

build_and_test gcc --disable-static # the static library is that of the sanitizers

# The rest repeats the suite on fewer random cases, and without the cross build: the
# whole of this script is to stay under fifteen minutes on two cores.
CONV3D_TEST_COUNT=8
CONV3D_TEST_NO_CROSS=1
export CONV3D_TEST_COUNT CONV3D_TEST_NO_CROSS

build_and_test clang CC=clang --disable-static
build_and_test minimal --without-hwloc --disable-openmp --without-nifti --without-png \
    --without-jansson --without-onednn --disable-static CFLAGS=-O1
CONV3D_TEST_COUNT=5
CONV3D_FUZZ_SECONDS=60
export CONV3D_FUZZ_SECONDS
build_and_test sanitizers --enable-sanitizers=address,undefined --disable-shared CFLAGS='-O1 -g1'
unset CONV3D_FUZZ_SECONDS

# Data races: the detector has to find the one that is planted, and no other.
race() {
    configure_and_build_race || return
    TSAN_OPTIONS="ignore_noninstrumented_modules=1 ${TSAN_OPTIONS:-}"
    export TSAN_OPTIONS
    if tests/race planted; then
        echo "The detector does not find the race that is planted."
        return 1
    fi
    CONV3D_TEST_COUNT=3 tests/race && CONV3D_TEST_COUNT=2 CONV3D_BIND=compact tests/race
}

configure_and_build_race() {
    mkdir -p "$work/race" && cd "$work/race" || return
    ../../configure --enable-werror --enable-sanitizers=thread --disable-shared CC=clang \
        --without-criterion --without-nifti --without-png --without-jansson --without-onednn \
        CFLAGS='-O1 -g' && make -j"$jobs" tests/race
}

distcheck() {
    # -O1: what the compiler optimises was tested above, and a third of its time is saved.
    cd "$work/gcc" && make -j"$jobs" distcheck \
        DISTCHECK_CONFIGURE_FLAGS="--without-criterion --disable-static CFLAGS=-O1"
}
step "race" race || :
case $top in
*' '*)
    say "make distcheck: skipped: libtool cannot install under a path with a blank: $top"
    skipped=$((skipped + 1))
    ;;
*) step "make distcheck" distcheck || : ;;
esac

trap - EXIT
[ "$passed" -gt 0 ] || failed=$((failed + 1))
say ""
if [ "$skipped" -gt 0 ]; then
    say "$passed passed, $failed failed, $skipped skipped"
else
    say "$passed passed, $failed failed"
fi
[ "$failed" = 0 ]
