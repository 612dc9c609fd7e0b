/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the conv3d command: finds the subcommand
 *
 * And prepares the process: standard descriptors that exist, and signals that
 * leave no temporary file behind.  Knows no option of any subcommand.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atomic_file.h"
#include "cmd.h"
#include "conv3d.h"
#include "exit_code.h"
#include "report.h"

static const struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "convolve a volume from a file", cmd_run},
    {"plan", "show what run would do, and why", cmd_plan},
    {"bench", "time layers, and compare with the machine's limits", cmd_bench},
    {"tune", "find the fastest way for layers, and record it", cmd_tune},
    {"info", "show what the library sees of this machine", cmd_info},
    {"verify", "check random convolutions against float64", cmd_verify},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_usage(void)
{
    printf("Usage: conv3d COMMAND [OPTION]...\n"
           "\n"
           "3-D convolution of float32 volumes on CPUs.\n"
           "\n"
           "Commands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("  %-10s %s\n", "help", "show this text, or the options of a command");
    printf("\n"
           "Options:\n"
           "  --help     print this text; after a command, its options\n"
           "  --version  print the version\n"
           "\n"
           "Environment: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, CONV3D_BIND, CONV3D_ISA,\n"
           "CONV3D_MATH, CONV3D_TUNING, CONV3D_VERBOSE; options win.\n"
           "Exit codes: 0 ok, 1 mismatch, 2 usage, 3 bad input, 4 memory, 5 I/O, 75 interrupted.\n"
           "Manual: man conv3d\n");
}

static void print_version(void)
{
    printf("conv3d %s\n", PACKAGE_VERSION);
    if (strcmp(conv3d_version(), PACKAGE_VERSION) != 0)
        printf("libconv3d %s\n", conv3d_version());
}

static const struct command *find_command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int run_command(const char *name, int argc, char **argv)
{
    const struct command *const command = find_command(name);

    if (command == NULL) {
        char names[128] = "";

        for (int i = 0; i < COMMANDS; i++) {
            strcat(names, commands[i].name);
            strcat(names, ", ");
        }
        return report_misuse("unknown %s '%s'; commands are %shelp",
                             name[0] == '-' ? "option" : "command", name, names);
    }
    report_set_command(command->name);
    return command->run(argc, argv);
}

/* On a terminal a progress bar or "^C" stands in the line. */
static const char farewell[] = "\nconv3d: interrupted; nothing was written\n";
static const char *farewell_start = farewell;

/* Only what is safe in a signal handler: unlink, write, _exit, raise. */
static void end_on_signal(int number)
{
    atomic_file_unlink_all();
    if (number == SIGPIPE) { /* the end that a pipeline expects */
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
        return;
    }
    const size_t length = sizeof farewell - 1 - (size_t)(farewell_start - farewell);

    if (write(STDERR_FILENO, farewell_start, length) < 0)
        _exit(EXIT_IO);
    _exit(EXIT_INTERRUPTED);
}

static void install_signal_handlers(void)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    if (!isatty(STDERR_FILENO))
        farewell_start = farewell + 1;
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction action = {0}, before;

        /* What the parent chose to ignore (nohup, a background job) stays ignored. */
        if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue;
        action.sa_handler = end_on_signal;
        sigfillset(&action.sa_mask);
        sigaction(ending[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN); /* a file size limit becomes a failed write */
}

/* A closed standard descriptor would be reused for the output file, and messages
 * would end up in it.  The read-only replacement makes writes fail instead. */
static void open_standard_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    static char help_option[] = "--help";
    int code = EXIT_OK;

    open_standard_descriptors();
    install_signal_handlers();
    if (argc < 2)
        return report_misuse("a command is missing");

    const int wants_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
    const int wants_version = strcmp(argv[1], "--version") == 0;
    const int is_help = strcmp(argv[1], "help") == 0;
    const int most = is_help ? 3 : 2; /* arguments, where they are not a command's own */

    if ((wants_help || wants_version || is_help) && argc > most)
        code = report_misuse("unexpected operand '%s'", argv[most]);
    else if (wants_version)
        print_version();
    else if (is_help && argc == 3)
        code = run_command(argv[2], 2, (char *[]){argv[2], help_option, NULL});
    else if (wants_help || is_help)
        print_usage();
    else
        code = run_command(argv[1], argc - 1, argv + 1);
    return report_finish_output(code);
}
