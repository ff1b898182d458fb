#!/bin/sh
# SPDX-License-Identifier: MIT
# What a reviewer should not have to look at: shell, formatting, editorconfig, includes, banned functions.
# Each check runs even when an earlier one failed.
# shellcheck disable=SC2317 # the checks are called by name
set -u
cd "$(dirname "$0")/.." || exit 1
failed=0

check() {
    name=$1
    shift
    if "$@"; then
        printf 'ok   %s\n' "$name"
    else
        printf 'FAIL %s\n' "$name"
        failed=1
    fi
}

shell_files() {
    git ls-files -co --exclude-standard | while read -r file; do
        [ -f "$file" ] || continue
        case $file in
            *.sh) printf '%s\n' "$file" ;;
            *.*) ;;
            *) head -n 1 "$file" | grep -qE '^#!.*\b(sh|bash)$' && printf '%s\n' "$file" ;;
        esac
    done
    [ ! -f .ci/run ] || printf '%s\n' .ci/run
}

check_shell() {
    shell_files | sort -u | xargs shellcheck -x
}

# Other versions of clang-format break lines elsewhere, so only the one that the tree is formatted with is believed.
check_format() {
    formatter=$(command -v clang-format-14 || command -v clang-format)
    case $("$formatter" --version) in
        *'version 14.'*) ;;
        *)
            echo "clang-format 14 is not here: formatting not checked"
            return 0
            ;;
    esac
    git ls-files -co --exclude-standard '*.c' '*.h' | while read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done | xargs -r "$formatter" --dry-run -Werror
}

check shellcheck check_shell
check clang-format check_format
check editorconfig python3 tests/lint/editorconfig.py .
check layers python3 tests/lint/layers.py .
check banned python3 tests/lint/banned.py .
check limits python3 tests/lint/limits.py .
check inputs python3 tests/lint/inputs.py .
check groups python3 tests/lint/groups.py .
check types python3 tests/abi/types.py include/vidstore
exit $failed
