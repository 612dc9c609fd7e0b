# SPDX-License-Identifier: Apache-2.0
# The unit tests and what they are made of, read by Makefile.am.  One program is
# one suite; a new one needs two lines here.

# The longest ones first, so that "make -j check" does not wait for them alone at the end.
unit_tests = \
	tests/test_bits \
	tests/test_space \
	tests/test_tune \
	tests/test_tune_tool \
	tests/test_bench_output \
	tests/test_random \
	tests/test_winograd \
	tests/test_values \
	tests/test_memory \
	tests/test_cases \
	tests/test_shape \
	tests/test_text \
	tests/test_errors \
	tests/test_calls \
	tests/test_plan \
	tests/test_shares \
	tests/test_search \
	tests/test_schedule \
	tests/test_known \
	tests/test_known_bits \
	tests/test_store \
	tests/test_store_crowd \
	tests/test_database \
	tests/test_record \
	tests/test_caches \
	tests/test_placement \
	tests/test_binding \
	tests/test_packed \
	tests/test_tasks \
	tests/test_cgroup \
	tests/test_available \
	tests/test_refusal \
	tests/test_fork \
	tests/test_host \
	tests/test_kernels \
	tests/test_outer \
	tests/test_sweep \
	tests/test_box \
	tests/test_cook_toom \
	tests/test_transforms \
	tests/test_properties \
	tests/test_alloc \
	tests/test_verify \
	tests/test_npy \
	tests/test_npy_lies \
	tests/test_tool \
	tests/test_run \
	tests/test_commands \
	tests/test_bench \
	tests/test_bench_layer \
	tests/test_table \
	tests/test_svg \
	tests/test_tune_html

test_support = tests/support.c tests/support.h
test_oracle = $(test_support) tests/oracle.c tests/oracle.h
test_bits_checks = $(test_oracle) tests/bits_checks.c tests/bits_checks.h
test_kernel_cases = tests/kernel_cases.c tests/kernel_cases.h tests/guard.c tests/guard.h
test_process = $(test_support) tests/process.c tests/process.h
test_file_tree = $(test_process) tests/file_tree.c tests/file_tree.h
test_tuning = tests/tuning.c tests/tuning.h
test_scene = $(test_process) $(test_tuning) tests/scene.c tests/scene.h
test_address_space = tests/address_space.c tests/address_space.h
test_tool_runner = $(test_process) tests/tool.c tests/tool.h
test_bench_tool = $(test_tool_runner) tests/bench_tool.c tests/bench_tool.h

tests_test_cases_SOURCES = tests/test_cases.c $(test_support)
tests_test_shape_SOURCES = tests/test_shape.c $(test_support)
tests_test_text_SOURCES = tests/test_text.c $(test_support)
tests_test_errors_SOURCES = tests/test_errors.c $(test_support)
tests_test_calls_SOURCES = tests/test_calls.c $(test_support)
tests_test_plan_SOURCES = tests/test_plan.c $(test_support)
tests_test_cgroup_SOURCES = tests/test_cgroup.c $(test_file_tree)
tests_test_available_SOURCES = tests/test_available.c $(test_file_tree) $(test_address_space)
tests_test_refusal_SOURCES = tests/test_refusal.c $(test_support) $(test_address_space)
tests_test_host_SOURCES = tests/test_host.c $(test_support)
tests_test_fork_SOURCES = tests/test_fork.c $(test_support)
tests_test_search_SOURCES = tests/test_search.c $(test_support)
tests_test_known_SOURCES = tests/test_known.c $(test_scene)
tests_test_known_bits_SOURCES = tests/test_known_bits.c $(test_scene)
tests_test_store_SOURCES = tests/test_store.c $(test_process)
tests_test_store_crowd_SOURCES = tests/test_store_crowd.c $(test_process)
tests_test_database_SOURCES = tests/test_database.c $(test_support)
tests_test_record_SOURCES = tests/test_record.c $(test_process)
tests_test_schedule_SOURCES = tests/test_schedule.c $(test_support)
tests_test_caches_SOURCES = tests/test_caches.c $(test_support)
tests_test_placement_SOURCES = tests/test_placement.c $(test_support)
tests_test_packed_SOURCES = tests/test_packed.c $(test_support)
tests_test_tasks_SOURCES = tests/test_tasks.c tests/guard.c tests/guard.h $(test_support)
tests_test_binding_SOURCES = tests/test_binding.c $(test_support)
tests_test_shares_SOURCES = tests/test_shares.c $(test_support)
tests_test_outer_SOURCES = tests/test_outer.c $(test_support) $(test_kernel_cases)
tests_test_kernels_SOURCES = tests/test_kernels.c $(test_support) $(test_kernel_cases)
tests_test_box_SOURCES = tests/test_box.c $(test_support) $(test_kernel_cases)
tests_test_sweep_SOURCES = tests/test_sweep.c $(test_support) $(test_kernel_cases)
tests_test_cook_toom_SOURCES = tests/test_cook_toom.c
tests_test_transforms_SOURCES = tests/test_transforms.c $(test_support) $(test_kernel_cases)
tests_test_winograd_SOURCES = tests/test_winograd.c $(test_oracle)
tests_test_random_SOURCES = tests/test_random.c $(test_support)
tests_test_properties_SOURCES = tests/test_properties.c $(test_support)
tests_test_bits_SOURCES = tests/test_bits.c $(test_bits_checks)
tests_test_space_SOURCES = tests/test_space.c $(test_bits_checks)
tests_test_tune_SOURCES = tests/test_tune.c $(test_process)
tests_test_tune_tool_SOURCES = tests/test_tune_tool.c $(test_tool_runner) \
	tests/markup.c tests/markup.h
tests_test_values_SOURCES = tests/test_values.c $(test_oracle)
tests_test_memory_SOURCES = tests/test_memory.c $(test_support) tests/guard.c tests/guard.h
tests_test_alloc_SOURCES = tests/test_alloc.c $(test_support)
tests_test_verify_SOURCES = tests/test_verify.c $(test_support)
tests_test_npy_SOURCES = tests/test_npy.c $(test_process)
tests_test_npy_lies_SOURCES = tests/test_npy_lies.c $(test_process)
tests_test_tool_SOURCES = tests/test_tool.c $(test_tool_runner) $(test_address_space)
tests_test_run_SOURCES = tests/test_run.c $(test_tool_runner) tests/oracle.c tests/oracle.h
tests_test_commands_SOURCES = tests/test_commands.c $(test_tool_runner)
tests_test_bench_SOURCES = tests/test_bench.c $(test_bench_tool) $(test_tuning)
tests_test_bench_output_SOURCES = tests/test_bench_output.c $(test_bench_tool)
tests_test_bench_layer_SOURCES = tests/test_bench_layer.c $(test_support)
tests_test_table_SOURCES = tests/test_table.c $(test_support)
tests_test_svg_SOURCES = tests/test_svg.c
tests_test_tune_html_SOURCES = tests/test_tune_html.c $(test_support) \
	tests/markup.c tests/markup.h

# Calls that these three tests put themselves in the way of.
tests_test_alloc_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free \
	-Wl,--wrap=aligned_alloc,--wrap=posix_memalign
tests_test_verify_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=conv3d_plan_execute
tests_test_bench_layer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=conv3d_plan_execute

# Run by host.sh, and under race detectors: see the file.
tests_race_SOURCES = tests/race.c $(test_bits_checks) $(test_tuning)
tests_race_LDADD = libtool_shared.a libc3d_core.la $(OPENMP_CFLAGS)

# Run by fuzz.sh, longer under sanitizers.
tests_fuzz_database_SOURCES = tests/fuzz_database.c $(test_support)
tests_fuzz_database_LDADD = libtool_shared.a libc3d_core.la $(OPENMP_CFLAGS)
