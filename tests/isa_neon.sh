#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# isa_neon.sh - the NEON kernels, built with a cross compiler and run in an emulator,
# are within the error bound and give the very bits that this machine's kernels give.
. "${top_srcdir:-.}/tests/shell.sh"

host=aarch64-linux-gnu
[ -z "${CONV3D_TEST_NO_CROSS:-}" ] || skip "CONV3D_TEST_NO_CROSS is set"
have $host-gcc || skip "no $host-gcc (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)"
have qemu-aarch64 || skip "no qemu-aarch64 (Debian: qemu-user)"
[ -z "$SANITIZER_CFLAGS" ] || skip "the cross build would be the same with sanitizers"
case $($CC -dumpmachine) in
aarch64*) skip "this machine runs the NEON kernels itself" ;;
esac

# A copy of the sources, because a tree that was configured in place cannot be
# configured a second time elsewhere.
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS LDFLAGS
log=$scratch/build.log
cross_build() {
    (cd "$top_builddir" && $MAKE distdir distdir="$scratch/source") || return
    mkdir "$scratch/build" && cd "$scratch/build" || return
    "$scratch/source/configure" --host=$host --disable-shared --disable-openmp \
        --without-hwloc --without-nifti --without-png --without-jansson --without-criterion \
        LDFLAGS=-static PKG_CONFIG=false CC=$host-gcc || return
    grep -q 'define C3D_HAVE_NEON 1' config.h || return
    $MAKE -j"$(getconf _NPROCESSORS_ONLN)" conv3d LDFLAGS=-all-static
}
(cross_build) >"$log" 2>&1 || {
    tail -n 40 "$log"
    fail "the cross build"
}

isa=$(qemu-aarch64 "$scratch/build/conv3d" info 2>&1) || fail "info: $isa"
case $isa in
*neon*) ;;
*) fail "the cross build does not use its NEON kernels: $isa" ;;
esac

verify="verify --math strict --count ${CONV3D_TEST_COUNT:-200} --seed 20 --threads 1"
must "$top_builddir/conv3d" $verify >"$scratch/native"
must qemu-aarch64 "$scratch/build/conv3d" $verify >"$scratch/neon"
native=$(grep -i checksum "$scratch/native") || fail "no checksum line in: $(cat "$scratch/native")"
neon=$(grep -i checksum "$scratch/neon") || fail "no checksum line in: $(cat "$scratch/neon")"
echo "native: $native"
echo "neon:   $neon"
[ "$native" = "$neon" ] || fail "the bits differ between this machine and NEON"
