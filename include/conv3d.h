/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv3d.h - 3-D convolution of float32 volumes on CPUs
 *
 * The life of a convolution:
 *
 *     conv3d_params params;
 *     conv3d_params_init(&params, 3, 8, 3);          // 3 -> 8 channels, 3x3x3
 *     conv3d_plan *plan;
 *     status = conv3d_plan_create(&plan, &params, input_shape, &weight, NULL, NULL);
 *     status = conv3d_plan_execute(plan, input, output, NULL);   // as often as needed
 *     conv3d_plan_destroy(plan);
 *
 * Tensors are dense, row-major float32: input (N, C_in, T, H, W), output
 * (N, C_out, T', H', W'), with W contiguous ("NCTHW", elsewhere "NCDHW").
 * Every triple in this header is in the order T, H, W.
 *
 * What is computed: out[n,o] = sum over c of weight[o,c] (star) input[n,c],
 * plus bias[o], then the activation; star is cross-correlation unless
 * conv_mode says otherwise.  Padding taps are skipped, not multiplied by zero,
 * so an infinite weight over padding makes no NaN.  A zero result is always
 * +0.0, never -0.0.
 *
 * Errors: every function that can fail returns a conv3d_status, CONV3D_OK (0)
 * on success.  conv3d_last_error() then holds one line with the offending
 * numbers, for the calling thread.  On failure outputs are untouched and
 * object pointers are set to NULL.  The library never aborts, exits, prints
 * unasked, or changes the caller's affinity or OpenMP settings.
 *
 * Threads: every function may be called from any thread at any time; a plan is
 * immutable, and several threads may execute the same plan at once.  In the child of
 * fork(), if the parent had threads, every call uses one thread: the parent's plans
 * work, with the same bits.
 *
 * Same bits: the output depends on the data, the parameters, the math mode and
 * (in fast math) the ISA, the caches, memory_limit_bytes and the tuning database, never on
 * the number of threads, the tile, the alignment, or the batch size and position.
 */
#ifndef CONV3D_H
#define CONV3D_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#  define CONV3D_API __attribute__((visibility("default")))
#  define CONV3D_CHECKED CONV3D_API __attribute__((warn_unused_result))
#else
#  define CONV3D_API
#  define CONV3D_CHECKED
#endif

/* ---- Status ------------------------------------------------------------- */

typedef enum conv3d_status {
    CONV3D_OK = 0,
    CONV3D_ERR_NULL,        /* a required pointer is NULL */
    CONV3D_ERR_ARGUMENT,    /* a value is outside its range: stride 0, padding -1,
                               an unknown enumerator, overlapping buffers */
    CONV3D_ERR_SHAPE,       /* shapes contradict each other: weight against parameters,
                               groups against channels, kernel against padded input */
    CONV3D_ERR_OVERFLOW,    /* a size does not fit in 63 bits, or in the address space */
    CONV3D_ERR_MEMORY,      /* the system refused memory, or has less than is needed */
    CONV3D_ERR_LIMIT,       /* options.memory_limit_bytes is too small for any plan */
    CONV3D_ERR_UNSUPPORTED, /* the named algorithm does not accept this problem */
    CONV3D_ERR_ENVIRONMENT, /* a CONV3D_* environment variable has an unusable value */
    CONV3D_ERR_PARSE,       /* a text is malformed: of a problem, a tile, a tuning database */
    CONV3D_ERR_IO           /* a tuning database cannot be read or written */
} conv3d_status;

/* The name of a status, e.g. "CONV3D_ERR_SHAPE"; "unknown status" for any other
 * number.  Static storage. */
CONV3D_API const char *conv3d_status_string(conv3d_status status);

/* One line, without a newline, on the calling thread's most recent failed call;
 * "" if none failed.  Valid until the thread's next failing call. */
CONV3D_API const char *conv3d_last_error(void);

/* The library's version, "MAJOR.MINOR.PATCH".  Static storage. */
CONV3D_API const char *conv3d_version(void);

/* ---- The problem -------------------------------------------------------- */

typedef enum conv3d_conv_mode {
    CONV3D_CROSS_CORRELATION = 0,
    CONV3D_CONVOLUTION = 1 /* the kernel is flipped on T, H and W; the order of the sum is
                              that of the flipped kernel */
} conv3d_conv_mode;

typedef enum conv3d_dtype {
    CONV3D_FLOAT32 = 0 /* the only element type so far */
} conv3d_dtype;

/*
 * The arguments of Conv3d.  Fill with conv3d_params_init(), then change what
 * differs.  Output extent on each axis:
 *   floor((in + padding_begin + padding_end - dilation*(kernel_size-1) - 1) / stride) + 1
 */
typedef struct conv3d_params {
    int64_t in_channels;      /* >= 1 */
    int64_t out_channels;     /* >= 1 */
    int64_t kernel_size[3];   /* >= 1 */
    int64_t stride[3];        /* >= 1; default 1 */
    int64_t padding_begin[3]; /* >= 0 zeros before the first voxel; default 0 */
    int64_t padding_end[3];   /* >= 0 zeros after the last voxel; default 0 */
    int64_t dilation[3];      /* >= 1; default 1 (no gaps) */
    int64_t groups;           /* divides in_channels and out_channels; default 1 */
    int bias;                 /* nonzero: a bias tensor is given; default 0 */
    conv3d_conv_mode conv_mode;
    conv3d_dtype dtype;
} conv3d_params;

/* Sets the defaults above for a cubic kernel.  params must not be NULL; the
 * values are checked when they are used. */
CONV3D_API void conv3d_params_init(conv3d_params *params, int64_t in_channels,
                                   int64_t out_channels, int64_t kernel_size);

/*
 * Writes the shape (N, C_out, T', H', W') of the output for an input of shape
 * (N, C_in, T, H, W).  N = 0 is legal and gives an empty output; any other zero
 * extent is an error.
 * Errors: NULL; ARGUMENT (a parameter out of range, a negative extent); SHAPE
 * (C_in differs from in_channels, groups do not divide, zero extent, dilated
 * kernel larger than the padded input); OVERFLOW.
 */
CONV3D_CHECKED conv3d_status conv3d_output_shape(const conv3d_params *params,
                                                 const int64_t input_shape[5],
                                                 int64_t output_shape[5]);

/*
 * Problems as text, one syntax in the API, the tool and the logs:
 *     n1_ci64t8h56w56_co64_k3x3x3_s1_p1_d1_g1_b
 * in any order after n, with defaults left out: s, d, g default to 1, p to 0;
 * k, s, p, d take one number or three joined by 'x'; one padding entry may be
 * BEGIN:END ("p2:0x1x1"); "b" = with bias, "flip" = CONV3D_CONVOLUTION.
 *
 * conv3d_problem_parse fills both outputs and validates them as
 * conv3d_output_shape does.  Errors: NULL, PARSE (with the offending text), and
 * those of conv3d_output_shape.
 *
 * conv3d_problem_format writes the canonical text and a NUL, truncated to
 * capacity bytes as snprintf does, and returns the untruncated length.
 */
CONV3D_CHECKED conv3d_status conv3d_problem_parse(const char *text, conv3d_params *params,
                                                  int64_t input_shape[5]);
CONV3D_API size_t conv3d_problem_format(const conv3d_params *params,
                                        const int64_t input_shape[5], char *buffer,
                                        size_t capacity);

/*
 * A tensor of weights or bias, with the shape the caller believes it has; a
 * shape that differs from what the parameters demand is an error.
 *   weight: (C_out, C_in/groups, kt, kh, kw), or, when groups > 1,
 *           (groups, C_out/groups, C_in/groups, kt, kh, kw): the same memory
 *   bias:   (C_out) or (1, C_out, 1, 1, 1)
 * data needs only the alignment of float.  Read during conv3d_plan_create
 * only; the plan keeps its own copy.
 */
typedef struct conv3d_tensor {
    const float *data;
    int rank;         /* entries of shape in use, 1 to 6 */
    int64_t shape[6];
} conv3d_tensor;

/* ---- Options ------------------------------------------------------------ */

typedef enum conv3d_math {
    CONV3D_MATH_DEFAULT = 0, /* CONV3D_MATH ("fast" or "strict"), else fast */
    CONV3D_MATH_FAST = 1,    /* sums may be transformed (Winograd); relative L2 error
                                <= 2e-5 against float64 */
    CONV3D_MATH_STRICT = 2   /* one FMA chain per output in the order c, kt, kh, kw;
                                the same bits on every ISA with FMA and without */
} conv3d_math;

typedef enum conv3d_activation {
    CONV3D_ACTIVATION_NONE = 0,
    CONV3D_ACTIVATION_RELU = 1 /* negative -> 0; NaN stays NaN */
} conv3d_activation;

typedef enum conv3d_effort {
    CONV3D_EFFORT_ESTIMATE = 0, /* decide by the tuning database, else by the cost model, in
                                   microseconds */
    CONV3D_EFFORT_MEASURE = 1,  /* the same, but what the database does not know is tuned first,
                                   see conv3d_tune, and recorded there */
    CONV3D_EFFORT_MODEL = 2     /* by the cost model alone, as if nothing had been tuned */
} conv3d_effort;

/* In which order tasks are numbered, and so which of them are neighbours. */
typedef enum conv3d_order {
    CONV3D_ORDER_CHOOSE = 0,
    CONV3D_ORDER_INNER = 1, /* blocks of output channels innermost: neighbours share input */
    CONV3D_ORDER_OUTER = 2  /* outermost: neighbours share weights */
} conv3d_order;

/* How results are written. */
typedef enum conv3d_store {
    CONV3D_STORE_CHOOSE = 0,
    CONV3D_STORE_CACHED = 1,
    CONV3D_STORE_STREAMED = 2 /* past the caches, where lines are whole */
} conv3d_store;

/* How a plan cuts its work; entries that are 0 are chosen by the library.  The
 * bits of the result do not depend on it.  Entries larger than the problem, or than
 * registers allow, are clipped; negative ones are an ARGUMENT error.  Neighbouring
 * axes with kernel 1, stride 1 and no padding count as one, the later: all of a 1x1x1
 * layer is one row along w. */
typedef struct conv3d_tile {
    int64_t t, h, w; /* output voxels of one task along T, H, W */
    int64_t oc;      /* output channels of one task (rounded up to whole panels) */
    int64_t ic;      /* input channels packed at a time */
    int64_t panel;   /* output channels of a register tile (rounded up to whole vectors, where
                        these hold channels) */
    conv3d_order order;
    conv3d_store store;
} conv3d_tile;

/* Bytes that any tile takes as text, with the NUL. */
enum { CONV3D_TILE_TEXT = 192 };

/*
 * Tiles as text: t4h7w56oc64ic16p32.inner.cached, p for panel, or .outer and .streamed; entries
 * that are 0 are left out, and a tile of zeros is "".
 *
 * conv3d_tile_parse takes entries in any order, each at most once.  Errors: NULL, PARSE
 * (with the offending text).  conv3d_tile_format writes as conv3d_problem_format does.
 */
CONV3D_CHECKED conv3d_status conv3d_tile_parse(const char *text, conv3d_tile *tile);
CONV3D_API size_t conv3d_tile_format(const conv3d_tile *tile, char *buffer, size_t capacity);

/* Zero-initialise or call conv3d_options_init(); size = sizeof(conv3d_options)
 * lets the struct grow.  A NULL options pointer means all defaults. */
typedef struct conv3d_options {
    size_t size;
    int threads;              /* 0 = threads of conv3d_machine, fewer when the work is
                                 too small to pay for them; else 1..4096 */
    conv3d_math math;
    const char *algorithm;    /* NULL = choose; else a name that conv3d_plan_candidate
                                 lists, "direct", "winograd:4x4x4" or "reference" among
                                 them; "winograd" = with the transform that suits best;
                                 "reference" sums in float64 whatever the math mode */
    conv3d_effort effort;
    conv3d_activation activation;
    size_t memory_limit_bytes; /* 0 = none; else bounds packed weights + workspace */
    conv3d_tile tile;
    const char *bind;          /* NULL = CONV3D_BIND, else "auto"; or "none", "compact", "spread",
                                  or processors for thread 0, 1, ..., such as "0-3,8": see
                                  conv3d_machine_seats.  Read during conv3d_plan_create only */
    double tuning_seconds;     /* that MEASURE may take; 0 = 10 */
} conv3d_options;

CONV3D_API void conv3d_options_init(conv3d_options *options);

/* ---- Plans -------------------------------------------------------------- */

typedef struct conv3d_plan conv3d_plan;

/*
 * Validates the problem, chooses algorithm and tile, and packs the weights.
 * input_shape is (N, C_in, T, H, W); weight is required; bias must be non-NULL
 * exactly when params->bias is nonzero.  The plan owns copies of everything.
 * Environment: CONV3D_ISA (portable, avx2, avx512, neon: an upper bound),
 * CONV3D_MATH, CONV3D_BIND, CONV3D_TUNING (see conv3d_tune), CONV3D_VERBOSE (1: one line
 * per plan, and warnings, on stderr).
 * Errors: those of conv3d_output_shape; NULL; ARGUMENT (options); SHAPE (weight
 * or bias shape); OVERFLOW; MEMORY; LIMIT; UNSUPPORTED; ENVIRONMENT.
 * *plan is NULL on failure.
 * Packed weights and workspace of more than 4 MiB together are MEMORY, with the numbers,
 * when they exceed memory_available of conv3d_machine: the process would be killed when
 * it touches them.  What is free has no other influence on a plan.
 */
CONV3D_CHECKED conv3d_status conv3d_plan_create(conv3d_plan **plan,
                                                const conv3d_params *params,
                                                const int64_t input_shape[5],
                                                const conv3d_tensor *weight,
                                                const conv3d_tensor *bias,
                                                const conv3d_options *options);

/*
 * Convolves.  input and output have the plan's shapes, need only the alignment
 * of float, and must not overlap (ARGUMENT).  workspace is
 * conv3d_plan_workspace_bytes() bytes of any alignment that no concurrent call
 * uses, or NULL: then the call allocates it (MEMORY on failure).  With a
 * caller's workspace nothing is allocated, but for some bytes in hwloc where
 * threads are bound.  Every output element is
 * overwritten; input is only read.  For N = 0 nothing is touched and the
 * pointers may be NULL.
 * Errors: NULL, ARGUMENT, MEMORY.
 */
CONV3D_CHECKED conv3d_status conv3d_plan_execute(const conv3d_plan *plan, const float *input,
                                                 float *output, void *workspace);

/* Bytes of workspace for one call, all threads together: at most 32 MiB times
 * the plan's threads.  Up to 1 MiB between two threads' parts is never touched, and
 * takes addresses but no memory.  0 for a NULL plan. */
CONV3D_API size_t conv3d_plan_workspace_bytes(const conv3d_plan *plan);

/* Frees the plan; NULL is allowed.  No execution may be under way. */
CONV3D_API void conv3d_plan_destroy(conv3d_plan *plan);

/* One shot: create, execute, destroy.  Convenient for a single call; weights
 * are packed each time.  Errors: those of create and execute. */
CONV3D_CHECKED conv3d_status conv3d_forward(const conv3d_params *params,
                                            const int64_t input_shape[5], const float *input,
                                            const conv3d_tensor *weight,
                                            const conv3d_tensor *bias, float *output,
                                            const conv3d_options *options);

/* Who decided something. */
typedef enum conv3d_origin {
    CONV3D_ORIGIN_MODEL = 0,   /* the cost model */
    CONV3D_ORIGIN_OPTIONS = 1, /* the caller */
    CONV3D_ORIGIN_DATABASE = 2 /* the tuning database */
} conv3d_origin;

/* What a plan decided.  Set size = sizeof(conv3d_plan_info) before the call. */
typedef struct conv3d_plan_info {
    size_t size;
    const char *algorithm;   /* valid while the plan lives, as is isa */
    const char *isa;
    conv3d_math math;        /* FAST or STRICT */
    int threads;             /* threads a call will use */
    conv3d_tile tile;
    int64_t tasks;           /* independent pieces of work in one call */
    int64_t output_shape[5];
    size_t packed_bytes;     /* weights and bias held by the plan */
    size_t workspace_bytes;
    double flops;            /* nominal: 2 x outputs x taps, padding taps included */
    double effective_flops;  /* padding taps not counted */
    double expected_error;   /* relative L2 error expected against float64 */
    const char *transform;   /* of a transformed algorithm: outputs of a tile and kernel, as
                                "F(4x4x4, 3x3x3)"; else "".  Valid while the plan lives */
    double estimated_flops;  /* the time that the planner expects of a call on one core, in
                                operations at its peak rate, see conv3d_machine_peak;
                                0 for "reference" */
    double imbalance;        /* work of the busiest thread over that of all in the mean, as
                                shared out at first: 1 = equal */
    const char *binding;     /* how threads are placed, and why; static storage */
    conv3d_origin algorithm_origin, tile_origin;
    const char *tuning_file; /* the database that decided, or "".  Valid while the plan lives */
} conv3d_plan_info;

CONV3D_CHECKED conv3d_status conv3d_plan_query(const conv3d_plan *plan,
                                               conv3d_plan_info *info);

/* One way that the planner considered, best first: an algorithm, or one of its
 * transforms, as "winograd:4x4x4" (outputs of a tile along T, H, W).  Returns 0 when
 * index is past the last; otherwise 1, and sets the name, and the verdict: "chosen", or
 * the reason why not.  Both strings live as long as the plan. */
CONV3D_API int conv3d_plan_candidate(const conv3d_plan *plan, int index,
                                     const char **algorithm, const char **verdict);

/* What one thread of a plan's team begins with.  Set size before the call. */
typedef struct conv3d_plan_share {
    size_t size;
    int processor; /* the operating system's number; -1 = wherever the system puts the thread */
    int64_t task_begin, task_end; /* half-open; who is done takes over tasks of others */
    double work;   /* of all, 0 to 1 */
} conv3d_plan_share;

/* Errors: NULL; ARGUMENT (size; thread not in 0 .. threads - 1 of conv3d_plan_query). */
CONV3D_CHECKED conv3d_status conv3d_plan_query_share(const conv3d_plan *plan, int thread,
                                                     conv3d_plan_share *share);

/* The box of outputs that one task computes, half-open.  Set size before the call. */
typedef struct conv3d_plan_task {
    size_t size;
    int64_t item, channel_begin, channel_end;
    int64_t begin[3], end[3]; /* along T, H, W; joined axes as in conv3d_tile */
} conv3d_plan_task;

/* Errors: NULL; ARGUMENT (size; index not in 0 .. tasks - 1 of conv3d_plan_query). */
CONV3D_CHECKED conv3d_status conv3d_plan_query_task(const conv3d_plan *plan, int64_t index,
                                                    conv3d_plan_task *task);

/* The whole of the above as "key: value" lines for a person, NUL-terminated,
 * truncated to capacity as snprintf does; returns the untruncated length. */
CONV3D_API size_t conv3d_plan_describe(const conv3d_plan *plan, char *buffer, size_t capacity);

/* ---- Tuning ------------------------------------------------------------- */

/*
 * The tuning database is a text file of what was measured: for a problem of one item and a math
 * mode, the algorithm with its transform, which decides bits; and for batch and threads, tile and
 * threads in use, which do not.  Entries hold for the machine whose signature they bear
 * (processor, ISA, caches, number of processors, version of the kernels); bias and flip make no
 * difference.  Plans look first into the user's file, which tuning writes:
 * $XDG_CACHE_HOME/conv3d/tuning, else ~/.cache/conv3d/tuning; then into the site's,
 * sysconfdir/conv3d/tuning.  CONV3D_TUNING names another file in the place of both, or "none".
 * Lines that are damaged, and files that cannot be read, are ignored, with a line for
 * CONV3D_VERBOSE.
 */

/* How far tuning is.  Set by the library. */
typedef struct conv3d_tune_progress {
    double seconds, time_limit;
    int measurements;      /* of calls, or of rounds of short ones */
    double before, after;  /* seconds of a call: untuned, and with the best found; 0 = not yet known */
} conv3d_tune_progress;

/* A way that was timed.  Valid during the call that is told of it. */
typedef struct conv3d_trial {
    const char *algorithm; /* as conv3d_plan_candidate names it */
    conv3d_tile tile;
    int threads;
    double seconds;        /* of a call, the median */
    int runs;
} conv3d_trial;

/* Zeros but size are the defaults. */
typedef struct conv3d_tune_options {
    size_t size;
    double time_limit;     /* seconds; 0 = 10 */
    int again;             /* nonzero: even if the database knows the problem; may change bits */
    int exhaustive;        /* nonzero: every tile, not the promising ones */
    /* Called between measurements, from the calling thread; nonzero = stop, and keep the best so
     * far.  May be NULL. */
    int (*progress)(void *context, const conv3d_tune_progress *progress);
    /* Called at the end with each way that was timed.  May be NULL. */
    void (*trial)(void *context, const conv3d_trial *trial);
    void *context;
} conv3d_tune_options;

typedef enum conv3d_tune_outcome {
    CONV3D_TUNE_FASTER = 1, /* something is, beyond noise: it was recorded; perhaps the algorithm
                               alone, when there was no time for the tile, or the tile alone of
                               the cost model's algorithm, when there was too little to compare
                               several */
    CONV3D_TUNE_KEPT,       /* nothing is: the cost model's choice was recorded */
    CONV3D_TUNE_KNOWN,      /* the database had an entry; nothing was measured */
    CONV3D_TUNE_STOPPED     /* time was over, or progress said so, too early to tell; or it was
                               too short for so large a problem from the beginning */
} conv3d_tune_outcome;

typedef struct conv3d_tune_result {
    size_t size;
    conv3d_tune_outcome outcome;
    double before, after;  /* seconds of a call: untuned, and tuned; 0 unless measured */
    double noise;          /* relative: smaller differences cannot be told from none */
    int candidates;        /* ways that there are */
    int measurements;
    char algorithm_before[24], algorithm[24];
    conv3d_tile tile_before, tile;
    int threads_before, threads;
    double flops, effective_flops; /* as in conv3d_plan_info */
} conv3d_tune_result;

/*
 * Finds the fastest way to compute a problem on this machine by measuring, with random
 * tensors of its own, and records it in the database.  options: as the plans will have;
 * an algorithm or a number of threads that they force is not searched, and tile and
 * memory_limit_bytes must be 0.  tune: NULL = defaults.
 * No way wins whose result was not right: the same bits as the untuned plan's, or for a transform
 * a relative L2 distance of at most 2e-5.  An algorithm that is recorded already stays, so that no
 * bits change, unless `again`.
 * Other work on the machine makes the search longer, and less of it recorded.
 * Errors: those of conv3d_plan_create; ARGUMENT (tile; memory_limit_bytes; time_limit below 0);
 * MEMORY (also for the tensors); IO (no database can be written: found before anything is measured,
 * or when the disk is full).
 */
CONV3D_CHECKED conv3d_status conv3d_tune(const conv3d_params *params,
                                         const int64_t input_shape[5],
                                         const conv3d_options *options,
                                         const conv3d_tune_options *tune,
                                         conv3d_tune_result *result);

/* What a core does, while all threads do the same. */
typedef struct conv3d_calibration {
    size_t size;
    int threads;
    double fma;                   /* vectors of multiply-adds per second */
    double l2, l3, memory;        /* time to read a vector from there, in such multiply-adds */
    double transform;             /* the same of a stage of Winograd's, for each vector written */
    double unrest;                /* the slowest of five rounds over the fastest; 1 = undisturbed */
    int recorded;                 /* 0 when the unrest was above 1.25 */
} conv3d_calibration;

/*
 * Measures for about three seconds with `threads` threads (0 = the default), and records
 * it in the tuning database, unless other work on the machine was too much of a disturbance: the
 * cost model goes by it from then on, where nothing was tuned.  May change the bits of fast math.  Errors: NULL, ARGUMENT (size, threads), MEMORY, ENVIRONMENT
 * (CONV3D_ISA), IO, PARSE (the file is no database).
 */
CONV3D_CHECKED conv3d_status conv3d_calibrate(int threads, conv3d_calibration *calibration);

/* Writes the path of the file that tuning writes, truncated to capacity as snprintf does, and
 * returns the untruncated length; 0 and "" if there is none. */
CONV3D_API size_t conv3d_tuning_file(char *buffer, size_t capacity);

/* An entry of a database.  Set size before the call.  Strings are valid while the list lives. */
typedef struct conv3d_tuning_entry {
    size_t size;
    const char *key, *value; /* as the file has them */
    const char *kind;        /* "algorithm", "tile", "rate", or what a later version wrote */
    const char *problem;     /* as text; "" if the kind has none */
    const char *machine;     /* signature */
    int here;                /* nonzero: of this machine, and these kernels */
    conv3d_math math;        /* DEFAULT if the kind has none */
    int threads;             /* 0 likewise */
    const char *algorithm;   /* "" likewise */
    conv3d_tile tile;        /* of a tile */
    double seconds, gain;    /* 0 if the kind has none */
} conv3d_tuning_entry;

typedef struct conv3d_tuning_list conv3d_tuning_list;

/* Reads a database: path NULL = the file that tuning writes.  One that does not exist is empty.
 * Errors: NULL (list), IO, PARSE (it is none), MEMORY.  *list is NULL on failure. */
CONV3D_CHECKED conv3d_status conv3d_tuning_read(const char *path, conv3d_tuning_list **list);
/* Returns 0 when index is past the last entry, or for NULL or a wrong size; otherwise 1. */
CONV3D_API int conv3d_tuning_entry_at(const conv3d_tuning_list *list, size_t index,
                                      conv3d_tuning_entry *entry);
/* Lines of the file that were damaged, and are not in the list. */
CONV3D_API size_t conv3d_tuning_damaged(const conv3d_tuning_list *list);
CONV3D_API void conv3d_tuning_free(conv3d_tuning_list *list);

/* Adds all entries of the file `from` to the database at path (NULL as above), in the place of
 * those with the same key; writes their number to *count, which may be NULL.  Any number of
 * processes may write at once.  Errors: NULL (from), IO, PARSE, MEMORY. */
CONV3D_CHECKED conv3d_status conv3d_tuning_import(const char *path, const char *from,
                                                  size_t *count);

/* Removes the entries of a problem of any batch, math and threads, or with NULL all, of this machine
 * only unless `everywhere`; writes their number to *count, which may be NULL.
 * Errors: PARSE (problem), those of its check, IO, PARSE, MEMORY. */
CONV3D_CHECKED conv3d_status conv3d_tuning_forget(const char *path, const char *problem,
                                                  int everywhere, size_t *count);

/* ---- The machine -------------------------------------------------------- */

/* What the library sees of this machine.  Set size before the call. */
typedef struct conv3d_machine {
    size_t size;
    char cpu[64];           /* model name, "" if unknown */
    const char *isa;        /* kernels in use, CONV3D_ISA considered; static storage */
    const char *isa_best;   /* best that this CPU and build could use */
    int lanes;              /* float32 per vector of isa */
    int threads;            /* default of options.threads: OMP_NUM_THREADS, else
                               SLURM_CPUS_PER_TASK, else the least of the processors and cores
                               that this process may use, cpu_quota (at least 1) and what
                               the program asked of OpenMP */
    const char *threads_reason; /* which of them; static storage */
    double cpu_quota;       /* processors' worth of time that the control groups of the process
                               allow, such as 1.5; 0 = no limit, or unknown */
    int processors;         /* processors this process may run on */
    int cores;              /* cores among them; 0 if unknown */
    int numa_nodes;         /* with processors among them; 0 if unknown */
    int packages;           /* the same */
    const char *placed_by;  /* the variable that has had OpenMP place threads, such as
                               "OMP_PROC_BIND"; "" = none.  Static storage */
    size_t l1d_bytes, l2_bytes, l3_bytes; /* one cache; 0 = absent or unknown */
    const char *topology;   /* where that is from: "hwloc 2.9.0", "sysconf"; l1d and l2 are from
                               sysconf as well where hwloc knows neither */
    const char *threading;  /* "OpenMP 201511" or "serial" */
    size_t memory_available; /* bytes that this process can still be given, now: the least of
                               what the machine has without swapping and what the control
                               groups and RLIMIT_AS leave; SIZE_MAX = no limit, or unknown */
    const char *memory_reason; /* which of them; static storage */
} conv3d_machine;

/* Errors: NULL, ARGUMENT (size), ENVIRONMENT (CONV3D_ISA). */
CONV3D_CHECKED conv3d_status conv3d_machine_query(conv3d_machine *machine);

/* A processor that this process may use.  What it is part of counts from 0, over those
 * processors.  Set size before the call. */
typedef struct conv3d_processor {
    size_t size;
    int number; /* the operating system's */
    int core, l2, l3, numa_node, package;
    int speed;  /* of its kind of core: more is faster; 0 where all are alike */
} conv3d_processor;

/* Tells of processor 0 <= index < processors of conv3d_machine, neighbours in the machine
 * beside each other.  Returns 0 past the last one, when nothing is known (without hwloc), for
 * NULL or a wrong size; otherwise 1. */
CONV3D_API int conv3d_machine_processor(int index, conv3d_processor *processor);

/*
 * Where a plan of `threads` threads (0 = the default) would have them run, for options.bind:
 *     auto     a core for each, if there are as many threads as cores, more than one L3 or
 *              node of memory among these, calls take milliseconds, and nothing else has
 *              placed the threads (OMP_PROC_BIND, OMP_PLACES, GOMP_CPU_AFFINITY, KMP_AFFINITY,
 *              the host program); else where they are
 *     none     where they are
 *     compact  a core for each, then each core twice; near each other
 *     spread   the same, over as many packages, nodes and caches as there are
 *     0-3,8    on these, by the operating system's numbers
 * Faster kinds of cores come first.  What cannot be had leaves the threads where they are, as
 * does the system's refusal; so do calls in a parallel region, or while another call of the
 * process has its threads bound.  Threads are bound for the time of a call only.
 *
 * Writes the processors' numbers to processors[0 .. threads - 1], which may be NULL: -1 = wherever
 * the system puts the thread; and how or why not to *reason (static storage).
 * Errors: NULL (reason); ARGUMENT (threads not in 0 .. 4096, bind), ENVIRONMENT (CONV3D_BIND),
 * MEMORY.
 */
CONV3D_CHECKED conv3d_status conv3d_machine_seats(int threads, const char *bind,
                                                  int *processors, const char **reason);

/* What the machine can do at most, measured.  Set size before the call. */
typedef struct conv3d_rates {
    size_t size;
    int threads;             /* that took part */
    double flops_per_second; /* FMA chains in registers, with the kernels in use */
    double bytes_per_second; /* main memory: the faster of reading and of copying (read
                                plus written) through buffers beyond every cache */
} conv3d_rates;

/*
 * Measures for about half a second with `threads` threads (0 = the default),
 * allocating up to 512 MiB.  Other work on the machine lowers the figures.
 * Errors: NULL, ARGUMENT (size, threads), MEMORY, ENVIRONMENT (CONV3D_ISA).
 */
CONV3D_CHECKED conv3d_status conv3d_machine_measure(int threads, conv3d_rates *rates);

/*
 * Writes the peak rate of the calling thread's core, in operations per second: of FMA
 * chains in registers, with the kernels in use.  Measures for some milliseconds; other
 * work on the core lowers the figure.
 * Errors: NULL, ENVIRONMENT (CONV3D_ISA).
 */
CONV3D_CHECKED conv3d_status conv3d_machine_peak(double *flops_per_second);

#ifdef __cplusplus
}
#endif

#endif /* CONV3D_H */
