/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - signs of life from work that takes longer than a second
 *
 * The drawing thread sleeps on a condition variable with a deadline, so that it
 * ends at once when the work does.  It blocks all signals: they belong to main().
 */
#include "progress.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

enum { BAR_CELLS = 30, LINE_CAPACITY = 128, NANOSECONDS = 1000000000 };

/* What is shown at one moment. */
struct view {
    int64_t done;
    double elapsed;
    char news[LINE_CAPACITY];
};

struct progress {
    pthread_t thread;
    pthread_mutex_t mutex; /* guards done, finished and news */
    pthread_cond_t wake;
    int64_t done;
    int finished;
    char news[LINE_CAPACITY];

    const char *label;
    int64_t total;
    int on_terminal;
    struct timespec start;
};

/* A terminal that can overwrite a line. */
static int has_terminal(void)
{
    const char *const kind = getenv("TERM");

    return isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + 1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

/* "convolving [#####     ] 50%, 12 s, about 12 s left".  Without steps to count a
 * block wanders through the bar. */
static void format_bar(const struct progress *progress, int64_t done, double elapsed,
                       char line[LINE_CAPACITY])
{
    char bar[BAR_CELLS + 1];

    if (progress->total < 2) {
        const int width = BAR_CELLS / 5, track = BAR_CELLS - width;
        const int step = (int)(elapsed * 10.0) % (2 * track);

        memset(bar, ' ', BAR_CELLS);
        memset(bar + (step < track ? step : 2 * track - step), '#', (size_t)width);
        bar[BAR_CELLS] = '\0';
        snprintf(line, LINE_CAPACITY, "%s [%s] %.0f s", progress->label, bar, elapsed);
        return;
    }
    const double part = (double)done / (double)progress->total;
    const int filled = (int)(part * BAR_CELLS);

    memset(bar, ' ', BAR_CELLS);
    memset(bar, '#', (size_t)filled);
    bar[BAR_CELLS] = '\0';

    const int used = snprintf(line, LINE_CAPACITY, "%s [%s] %.0f%%, %.0f s", progress->label, bar,
                              100.0 * part, elapsed);
    if (done > 0)
        snprintf(line + used, (size_t)(LINE_CAPACITY - used), ", about %.0f s left",
                 elapsed / part - elapsed);
}

/* Over the old bar, and no longer than the terminal is wide: a wrapped line could
 * not be overwritten. */
static void draw_bar(const struct progress *progress, const struct view *view)
{
    char line[LINE_CAPACITY];
    struct winsize window;
    int columns = 79;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1)
        columns = window.ws_col - 1;
    format_bar(progress, view->done, view->elapsed, line);
    const int used = fprintf(stderr, "\r%.*s", columns, line) - 1;

    if (view->news[0] != '\0' && used + 2 < columns)
        fprintf(stderr, "; %.*s", columns - used - 2, view->news);
    fputs("\033[K", stderr);
    fflush(stderr);
    report_bar_drawn();
}

static void print_line(const struct progress *progress, const struct view *view)
{
    const char *const separator = view->news[0] != '\0' ? "; " : "";

    if (progress->total < 2)
        report_note("%s, %.0f s%s%s", progress->label, view->elapsed, separator, view->news);
    else
        report_note("%s, %.0f%% done after %.0f s%s%s", progress->label,
                    100.0 * (double)view->done / (double)progress->total, view->elapsed,
                    separator, view->news);
}

static void add_nanoseconds(struct timespec *time, int64_t nanoseconds)
{
    nanoseconds += time->tv_nsec;
    time->tv_sec += (time_t)(nanoseconds / NANOSECONDS);
    time->tv_nsec = (long)(nanoseconds % NANOSECONDS);
}

static void *draw_until_finished(void *argument)
{
    struct progress *const progress = argument;
    const int64_t pause = progress->on_terminal ? NANOSECONDS / 10 : INT64_C(10) * NANOSECONDS;
    struct timespec due = progress->start;

    add_nanoseconds(&due, progress->on_terminal ? NANOSECONDS : pause);
    pthread_mutex_lock(&progress->mutex);
    for (;;) {
        int woken = 0;

        while (!progress->finished && woken != ETIMEDOUT)
            woken = pthread_cond_timedwait(&progress->wake, &progress->mutex, &due);
        if (progress->finished)
            break;

        struct view view = {progress->done, seconds_since(&progress->start), ""};

        memcpy(view.news, progress->news, sizeof view.news);
        /* Writing may block; the work must not wait for it. */
        pthread_mutex_unlock(&progress->mutex);
        if (progress->on_terminal)
            draw_bar(progress, &view);
        else
            print_line(progress, &view);
        pthread_mutex_lock(&progress->mutex);
        add_nanoseconds(&due, pause);
    }
    pthread_mutex_unlock(&progress->mutex);
    return NULL;
}

struct progress *progress_start(const char *label, int64_t total, int quiet)
{
    struct progress *const progress = quiet ? NULL : calloc(1, sizeof *progress);
    pthread_condattr_t attributes;
    sigset_t all, before;

    if (progress == NULL)
        return NULL;
    progress->label = label;
    progress->total = total;
    progress->on_terminal = has_terminal();
    clock_gettime(CLOCK_MONOTONIC, &progress->start);
    pthread_mutex_init(&progress->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&progress->wake, &attributes);
    pthread_condattr_destroy(&attributes);

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&progress->thread, NULL, draw_until_finished, progress);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        pthread_cond_destroy(&progress->wake);
        pthread_mutex_destroy(&progress->mutex);
        free(progress);
        return NULL;
    }
    return progress;
}

void progress_set(struct progress *progress, int64_t done)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->mutex);
    progress->done = done;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_say(struct progress *progress, const char *news)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->mutex);
    snprintf(progress->news, sizeof progress->news, "%s", news);
    pthread_mutex_unlock(&progress->mutex);
}

void progress_finish(struct progress *progress)
{
    if (progress == NULL)
        return;
    pthread_mutex_lock(&progress->mutex);
    progress->finished = 1;
    pthread_cond_signal(&progress->wake);
    pthread_mutex_unlock(&progress->mutex);
    pthread_join(progress->thread, NULL);
    if (progress->on_terminal && seconds_since(&progress->start) > 1.0)
        fprintf(stderr, "\r\033[K");
    pthread_cond_destroy(&progress->wake);
    pthread_mutex_destroy(&progress->mutex);
    free(progress);
}
