/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tool.h - a small table of layers, running conv3d bench on it, and looking
 * into the CSV it prints.  Needs Criterion: it asserts.
 */
#ifndef CONV3D_TESTS_BENCH_TOOL_H
#define CONV3D_TESTS_BENCH_TOOL_H

#include "tool.h"

#define HEADER                                                                            \
    "name,net,N,IC,T,H,W,OC,KT,KH,KW,ST,SH,SW,PT,PH,PW,DT,DH,DW,G,bias,count,gflop\n"
#define DENSE "net:dense,net,1,4,3,4,5,6,3,3,3,1,1,1,1,1,1,1,1,1,1,1,2,0.000078\n"
#define DEPTHWISE "net:dw,net,1,4,3,4,5,4,3,1,1,1,1,1,1,0,0,1,1,1,4,0,1,\n"
#define OTHER "other:patch,other,2,3,4,4,4,8,2,2,2,2,2,2,0,0,0,1,1,1,1,0,1,\n"
#define BENCH "bench --layers @in_layers.csv --repeats 2 --quiet"

/* The table that BENCH names. */
void bench_write_layers(const char *text);

/* Exit code 0, asserted. */
const struct finished *bench_succeeds(const char *arguments);

/* Field `column` of line `line`, both from 0, of comma-separated text. */
const char *csv_field(const char *text, int line, int column, char buffer[512]);
double csv_number(const char *text, int line, int column);
/* The column of that name in the first line. */
int csv_column(const char *text, const char *name);

/* How often c is among the first `length` characters. */
int count_char(const char *text, char c, size_t length);

#endif /* CONV3D_TESTS_BENCH_TOOL_H */
