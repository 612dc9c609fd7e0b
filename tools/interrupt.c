/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupt.c - Ctrl-C as a request
 */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static struct sigaction before[NUMBERS];
static volatile sig_atomic_t came;

static void restore(void)
{
    for (size_t i = 0; i < NUMBERS; i++)
        sigaction(numbers[i], &before[i], NULL);
}

static void note(int number)
{
    (void)number;
    came = 1;
    restore();
}

void interrupt_defer(void)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        struct sigaction action = {0};

        sigaction(numbers[i], NULL, &before[i]);
        if (before[i].sa_handler == SIG_IGN)
            continue;
        action.sa_handler = note;
        action.sa_flags = SA_RESTART;
        sigfillset(&action.sa_mask);
        sigaction(numbers[i], &action, NULL);
    }
}

int interrupt_came(void)
{
    return came;
}
