#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# no_criterion.sh - stands in for all unit tests in a build that has no Criterion, so
# that the summary of "make check" shows a skip where they would be.
. "${top_srcdir:-.}/tests/shell.sh"

skip "all unit tests: configure did not find Criterion (Debian: libcriterion-dev)"
