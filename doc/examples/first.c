/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first.c - the C example of README.md, as a program that is built and run
 *
 * From the first #include on it is the same text as in README.md;
 * tests/readme_example.sh compares the two.
 */
#include <conv3d.h>
#include <stdio.h>

int main(void)
{
    static float input[2 * 3 * 4 * 4 * 4], weight[1 * 3 * 3 * 3 * 3], output[2 * 1 * 2 * 2 * 2];
    for (int i = 0; i < 384; i++)
        input[i] = (float)i;
    for (int i = 0; i < 81; i++)
        weight[i] = 1.0f;

    conv3d_params params; /* Conv3d(in_channels=3, out_channels=1, kernel_size=3) */
    conv3d_params_init(&params, 3, 1, 3);
    const int64_t input_shape[5] = {2, 3, 4, 4, 4};
    const conv3d_tensor kernel = {weight, 5, {1, 3, 3, 3, 3}};

    conv3d_plan *plan;
    conv3d_status status = conv3d_plan_create(&plan, &params, input_shape, &kernel, NULL, NULL);
    if (status == CONV3D_OK)
        status = conv3d_plan_execute(plan, input, output, NULL); /* as often as needed */
    if (status == CONV3D_OK)
        printf("first voxel: %g, last voxel: %g\n", output[0], output[15]);
    else
        fprintf(stderr, "%s: %s\n", conv3d_status_string(status), conv3d_last_error());
    conv3d_plan_destroy(plan);
    return status != CONV3D_OK;
}
