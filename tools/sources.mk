# SPDX-License-Identifier: Apache-2.0
# The sources of the conv3d tool, read by Makefile.am.  The shared group is
# linked by the C tests as well; it must not depend on the rest of the tool.

TOOL_SHARED_SOURCES = \
	tools/atomic_file.c \
	tools/atomic_file.h \
	tools/exit_code.c \
	tools/exit_code.h \
	tools/npy.c \
	tools/npy.h \
	tools/npy_header.c \
	tools/npy_header.h \
	tools/random_data.c \
	tools/random_data.h \
	tools/random_problem.c \
	tools/random_problem.h \
	tools/verify_case.c \
	tools/verify_case.h

CONV3D_TOOL_SOURCES = \
	tools/cmd.h \
	tools/cmd_info.c \
	tools/cmd_plan.c \
	tools/cmd_run.c \
	tools/cmd_verify.c \
	tools/convolve.c \
	tools/convolve.h \
	tools/execution_args.c \
	tools/execution_args.h \
	tools/json_out.c \
	tools/json_out.h \
	tools/main.c \
	tools/nifti.c \
	tools/nifti.h \
	tools/options.c \
	tools/options.h \
	tools/preview.c \
	tools/preview.h \
	tools/problem.c \
	tools/problem.h \
	tools/problem_args.c \
	tools/problem_args.h \
	tools/progress.c \
	tools/progress.h \
	tools/report.c \
	tools/report.h \
	tools/volume.c \
	tools/volume.h
