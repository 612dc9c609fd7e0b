#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# header_test.sh - conv3d.h compiles alone, without a warning, in every language
# version that it promises.
. "${top_srcdir:-.}/tests/shell.sh"

warnings="-Wall -Wextra -Wshadow -pedantic -Werror"
echo '#include <conv3d.h>' >"$scratch/alone.c"
cat >"$scratch/use.cpp" <<'END'
#include <conv3d.h>
conv3d_status use(conv3d_plan *plan)
{
    conv3d_options options;
    conv3d_options_init(&options);
    return conv3d_plan_execute(plan, nullptr, nullptr, nullptr);
}
END

for std in c99 c11 c17; do
    must $CC -std=$std $warnings -I"$top_srcdir/include" -c -o "$scratch/alone.o" "$scratch/alone.c"
done

# The header must be complete by itself: what it uses, it includes.
echo 'int64_t a; size_t b;' >>"$scratch/alone.c"
must $CC -std=c99 $warnings -Wno-missing-prototypes -I"$top_srcdir/include" \
    -c -o "$scratch/alone.o" "$scratch/alone.c"

cxx=
for candidate in ${CXX:-} g++ clang++ c++; do
    if have "$candidate"; then
        cxx=$candidate
        break
    fi
done
[ -n "$cxx" ] || skip "the C++ part, no C++ compiler found (Debian: g++); the C part passed"

for std in c++11 c++17; do
    must "$cxx" -std=$std $warnings -I"$top_srcdir/include" \
        -c -o "$scratch/use.o" "$scratch/use.cpp"
done
# C linkage: the symbol it asks for is the plain name.
$NM -u "$scratch/use.o" | grep -q '[ _]conv3d_plan_execute$' ||
    fail "C++ does not see conv3d_plan_execute with C linkage"
