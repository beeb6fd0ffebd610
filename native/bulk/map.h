/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INNERMAP_MAP_H
#define INNERMAP_MAP_H

#include <stdbool.h>
#include "bpf.h"

/* 0 or -errno. Of what a kernel does not know yet, zeros. */
int map_info(int fd, struct bpf_map_info *info);
/* Whether user space can read its entries by key. */
bool map_has_contents(uint32_t type);
/* Whether a value is one for each possible CPU. */
bool map_is_per_cpu(uint32_t type);

#endif
