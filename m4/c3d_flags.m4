# SPDX-License-Identifier: Apache-2.0
# c3d_flags.m4 - compiler flags: which ones this compiler takes, and the
# --enable-werror and --enable-sanitizers switches.  Separate from configure.ac so
# that the latter reads as a list of decisions.  Never touches the user's CFLAGS.

# C3D_ADD_CFLAGS(VARIABLE, FLAGS)
# Appends to VARIABLE those of FLAGS that the compiler accepts.  -Werror during the
# test, because clang only warns about a flag that it does not know.
AC_DEFUN([C3D_ADD_CFLAGS], [
    for c3d_flag in m4_normalize([$2]); do
        AC_MSG_CHECKING([whether $CC accepts $c3d_flag])
        c3d_saved_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS -Werror $c3d_flag"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
            [AC_MSG_RESULT([yes])
             $1="${$1}${$1:+ }$c3d_flag"],
            [AC_MSG_RESULT([no])])
        CFLAGS=$c3d_saved_CFLAGS
    done
    AC_SUBST([$1])
])

# C3D_REFUSE_FAST_MATH
# -ffast-math reorders sums, forgets NaN, and (GCC) makes every program that loads
# the library flush denormals: each of these breaks a promise.
AC_DEFUN([C3D_REFUSE_FAST_MATH], [
    AC_MSG_CHECKING([that CFLAGS leave floating point alone])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
        #if defined __FAST_MATH__ || (defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__)
        #error fast math
        #endif]])],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         AC_MSG_ERROR([CFLAGS turn on -ffast-math (or -Ofast, -ffinite-math-only), which breaks the
  library's promise of reproducible results.  Configure again without it.])])
])

# C3D_ENABLE_WERROR
# Sets WERROR_CFLAGS; kept out of the configure tests, which may warn.
AC_DEFUN([C3D_ENABLE_WERROR], [
    AC_ARG_ENABLE([werror],
        [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])],
        [], [enable_werror=no])
    WERROR_CFLAGS=
    AS_IF([test "x$enable_werror" != xno], [WERROR_CFLAGS=-Werror])
    AC_SUBST([WERROR_CFLAGS])
])

# C3D_ENABLE_SANITIZERS
# Sets SANITIZER_CFLAGS, for compiling and linking.
AC_DEFUN([C3D_ENABLE_SANITIZERS], [
    AC_ARG_ENABLE([sanitizers],
        [AS_HELP_STRING([--enable-sanitizers=LIST],
            [build with sanitizers; LIST as for -fsanitize, default "address,undefined"])],
        [], [enable_sanitizers=no])
    AS_IF([test "x$enable_sanitizers" = xyes], [enable_sanitizers=address,undefined])
    SANITIZER_CFLAGS=
    AS_IF([test "x$enable_sanitizers" != xno], [
        SANITIZER_CFLAGS="-fsanitize=$enable_sanitizers -fno-sanitize-recover=all"
        SANITIZER_CFLAGS="$SANITIZER_CFLAGS -fno-omit-frame-pointer"
        AC_MSG_CHECKING([whether $CC links with -fsanitize=$enable_sanitizers])
        c3d_saved_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
        AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
            [AC_MSG_RESULT([no])
             AC_MSG_ERROR([$CC cannot --enable-sanitizers=$enable_sanitizers; see config.log])])
        CFLAGS=$c3d_saved_CFLAGS
    ])
    AC_SUBST([SANITIZER_CFLAGS])
    AM_CONDITIONAL([SANITIZERS], [test "x$enable_sanitizers" != xno])
])
