#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# host.sh - the same bits, whatever the host program or the batch job says to OpenMP
. "${top_srcdir:-.}/tests/shell.sh"

# under VARIABLE=VALUE... : the checks that use threads, on few shapes
under() {
    env CONV3D_TEST_COUNT=2 "$@" "$top_builddir/tests/race" >"$scratch/log" 2>&1 ||
        fail "with $*: status $?
$(cat "$scratch/log")"
}

under OMP_NUM_THREADS=1
under OMP_NUM_THREADS=7
under OMP_NUM_THREADS=4,2 OMP_MAX_ACTIVE_LEVELS=2
under OMP_NESTED=true
under OMP_DYNAMIC=true
under OMP_THREAD_LIMIT=1
under OMP_THREAD_LIMIT=2
under OMP_STACKSIZE=256k
under OMP_WAIT_POLICY=active
under OMP_WAIT_POLICY=passive GOMP_SPINCOUNT=0
under OMP_PROC_BIND=spread OMP_PLACES=cores
under CONV3D_BIND=compact
under CONV3D_BIND=compact OMP_THREAD_LIMIT=2
if have taskset; then
    first=$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')
    under OMP_NUM_THREADS=4 taskset -c "$first"
    under OMP_PROC_BIND=true taskset -c "$first"
fi
