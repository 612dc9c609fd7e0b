/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_out.c - results for programs
 *
 * Keys are those of the structs in conv3d.h.
 */
#include "config.h"

#include "json_out.h"

#include "exit_code.h"
#include "report.h"

#ifdef HAVE_JANSSON

#include <stdio.h>

#include "json_value.h"

int json_out_check(void)
{
    return EXIT_OK;
}

/* jansson's setters take ownership and pass NULL on, so that one check of the
 * sum of their results is enough. */
static int print_and_free(json_t *object, int failures)
{
    const int done = object != NULL && failures == 0 && json_value_write(object, stdout);

    json_decref(object);
    if (done || ferror(stdout)) /* report_finish_output() says it */
        return EXIT_OK;
    report_error("no memory for the JSON text");
    return EXIT_MEMORY;
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
    json_t *const object = json_object();
    int failures = 0;

    failures |= json_object_set_new(object, "algorithm", json_string(info.algorithm));
    failures |= json_object_set_new(object, "transform", json_string(info.transform));
    failures |= json_object_set_new(object, "isa", json_string(info.isa));
    failures |= json_object_set_new(
        object, "math", json_string(info.math == CONV3D_MATH_STRICT ? "strict" : "fast"));
    failures |= json_object_set_new(object, "threads", json_integer(info.threads));
    failures |= json_object_set_new(object, "tile", json_value_tile(&info.tile));
    failures |= json_object_set_new(object, "tasks", json_integer(info.tasks));
    failures |= json_object_set_new(object, "output_shape",
                                    json_value_shape(info.output_shape, 5));
    failures |= json_object_set_new(object, "packed_bytes", json_value_bytes(info.packed_bytes));
    failures |= json_object_set_new(object, "workspace_bytes",
                                    json_value_bytes(info.workspace_bytes));
    failures |= json_object_set_new(object, "flops", json_value_number(info.flops));
    failures |= json_object_set_new(object, "effective_flops",
                                    json_value_number(info.effective_flops));
    failures |= json_object_set_new(object, "estimated_flops",
                                    json_value_number(info.estimated_flops));
    failures |= json_object_set_new(object, "expected_error",
                                    json_value_number(info.expected_error));
    failures |= json_object_set_new(object, "candidates", json_candidates(plan));
    return print_and_free(object, failures);
}

int json_out_machine(const conv3d_machine *machine)
{
    return print_and_free(json_value_machine(machine), 0);
}

#else

int json_out_check(void)
{
    return report_misuse("this conv3d cannot write JSON; configure it --with-jansson "
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
