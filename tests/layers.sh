#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh - every #include points down: tools -> conv3d.h <- api -> tune -> plan -> algo ->
# kernel -> database -> platform -> base.  Then plants one violation of each kind and expects to
# find it, because a check that cannot fail is none.
. "${top_srcdir:-.}/tests/shell.sh"

# Prints the violations in the tree $1.
violations() (
    cd "$1" || exit 99
    find src tools -name '*.[ch]' | sort | xargs awk '
        BEGIN {
            split("base platform database kernel algo plan tune api", names, " ")
            for (i in names)
                rank[names[i]] = i + 0
        }
        function bad(why) { printf "%s:%d: %s: %s\n", FILENAME, FNR, why, $0 }

        FNR == 1 {
            split(FILENAME, path, "/")
            top = path[1]; layer = path[2]; file = path[3]
            bare = layer == "kernel" && file ~ /^(isa_.*\.c|.*_body\.h|vec\.h|(box_)?step\.h)$/
        }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\"")
            target = quoted[2]
            if (target ~ /\.\./ || target ~ /\.c$/)
                bad("path")
            else if (top == "tools") {
                if (target !~ /^(conv3d|config)\.h$/ && target !~ /^[a-z0-9_]+\.h$/)
                    bad("a tool sees only conv3d.h of the library")
            } else if (bare) {
                if (target !~ /^(kernel\/(kernel|vec|(box_)?step|[a-z0-9_]+_body)\.h|base\/attr\.h)$/)
                    bad("ISA code sees only kernel.h, vec.h, steps, bodies, base/attr.h")
            } else if (target !~ /^(conv3d|config)\.h$/) {
                split(target, parts, "/")
                if (!(parts[1] in rank))
                    bad("not written from src/")
                else if (rank[parts[1]] > rank[layer])
                    bad("points up")
            }
        }
        /^[ \t]*#[ \t]*include[ \t]*<hwloc/ && FILENAME !~ /^src\/platform\/[a-z]*_hwloc\.[ch]$/ {
            bad("hwloc outside platform/*_hwloc")
        }
        /^[ \t]*#[ \t]*pragma[ \t]+omp|<omp\.h>/ && FILENAME != "src/platform/team_openmp.c" &&
            top == "src" { bad("OpenMP outside platform/team_openmp.c") }
        /[^a-z_]getenv *\(/ && FILENAME != "src/base/env.c" && top == "src" {
            bad("getenv outside base/env.c")
        }'
)

violations "$top_srcdir" >"$scratch/found" || fail "cannot read $top_srcdir"
[ ! -s "$scratch/found" ] || fail "$(cat "$scratch/found")"

# Plants line $2 into file $1 of a small copy and expects exactly one violation.
plant() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/$(dirname "$1")" "$scratch/tree/src" "$scratch/tree/tools"
    printf '#include <stdio.h>\n%s\n' "$2" >"$scratch/tree/$1"
    [ "$(violations "$scratch/tree" | wc -l)" = 1 ] || fail "does not notice '$2' in $1"
}
plant src/base/mem.c '#include "platform/cpu.h"'
plant src/platform/cpu.c '#include "kernel/select.h"'
plant src/kernel/select.c '#include "algo/algo.h"'
plant src/algo/direct.c '#  include "plan/plan.h"'
plant src/plan/plan.c '#include "api/machine.h"'
plant src/plan/plan.c '#include "tune/search.h"'
plant src/database/store.c '#include "kernel/kernel.h"'
plant src/plan/plan.c '#include "schedule.h"'
plant src/plan/plan.c '#include "../algo/algo.h"'
plant src/kernel/kernel_body.h '#include "base/num.h"'
plant src/kernel/step.h '#include "base/num.h"'
plant src/kernel/isa_avx2.c '#include "kernel/select.h"'
plant src/algo/direct.c '#pragma omp parallel'
plant src/plan/plan.c '    const char *home = getenv("HOME");'
plant src/plan/plan.c '#include <hwloc.h>'
plant tools/main.c '#include "plan/plan.h"'
plant tools/main.c '#include "../src/plan/plan.h"'

# A bare name in tools/ must be a header of tools/, not one found through some -I.
for name in $(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$top_srcdir"/tools/*.[ch] | sort -u); do
    case $name in
    conv3d.h | config.h) ;;
    *) [ -f "$top_srcdir/tools/$name" ] || fail "tools/ includes $name, which is not in tools/" ;;
    esac
done
