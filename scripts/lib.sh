# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts; sourced from the root of the project.
# shellcheck shell=bash

die() { echo "${0##*/}: $*" >&2; exit 1; }

# Compile jobs: one a core, and no more than memory carries (a source with coroutines takes about 1 GiB).
jobs_that_fit() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print int($2 / 1300000)}' /proc/meminfo)
  [ "$memory" -lt "$cores" ] && cores=$memory
  [ "$cores" -ge 1 ] || cores=1
  echo "$cores"
}

# build PRESET [CMake arguments ...] [-- targets ...]
build() {
  local preset=$1 configure=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do configure+=("$1"); shift; done
  [ "${1:-}" != -- ] || shift
  cmake --preset "$preset" "${configure[@]}" --log-level=WARNING
  cmake --build "build/$preset" --parallel "$(jobs_that_fit)" ${1:+--target "$@"}
}
