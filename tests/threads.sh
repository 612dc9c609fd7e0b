#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# threads.sh - how many threads a call gets by default, and why
. "${top_srcdir:-.}/tests/shell.sh"

unset OMP_NUM_THREADS OMP_THREAD_LIMIT OMP_PROC_BIND OMP_PLACES GOMP_CPU_AFFINITY \
    KMP_AFFINITY SLURM_CPUS_PER_TASK
tool=$top_builddir/conv3d

# info with these variables: "COUNT REASON"
threads() { env "$@" "$tool" info | sed -n 's/^threads  *\([0-9]*\) (\(.*\))$/\1 \2/p'; }

# expect WANTED VARIABLE=VALUE... : the count, or the count and the reason
expect() {
    wanted=$1
    shift
    got=$(threads "$@")
    case $got in
    "$wanted" | "$wanted "*) ;;
    *) fail "$*: threads $got, not $wanted" ;;
    esac
}

case $("$tool" info) in
*"threading    serial"*)
    expect "1 built without OpenMP" OMP_NUM_THREADS=3
    exit 0
    ;;
esac

default=$(threads CONV3D_VERBOSE=)
count=${default%% *}
[ "$count" -ge 1 ] && [ "$count" -le "$(nproc)" ] || fail "$default threads, $(nproc) processors"

expect "3 OMP_NUM_THREADS" OMP_NUM_THREADS=3
expect "3 OMP_NUM_THREADS" OMP_NUM_THREADS=3 SLURM_CPUS_PER_TASK=5
expect "3 OMP_NUM_THREADS" OMP_NUM_THREADS=3,2
expect "5 SLURM_CPUS_PER_TASK" SLURM_CPUS_PER_TASK=5
for nonsense in 0 -1 2x " " 99999999999999999999; do
    expect "$default" SLURM_CPUS_PER_TASK="$nonsense"
done
expect "$default" SLURM_CPUS_PER_TASK=

# The peer of bench may bring a second OpenMP, which binds the first thread before ours looks.
runtimes=$("$top_builddir/libtool" --mode=execute ldd "$tool" | grep -c 'libgomp\|libomp')
[ "$runtimes" -le 1 ] || skip "two OpenMP libraries in one program: where threads may run"

# Placed by OpenMP, the first thread sees one processor only: not a reason for one thread.
for placed in OMP_PROC_BIND=true OMP_PROC_BIND=spread OMP_PLACES=threads OMP_PLACES=cores; do
    expect "$count" "$placed"
done

# A volume of bytes that are not all alike.
printf '\223NUMPY\001\000v\000%-117s\n' \
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 4, 6, 16, 16), }" >"$scratch/x.npy"
head -c 6144 "$top_srcdir/COPYING" >>"$scratch/x.npy"

# convolve THREADS FILE: in fast math
convolve() {
    "$tool" run --input "$scratch/x.npy" --out-channels 24 --kernel-size 3 --padding 1 \
        --threads "$1" --quiet --output "$scratch/$2" >"$scratch/log" 2>&1 ||
        fail "run with $1 threads: $(cat "$scratch/log")"
}

# Every way to have OpenMP place threads: we leave them where they are, to the same bits.
# On one processor two threads have no choice anyway.
reasons='OMP_PROC_BIND is set\|are unknown'
[ "$(nproc)" -gt 1 ] || reasons="$reasons\\|more threads than processors"
convolve 1 one.npy
checksum() { "$tool" verify --count 10 --seed 3 --math strict --quiet | grep checksum; }
expected=$(OMP_NUM_THREADS=1 checksum)
[ -n "$expected" ] || fail "verify prints no checksum"
for bind in true close spread false; do
    for places in unset threads cores; do
        OMP_PROC_BIND=$bind OMP_PLACES=$places OMP_NUM_THREADS=2
        export OMP_PROC_BIND OMP_PLACES OMP_NUM_THREADS
        [ $places != unset ] || unset OMP_PLACES
        "$tool" info --threads 2 | grep -q "^binding .*\($reasons\)" ||
            fail "OMP_PROC_BIND=$bind OMP_PLACES=$places: $("$tool" info | grep binding)"
        [ "$(checksum)" = "$expected" ] ||
            fail "OMP_PROC_BIND=$bind OMP_PLACES=$places: $(checksum), not $expected"
        convolve 2 two.npy
        cmp "$scratch/one.npy" "$scratch/two.npy" ||
            fail "OMP_PROC_BIND=$bind OMP_PLACES=$places: other bits than one thread"
    done
done
unset OMP_PROC_BIND OMP_PLACES OMP_NUM_THREADS

if have taskset; then
    processors=$(taskset -cp $$ | sed 's/.*: //')
    expect "$count" GOMP_CPU_AFFINITY="$processors"
    for processor in $(echo "$processors" | tr , ' '); do
        one=${processor%%-*}
        expect 1 taskset -c "$one"
        expect 1 OMP_PROC_BIND=true taskset -c "$one"
        expect "2 OMP_NUM_THREADS" OMP_NUM_THREADS=2 taskset -c "$one"
        OMP_NUM_THREADS=2 taskset -c "$one" "$tool" info | grep -q '^warning .*take turns' ||
            fail "two threads on processor $one without a warning"
    done
    # A set with a hole, where there are enough processors for one.
    case $processors in
    0-[2-9]* | 0-[1-9][0-9]*)
        taskset -c 0,2 "$tool" info | grep -q '^processors  *2 ' ||
            fail "processors 0 and 2: $(taskset -c 0,2 "$tool" info | grep ^processors)"
        ;;
    esac
fi
