#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs every fuzz target of a build directory for some seconds over its corpus (fuzz/corpus/NAME), two at a time.

    scripts/fuzz.py --seconds 600 build-fuzz [NAME...]

What a target finds is left in fuzz/corpus/NAME/crash-*: mend it, and keep the file, so that it is tried again for ever.
Results are written for scripts/tally.py into the directory's meson-logs/fuzzlog.json.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent.parent


def run(target, seconds):
    name = target.name.removeprefix("fuzz_")
    corpus = HERE / "fuzz" / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as found:  # new inputs go there; the kept corpus is only read
        command = [target, found, corpus, f"-max_total_time={seconds}", f"-artifact_prefix={corpus}/",
                   "-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1", "-verbosity=0"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=HERE,
                              timeout=seconds + 120, check=False)
    verdict = "ok" if done.returncode == 0 else "not ok"
    return {"name": f"fuzz {name}", "result": "OK" if done.returncode == 0 else "FAIL",
            "stdout": f"{verdict} 1 - fuzz {name}\n", "stderr": done.stderr[-4000:]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    words = parser.parse_args()
    targets = sorted(p for p in (words.directory / "fuzz").glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    if words.names:
        targets = [t for t in targets if t.name.removeprefix("fuzz_") in words.names]
    if not targets:
        sys.exit(f"fuzz: no targets in {words.directory}/fuzz (meson setup -Dfuzz=true, with CC=clang)")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda t: run(t, words.seconds), targets))
    log = words.directory / "meson-logs" / "fuzzlog.json"
    log.write_text("".join(json.dumps(r) + "\n" for r in results))
    for r in results:
        if r["result"] != "OK":
            print(f"{r['name']}: failed\n{r['stderr']}")
    return 0 if all(r["result"] == "OK" for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
