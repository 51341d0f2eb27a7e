#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs the same simulated work in Tulle and in ns-3, turn by turn, and prints both beside each other.

    bench/compare.py build/bench/bench_sim [build/bench/bench_ns3]

Both programs speak the same words: `pair RATE DELAY BYTES`, `star HOSTS BYTES`, `idle HOSTS`; their last two words are
packets and CPU seconds, or for `idle` the resident bytes per host.
"""
import subprocess
import sys
import time

WORK = [
    ("pair 1Gbps 20ms 200000000", "two hosts, 200 MB over 1 Gbit/s, 20 ms"),
    ("pair 100Mbps 1ms 200000000", "two hosts, 200 MB over 100 Mbit/s, 1 ms"),
    ("star 1000 200000", "star of 1,000 hosts, 200 kB each"),
    ("idle 1000", "memory per idle host"),
]


def measure(program, work):
    if not program:
        return None
    done = subprocess.run([program, *work.split()], capture_output=True, text=True, check=True)
    words = done.stdout.split()
    return float(words[-1]) if work.startswith("idle") else float(words[-2]) / max(float(words[-1]), 1e-9)


def main():
    ours, peer = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    print(f"{'':44} {'tulle':>14} {'ns-3':>14} {'ratio':>8}")
    for work, words in WORK:
        a, b = measure(ours, work), measure(peer, work)
        unit = "B" if work.startswith("idle") else "packets/CPU-s"
        ratio = "" if b is None else f"{b / a:8.1f}" if unit == "B" else f"{a / b:8.1f}"
        print(f"{words:44} {a:14,.0f} {'' if b is None else format(b, ',.0f'):>14} {ratio:>8}  {unit}")
    start = time.monotonic()
    if subprocess.run(["build/tulle", "lab", "run", "labs/internet.yaml", "--out", "build/bench/out"],
                      capture_output=True, check=False).returncode == 0:
        print(f"{'wall time of the run that ./demo makes':44} {time.monotonic() - start:14.2f} {'':14} {'':8}  s")


if __name__ == "__main__":
    main()
