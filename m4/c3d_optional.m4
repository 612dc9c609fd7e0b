# SPDX-License-Identifier: Apache-2.0
# c3d_optional.m4 - optional libraries, all with one behaviour: --with-x demands the
# library, --without-x leaves it out, neither uses it when it is there.

# C3D_OPTIONAL(NAME, VARIABLE, PURPOSE, CHECK)
# CHECK is shell code that sets c3d_found to yes when the library is usable, and
# VARIABLE_CFLAGS and VARIABLE_LIBS.  Sets c3d_with_<name> ("yes" or "no (why)"),
# HAVE_<VARIABLE> in config.h and for Automake.
AC_DEFUN([C3D_OPTIONAL], [
    AC_ARG_WITH([$1],
        [AS_HELP_STRING([--without-$1], [do without $1, used for: $3 (default: use it if found)])],
        [], [with_$1=check])
    c3d_found=no
    AS_VAR_IF([with_$1], [no],
        [c3d_with_$1="no (--without-$1)"],
        [$4
         AS_VAR_IF([c3d_found], [yes],
            [c3d_with_$1=yes],
            [AS_VAR_IF([with_$1], [check], [],
                [AC_MSG_ERROR([--with-$1 was given, but $1 was not found; see config.log])])
             c3d_with_$1="no (not found)"])])
    AS_VAR_IF([c3d_found], [yes],
        [AC_DEFINE([HAVE_$2], [1], [Define to 1 to use $1, for: $3.])],
        [$2_CFLAGS= $2_LIBS=])
    AC_SUBST([$2_CFLAGS])
    AC_SUBST([$2_LIBS])
    AM_CONDITIONAL([HAVE_$2], [test "x$c3d_found" = xyes])
])

# C3D_OPTIONAL_PKG(NAME, VARIABLE, PURPOSE, PKG-CONFIG-MODULES)
AC_DEFUN([C3D_OPTIONAL_PKG], [
    C3D_OPTIONAL([$1], [$2], [$3],
        [PKG_CHECK_MODULES([$2], [$4],
            [c3d_found=yes
             c3d_version_$1=`$PKG_CONFIG --modversion "m4_bpatsubst([$4], [ .*], [])"`],
            [c3d_found=no])])
    AS_VAR_IF([c3d_with_$1], [yes], [c3d_with_$1="yes ($c3d_version_$1)"])
])
