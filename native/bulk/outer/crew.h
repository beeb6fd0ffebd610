/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_CREW_H
#define INNERMAP_CREW_H

#include <stdint.h>

/* Threads of one call at once, the caller's among them. */
enum { CREW_MOST = 512 };

typedef void crew_part(void *context, uint32_t at);

/*
 * Does `part` once for each number below `count`, and returns when all are done: on this thread and on up to `most - 1`
 * others, which are made for this call and are gone after it. Where the machine gives fewer threads or none, those do it.
 */
void crew_run(uint32_t most, uint32_t count, crew_part *part, void *context);

#endif
