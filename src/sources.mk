# SPDX-License-Identifier: Apache-2.0
# The source files of the library, by layer; the only such list.  Arrows of
# #include run downwards in this file: api -> plan -> algo -> kernel -> platform -> base.
# Paths are relative to the top of the tree.

C3D_BASE_SOURCES = \
	src/base/attr.h src/base/num.h \
	src/base/status.h src/base/status.c \
	src/base/text.h src/base/text.c \
	src/base/env.h src/base/env.c \
	src/base/log.h src/base/log.c \
	src/base/mem.h src/base/mem.c

C3D_PLATFORM_SOURCES = \
	src/platform/cpu.h src/platform/cpu.c \
	src/platform/caches.h src/platform/caches.c \
	src/platform/topology.h src/platform/binding.h \
	src/platform/clock.h src/platform/clock.c \
	src/platform/team.h \
	src/platform/lines.h src/platform/lines.c \
	src/platform/cgroup_walk.h src/platform/cgroup_walk.c \
	src/platform/cgroup.h src/platform/cgroup.c \
	src/platform/memory.h src/platform/memory.c \
	src/platform/threads.h src/platform/threads.c \
	src/platform/placement.h src/platform/placement.c \
	src/platform/seats.h src/platform/seats.c \
	src/platform/float_state.h

# One of each pair, by configure.
C3D_TOPOLOGY_HWLOC_SOURCES = src/platform/topology_hwloc.h src/platform/topology_hwloc.c \
	src/platform/binding_hwloc.c
C3D_TOPOLOGY_SYSCONF_SOURCES = src/platform/topology_sysconf.c src/platform/binding_none.c
C3D_TEAM_OPENMP_SOURCES = src/platform/team_openmp.c
C3D_TEAM_SERIAL_SOURCES = src/platform/team_serial.c

C3D_KERNEL_SOURCES = \
	src/kernel/kernel.h src/kernel/select.h src/kernel/select.c \
	src/kernel/vec.h src/kernel/step.h src/kernel/box_step.h src/kernel/kernel_body.h \
	src/kernel/box_body.h src/kernel/outer_body.h src/kernel/sweep_body.h src/kernel/transform_body.h \
	src/kernel/walk_body.h

C3D_DATABASE_SOURCES = \
	src/database/tile_text.h src/database/tile_text.c \
	src/database/database.h src/database/database.c \
	src/database/machine_key.h src/database/machine_key.c \
	src/database/record.h src/database/record.c \
	src/database/store.h src/database/store.c \
	src/database/known.h src/database/known.c

# Each group is compiled with the flags of its ISA, and with no others.
C3D_ISA_PORTABLE_SOURCES = src/kernel/isa_portable.c
C3D_ISA_AVX2_SOURCES = src/kernel/isa_avx2.c
C3D_ISA_AVX512_SOURCES = src/kernel/isa_avx512.c
C3D_ISA_NEON_SOURCES = src/kernel/isa_neon.c

C3D_ALGO_SOURCES = \
	src/algo/problem.h \
	src/algo/algo.h src/algo/list.c \
	src/algo/reference.c \
	src/algo/direct.c \
	src/algo/cook_toom.h src/algo/cook_toom.c \
	src/algo/wild.h src/algo/wild.c \
	src/algo/winograd.c \
	src/algo/winograd_block.h src/algo/winograd_block.c \
	src/algo/winograd_weights.h src/algo/winograd_weights.c \
	src/algo/rowwise.h src/algo/rowwise.c src/algo/rowwise_tile.h src/algo/rowwise_tile.c \
	src/algo/rows.c \
	src/algo/depthwise_tile.h src/algo/depthwise_tile.c \
	src/algo/depthwise.c src/algo/depthwise_packed.c \
	src/algo/blocking.h src/algo/blocking.c \
	src/algo/window.h src/algo/window.c \
	src/algo/step_cost.h src/algo/tile.h \
	src/algo/tap_list.h src/algo/tap_list.c \
	src/algo/pack_weights.h src/algo/pack_weights.c \
	src/algo/pack_input.h src/algo/pack_input.c

C3D_PLAN_SOURCES = \
	src/plan/problem_check.h src/plan/problem_check.c \
	src/plan/problem_text.c \
	src/plan/collapse.h src/plan/collapse.c \
	src/plan/schedule.h src/plan/schedule.c \
	src/plan/shares.h src/plan/shares.c \
	src/plan/choice.h src/plan/choice.c \
	src/plan/advice.h src/plan/advice.c \
	src/plan/request.h src/plan/request.c \
	src/plan/draft.h src/plan/draft.c \
	src/plan/packed.h src/plan/packed.c \
	src/plan/plan.h src/plan/plan.c src/plan/execute.c \
	src/plan/describe.c

C3D_TUNE_SOURCES = \
	src/tune/finding.h src/tune/finding.c \
	src/tune/regression.h src/tune/regression.c \
	src/tune/search.h src/tune/search.c \
	src/tune/space.h src/tune/space.c \
	src/tune/neighbours.h src/tune/neighbours.c \
	src/tune/probe.h src/tune/probe.c \
	src/tune/trial.h src/tune/trial.c \
	src/tune/tuner.h src/tune/tuner.c

C3D_API_SOURCES = \
	src/api/create.c src/api/tune.c src/api/tuning.c src/api/calibrate.c src/api/conv3d.c src/api/machine.c src/api/measure.c src/api/version.c
