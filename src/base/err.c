#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	if (!e || e->kind != ERR_NONE)
		return -1;
	e->kind = kind;
	e->sys = 0;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *e, int sys, const char *fmt, ...)
{
	if (!e || e->kind != ERR_NONE)
		return -1;
	e->kind = sys == ENOMEM ? ERR_NOMEM : ERR_IO;
	e->sys = sys;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(e->text))
		snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %s", strerror(sys));
	return -1;
}

int err_in(struct err *e, const char *fmt, ...)
{
	if (!e || e->kind == ERR_NONE)
		return -1;
	char where[sizeof(e->text)];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(where, sizeof(where), fmt, ap);
	va_end(ap);

	char text[2 * sizeof(e->text) + 8];
	snprintf(text, sizeof(text), "%s: %s", where, e->text);
	text[sizeof(e->text) - 1] = '\0';
	memcpy(e->text, text, sizeof(e->text));
	return -1;
}

int err_nomem(struct err *e)
{
	return err_set(e, ERR_NOMEM, "out of memory");
}
