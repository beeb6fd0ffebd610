/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_MAPPED_H
#define INNERMAP_MAPPED_H

#include <stddef.h>
#include <stdint.h>
#include "program.h"

/* An array of the kernel's that this process has mapped: what a program of ours writes is read without a call. */
struct mapped {
	int fd;
	size_t length;
	uint8_t *bytes;
};

/* 0 or -errno: `count` elements of `stride` bytes, which is a multiple of 8. Its name has up to 15 of [A-Za-z0-9_.]. */
int mapped_open(struct mapped *mapped, const char *name, uint32_t stride, uint32_t count);

void mapped_close(struct mapped *mapped);

/* Where a program that does job after job has things: 4 bytes of its stack, and the register that calls keep. */
struct job_places {
	int16_t stack;
	uint8_t job;
	/* Where to jump to where no job is left. */
	int none;
};

/*
 * The address of the next job's element. The first element is no job: its first 8 bytes are the next one's number, which
 * goes up by one.
 */
void mapped_code_next(struct innermap_code *code, const struct mapped *mapped, const struct job_places *places);

#endif
