#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# symbols.sh - the library takes no names that are not its own: conv3d_* exported from
# the shared library, conv3d_* and c3d_* in the archive; and exports what the header
# declares.
. "${top_srcdir:-.}/tests/shell.sh"

[ -z "$SANITIZER_CFLAGS" ] || skip "sanitizers add symbols of their own"

# Prints the names that an object defines and others can see.
defined() {
    $NM "$@" 2>"$scratch/nm.err" | awk 'NF == 3 && $2 ~ /^[A-Z]$/ && $2 != "U" { print $3 }' |
        sed 's/@.*//' | sort -u
}

awk '/^ *(CONV3D_API|CONV3D_CHECKED)/ { if (match($0, /conv3d_[a-z0-9_]*\(/))
        print substr($0, RSTART, RLENGTH - 1) }' "$top_srcdir/include/conv3d.h" |
    sort -u >"$scratch/declared"
[ "$(wc -l <"$scratch/declared")" -ge 15 ] ||
    fail "found too few functions in conv3d.h: $(cat "$scratch/declared")"

checked=0
shared=$(find "$top_builddir/.libs" -maxdepth 1 -name 'libconv3d.so' 2>/dev/null)
if [ -n "$shared" ]; then
    defined -D --defined-only "$shared" >"$scratch/exported"
    grep -v '^conv3d_' "$scratch/exported" >"$scratch/foreign"
    [ ! -s "$scratch/foreign" ] || fail "libconv3d.so exports: $(cat "$scratch/foreign")"
    diff "$scratch/declared" "$scratch/exported" ||
        fail "what conv3d.h declares (<) and libconv3d.so exports (>) differs"
    checked=1
fi

archive=$(find "$top_builddir/.libs" -maxdepth 1 -name 'libconv3d.a' 2>/dev/null)
if [ -n "$archive" ]; then
    defined -g --defined-only "$archive" >"$scratch/global"
    [ -s "$scratch/global" ] || fail "nm finds nothing in $archive"
    grep -v -e '^conv3d_' -e '^c3d_' "$scratch/global" >"$scratch/foreign"
    [ ! -s "$scratch/foreign" ] || fail "libconv3d.a defines: $(cat "$scratch/foreign")"
    checked=1
fi
[ $checked = 1 ] || fail "neither libconv3d.so nor libconv3d.a in $top_builddir/.libs"
