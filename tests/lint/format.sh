#!/bin/sh
# Every C file is as clang-format 14 writes it. FIX=1 rewrites them.
set -u
cd "$(dirname "$0")/../.." || exit 2
format=$(command -v clang-format-14) || { echo "no clang-format-14"; exit 1; }
if [ -n "${FIX:-}" ]; then
    find core include applets tests -name '*.[ch]' -exec "$format" -i {} +
fi
find core include applets tests -name '*.[ch]' -exec "$format" --dry-run -Werror {} +
