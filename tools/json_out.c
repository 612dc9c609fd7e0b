/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_out.c - results for programs
 *
 * The only file that knows jansson.  Keys are those of the structs in conv3d.h.
 */
#include "config.h"

#include "json_out.h"

#include "exit_code.h"
#include "report.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <math.h>
#include <stdio.h>

int json_out_check(void)
{
    return EXIT_OK;
}

/* jansson's setters take ownership and pass NULL on, so that one check of the
 * sum of their results is enough. */
static int print_and_free(json_t *object, int failures)
{
    /* 15 digits: every count exactly, and 1e-7 as that. */
    const size_t format = JSON_INDENT(2) | JSON_REAL_PRECISION(15);

    if (object == NULL || failures != 0 || json_dumpf(object, stdout, format) != 0) {
        json_decref(object);
        if (ferror(stdout))
            return EXIT_OK; /* report_finish_output() says it */
        report_error("no memory for the JSON text");
        return EXIT_MEMORY;
    }
    putchar('\n');
    json_decref(object);
    return EXIT_OK;
}

static json_t *json_bytes(size_t bytes)
{
    return json_integer((json_int_t)bytes);
}

/* JSON has no NaN and no infinity. */
static json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_shape(const int64_t *shape, int rank)
{
    json_t *const array = json_array();

    for (int i = 0; i < rank; i++) {
        if (json_array_append_new(array, json_integer((json_int_t)shape[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_candidates(const conv3d_plan *plan)
{
    json_t *const array = json_array();
    const char *algorithm, *verdict;

    for (int i = 0; conv3d_plan_candidate(plan, i, &algorithm, &verdict); i++) {
        json_t *const entry =
            json_pack("{s:s, s:s}", "algorithm", algorithm, "verdict", verdict);

        if (json_array_append_new(array, entry) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

int json_out_plan(const conv3d_plan *plan)
{
    conv3d_plan_info info = {.size = sizeof info};
    const int code = report_status(conv3d_plan_query(plan, &info));

    if (code != EXIT_OK)
        return code;
    json_t *const object = json_object(), *const tile = json_object();
    int failures = 0;

    failures |= json_object_set_new(tile, "t", json_integer(info.tile.t));
    failures |= json_object_set_new(tile, "h", json_integer(info.tile.h));
    failures |= json_object_set_new(tile, "w", json_integer(info.tile.w));
    failures |= json_object_set_new(tile, "oc", json_integer(info.tile.oc));
    failures |= json_object_set_new(tile, "ic", json_integer(info.tile.ic));

    failures |= json_object_set_new(object, "algorithm", json_string(info.algorithm));
    failures |= json_object_set_new(object, "isa", json_string(info.isa));
    failures |= json_object_set_new(
        object, "math", json_string(info.math == CONV3D_MATH_STRICT ? "strict" : "fast"));
    failures |= json_object_set_new(object, "threads", json_integer(info.threads));
    failures |= json_object_set_new(object, "tile", tile);
    failures |= json_object_set_new(object, "tasks", json_integer(info.tasks));
    failures |= json_object_set_new(object, "output_shape", json_shape(info.output_shape, 5));
    failures |= json_object_set_new(object, "packed_bytes", json_bytes(info.packed_bytes));
    failures |= json_object_set_new(object, "workspace_bytes", json_bytes(info.workspace_bytes));
    failures |= json_object_set_new(object, "flops", json_number(info.flops));
    failures |= json_object_set_new(object, "effective_flops", json_number(info.effective_flops));
    failures |= json_object_set_new(object, "expected_error", json_number(info.expected_error));
    failures |= json_object_set_new(object, "candidates", json_candidates(plan));
    return print_and_free(object, failures);
}

int json_out_machine(const conv3d_machine *machine)
{
    json_t *const object = json_object();
    int failures = 0;

    failures |= json_object_set_new(object, "version", json_string(conv3d_version()));
    failures |= json_object_set_new(object, "cpu", json_string(machine->cpu));
    failures |= json_object_set_new(object, "isa", json_string(machine->isa));
    failures |= json_object_set_new(object, "isa_best", json_string(machine->isa_best));
    failures |= json_object_set_new(object, "lanes", json_integer(machine->lanes));
    failures |= json_object_set_new(object, "threads", json_integer(machine->threads));
    failures |= json_object_set_new(object, "processors", json_integer(machine->processors));
    failures |= json_object_set_new(object, "cores", json_integer(machine->cores));
    failures |= json_object_set_new(object, "numa_nodes", json_integer(machine->numa_nodes));
    failures |= json_object_set_new(object, "l1d_bytes", json_bytes(machine->l1d_bytes));
    failures |= json_object_set_new(object, "l2_bytes", json_bytes(machine->l2_bytes));
    failures |= json_object_set_new(object, "l3_bytes", json_bytes(machine->l3_bytes));
    failures |= json_object_set_new(object, "topology", json_string(machine->topology));
    failures |= json_object_set_new(object, "threading", json_string(machine->threading));
    return print_and_free(object, failures);
}

#else

int json_out_check(void)
{
    return report_misuse("--json: this conv3d cannot write JSON; configure it --with-jansson "
                         "(Debian: libjansson-dev)");
}

int json_out_plan(const conv3d_plan *plan)
{
    (void)plan;
    return json_out_check();
}

int json_out_machine(const conv3d_machine *machine)
{
    (void)machine;
    return json_out_check();
}

#endif
