#!/bin/sh
# Make the virtual environment in folder $1 with the newest supported Python on this machine (3.11 to 3.13).
set -eu
folder=$1
if [ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then exit 0; fi

for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "Graft needs Python 3.11, 3.12 or 3.13. Here is: $(python3 --version 2>&1). Install one of them and try again." >&2
    exit 1
fi

# Debian leaves venv out of python3; it is a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "Installing python$version-venv ..." >&2
    if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi
    if ! { $sudo apt-get update -qq && $sudo apt-get install -y -qq "python$version-venv"; } >/dev/null 2>&1; then
        echo "Python's venv is missing. Install it (Debian, Ubuntu: apt-get install python$version-venv) and try again." >&2
        exit 1
    fi
fi
"$python" -m venv "$folder"
