#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh - mutilated texts for everything that reads the tuning database, for 2 seconds or
# CONV3D_FUZZ_SECONDS
. "${top_srcdir:-.}/tests/shell.sh"

must "$top_builddir/tests/fuzz_database"
