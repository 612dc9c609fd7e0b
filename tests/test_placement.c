/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_placement.c - where threads sit, on machines that are not at hand: maps for described
 * topologies, written down by hand
 */
#include "support.h"

#include "platform/placement.h"
#include "platform/topology.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_MAX = 512, THREADS_MAX = 4096 };

/* Which of the operating system's processors thread 0, 1, ... gets. */
struct seating {
    int threads;
    const char *compact, *spread; /* NULL = no such team fits */
};

struct machine {
    const char *name, *topology, *allowed;
    int processors, cores, nodes, packages;
    struct seating seatings[4]; /* up to the one of 0 threads */
};

static const struct machine machines[] = {
    {"one core", "core:1 pu:1", NULL, 1, 1, 1, 1, {{1, "0", "0"}, {2, NULL, NULL}}},
    {"two cores", "l3:1 core:2 pu:1", NULL, 2, 2, 1, 1, {{1, "0", "0"}, {2, "0-1", "0-1"}}},
    {"virtual machine that hides everything", "pu:16", NULL, 16, 16, 1, 1,
     {{4, "0-3", "0-3"}, {16, "0-15", "0-15"}}},
    {"hyper-threads", "core:4 pu:2", NULL, 8, 4, 1, 1,
     {{2, "0,2", "0,2"}, {4, "0,2,4,6", "0,2,4,6"}, {6, "0-4,6", "0-4,6"}, {8, "0-7", "0-7"}}},
    {"hyper-threads numbered in a second round", "core:4 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL, 8,
     4, 1, 1, {{3, "0-2", "0-2"}, {4, "0-3", "0-3"}, {8, "0,4,1,5,2,6,3,7", "0,4,1,5,2,6,3,7"}}},
    {"four threads a core", "pack:2 [numa] core:4 pu:4", NULL, 32, 8, 2, 2,
     {{4, "0,4,8,12", "0,4,16,20"},
      {8, "0,4,8,12,16,20,24,28", "0,4,8,12,16,20,24,28"},
      {10, "0-1,4-5,8,12,16,20,24,28", "0-1,4,8,12,16-17,20,24,28"}}},
    {"two sockets", "pack:2 [numa] l3:1 core:4 pu:1", NULL, 8, 8, 2, 2,
     {{2, "0-1", "0,4"}, {4, "0-3", "0-1,4-5"}, {6, "0-5", "0-2,4-6"}, {8, "0-7", "0-7"}}},
    {"two sockets numbered in turns",
     "pack:2 [numa] core:2 pu:2(indexes=0,4,2,6,1,5,3,7)", NULL, 8, 4, 2, 2,
     {{2, "0,2", "0-1"}, {4, "0,2,1,3", "0,2,1,3"}, {8, "0,4,2,6,1,5,3,7", "0,4,2,6,1,5,3,7"}}},
    {"four nodes a socket", "pack:2 l3:1 group:4 [numa] core:4 pu:2", NULL, 64, 32, 8, 2,
     {{4, "0,2,4,6", "0,8,32,40"},
      {8, "0,2,4,6,8,10,12,14", "0,8,16,24,32,40,48,56"},
      {16, "0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30",
       "0,2,8,10,16,18,24,26,32,34,40,42,48,50,56,58"}}},
    {"64 cores, eight share a cache", "pack:1 [numa] l3:8 core:8 pu:2", NULL, 128, 64, 1, 1,
     {{8, "0,2,4,6,8,10,12,14", "0,16,32,48,64,80,96,112"},
      {10, "0,2,4,6,8,10,12,14,16,18", "0,2,16,18,32,48,64,80,96,112"},
      {128, "0-127", "0-127"}}},
    {"128 cores on two sockets", "pack:2 [numa] l3:8 core:8 pu:1", NULL, 128, 128, 2, 2,
     {{4, "0-3", "0,8,64,72"},
      {16, "0-15", "0,8,16,24,32,40,48,56,64,72,80,88,96,104,112,120"},
      {128, "0-127", "0-127"},
      {129, NULL, NULL}}},
    {"pairs of cores share L2", "l3:1 l2:4 core:2 pu:1", NULL, 8, 8, 1, 1,
     {{4, "0-3", "0,2,4,6"}, {6, "0-5", "0-4,6"}}},
    {"four nodes in one package", "pack:1 group:4 [numa] l2:1 core:12 pu:1", NULL, 48, 48, 4, 1,
     {{12, "0-11", "0-2,12-14,24-26,36-38"}, {48, "0-47", "0-47"}}},
    {"two dies", "pack:1 die:2 [numa] l3:2 core:2 pu:1", NULL, 8, 8, 2, 1,
     {{2, "0-1", "0,4"}, {4, "0-3", "0,2,4,6"}}},
    {"over a thousand processors", "pack:8 [numa] core:80 pu:2", NULL, 1280, 640, 8, 8,
     {{8, "0,2,4,6,8,10,12,14", "0,160,320,480,640,800,960,1120"},
      {1280, "0-1279", "0-1279"},
      {1281, NULL, NULL}}},
    {"fast and slow cores", "hybrid.xml", NULL, 10, 6, 1, 1,
     {{2, "0,2", "0,2"}, {4, "0,2,4,6", "0,2,4,6"}, {5, "0,2,4,6,8", "0,2,4,6,8"},
      {10, "0-8,10", "0-8,10"}}},
    {"a package without memory", "memoryless.xml", NULL, 8, 8, 1, 2,
     {{2, "0-1", "0,4"}, {4, "0-3", "0-1,4-5"}}},
    {"every second core is off", "core:4 pu:1(indexes=0,2,4,6)", NULL, 4, 4, 1, 1,
     {{2, "0,2", "0,2"}, {4, "0,2,4,6", "0,2,4,6"}}},
    {"a set with holes", "core:8 pu:1", "1,3-4,7", 4, 4, 1, 1,
     {{2, "1,3", "1,3"}, {4, "1,3-4,7", "1,3-4,7"}, {5, NULL, NULL}}},
    {"a set of one processor", "pack:2 [numa] core:4 pu:1", "6", 1, 1, 1, 1,
     {{1, "6", "6"}, {2, NULL, NULL}}},
    {"a set across sockets", "pack:2 [numa] l3:1 core:4 pu:1", "2-5", 4, 4, 2, 2,
     {{2, "2-3", "2,4"}, {3, "2-4", "2-4"}}},
    {"a set of second threads", "core:4 pu:2", "1,3,5", 3, 3, 1, 1, {{3, "1,3,5", "1,3,5"}}},
    {"a set of both threads of one core", "core:4 pu:2", "4-5", 2, 1, 1, 1,
     {{1, "4", "4"}, {2, "4-5", "4-5"}}},
    {"a set that is uneven over the sockets", "pack:2 [numa] core:4 pu:1", "0-3,7", 5, 5, 2, 2,
     {{2, "0-1", "0,7"}, {4, "0-3", "0-2,7"}}},
};

static void open_machine(const struct machine *machine, struct c3d_topology *topology)
{
    const char *const top = getenv("top_srcdir"), *description = machine->topology;
    char path[PATH_MAX];
    if (strstr(description, ".xml") != NULL) {
        snprintf(path, sizeof path, "%s/tests/data/%s", top != NULL ? top : ".", description);
        description = path;
    }
    if (!c3d_topology_read(description, machine->allowed, topology)) {
        if (strcmp(c3d_topology_get()->source, "sysconf") == 0)
            cr_skip("built without hwloc");
        cr_assert_fail("%s: cannot read %s", machine->name, description);
    }
}

/* "0-3,8": processors in order, runs of them as ranges. */
static void write_map(const int *processors, int count, char map[MAP_MAX])
{
    size_t length = 0;
    for (int first = 0, next; first < count; first = next) {
        for (next = first + 1; next < count && processors[next] == processors[next - 1] + 1;)
            next++;
        length += (size_t)snprintf(map + length, MAP_MAX - length,
                                   next - first > 1 ? "%s%d-%d" : "%s%d", first > 0 ? "," : "",
                                   processors[first], processors[next - 1]);
        cr_assert(length < MAP_MAX);
    }
}

static void expect_map(const struct machine *machine, const struct c3d_topology *topology,
                       int threads, bool spread, const char *expected)
{
    int *const picked = allocate(THREADS_MAX * sizeof *picked);
    char map[MAP_MAX];
    const bool fits = c3d_placement_pick(topology, spread, threads, picked);
    cr_expect(fits == (expected != NULL), "%s: %d threads", machine->name, threads);
    if (fits) {
        for (int t = 0; t < threads; t++)
            picked[t] = topology->list[picked[t]].number;
        write_map(picked, threads, map);
        cr_expect_str_eq(map, expected, "%s: %d threads %s on %s, not %s", machine->name, threads,
                         spread ? "spread" : "compact", map, expected);
    }
    free(picked);
}

Test(placement, maps)
{
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        const struct machine *const machine = &machines[i];
        struct c3d_topology topology;
        open_machine(machine, &topology);
        cr_expect_eq(topology.processors, machine->processors, "%s: %d processors",
                     machine->name, topology.processors);
        cr_expect_eq(topology.cores, machine->cores, "%s: %d cores", machine->name,
                     topology.cores);
        cr_expect_eq(topology.numa_nodes, machine->nodes, "%s: %d nodes", machine->name,
                     topology.numa_nodes);
        cr_expect_eq(topology.packages, machine->packages, "%s: %d packages", machine->name,
                     topology.packages);
        cr_expect(!topology.here);
        for (int j = 0; j < 4 && machine->seatings[j].threads > 0; j++) {
            const struct seating *const seating = &machine->seatings[j];
            expect_map(machine, &topology, seating->threads, false, seating->compact);
            expect_map(machine, &topology, seating->threads, true, seating->spread);
        }
        c3d_topology_clear(&topology);
    }
}

/* What every map keeps, for every number of threads up to 128: no processor twice, no core twice
 * while another is free, ascending in the order of the machine. */
Test(placement, rules)
{
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        struct c3d_topology topology;
        open_machine(&machines[i], &topology);
        for (int threads = 1; threads <= 128 && threads <= topology.processors; threads++) {
            for (int spread = 0; spread < 2; spread++) {
                int picked[128], on_core[1280] = {0}, busiest = 0;
                cr_assert(c3d_placement_pick(&topology, spread, threads, picked));
                for (int t = 0; t < threads; t++) {
                    cr_assert(picked[t] >= 0 && picked[t] < topology.processors);
                    cr_assert(t == 0 || picked[t] > picked[t - 1]);
                    const int core = topology.list[picked[t]].core;
                    busiest = ++on_core[core] > busiest ? on_core[core] : busiest;
                }
                cr_expect(busiest == 1 || threads > topology.cores, "%s: %d threads",
                          machines[i].name, threads);
            }
        }
        c3d_topology_clear(&topology);
    }
}

Test(placement, nonsense_is_no_topology)
{
    static const char *const descriptions[] = {"", "core", "core:0 pu:1", "no such file.xml"};
    for (size_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++) {
        struct c3d_topology topology;
        cr_expect(!c3d_topology_read(descriptions[i], NULL, &topology), "%s", descriptions[i]);
        c3d_topology_clear(&topology);
    }
}
