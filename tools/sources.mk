# SPDX-License-Identifier: Apache-2.0
# The sources of the conv3d tool, read by Makefile.am.  The shared group is
# linked by the C tests as well; it must not depend on the rest of the tool.

TOOL_SHARED_SOURCES = \
	tools/atomic_file.c \
	tools/atomic_file.h \
	tools/bench.c \
	tools/bench.h \
	tools/bench_layer.c \
	tools/bench_layer.h \
	tools/bench_peer.c \
	tools/bench_peer.h \
	tools/big_memory.c \
	tools/big_memory.h \
	tools/clock.c \
	tools/clock.h \
	tools/exit_code.c \
	tools/exit_code.h \
	tools/layer_class.c \
	tools/layer_class.h \
	tools/layer_table.c \
	tools/layer_table.h \
	tools/npy.c \
	tools/npy.h \
	tools/npy_header.c \
	tools/npy_header.h \
	tools/peer.h \
	tools/random_data.c \
	tools/random_data.h \
	tools/random_problem.c \
	tools/random_problem.h \
	tools/report.c \
	tools/report.h \
	tools/roofline.c \
	tools/roofline.h \
	tools/sample_check.c \
	tools/sample_check.h \
	tools/timing.c \
	tools/timing.h \
	tools/verify_case.c \
	tools/verify_case.h

CONV3D_TOOL_SOURCES = \
	tools/bench_csv.c \
	tools/bench_draw.c \
	tools/bench_draw.h \
	tools/bench_format.h \
	tools/bench_json.c \
	tools/bench_old.c \
	tools/bench_old.h \
	tools/bench_summary.c \
	tools/bench_summary.h \
	tools/bench_table.c \
	tools/cmd.h \
	tools/cmd_bench.c \
	tools/cmd_info.c \
	tools/cmd_plan.c \
	tools/cmd_run.c \
	tools/cmd_verify.c \
	tools/error_quantiles.c \
	tools/error_quantiles.h \
	tools/convolve.c \
	tools/convolve.h \
	tools/execution_args.c \
	tools/execution_args.h \
	tools/json_out.c \
	tools/json_out.h \
	tools/json_value.c \
	tools/json_value.h \
	tools/main.c \
	tools/nifti.c \
	tools/nifti.h \
	tools/onednn_compat.h \
	tools/onednn_tensor.c \
	tools/onednn_tensor.h \
	tools/options.c \
	tools/options.h \
	tools/peer.c \
	tools/peer_onednn.c \
	tools/peer_onednn.h \
	tools/preview.c \
	tools/preview.h \
	tools/problem.c \
	tools/problem.h \
	tools/problem_args.c \
	tools/problem_args.h \
	tools/progress.c \
	tools/progress.h \
	tools/text_file.c \
	tools/text_file.h \
	tools/volume.c \
	tools/volume.h
