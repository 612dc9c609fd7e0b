/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h - the subcommands of conv3d
 *
 * Each takes the arguments from its own name on, prints its result to stdout and
 * returns an exit_code.
 */
#ifndef CONV3D_TOOLS_CMD_H
#define CONV3D_TOOLS_CMD_H

int cmd_run(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_tune(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_verify(int argc, char **argv);

#endif
