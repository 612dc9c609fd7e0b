/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_value.c - the library's values as jansson's
 */
#include "config.h"

#ifdef HAVE_JANSSON

#include "json_value.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

json_t *json_value_bytes(size_t bytes)
{
    return json_integer((json_int_t)bytes);
}

json_t *json_value_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_value_shape(const int64_t *shape, int rank)
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

json_t *json_value_processor(int processor)
{
    return processor >= 0 ? json_integer(processor) : json_null();
}

/* An object whose setters have all succeeded, or NULL. */
static json_t *finish(json_t *object, int failures)
{
    if (failures == 0)
        return object;
    json_decref(object);
    return NULL;
}

json_t *json_value_tile(const conv3d_tile *tile)
{
    json_t *const object = json_object();
    int failures = 0;

    failures |= json_object_set_new(object, "t", json_integer(tile->t));
    failures |= json_object_set_new(object, "h", json_integer(tile->h));
    failures |= json_object_set_new(object, "w", json_integer(tile->w));
    failures |= json_object_set_new(object, "oc", json_integer(tile->oc));
    failures |= json_object_set_new(object, "ic", json_integer(tile->ic));
    failures |= json_object_set_new(object, "panel", json_integer(tile->panel));
    failures |= json_object_set_new(
        object, "order", json_string(tile->order == CONV3D_ORDER_OUTER ? "outer" : "inner"));
    failures |= json_object_set_new(
        object, "store",
        json_string(tile->store == CONV3D_STORE_STREAMED ? "streamed" : "cached"));
    return finish(object, failures);
}

json_t *json_value_machine(const conv3d_machine *machine)
{
    json_t *const object = json_object();
    int failures = 0;

    failures |= json_object_set_new(object, "version", json_string(conv3d_version()));
    failures |= json_object_set_new(object, "cpu", json_string(machine->cpu));
    failures |= json_object_set_new(object, "isa", json_string(machine->isa));
    failures |= json_object_set_new(object, "isa_best", json_string(machine->isa_best));
    failures |= json_object_set_new(
        object, "isa_reason",
        json_string(strcmp(machine->isa, machine->isa_best) == 0 ? "best" : "CONV3D_ISA"));
    failures |= json_object_set_new(object, "lanes", json_integer(machine->lanes));
    failures |= json_object_set_new(object, "threads", json_integer(machine->threads));
    failures |= json_object_set_new(object, "threads_reason",
                                    json_string(machine->threads_reason));
    failures |= json_object_set_new(object, "cpu_quota",
                                    machine->cpu_quota > 0 ? json_value_number(machine->cpu_quota)
                                                           : json_null());
    failures |= json_object_set_new(object, "processors", json_integer(machine->processors));
    failures |= json_object_set_new(object, "cores", json_integer(machine->cores));
    failures |= json_object_set_new(object, "numa_nodes", json_integer(machine->numa_nodes));
    failures |= json_object_set_new(object, "packages", json_integer(machine->packages));
    failures |= json_object_set_new(object, "placed_by", json_string(machine->placed_by));
    failures |= json_object_set_new(object, "l1d_bytes", json_value_bytes(machine->l1d_bytes));
    failures |= json_object_set_new(object, "l2_bytes", json_value_bytes(machine->l2_bytes));
    failures |= json_object_set_new(object, "l3_bytes", json_value_bytes(machine->l3_bytes));
    failures |= json_object_set_new(object, "topology", json_string(machine->topology));
    failures |= json_object_set_new(object, "threading", json_string(machine->threading));
    failures |= json_object_set_new(object, "memory_available",
                                    machine->memory_available < SIZE_MAX
                                        ? json_value_bytes(machine->memory_available)
                                        : json_null());
    failures |= json_object_set_new(object, "memory_reason",
                                    json_string(machine->memory_reason));
    return finish(object, failures);
}

int json_value_write(const json_t *value, FILE *file)
{
    /* 15 digits: every count exactly, and 1e-7 as that. */
    const size_t format = JSON_INDENT(2) | JSON_REAL_PRECISION(15);

    return json_dumpf(value, file, format) == 0 && fputc('\n', file) != EOF;
}

#endif
