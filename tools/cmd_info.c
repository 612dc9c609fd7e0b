/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_info.c - conv3d info: show what the library sees of this machine
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cmd.h"
#include "conv3d.h"
#include "exit_code.h"
#include "json_out.h"
#include "options.h"
#include "report.h"

struct info_args {
    int json;
};

static const struct option_row rows[] = {
    {"json", NULL, OPTION_FLAG, offsetof(struct info_args, json), 0, 0, "print JSON"},
    {.name = NULL},
};

static void print_count(const char *key, int count)
{
    if (count > 0)
        printf("%-12s %d\n", key, count);
    else
        printf("%-12s unknown\n", key);
}

static void print_cache(const char *key, size_t bytes)
{
    if (bytes > 0)
        printf("%-12s %zu KiB\n", key, bytes / 1024);
    else
        printf("%-12s unknown\n", key);
}

static void print_memory(size_t bytes, const char *reason)
{
    if (bytes < SIZE_MAX)
        printf("%-12s %zu MiB available (%s)\n", "memory", bytes >> 20, reason);
    else
        printf("%-12s unknown\n", "memory");
}

static void print_machine(const conv3d_machine *machine)
{
    printf("%-12s %s\n", "version", conv3d_version());
    printf("%-12s %s\n", "cpu", machine->cpu[0] != '\0' ? machine->cpu : "unknown");
    printf("%-12s %s, %d floats per vector\n", "isa", machine->isa, machine->lanes);
    printf("%-12s %s\n", "isa_best", machine->isa_best);
    printf("%-12s %d (%s)\n", "threads", machine->threads, machine->threads_reason);
    printf("%-12s %d\n", "processors", machine->processors);
    print_count("cores", machine->cores);
    if (machine->cpu_quota > 0)
        printf("%-12s %g processors\n", "cpu_quota", machine->cpu_quota);
    else
        printf("%-12s none\n", "cpu_quota");
    print_count("numa_nodes", machine->numa_nodes);
    print_cache("l1d", machine->l1d_bytes);
    print_cache("l2", machine->l2_bytes);
    print_cache("l3", machine->l3_bytes);
    print_memory(machine->memory_available, machine->memory_reason);
    printf("%-12s %s\n", "topology", machine->topology);
    printf("%-12s %s\n", "threading", machine->threading);
}

int cmd_info(int argc, char **argv)
{
    struct info_args args = {0};
    const struct option_group groups[] = {{"Output", rows, &args}, {.heading = NULL}};
    const struct option_set set = {
        "info", "[OPTION]...", "Show what the library sees of this machine.", groups};
    conv3d_machine machine = {.size = sizeof machine};

    const enum options_outcome outcome = options_parse(&set, argc, argv);
    if (outcome != OPTIONS_PARSED)
        return outcome == OPTIONS_HELPED ? EXIT_OK : EXIT_USAGE;

    int code = args.json ? json_out_check() : EXIT_OK;
    if (code == EXIT_OK)
        code = report_status(conv3d_machine_query(&machine));
    if (code != EXIT_OK)
        return code;
    if (args.json)
        return json_out_machine(&machine);
    print_machine(&machine);
    return EXIT_OK;
}
