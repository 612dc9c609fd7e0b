#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# readme_example.sh - the C example of README.md is doc/examples/first.c word for word,
# compiles with the compiler line a user would type, and computes what it should.
. "${top_srcdir:-.}/tests/shell.sh"

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$top_srcdir/README.md" \
    >"$scratch/readme.c"
[ -s "$scratch/readme.c" ] || fail "README.md has no C block"
sed -n '/^#include/,$p' "$top_srcdir/doc/examples/first.c" >"$scratch/example.c"
diff "$scratch/example.c" "$scratch/readme.c" ||
    fail "doc/examples/first.c (<) and README.md (>) differ"

# libtool knows what an uninstalled library needs; install.sh tests pkg-config's flags.
must $CC -std=c99 -Wall -Wextra -pedantic -Werror $SANITIZER_CFLAGS -I"$top_srcdir/include" \
    -c -o "$scratch/readme.o" "$scratch/readme.c"
cd "$top_builddir" || fail "no $top_builddir" # libtool takes no spaces in the library's path
must ./libtool --silent --tag=CC --mode=link $CC $SANITIZER_CFLAGS \
    -o "$scratch/readme" "$scratch/readme.o" libconv3d.la
must "$scratch/readme" >"$scratch/output"
grep -v '^+' "$scratch/output"
grep -qx 'first voxel: 6885, last voxel: 24138' "$scratch/output" || fail "wrong output"
