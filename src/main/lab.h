/* SPDX-License-Identifier: ISC */
/* lab.h - `tulle lab run`, `check` and `exec`: a whole internet from a file. */
#ifndef TULLE_MAIN_LAB_H
#define TULLE_MAIN_LAB_H

extern const char lab_help[];
int main_lab(int argc, char **argv); /* argv[0] is "lab" */

#endif
