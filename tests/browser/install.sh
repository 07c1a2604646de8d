#!/bin/sh
# Make sure that there is a Chromium for the browser tests: the system's, Debian's package, or Playwright's own.
set -u
python=$1
find_chromium() {
    for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null 2>&1 && return 0; done
    "$python" - <<'P' 2>/dev/null
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not os.path.exists(p.chromium.executable_path))
P
}
find_chromium && exit 0
echo "Installing Chromium for the browser tests ..." >&2
if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi
if command -v apt-get >/dev/null 2>&1; then
    { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1
fi
find_chromium && exit 0
"$python" -m playwright install chromium >/dev/null 2>&1
find_chromium && exit 0
echo "No Chromium could be installed. Install one by hand (Debian: apt-get install chromium) and try again." >&2
exit 1
