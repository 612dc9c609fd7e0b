/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calibrate.c - the public call that measures what the cost model goes by
 */
#include "database/machine_key.h"
#include "database/record.h"
#include "database/store.h"
#include "kernel/select.h"
#include "plan/plan.h"
#include "platform/team.h"
#include "tune/probe.h"

/* Of five rounds; beyond that, what was measured is other work. */
static const double most_unrest = 1.25;

/* What is to be recorded, and under which names. */
struct rates {
    char machine[C3D_MACHINE_KEY_BYTES];
    struct c3d_probe probe;
};

static conv3d_status record(struct c3d_database *database, void *context)
{
    const struct rates *const rates = context;
    const struct {
        const char *name;
        double rate;
    } list[] = {
        {"fma", rates->probe.fma},       {"l2", rates->probe.l2},
        {"l3", rates->probe.l3},         {"memory", rates->probe.memory},
        {"transform", rates->probe.transform},
    };
    conv3d_status status = CONV3D_OK;
    for (size_t i = 0; status == CONV3D_OK && i < sizeof list / sizeof *list; i++) {
        char key[C3D_KEY_BYTES], value[C3D_VALUE_BYTES];
        c3d_rate_key(list[i].name, rates->machine, key);
        c3d_rate_value(list[i].rate, value);
        status = c3d_database_put(database, key, value);
    }
    return status;
}

conv3d_status conv3d_calibrate(int threads, conv3d_calibration *calibration)
{
    const struct c3d_kernels *kernels;
    struct c3d_store_paths paths;
    struct rates rates;
    if (calibration == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "calibration is NULL");
    }
    if (calibration->size != sizeof *calibration) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "calibration.size is %zu; it must be %zu",
                        calibration->size, sizeof *calibration);
    }
    if (threads < 0 || threads > C3D_MAX_THREADS) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "threads is %d; it must be 0 to %d", threads,
                        C3D_MAX_THREADS);
    }
    c3d_store_locate(&paths);
    if (paths.user[0] == '\0') {
        return c3d_fail(CONV3D_ERR_IO, "there is no tuning database to write");
    }
    threads = threads > 0 ? threads : c3d_plan_most_threads();
    conv3d_status status = c3d_kernels_select(&kernels);
    if (status == CONV3D_OK) {
        status = c3d_probe_machine(kernels, threads, &rates.probe);
    }
    const bool recorded = status == CONV3D_OK && rates.probe.unrest <= most_unrest;
    if (recorded) {
        c3d_machine_key(kernels->name, C3D_KERNEL_SET, rates.machine);
        status = c3d_store_update(paths.user, record, &rates);
    }
    if (status == CONV3D_OK) {
        *calibration = (conv3d_calibration){
            .size = sizeof *calibration,
            .threads = threads,
            .fma = rates.probe.fma,
            .l2 = rates.probe.l2,
            .l3 = rates.probe.l3,
            .memory = rates.probe.memory,
            .transform = rates.probe.transform,
            .unrest = rates.probe.unrest,
            .recorded = recorded,
        };
    }
    return status;
}
