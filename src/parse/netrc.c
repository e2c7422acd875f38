#include "parse/netrc.h"

#include "base/str.h"

/* The next word; quoted ones may hold blanks. "#" begins a comment at the start of a line. */
static bool word(struct cur *c, struct span *out)
{
	bool fresh = !c->off;
	for (; cur_left(c); cur_skip(c, 1)) {
		unsigned char b = c->in.p[c->off];
		if (b == '#' && fresh) {
			struct span line;
			cur_line(c, &line);
			if (!cur_left(c))
				return false;
			c->off--;
			continue;
		}
		if (!strchr(" \t\r\n", b) || !b)
			break;
		fresh = b == '\n' || (fresh && b != '\n');
	}
	size_t n = 0;
	if (cur_left(c) && c->in.p[c->off] == '"') {
		cur_skip(c, 1);
		while (n < cur_left(c) && c->in.p[c->off + n] != '"')
			n++;
		*out = cur_take(c, n);
		if (cur_left(c))
			cur_skip(c, 1);
		return true;
	}
	while (n < cur_left(c) && c->in.p[c->off + n] && !strchr(" \t\r\n", c->in.p[c->off + n]))
		n++;
	if (!n && cur_left(c))
		n = 1;
	*out = cur_take(c, n);
	return out->n;
}

/* A macro definition reaches to the next empty line. */
static void skip_macro(struct cur *c)
{
	struct span line;
	while (cur_line(c, &line) && line.n)
		;
}

int netrc_find(struct span text, const char *host, struct arena *a, char **basic)
{
	struct cur c = cur_of(text);
	struct span w, value, user = { 0 }, password = { 0 };
	bool here = false, found = false;
	while (word(&c, &w)) {
		if (span_eq(w, "machine") || span_eq(w, "default")) {
			if (found)
				break;
			here = span_eq(w, "default") || (word(&c, &value) && value.n == strlen(host) && !strncasecmp((const char *)value.p, host, value.n));
			user = password = (struct span){ 0 };
		} else if (span_eq(w, "login") || span_eq(w, "password") || span_eq(w, "account")) {
			if (!word(&c, &value))
				break;
			if (span_eq(w, "login"))
				user = value;
			else if (span_eq(w, "password"))
				password = value;
			found = here && user.p && password.p;
		} else if (span_eq(w, "macdef")) {
			skip_macro(&c);
		}
	}
	if (!found)
		return 0;
	*basic = arena_printf(a, "%.*s:%.*s", (int)user.n, (const char *)user.p, (int)password.n, (const char *)password.p);
	return *basic ? 1 : -1;
}
