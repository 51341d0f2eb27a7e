/* SPDX-License-Identifier: ISC */
/* scenario_parts.h - the readers of a scenario's parts, for scenario.c and for each other. */
#ifndef TULLE_LAB_SCENARIO_PARTS_H
#define TULLE_LAB_SCENARIO_PARTS_H

#include "lab/reading.h"
#include "lab/scenario.h"

void scenario_read_links(struct reader *, node *);
void scenario_read_hosts(struct reader *, node *);
void scenario_check_addresses(struct reader *);
void scenario_read_certificates(struct reader *, node *);
void scenario_read_programs(struct reader *, node *);
void scenario_read_scenes(struct reader *, node *);
void scenario_read_faults(struct reader *, node *, struct scenario_fault **, size_t *count);
void scenario_read_expects(struct reader *, node *, struct expectation **, size_t *count);
void scenario_read_table(struct reader *, node *);
bool scenario_read_link_name(struct reader *, node *, uint32_t *);
bool scenario_read_host_name(struct reader *, node *, uint32_t *);
bool scenario_read_run_name(struct reader *, node *, uint32_t *);
void scenario_read_wire(struct reader *, node *, const char *what, struct sim_wire_config *);

#endif
