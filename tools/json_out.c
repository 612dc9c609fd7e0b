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
#include "settings.h"

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

static json_t *json_shares(const conv3d_plan *plan, int threads)
{
    json_t *const array = json_array();

    for (int thread = 0; thread < threads; thread++) {
        conv3d_plan_share share = {.size = sizeof share};
        json_t *entry = NULL;

        if (conv3d_plan_query_share(plan, thread, &share) == CONV3D_OK)
            entry = json_pack("{s:i, s:o, s:I, s:I, s:f}", "thread", thread, "processor",
                              json_value_processor(share.processor), "task_begin",
                              (json_int_t)share.task_begin, "task_end",
                              (json_int_t)share.task_end, "work", share.work);
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
    failures |= json_object_set_new(object, "imbalance", json_value_number(info.imbalance));
    failures |= json_object_set_new(object, "binding", json_string(info.binding));
    failures |= json_object_set_new(object, "shares", json_shares(plan, info.threads));
    failures |= json_object_set_new(object, "candidates", json_candidates(plan));
    return print_and_free(object, failures);
}

static json_t *json_processors(void)
{
    json_t *const array = json_array();
    conv3d_processor p = {.size = sizeof p};

    for (int i = 0; conv3d_machine_processor(i, &p); i++) {
        json_t *const entry = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "number", p.number,
                                        "core", p.core, "l2", p.l2, "l3", p.l3, "numa_node",
                                        p.numa_node, "package", p.package, "speed", p.speed);

        if (json_array_append_new(array, entry) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_map(const struct seating *seating)
{
    json_t *const array = json_array();

    for (int thread = 0; thread < seating->threads; thread++) {
        if (json_array_append_new(array, json_value_processor(seating->processors[thread])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_settings(void)
{
    json_t *const object = json_object();
    struct setting setting;

    for (size_t at = 0; settings_next(&at, &setting);) {
        if (json_object_set_new(object, setting.name, json_string(setting.value)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

int json_out_machine(const conv3d_machine *machine, const struct seating *seating)
{
    json_t *const object = json_value_machine(machine);
    static char allowed[SEATING_ALLOWED];
    int failures = 0;

    seating_allowed(allowed, sizeof allowed);
    failures |= json_object_set_new(object, "processors_allowed", json_string(allowed));
    failures |= json_object_set_new(object, "processors_list", json_processors());
    failures |= json_object_set_new(object, "binding", json_string(seating->reason));
    failures |= json_object_set_new(object, "map", json_map(seating));
    failures |= json_object_set_new(object, "environment", json_settings());
    return print_and_free(object, failures);
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

int json_out_machine(const conv3d_machine *machine, const struct seating *seating)
{
    (void)machine, (void)seating;
    return json_out_check();
}

#endif
