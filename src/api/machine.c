/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.c - what the library sees of the machine
 */
#include "base/status.h"
#include "kernel/select.h"
#include "platform/cpu.h"
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
        .l1d_bytes = topology->l1d_bytes,
        .l2_bytes = topology->l2_bytes,
        .l3_bytes = topology->l3_bytes,
        .topology = topology->source,
        .threading = c3d_team_name(),
    };
    c3d_cpu_name(machine->cpu, sizeof machine->cpu);
    return CONV3D_OK;
}
