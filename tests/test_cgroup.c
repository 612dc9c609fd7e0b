/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cgroup.c - CPU quotas as trees of files: what Docker, Slurm, systemd and kubelet leave
 */
#include "file_tree.h"

#include "platform/cgroup.h"

#include <criterion/criterion.h>
#include <stddef.h>

enum { FILES_MAX = 6 };

struct tree {
    const char *name;
    const char *cgroup, *mountinfo; /* of /proc/self; NULL = no such file */
    struct {
        const char *path, *text;
    } files[FILES_MAX];
    double cpus;
};

#define V2_MOUNT "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT \
    "32 31 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" \
    "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
#define V1_CPU "/sys/fs/cgroup/cpu,cpuacct"

static const struct tree trees[] = {
    {"v2, no limit", "0::/user.slice\n", V2_MOUNT,
     {{"/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"}}, 0},
    {"v2, a processor and a half", "0::/job\n", V2_MOUNT,
     {{"/sys/fs/cgroup/job/cpu.max", "150000 100000\n"}}, 1.5},
    {"v2, half a processor", "0::/job\n", V2_MOUNT,
     {{"/sys/fs/cgroup/job/cpu.max", "50000 100000\n"}}, 0.5},
    {"v2, another period", "0::/job\n", V2_MOUNT,
     {{"/sys/fs/cgroup/job/cpu.max", "76500 10000\n"}}, 7.65},
    {"v2, the parent's limit is the least", "0::/a/b/c\n", V2_MOUNT,
     {{"/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/a/b/cpu.max", "300000 100000\n"},
      {"/sys/fs/cgroup/a/cpu.max", "800000 100000\n"}}, 3},
    {"v2, in a container that sees itself as the root", "0::/\n", V2_MOUNT,
     {{"/sys/fs/cgroup/cpu.max", "200000 100000\n"}}, 2},
    {"v2, in a container that sees the host's names", "0::/docker/0123\n",
     "30 23 0:26 /docker/0123 /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
     {{"/sys/fs/cgroup/cpu.max", "400000 100000\n"}}, 4},
    {"v2, a group that the mount does not show", "0::/../sibling\n", V2_MOUNT,
     {{"/sys/fs/cgroup/cpu.max", "250000 100000\n"}}, 2.5},
    {"v2, a blank in the mount point", "0::/job\n",
     "30 23 0:26 / /sys/fs/c\\040group rw - cgroup2 cgroup2 rw\n",
     {{"/sys/fs/c group/job/cpu.max", "100000 100000\n"}}, 1},
    {"v1, no limit", "4:cpu,cpuacct:/\n3:memory:/\n", V1_MOUNT,
     {{V1_CPU "/cpu.cfs_quota_us", "-1\n"}, {V1_CPU "/cpu.cfs_period_us", "100000\n"}}, 0},
    {"v1, six processors", "9:name=systemd:/x\n4:cpu,cpuacct:/slurm/job_7\n", V1_MOUNT,
     {{V1_CPU "/slurm/job_7/cpu.cfs_quota_us", "600000\n"},
      {V1_CPU "/slurm/job_7/cpu.cfs_period_us", "100000\n"}}, 6},
    {"v1, the parent's limit is the least", "4:cpuacct,cpu:/pod/box\n", V1_MOUNT,
     {{V1_CPU "/pod/box/cpu.cfs_quota_us", "-1\n"},
      {V1_CPU "/pod/box/cpu.cfs_period_us", "100000\n"},
      {V1_CPU "/pod/cpu.cfs_quota_us", "125000\n"},
      {V1_CPU "/pod/cpu.cfs_period_us", "50000\n"}}, 2.5},
    {"v1 and an empty v2 beside it", "1:cpu,cpuacct:/box\n0::/box\n",
     V1_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
     {{V1_CPU "/box/cpu.cfs_quota_us", "200000\n"},
      {V1_CPU "/box/cpu.cfs_period_us", "100000\n"}}, 2},
    {"cpuset is not cpu", "5:cpuset:/box\n",
     "34 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n",
     {{"/sys/fs/cgroup/cpuset/box/cpu.cfs_quota_us", "100000\n"},
      {"/sys/fs/cgroup/cpuset/box/cpu.cfs_period_us", "100000\n"}}, 0},
    {"no /proc", NULL, NULL, {{NULL, NULL}}, 0},
    {"no mounts", "0::/job\n", "", {{"/sys/fs/cgroup/job/cpu.max", "100000 100000\n"}}, 0},
    {"nonsense", "0::\n::\n:\n\n4\n", "\n - \n1 2 3 - cgroup2\n30 23 0:26 / /x rw - cgroup2\n",
     {{"/x/cpu.max", "100000 100000\n"}}, 0},
    {"a quota of nothing", "0::/job\n", V2_MOUNT,
     {{"/sys/fs/cgroup/job/cpu.max", "0 0\n"}, {"/sys/fs/cgroup/cpu.max", "\n"}}, 0},
};

Test(cgroup, quotas_are_found)
{
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        const struct tree *const tree = &trees[i];
        struct file_tree files;
        file_tree_make(&files);
        file_tree_add(&files, "/proc/self/cgroup", tree->cgroup);
        file_tree_add(&files, "/proc/self/mountinfo", tree->mountinfo);
        for (int j = 0; j < FILES_MAX; j++)
            file_tree_add(&files, tree->files[j].path, tree->files[j].text);
        const double cpus = c3d_cgroup_cpus(files.root);
        cr_expect(cpus == tree->cpus, "%s: %g instead of %g", tree->name, cpus, tree->cpus);
        file_tree_remove(&files);
    }
}

Test(cgroup, this_machine_has_none_or_some)
{
    cr_expect(c3d_cgroup_cpus("") >= 0);
}
