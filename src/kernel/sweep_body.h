/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep_body.h - the depthwise kernel of kernel.h
 *
 * Included by kernel_body.h, under the same macros.
 */
#include "kernel/kernel.h"
#include "kernel/vec.h"

/*
 * Input row i of a plane serves kernel row i - r*step of output row r.  Going
 * through the input rows in order, every output sums its kernel rows in order.
 */
static C3D_ALWAYS_INLINE void sweep_box(const struct c3d_sweep *s, const int kh_count,
                                        const int step, const int rows, const int width)
{
    const vf zero = {0};
    vf acc[C3D_SWEEP_ROWS * 4];
    C3D_UNROLL
    for (int i = 0; i < rows * width; i++) {
        acc[i] = zero;
    }
    for (size_t p = 0; p < s->plane_count; p++) {
        const float *const plane = s->window + s->planes[p].vector;
        const float *const weights = s->weights + s->planes[p].scalar;
        C3D_UNROLL
        for (int i = 0; i < (rows - 1) * step + kh_count; i++) {
            const float *const row = plane + i * s->pitch;
            for (int kw = 0; kw < s->kw_count; kw++) {
                vf x[4];
                x[0] = v_load(row + s->columns[kw]);
                if (width > 1) {
                    C3D_UNROLL
                    for (int v = 1; v < width; v++) {
                        x[v] = v_load(row + s->columns[kw] + v * C3D_LANES);
                    }
                }
                C3D_UNROLL
                for (int r = 0; r < rows; r++) {
                    const int kh = i - r * step;
                    if (kh >= 0 && kh < kh_count) {
                        const vf w = v_broadcast(weights + kh * s->kw_count + kw);
                        acc[r * width] = v_fma(x[0], w, acc[r * width]);
                        if (width > 1) {
                            C3D_UNROLL
                            for (int v = 1; v < width; v++) {
                                acc[r * width + v] = v_fma(x[v], w, acc[r * width + v]);
                            }
                        }
                    }
                }
            }
        }
    }
    C3D_UNROLL
    for (int i = 0; i < rows * width; i++) {
        v_store(s->acc + i * C3D_LANES, acc[i]);
    }
}

/* Boxes of every height, for one kernel height, stride and width. */
static C3D_ALWAYS_INLINE void sweep_rows(const struct c3d_sweep *s, const int kh_count,
                                         const int step, const int width)
{
    switch (s->rows) {
    case 1:
        sweep_box(s, kh_count, step, 1, width);
        break;
    case 2:
        sweep_box(s, kh_count, step, 2, width);
        break;
    case 3:
        sweep_box(s, kh_count, step, 3, width);
        break;
    case 4:
        sweep_box(s, kh_count, step, 4, width);
        break;
    case 5:
        sweep_box(s, kh_count, step, 5, width);
        break;
    case 6:
        sweep_box(s, kh_count, step, 6, width);
        break;
    }
}
_Static_assert(C3D_SWEEP_ROWS == 6, "sweep_rows lists the heights up to 6");

static C3D_ALWAYS_INLINE void sweep_widths(const struct c3d_sweep *s, const int kh_count,
                                           const int step)
{
    switch (s->vector_count) {
    case 1:
        sweep_rows(s, kh_count, step, 1);
        break;
    case 2:
        sweep_rows(s, kh_count, step, 2);
        break;
#if C3D_SWEEP_VECTORS >= 4
    case 4:
        sweep_rows(s, kh_count, step, 4);
        break;
#endif
    }
}

static C3D_NEVER_INLINE void sweep_3(const struct c3d_sweep *s)
{
    sweep_widths(s, 3, 1);
}

static C3D_NEVER_INLINE void sweep_3_by_2(const struct c3d_sweep *s)
{
    sweep_widths(s, 3, 2);
}

static C3D_NEVER_INLINE void sweep_5(const struct c3d_sweep *s)
{
    sweep_widths(s, 5, 1);
}

static C3D_NEVER_INLINE void sweep_7(const struct c3d_sweep *s)
{
    sweep_widths(s, 7, 1);
}

static c3d_sweep_fn *find_sweep(int64_t kh_count, int64_t row_step)
{
    return row_step == 1   ? kh_count == 3   ? sweep_3
                             : kh_count == 5 ? sweep_5
                             : kh_count == 7 ? sweep_7
                                             : NULL
           : row_step == 2 ? kh_count == 3 ? sweep_3_by_2 : NULL
                           : NULL;
}
