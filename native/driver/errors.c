// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "driver.h"

void fail(int error, const char *format, ...)
{
	int number = abs(error);
	const char *name = strerrorname_np(number);
	va_list values;

	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fprintf(stderr, ": %s, %s\n", name ? name : "unknown error", strerror(number));
	exit(1);
}

void refuse(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	exit(2);
}
