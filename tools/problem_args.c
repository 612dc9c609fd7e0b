/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem_args.c - the options that say what to compute
 *
 * Every field has a value that means "not given", because what may be left out
 * depends on what else is there.
 */
#include "problem_args.h"

#include <stddef.h>
#include <string.h>

#include "conv3d.h"
#include "exit_code.h"
#include "report.h"

#define AT(member) offsetof(struct problem_args, member)

const struct option_row problem_file_rows[] = {
    {"input", "FILE", OPTION_TEXT, AT(input), 0, 0,
     "volume to convolve: .npy of shape (N, C, T, H, W), or\n"
     ".nii, .nii.gz (x is W, y is H, z is T, time is N)"},
    {"weight", "FILE", OPTION_TEXT, AT(weight), 0, 0,
     ".npy of shape (C_out, C/G, kt, kh, kw) or\n"
     "(G, C_out/G, C/G, kt, kh, kw)"},
    {"bias", "FILE", OPTION_TEXT, AT(bias), 0, 0,
     ".npy of shape (C_out,) or (1, C_out, 1, 1, 1); default none"},
    {"out-channels", "N", OPTION_NUMBER, AT(out_channels), 1, INT64_MAX,
     "without --weight: C_out of random weights, drawn from\n"
     "Normal(0, sqrt(1 / (kt kh kw C)))"},
    {"kernel-size", "K", OPTION_TRIPLE, AT(kernel_size), 1, INT64_MAX,
     "without --weight: their extents, one number or T,H,W"},
    {"seed", "S", OPTION_NUMBER, AT(seed), 0, INT64_MAX,
     "without --weight: which random weights; default 0"},
    {.name = NULL},
};

const struct option_row problem_convolution_rows[] = {
    {"stride", "S", OPTION_TRIPLE, AT(stride), 1, INT64_MAX, "one number or T,H,W; default 1"},
    {"padding", "P", OPTION_RANGES, AT(padding), 0, INT64_MAX,
     "zeros on both sides, one number or T,H,W; an entry may be\n"
     "BEGIN:END; default 0"},
    {"dilation", "D", OPTION_TRIPLE, AT(dilation), 1, INT64_MAX,
     "distance of the taps, one number or T,H,W; default 1"},
    {"groups", "G", OPTION_NUMBER, AT(groups), 1, INT64_MAX,
     "groups of channels, each convolved for itself; default 1"},
    {"conv-mode", "cross_correlation|convolution", OPTION_CHOICE, AT(conv_mode), 0, 0,
     "convolution flips the kernel; default cross_correlation"},
    {.name = NULL},
};

_Static_assert(CONV3D_CROSS_CORRELATION == 0 && CONV3D_CONVOLUTION == 1,
               "order of the words of --conv-mode");

void problem_args_init(struct problem_args *args)
{
    memset(args, 0, sizeof *args);
    args->seed = -1;
    args->padding[0][0] = -1;
    args->conv_mode = -1;
}

/* With --problem everything has been said. */
static int check_text(const struct problem_args *args)
{
    const struct {
        int given;
        const char *name;
    } others[] = {
        {args->input != NULL, "input"},         {args->weight != NULL, "weight"},
        {args->bias != NULL, "bias"},           {args->out_channels != 0, "out-channels"},
        {args->kernel_size[0] != 0, "kernel-size"}, {args->seed >= 0, "seed"},
        {args->stride[0] != 0, "stride"},       {args->padding[0][0] >= 0, "padding"},
        {args->dilation[0] != 0, "dilation"},   {args->groups != 0, "groups"},
        {args->conv_mode >= 0, "conv-mode"},
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].given)
            return report_misuse("--problem says everything; --%s cannot be added",
                                 others[i].name);
    }
    return EXIT_OK;
}

int problem_args_check(const struct problem_args *args)
{
    if (args->text != NULL)
        return check_text(args);
    if (args->input == NULL)
        return report_misuse("--input is missing");
    if (args->weight == NULL && args->out_channels == 0 && args->kernel_size[0] == 0)
        return report_misuse("--weight is missing; or --out-channels and --kernel-size, "
                             "for random weights");
    if (args->weight == NULL && args->out_channels == 0)
        return report_misuse("--out-channels is missing, which random weights need");
    if (args->weight == NULL && args->kernel_size[0] == 0)
        return report_misuse("--kernel-size is missing, which random weights need");
    if (args->weight != NULL && (args->out_channels != 0 || args->kernel_size[0] != 0))
        return report_misuse("--%s is taken from --weight and cannot be given as well",
                             args->out_channels != 0 ? "out-channels" : "kernel-size");
    if (args->weight != NULL && args->seed >= 0)
        return report_misuse("--seed draws random weights, but --weight is given");
    return EXIT_OK;
}
