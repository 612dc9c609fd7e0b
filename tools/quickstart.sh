#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh - from a fresh clone to a convolved head MRI, in one command.
#
# Installs what is missing (Debian), builds in build/, and writes into quickstart/:
#   example.npy  output.npy   the example of the manual: Conv3d(3, 1, 3) on 0..383
#   filters.npy               eight 3x3x3 filters, described below
#   mri.npy      mri.png      the MRI through all eight; middle slices as a picture
# Running it again builds only what has changed.
. "$(dirname -- "$0")/setup.sh"

mri=/usr/share/mricron/templates/ch2.nii.gz
python=/usr/bin/python3 # Debian's: another one may come first on PATH, without numpy

install_packages $build_packages python3-numpy mricron-data

# ---- Build ---------------------------------------------------------------------
mkdir -p "$top/build" "$top/quickstart"
log=$top/build/quickstart.log
say "Building in build/ ..."
build() {
    make_configure || return
    cd "$top/build" || return
    # Configured before a library was there?  Then do it again.
    for feature in HAVE_HWLOC HAVE_NIFTI HAVE_PNG HAVE_JANSSON \
        HAVE_ONEDNN; do
        grep -q "define $feature 1" config.h 2>/dev/null || { ../configure || return; break; }
    done
    make -j"$jobs"
}
(build) >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "the build failed; the whole of it is in $log"
}
conv3d=$top/build/conv3d
cd "$top/quickstart"

# ---- The example ---------------------------------------------------------------
say "" "Conv3d(3, 1, 3) on arange(384).reshape(2, 3, 4, 4, 4):"
"$python" - <<'END'
import numpy as np

np.save("example.npy", np.arange(384, dtype=np.float32).reshape(2, 3, 4, 4, 4))

# Eight filters as a weight tensor (C_out, C_in, kt, kh, kw) = (8, 1, 3, 3, 3).
smooth = np.array([1, 2, 1]) / 4        # a small bell
slope = np.array([-1, 0, 1]) / 2        # the central difference
mean = np.ones(3) / 3
point = np.array([0, 1, 0])
curve = np.array([1, -2, 1])            # the second difference


def separable(t, h, w):
    return np.einsum("t,h,w->thw", t, h, w)


identity = separable(point, point, point)
gauss = separable(smooth, smooth, smooth)
diagonal = np.zeros((3, 3, 3))
diagonal[0, 0, 0], diagonal[2, 2, 2] = -1, 1
filters = [
    separable(mean, mean, mean),        # 0 box: the mean of 27 voxels
    gauss,                              # 1 Gaussian smoothing
    separable(smooth, smooth, slope),   # 2 gradient along W (Sobel)
    separable(smooth, slope, smooth),   # 3 gradient along H
    separable(slope, smooth, smooth),   # 4 gradient along T
    separable(curve, point, point)      # 5 Laplacian: edges of every direction
    + separable(point, curve, point) + separable(point, point, curve),
    2 * identity - gauss,               # 6 sharpening (unsharp mask)
    diagonal / 2,                       # 7 emboss: light from a corner of the volume
]
np.save("filters.npy", np.array(filters, dtype=np.float32)[:, None])
END
"$conv3d" run --input example.npy --out-channels 1 --kernel-size 3 --output output.npy --quiet

# ---- The MRI -------------------------------------------------------------------
say "" "A head MRI ($mri) through eight 3x3x3 filters:"
"$conv3d" run --input "$mri" --weight filters.npy --padding 1 --output mri.npy --preview mri.png
say "" "Written: quickstart/mri.npy" "Look at: quickstart/mri.png"
