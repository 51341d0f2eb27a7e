#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Installs the rooms' headers - the library's manuals - below INCLUDEDIR/tulle, as they lie in src/. Called by meson."""
import os
import pathlib
import shutil
import sys

ROOMS = ("base", "wire", "crypt", "pack", "idn", "http2", "proto", "net", "link", "stack", "host", "sim", "tool")

source = pathlib.Path(os.environ["MESON_SOURCE_ROOT"], "src")
target = pathlib.Path(os.environ["MESON_INSTALL_DESTDIR_PREFIX"], sys.argv[1], "tulle")
for room in ROOMS:
    for header in sorted((source / room).rglob("*.h")):
        if header.name.endswith("_parts.h"):
            continue  # what the files of one room share among themselves
        place = target / header.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(header, place)
