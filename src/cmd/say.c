#include <stdarg.h>

#include "base/auto.h"
#include "cmd/outputs.h"
#include "cmd/tables.h"

void say(const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	auto_buf struct buf b = BUF_INIT(8 * sizeof(text));
	shown_add(&b, text);
	fprintf(stderr, "envcheck: %s\n", buf_text(&b));
}

int version_print(const struct options *o, struct err *err)
{
	struct tables t;
	if (tables_open(&t, o, err) < 0)
		return -1;
	printf("envcheck %s", ENVCHECK_VERSION);
	if (t.date)
		printf(" (tables %s)", t.date);
	putchar('\n');
	tables_close(&t);
	return 0;
}
