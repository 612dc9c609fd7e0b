/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.c - what the library sees of the machine
 */
#include "base/status.h"
#include "kernel/select.h"
#include "platform/cpu.h"
#include "platform/memory.h"
#include "platform/seats.h"
#include "platform/team.h"
#include "platform/threads.h"
#include "platform/topology.h"

conv3d_status conv3d_machine_query(conv3d_machine *machine)
{
    if (machine == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "machine is NULL");
    }
    if (machine->size != sizeof *machine) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "machine.size is %zu; it must be %zu", machine->size,
                        sizeof *machine);
    }
    const struct c3d_kernels *kernels;
    const conv3d_status status = c3d_kernels_select(&kernels);
    if (status != CONV3D_OK) {
        return status;
    }
    const struct c3d_threads threads = c3d_threads_default();
    const struct c3d_topology *const topology = c3d_topology_get();
    const char *const taker = c3d_seats_taken_by();
    const struct c3d_memory memory = c3d_memory_available("");
    *machine = (conv3d_machine){
        .size = sizeof *machine,
        .isa = kernels->name,
        .isa_best = c3d_kernels_best()->name,
        .lanes = kernels->lanes,
        .threads = threads.count,
        .threads_reason = threads.reason,
        .cpu_quota = c3d_threads_quota(),
        .processors = topology->processors,
        .cores = topology->cores,
        .numa_nodes = topology->numa_nodes,
        .packages = topology->packages,
        .placed_by = taker != NULL ? taker : "",
        .l1d_bytes = topology->l1d_bytes,
        .l2_bytes = topology->l2_bytes,
        .l3_bytes = topology->l3_bytes,
        .topology = topology->source,
        .threading = c3d_team_name(),
        .memory_available = memory.available < SIZE_MAX ? (size_t)memory.available : SIZE_MAX,
        .memory_reason = memory.reason,
    };
    c3d_cpu_name(machine->cpu, sizeof machine->cpu);
    return CONV3D_OK;
}

int conv3d_machine_processor(int index, conv3d_processor *processor)
{
    const struct c3d_topology *const topology = c3d_topology_get();
    if (processor == NULL || processor->size != sizeof *processor || topology->list == NULL ||
        index < 0 || index >= topology->processors) {
        return 0;
    }
    const struct c3d_processor *const found = &topology->list[index];
    *processor = (conv3d_processor){
        .size = sizeof *processor,
        .number = found->number,
        .core = found->core,
        .l2 = found->l2,
        .l3 = found->l3,
        .numa_node = found->node,
        .package = found->package,
        .speed = found->speed,
    };
    return 1;
}

conv3d_status conv3d_machine_seats(int threads, const char *bind, int *processors,
                                   const char **reason)
{
    if (reason == NULL) {
        return c3d_fail(CONV3D_ERR_NULL, "reason is NULL");
    }
    if (threads < 0 || threads > C3D_MAX_THREADS) {
        return c3d_fail(CONV3D_ERR_ARGUMENT, "threads is %d; it must be 0 to %d", threads,
                        C3D_MAX_THREADS);
    }
    struct c3d_seats seats;
    const int count = threads > 0 ? threads : c3d_threads_default().count;
    const conv3d_status status = c3d_seats_make(bind, count, true, &seats);
    if (status != CONV3D_OK) {
        return status;
    }
    for (int t = 0; processors != NULL && t < count; t++) {
        processors[t] = seats.count > 0 ? seats.processors[t] : -1;
    }
    *reason = seats.reason;
    c3d_seats_release(&seats);
    return CONV3D_OK;
}
