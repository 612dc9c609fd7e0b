/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - see process.h.
 */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static void redirect(const char *path, int flags, int to)
{
    const int from = open(path, flags, 0600);
    if (from < 0 || dup2(from, to) < 0)
        _exit(126);
    if (from != to)
        close(from);
}

/* A shell ignores SIGINT for what it starts in the background, and children
 * inherit that. */
static void default_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    sigset_t none;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t process_start(const char *const argv[], const char *out_path, const char *err_path)
{
    const pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        default_signals();
        redirect("/dev/null", O_RDONLY, 0);
        redirect(out_path, O_WRONLY | O_CREAT | O_TRUNC, 1);
        redirect(err_path, O_WRONLY | O_CREAT | O_TRUNC, 2);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return pid;
}

void process_wait(pid_t pid, int seconds, int *code, int *signal_number)
{
    const struct timespec pause = {0, 2000000};
    int status = 0;
    pid_t ended = 0;
    for (int i = 0; i < seconds * 500 && ended == 0; i++) {
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == 0)
            nanosleep(&pause, NULL);
    }
    if (ended == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    *signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void read_text(const char *path, char *text, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    const size_t got = file != NULL ? fread(text, 1, capacity - 1, file) : 0;
    text[got] = '\0';
    if (file != NULL)
        fclose(file);
}

void process_run(const struct scratch *scratch, const char *const argv[],
                 struct finished *finished)
{
    enum { PATIENCE_SECONDS = 120 };
    char out[512], err[512];
    scratch_file(scratch, "std.out", out);
    scratch_file(scratch, "std.err", err);
    const pid_t pid = process_start(argv, out, err);
    process_wait(pid, PATIENCE_SECONDS, &finished->code, &finished->signal);
    read_text(out, finished->out, sizeof finished->out);
    read_text(err, finished->err, sizeof finished->err);
}

void scratch_make(struct scratch *scratch)
{
    const char *where = getenv("TMPDIR");
    snprintf(scratch->path, sizeof scratch->path, "%s/conv3d-test.XXXXXX",
             where != NULL && *where != '\0' ? where : "/tmp");
    if (mkdtemp(scratch->path) == NULL)
        give_up(scratch->path);
}

static void remove_tree(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char below[1024];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode))
            remove_tree(below);
        else
            unlink(below);
    }
    if (directory != NULL)
        closedir(directory);
    rmdir(path);
}

void scratch_remove(const struct scratch *scratch)
{
    remove_tree(scratch->path);
}

const char *scratch_file(const struct scratch *scratch, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", scratch->path, name);
    return path;
}

int scratch_count(const struct scratch *scratch, const char *except)
{
    DIR *directory = opendir(scratch->path);
    struct dirent *entry;
    int count = 0;
    if (directory == NULL)
        give_up(scratch->path);
    while ((entry = readdir(directory)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                 strncmp(entry->d_name, "std.", 4) != 0 &&
                 strncmp(entry->d_name, except, strlen(except)) != 0;
    closedir(directory);
    return count;
}

bool file_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

void *file_read(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (file == NULL)
        return NULL;
    if (fstat(fileno(file), &status) != 0)
        give_up(path);
    char *data = malloc((size_t)status.st_size + 1);
    if (data == NULL)
        give_up(path);
    *bytes = fread(data, 1, (size_t)status.st_size, file);
    data[*bytes] = '\0';
    fclose(file);
    return data;
}

void file_write(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0)
        give_up(path);
}

const char *python_with_numpy(void)
{
    const char *const candidates[] = {getenv("PYTHON"), "/usr/bin/python3", "python3"};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        int code, signal_number;
        if (candidates[i] == NULL || *candidates[i] == '\0')
            continue;
        const char *const argv[] = {candidates[i], "-c", "import numpy", NULL};
        process_wait(process_start(argv, "/dev/null", "/dev/null"), 60, &code, &signal_number);
        if (code == 0)
            return candidates[i];
    }
    return NULL;
}
