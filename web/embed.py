# SPDX-License-Identifier: ISC
"""Puts the page's style and program into the page, and the page into a C array: the lab writes it out with its data.

usage: embed.py report.html report.css report.js OUTPUT.c
"""
import sys

html, css, js, output = sys.argv[1:]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


page = read(html).replace("/*STYLE*/", read(css)).replace("/*PROGRAM*/", read(js))
before, after = page.split("/*DATA*/")
with open(output, "w", encoding="ascii") as f:
    f.write('/* Made from web/ by embed.py. */\n#include "lab/page.h"\n')
    for name, text in (("before", before), ("after", after)):
        data = text.encode()
        f.write(f"static const unsigned char {name}[] = {{\n")
        for i in range(0, len(data), 24):
            f.write(",".join(str(b) for b in data[i:i + 24]) + ",\n")
        f.write("};\n")
        f.write(f"const struct bytes page_{name} = {{ {name}, sizeof {name} }};\n")
