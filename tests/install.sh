#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh - what "make install" leaves is complete: the files are there, and with
# nothing but pkg-config a program compiles and runs, shared and static.
. "${top_srcdir:-.}/tests/shell.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL
(cd "$top_builddir" && $MAKE install DESTDIR="$scratch/root") >"$scratch/install.log" 2>&1 || {
    cat "$scratch/install.log"
    fail "make install"
}
lib=$scratch/root$libdir
for file in "$includedir/conv3d.h" "$libdir/pkgconfig/conv3d.pc" "$bindir/conv3d" \
    "$mandir/man1/conv3d.1" "$datadir/conv3d/layers.csv" \
    "$datadir/conv3d/networks/c3d.csv"; do
    [ -f "$scratch/root$file" ] || fail "make install leaves no $file"
done
headers=$(find "$scratch/root$includedir" -type f | wc -l)
[ "$headers" = 1 ] || fail "$headers headers installed, not 1"

PKG_CONFIG_SYSROOT_DIR=$scratch/root
PKG_CONFIG_PATH=$lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_PATH
have "${PKG_CONFIG%% *}" || skip "compiling against the installed library: no pkg-config"
version=$($PKG_CONFIG --modversion conv3d)
[ "$version" = "$(cat "$top_srcdir/VERSION")" ] || fail "conv3d.pc says version $version"

example=$top_srcdir/doc/examples/first.c
expected='first voxel: 6885, last voxel: 24138'
tried=0

if [ -e "$lib/libconv3d.so" ]; then
    must $CC $SANITIZER_CFLAGS $($PKG_CONFIG --cflags conv3d) -o "$scratch/shared" "$example" \
        $($PKG_CONFIG --libs conv3d)
    output=$(LD_LIBRARY_PATH=$lib "$scratch/shared") || fail "the shared example does not run"
    [ "$output" = "$expected" ] || fail "shared example: $output"
    output=$(LD_LIBRARY_PATH=$lib "$scratch/root$bindir/conv3d" --version) ||
        fail "the installed tool does not run"
    case $output in
    *"$version"*) ;;
    *) fail "the installed tool says version '$output'" ;;
    esac
    tried=1
fi

if [ -e "$lib/libconv3d.a" ]; then
    # Without the shared library beside it, -lconv3d can only mean the archive.
    rm -f "$lib"/libconv3d.so* "$lib"/libconv3d.la
    must $CC $SANITIZER_CFLAGS $($PKG_CONFIG --static --cflags conv3d) -o "$scratch/static" \
        "$example" $($PKG_CONFIG --static --libs conv3d)
    output=$("$scratch/static") || fail "the static example does not run"
    [ "$output" = "$expected" ] || fail "static example: $output"
    tried=1
fi
[ $tried = 1 ] || fail "make install leaves no library in $libdir"
