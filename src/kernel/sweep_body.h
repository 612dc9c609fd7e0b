/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep_body.h - the kernel of kernel.h for depthwise convolution of input as it lies
 *
 * Included by kernel_body.h, under the same macros.
 */
#include "kernel/kernel.h"
#include "kernel/vec.h"

#include <stdbool.h>

/* Products of x with one weight, for one row of one plane of outputs. */
static C3D_ALWAYS_INLINE void sweep_products(vf *acc, const vf *x, const float *weight,
                                             const int width)
{
    if (width == 1) {
        acc[0] = v_fma_broadcast(x[0], weight, acc[0]);
    } else {
        const vf w = v_broadcast(weight);
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            acc[v] = v_accumulate(x[v], w, acc[v]);
        }
    }
}

/* Where the sums of a plane of outputs get their weights from, if they take part. */
struct sweep_part {
    bool takes;
    const float *weights; /* [kw][kh] */
};

/* What is known when a kernel is compiled; kw_count is 0 for any. */
struct sweep_shape {
    int kh_count, kw_count, step, rows, width;
    bool edges; /* three taps along W, of which padding is met by the first vector and the last one only */
};

/* Whether there are registers for struct sweep_held; else its lanes come from the table, weights from
 * memory. */
enum { sweep_holds = C3D_LANES == 16 };

/* What registers hold while a box with edges passes by: a core that does no more than three loads for four
 * FMAs has none to spare for masks, nor for a weight per FMA of a box one vector wide.  3x3x3 takes 0.76 to
 * 0.80 of the time at 7x7 to 28x28, 0.90 at 56x56 and 128x128, with stride 2 0.74 to 0.82 (two Zen 5 cores). */
struct sweep_held {
    struct v_lanes first, last[4]; /* of a row's first vector; by sweep_load_edges() of its last */
    vf weights[3][3];              /* [kw][kh], of one plane of the kernel */
};

static C3D_ALWAYS_INLINE void sweep_hold_lanes(struct sweep_held *held, const struct c3d_sweep *s,
                                               const int width, const int step)
{
    const struct v_lanes *const lanes = (const struct v_lanes *)s->lanes;
    held->first = lanes[0];
    C3D_UNROLL
    for (int kw = 0; kw < 3; kw += step) {
        C3D_UNROLL
        for (int part = 0; part < step; part++) {
            held->last[kw + part] = lanes[(kw * width + width - 1) * step + part];
        }
    }
}

/* Those of the first plane of outputs that takes part; the other's come from memory. */
static C3D_ALWAYS_INLINE void sweep_hold_weights(struct sweep_held *held,
                                                 const struct sweep_part *parts)
{
    const float *const weights = parts[parts[0].takes ? 0 : 1].weights;
    C3D_UNROLL
    for (int i = 0; i < 9; i++) {
        held->weights[i / 3][i % 3] = v_broadcast(weights + i);
    }
}

/*
 * Vector `part` of the `step` that tap kw has for vector v of a box: what lies outside the tensor is
 * not read and counts as zero.
 */
static C3D_ALWAYS_INLINE vf sweep_load(const struct c3d_sweep *s, const float *row, const int kw,
                                       const int v, const int part, const struct sweep_shape shape)
{
    const int vector = v * shape.step + part;
    const struct v_lanes *const lanes = (const struct v_lanes *)s->lanes;
    return v_load_lanes(row + s->columns[kw] + vector * C3D_LANES,
                        lanes + kw * shape.width * shape.step + vector);
}

/* The same in a box with edges, where few vectors can meet what lies outside. */
static C3D_ALWAYS_INLINE vf sweep_load_edges(const struct c3d_sweep *s, const float *row,
                                             const struct sweep_held *held, const int kw, const int v,
                                             const int part, const struct sweep_shape shape)
{
    const int vector = v * shape.step + part;
    const float *const from = row + kw + vector * C3D_LANES;
    const bool first = kw == 0 && vector == 0, last = v == shape.width - 1;
    if (!first && !last) {
        return v_load(from);
    }
    if (!sweep_holds) {
        const struct v_lanes *const lanes = (const struct v_lanes *)s->lanes;
        return v_load_lanes(from, lanes + kw * shape.width * shape.step + vector);
    }
    return v_load_lanes(from, last ? &held->last[kw + part] : &held->first);
}

/* What input row i, multiplied by the weights of tap kw, adds to all sums. */
static C3D_ALWAYS_INLINE void sweep_column(const vf *x, const struct sweep_part *parts,
                                           const struct sweep_held *held, vf *acc, const int i,
                                           const int kw, const struct sweep_shape shape)
{
    C3D_UNROLL
    for (int p = 0; p < 2; p++) {
        C3D_UNROLL
        for (int r = 0; r < shape.rows; r++) {
            const int kh = i - r * shape.step;
            vf *const sums = acc + (p * shape.rows + r) * shape.width;
            if (!parts[p].takes || kh < 0 || kh >= shape.kh_count) {
                continue;
            }
            if (sweep_holds && shape.edges && shape.width == 1 && (p == 0 || !parts[0].takes)) {
                sums[0] = v_accumulate(x[0], held->weights[kw][kh], sums[0]);
            } else {
                sweep_products(sums, x, parts[p].weights + kw * shape.kh_count + kh, shape.width);
            }
        }
    }
}

/* Input row i for tap kw; with a step of two every second element of two vectors. */
static C3D_ALWAYS_INLINE void sweep_tap(const struct c3d_sweep *s, const float *row,
                                        const struct sweep_part *parts, vf *acc, const int i,
                                        const int kw, const struct sweep_shape shape)
{
    vf x[C3D_SWEEP_VECTORS];
    C3D_UNROLL
    for (int v = 0; v < shape.width; v++) {
        x[v] = sweep_load(s, row, kw, v, 0, shape);
        if (shape.step == 2) {
            x[v] = v_even(x[v], sweep_load(s, row, kw, v, 1, shape));
        }
    }
    sweep_column(x, parts, NULL, acc, i, kw, shape);
}

/* Input row i for the three taps of a box with edges.  With a step of two the second tap has the odd
 * elements of the first one's vectors. */
static C3D_ALWAYS_INLINE void sweep_taps_edges(const struct c3d_sweep *s, const float *row,
                                               const struct sweep_part *parts,
                                               const struct sweep_held *held, vf *acc, const int i,
                                               const struct sweep_shape shape)
{
    C3D_UNROLL
    for (int kw = 0; kw < 3; kw += shape.step) {
        vf x[C3D_SWEEP_VECTORS], odd[C3D_SWEEP_VECTORS];
        C3D_UNROLL
        for (int v = 0; v < shape.width; v++) {
            x[v] = sweep_load_edges(s, row, held, kw, v, 0, shape);
            if (shape.step == 2) {
                const vf low = x[v], high = sweep_load_edges(s, row, held, kw, v, 1, shape);
                x[v] = v_even(low, high);
                odd[v] = v_odd(low, high);
            }
        }
        sweep_column(x, parts, held, acc, i, kw, shape);
        if (shape.step == 2 && kw == 0) {
            sweep_column(odd, parts, held, acc, i, kw + 1, shape);
        }
    }
}

/*
 * What one plane of input adds to the two of outputs.  Input row i serves kernel row
 * i - r*step of output row r: in the order of the input rows, every output sums its kernel
 * rows in order.
 */
static C3D_ALWAYS_INLINE void sweep_plane(const struct c3d_sweep *s, ptrdiff_t plane,
                                          const struct sweep_part *parts, struct sweep_held *held,
                                          vf *acc, const struct sweep_shape shape)
{
    if (sweep_holds && shape.edges && shape.width == 1) {
        sweep_hold_weights(held, parts);
    }
    C3D_UNROLL
    for (int i = 0; i < (shape.rows - 1) * shape.step + shape.kh_count; i++) {
        if (i < s->row_begin || i >= s->row_end) {
            continue;
        }
        const float *const row = s->input + plane + i * s->row_step;
        if (shape.width > 1 && parts[1].takes && i >= shape.kh_count - shape.step) {
            /* What the next box reads for the first time. */
            C3D_UNROLL
            for (int v = 0; v < shape.width * shape.step; v++) {
                __builtin_prefetch(row + shape.rows * shape.step * s->row_step + v * C3D_LANES,
                                   0, 3);
            }
        }
        if (shape.edges) {
            sweep_taps_edges(s, row, parts, held, acc, i, shape);
        } else if (shape.kw_count > 0) {
            C3D_UNROLL
            for (int kw = 0; kw < shape.kw_count; kw++) {
                sweep_tap(s, row, parts, acc, i, kw, shape);
            }
        } else {
            for (int kw = 0; kw < s->kw_count; kw++) {
                sweep_tap(s, row, parts, acc, i, kw, shape);
            }
        }
    }
}

static C3D_ALWAYS_INLINE void sweep_finish(const struct c3d_sweep *s, const vf *acc, float *out,
                                           const int rows, const int width, const bool stream)
{
    const vf shift = v_broadcast(&s->bias), least = least_result(s->relu);
    C3D_UNROLL
    for (int r = 0; r < rows; r++) {
        C3D_UNROLL
        for (int v = 0; v < width; v++) {
            float *const to = out + r * s->out_row + v * C3D_LANES;
            const vf sum = v_at_least(acc[r * width + v] + shift, least);
            if (stream) {
                v_stream(to, sum);
            } else if (v == width - 1 && s->last_lanes < C3D_LANES) {
                v_store_first(to, sum, s->last_lanes);
            } else {
                v_store(to, sum);
            }
        }
    }
}

static C3D_ALWAYS_INLINE void sweep_box(const struct c3d_sweep *s, const struct sweep_shape shape)
{
    const vf zero = {0};
    const int sums = shape.rows * shape.width;
    vf acc[2 * C3D_SWEEP_SUMS];
    C3D_UNROLL
    for (int i = 0; i < 2 * sums; i++) {
        acc[i] = zero;
    }
    struct sweep_held held;
    if (sweep_holds && shape.edges) {
        sweep_hold_lanes(&held, s, shape.width, shape.step);
    }
    for (int q = s->plane_begin; q < s->plane_end; q++) {
        const ptrdiff_t plane = q * s->plane_step, kernel_plane = shape.kh_count * s->kw_count;
        const struct sweep_part first = {true, s->weights + q * kernel_plane},
                                second = {true, s->weights + (q - 1) * kernel_plane}, none = {0};
        if (s->planes == 1 || q == 0) {
            sweep_plane(s, plane, (struct sweep_part[]){first, none}, &held, acc, shape);
        } else if (q < s->kt_count) {
            sweep_plane(s, plane, (struct sweep_part[]){first, second}, &held, acc, shape);
        } else {
            sweep_plane(s, plane, (struct sweep_part[]){none, second}, &held, acc, shape);
        }
    }
    const bool stream = can_stream && s->stream;
    C3D_UNROLL
    for (int p = 0; p < 2; p++) {
        if (p < s->planes) {
            float *const out = s->out + p * s->out_plane;
            if (stream) {
                sweep_finish(s, acc + p * sums, out, shape.rows, shape.width, true);
            } else {
                sweep_finish(s, acc + p * sums, out, shape.rows, shape.width, false);
            }
        }
    }
}

/* A function for each box: together they take the compiler three times as long. */
#define SWEEP_BOX(name, kh, kw, by, edges, vectors, height) \
    static C3D_NEVER_INLINE void name##_##vectors##_##height(const struct c3d_sweep *s) \
    { \
        if (height <= (C3D_SWEEP_##vectors + by - 1) / by) { \
            sweep_box(s, (struct sweep_shape){kh, kw, by, height, vectors, edges}); \
        } \
    }
#define SWEEP_BOXES(name, kh, kw, by, edges, vectors) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 1) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 2) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 3) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 4) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 5) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 6) \
    SWEEP_BOX(name, kh, kw, by, edges, vectors, 7)
#define SWEEP_NAMES(name) {name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7}
#define SWEEP(name, kh, kw, by, edges) \
    SWEEP_BOXES(name, kh, kw, by, edges, 1) \
    SWEEP_BOXES(name, kh, kw, by, edges, 2) \
    SWEEP_BOXES(name, kh, kw, by, edges, 3) \
    SWEEP_BOXES(name, kh, kw, by, edges, 4) \
    static void name(const struct c3d_sweep *s) \
    { \
        static c3d_sweep_fn *const boxes[C3D_SWEEP_VECTORS][C3D_SWEEP_ROWS] = { \
            SWEEP_NAMES(name##_1), SWEEP_NAMES(name##_2), SWEEP_NAMES(name##_3), \
            SWEEP_NAMES(name##_4)}; \
        boxes[s->vector_count - 1][s->rows - 1](s); \
    }
/* 3 x 3 without a loop over columns: 1.11 times as fast at 14x14, 1.04 at 56x56. */
SWEEP(sweep_3_by_2, 3, 0, 2, false)
SWEEP(sweep_3x3_by_2_edges, 3, 3, 2, true)
#if !C3D_SWEEP_BY_2_ONLY
SWEEP(sweep_3x3, 3, 3, 1, false)
SWEEP(sweep_3x3_edges, 3, 3, 1, true)
SWEEP(sweep_5, 5, 0, 1, false)
SWEEP(sweep_7, 7, 0, 1, false)
#endif
#undef SWEEP
#undef SWEEP_NAMES
#undef SWEEP_BOXES
#undef SWEEP_BOX

static c3d_sweep_fn *find_sweep(int64_t kh_count, int64_t kw_count, int64_t step, bool edges)
{
    static const struct {
        int64_t kh_count, kw_count, step; /* kw_count 0: any */
        c3d_sweep_fn *sweep[2];           /* [edges] */
    } kernels[] = {
        {3, 0, 2, {sweep_3_by_2, sweep_3x3_by_2_edges}},
#if !C3D_SWEEP_BY_2_ONLY
        {3, 3, 1, {sweep_3x3, sweep_3x3_edges}},
        {5, 0, 1, {sweep_5, sweep_5}},
        {7, 0, 1, {sweep_7, sweep_7}},
#endif
    };
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        if (kernels[i].kh_count == kh_count && kernels[i].step == step &&
            (kernels[i].kw_count == kw_count || kernels[i].kw_count == 0)) {
            return kernels[i].sweep[edges];
        }
    }
    return NULL;
}

/* Of a vector of input, the lanes begin .. end of 0 .. C3D_LANES. */
static void sweep_lanes(void *to, int64_t begin, int64_t end)
{
    struct v_lanes *const lanes = to;
    const int64_t first = begin < 0 ? 0 : begin > C3D_LANES ? C3D_LANES : begin;
    const int64_t last = end < first ? first : end > C3D_LANES ? C3D_LANES : end;
    *lanes = v_lanes_between((int)first, (int)last);
}
