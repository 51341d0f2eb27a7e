#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Counts what the tests of some build directories came to, and says it in one line: `N passed, N failed`, and
`, N skipped` where the machine forbids what a test needs (user namespaces in a chroot). CI's machine forbids nothing:
there (CI=true) what was skipped has failed.

A test program prints TAP: each of its lines counts. One that ended otherwise than it should (a crash, a time-out, fewer
lines than it planned) counts as one failure more. With --failures, prints what failed instead of the sum.
"""
import json
import os
import pathlib
import re
import sys


def lines_of(result):
    """(passed, failed, skipped, the lines that say why) of one test program."""
    out = result.get("stdout", "")
    skipped = len(re.findall(r"^(?:ok\b|1\.\.0\b).*# SKIP", out, re.M))
    passed = len(re.findall(r"^ok\b(?!.*# SKIP)", out, re.M))
    failed = len(re.findall(r"^not ok\b", out, re.M))
    if result["result"] not in ("OK", "EXPECTEDFAIL", "SKIP") and failed == 0:
        failed = 1
    if passed + failed + skipped == 0:
        failed = 1  # a test that tests nothing has failed
    if os.environ.get("CI") == "true":
        failed, skipped = failed + skipped, 0
    why = [line for line in out.splitlines() if line.startswith(("not ok", "#")) or "# SKIP" in line]
    if failed:
        why += result.get("stderr", "").splitlines()[-30:]
    return passed, failed, skipped, why


def results_of(directory):
    for name in ("testlog.json", "fuzzlog.json"):
        log = pathlib.Path(directory, "meson-logs", name)
        if log.exists():
            for line in log.read_text(errors="replace").splitlines():
                yield json.loads(line)


def main():
    words = sys.argv[1:]
    only_failures = "--failures" in words
    passed = failed = skipped = 0
    for directory in (w for w in words if not w.startswith("--")):
        for result in results_of(directory):
            p, f, s, why = lines_of(result)
            passed, failed, skipped = passed + p, failed + f, skipped + s
            if only_failures and f + s:
                print(f"{directory}: {result['name']} ({result['result']})")
                for line in why:
                    print(f"    {line}")
    if not only_failures:
        print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
