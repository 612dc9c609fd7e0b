# SPDX-License-Identifier: Apache-2.0
# c3d_isa.m4 - one call per instruction set that has kernels of its own.  Adding an
# ISA is one such call, one isa_*.c, one group in Makefile.am and one row in select.c.
# Decides what is built, never what is used: the library asks the CPU at run time.

# C3D_ISA(NAME, HOST-CPU-PATTERN, DEFAULT-FLAGS, PROLOGUE, BODY)
# The group is built when the host matches, --disable-<name> was not given, and the
# snippet compiles and links with the group's flags.  Sets
#   <NAME>_CFLAGS      precious variable, DEFAULT-FLAGS unless the user set it
#   c3d_isa_<name>     "yes", or "no (why)", for the summary
#   C3D_HAVE_<NAME>    in config.h;  HAVE_ISA_<NAME>  for Automake
AC_DEFUN([C3D_ISA], [
    m4_pushdef([isa_name], m4_tolower([$1]))
    AC_ARG_ENABLE(isa_name,
        [AS_HELP_STRING([--disable-]isa_name, [leave out the $1 kernels])],
        [], [AS_VAR_SET([enable_]isa_name, [yes])])
    AC_ARG_VAR([$1_CFLAGS], m4_ifval([$3], [[flags for the $1 kernels (default: $3)]],
                                    [[flags for the $1 kernels (default: none)]]))
    AS_VAR_SET_IF([$1_CFLAGS], [], [AS_VAR_SET([$1_CFLAGS], ["$3"])])
    AC_MSG_CHECKING([for $1 kernels])
    AS_CASE([$host_cpu],
        [$2], [
            AS_VAR_IF([enable_]isa_name, [no],
                [AS_VAR_SET([c3d_isa_]isa_name, ["no (--disable-]isa_name[)"])],
                [c3d_saved_CFLAGS=$CFLAGS
                 CFLAGS="$$1_CFLAGS $CFLAGS"
                 AC_LINK_IFELSE([AC_LANG_PROGRAM([$4], [$5])],
                    [AS_VAR_SET([c3d_isa_]isa_name, [yes])],
                    [AS_VAR_SET([c3d_isa_]isa_name, ["no ($CC fails with: $$1_CFLAGS)"])])
                 CFLAGS=$c3d_saved_CFLAGS])],
        [AS_VAR_SET([c3d_isa_]isa_name, ["no (host is $host_cpu)"])])
    AS_VAR_COPY([c3d_isa_result], [c3d_isa_]isa_name)
    AC_MSG_RESULT([$c3d_isa_result])
    AS_VAR_IF([c3d_isa_]isa_name, [yes],
        [AC_DEFINE([C3D_HAVE_$1], [1], [Define to 1 if the $1 kernels are in the build.])])
    AM_CONDITIONAL([HAVE_ISA_$1], [test "x$c3d_isa_result" = xyes])
    m4_popdef([isa_name])
])
