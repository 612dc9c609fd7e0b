/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_available.c - memory that is left, as trees of files: what Docker, Slurm, systemd and
 * kubelet leave
 */
#include "address_space.h"
#include "file_tree.h"

#include "platform/cgroup.h"
#include "platform/memory.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 8 };

struct tree {
    const char *name;
    const char *cgroup, *mountinfo; /* of /proc/self; NULL = no such file */
    struct {
        const char *path, *text;
    } files[FILES_MAX];
    uint64_t left;
};

#define V2 "/sys/fs/cgroup"
#define V2_MOUNT "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1 "/sys/fs/cgroup/memory"
#define V1_MOUNT \
    "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" \
    "32 31 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define V1_UNLIMITED "9223372036854771712\n"

static const struct tree trees[] = {
    {"v2, no limit", "0::/user.slice\n", V2_MOUNT,
     {{V2 "/user.slice/memory.max", "max\n"}, {V2 "/user.slice/memory.current", "5000\n"}},
     UINT64_MAX},
    {"v2, limit less usage", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "1073741824\n"}, {V2 "/job/memory.current", "73741824\n"}},
     1000000000},
    {"v2, cache that can be dropped is not used", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "1000000\n"}, {V2 "/job/memory.current", "900000\n"},
      {V2 "/job/memory.stat",
       "anon 100000\nfile 800000\nactive_file 50000\ninactive_file 700000\nslab 4000\n"}},
     800000},
    {"v2, more cache than usage", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "1000000\n"}, {V2 "/job/memory.current", "900000\n"},
      {V2 "/job/memory.stat", "inactive_file 900001\n"}}, 1000000},
    {"v2, usage above the limit", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "1000000\n"}, {V2 "/job/memory.current", "1000001\n"}}, 0},
    {"v2, a limit of nothing", "0::/job\n", V2_MOUNT, {{V2 "/job/memory.max", "0\n"}}, 0},
    {"v2, the parent is tighter", "0::/a/b/c\n", V2_MOUNT,
     {{V2 "/a/b/c/memory.max", "max\n"}, {V2 "/a/b/c/memory.current", "10\n"},
      {V2 "/a/b/memory.max", "4000\n"}, {V2 "/a/b/memory.current", "1000\n"},
      {V2 "/a/memory.max", "8000\n"}, {V2 "/a/memory.current", "1500\n"}}, 3000},
    {"v2, the parent has the greater limit, and less left", "0::/a/b\n", V2_MOUNT,
     {{V2 "/a/b/memory.max", "4000\n"}, {V2 "/a/b/memory.current", "1000\n"},
      {V2 "/a/memory.max", "8000\n"}, {V2 "/a/memory.current", "7500\n"}}, 500},
    {"v2, in a container that sees itself as the root", "0::/\n", V2_MOUNT,
     {{V2 "/memory.max", "70000\n"}, {V2 "/memory.current", "1\n"}}, 69999},
    {"v2, in a container that sees the host's names", "0::/docker/0123\n",
     "30 23 0:26 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
     {{V2 "/memory.max", "70000\n"}, {V2 "/memory.current", "2\n"}}, 69998},
    {"v2, a group that the mount does not show", "0::/../sibling\n", V2_MOUNT,
     {{V2 "/memory.max", "70000\n"}, {V2 "/memory.current", "3\n"}}, 69997},
    {"v1, no limit", "4:cpu,cpuacct:/\n3:memory:/\n", V1_MOUNT,
     {{V1 "/memory.limit_in_bytes", V1_UNLIMITED}, {V1 "/memory.usage_in_bytes", "5\n"}},
     UINT64_MAX},
    {"v1, no limit with pages of 64 KiB", "3:memory:/\n", V1_MOUNT,
     {{V1 "/memory.limit_in_bytes", "9223372036854710272\n"}}, UINT64_MAX},
    {"v1, limit less usage and cache", "4:cpu,cpuacct:/x\n3:memory:/slurm/job_7\n", V1_MOUNT,
     {{V1 "/slurm/job_7/memory.limit_in_bytes", "536870912\n"},
      {V1 "/slurm/job_7/memory.usage_in_bytes", "36870912\n"},
      {V1 "/slurm/job_7/memory.stat",
       "cache 7\ninactive_file 1\nhierarchical_memory_limit 9\ntotal_inactive_file 6870912\n"}},
     506870912},
    {"v1, the parent is tighter", "3:memory:/pod/box\n", V1_MOUNT,
     {{V1 "/pod/box/memory.limit_in_bytes", V1_UNLIMITED},
      {V1 "/pod/box/memory.usage_in_bytes", "4096\n"},
      {V1 "/pod/memory.limit_in_bytes", "65536\n"},
      {V1 "/pod/memory.usage_in_bytes", "8192\n"}}, 57344},
    {"v1, in a container that sees the host's names", "3:memory:/docker/0123\n",
     "32 31 0:28 /docker/0123 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
     {{V1 "/memory.limit_in_bytes", "65536\n"}, {V1 "/memory.usage_in_bytes", "1\n"}}, 65535},
    {"hybrid, version 1 has the controller", "3:memory:/box\n0::/box\n",
     V1_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
     {{V1 "/box/memory.limit_in_bytes", "65536\n"}, {V1 "/box/memory.usage_in_bytes", "6\n"},
      {V2 "/unified/box/cgroup.procs", "1\n"}}, 65530},
    {"hybrid, version 2 has the controller", "4:cpu,cpuacct:/box\n0::/box\n",
     "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
     "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
     {{V2 "/unified/box/memory.max", "65536\n"}, {V2 "/unified/box/memory.current", "7\n"}},
     65529},
    {"a limit whose usage cannot be read", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "65536\n"}}, 65536},
    {"no /proc", NULL, NULL, {{NULL, NULL}}, UINT64_MAX},
    {"no mounts", "0::/job\n", "", {{V2 "/job/memory.max", "65536\n"}}, UINT64_MAX},
    {"nonsense", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "plenty\n"}, {V2 "/memory.max", "\n"},
      {V2 "/job/memory.current", "-\n"}}, UINT64_MAX},
    {"nonsense beside a limit", "0::/job\n", V2_MOUNT,
     {{V2 "/job/memory.max", "65536\n"}, {V2 "/job/memory.current", "some\n"},
      {V2 "/job/memory.stat", "inactive_file\ninactive_file many\n"}}, 65536},
};

Test(available, memory_of_control_groups_is_found)
{
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        const struct tree *const tree = &trees[i];
        struct file_tree files;
        file_tree_make(&files);
        file_tree_add(&files, "/proc/self/cgroup", tree->cgroup);
        file_tree_add(&files, "/proc/self/mountinfo", tree->mountinfo);
        for (int j = 0; j < FILES_MAX; j++)
            file_tree_add(&files, tree->files[j].path, tree->files[j].text);
        const uint64_t left = c3d_cgroup_memory(files.root);
        cr_expect(left == tree->left, "%s: %" PRIu64 " instead of %" PRIu64, tree->name, left,
                  tree->left);
        file_tree_remove(&files);
    }
}

/* ---- The least of all ------------------------------------------------------- */

#define MEMINFO "MemTotal:       32505856 kB\nMemFree:  1 kB\nMemAvailable:        64 kB\n"

static void expect(const struct file_tree *files, uint64_t available, const char *reason)
{
    const struct c3d_memory memory = c3d_memory_available(files->root);
    cr_expect(memory.available == available, "%" PRIu64 " instead of %" PRIu64 " (%s)",
              memory.available, available, memory.reason);
    cr_expect(strstr(memory.reason, reason) != NULL, "%s", memory.reason);
}

Test(available, the_least_is_taken_with_its_reason)
{
    struct file_tree files;
    file_tree_make(&files);
    expect(&files, UINT64_MAX, "unknown");
    file_tree_add(&files, "/proc/meminfo", MEMINFO);
    expect(&files, 65536, "machine");
    file_tree_add(&files, "/proc/self/cgroup", "0::/job\n");
    file_tree_add(&files, "/proc/self/mountinfo", V2_MOUNT);
    file_tree_add(&files, V2 "/job/memory.max", "70000\n");
    expect(&files, 65536, "machine");
    file_tree_add(&files, V2 "/job/memory.current", "10000\n");
    expect(&files, 60000, "control group");
    file_tree_remove(&files);
}

Test(available, meminfo_without_the_line_is_unknown)
{
    struct file_tree files;
    file_tree_make(&files);
    file_tree_add(&files, "/proc/meminfo", "MemTotal: 5 kB\nMemAvailable: few kB\nFree: 3 kB\n");
    expect(&files, UINT64_MAX, "unknown");
    file_tree_remove(&files);
}

/* A limit of the process itself, large enough to live with. */
Test(available, the_limit_of_the_address_space_counts_what_is_mapped)
{
    static const uint64_t limit = (uint64_t)1 << 50;
    struct file_tree files;
    file_tree_make(&files);
    file_tree_add(&files, "/proc/self/statm", "1000 500 3 4 0 6 0\n");
    expect(&files, UINT64_MAX, "unknown");
    address_space_limit(limit);
    expect(&files, limit - 1000 * (uint64_t)sysconf(_SC_PAGESIZE), "ulimit -v");
    file_tree_add(&files, "/proc/self/statm", "999999999999 1 1 1 0 1 0\n");
    expect(&files, 0, "ulimit -v");
    file_tree_add(&files, "/proc/self/statm", "nonsense\n");
    expect(&files, limit, "ulimit -v");
    file_tree_remove(&files);
}

Test(available, this_machine_has_some)
{
    const struct c3d_memory memory = c3d_memory_available("");
    cr_expect(memory.available > 0 && memory.reason[0] != '\0');
}
