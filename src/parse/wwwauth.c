#include "parse/wwwauth.h"

#include <ctype.h>

#include "base/str.h"

enum { CHALLENGES_MAX = 16 };

/* RFC 9110 5.6.2; and the characters of a token68, so that one is read as one word. */
static bool is_token(unsigned char c) { return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~/", c)); }

static void skip(struct cur *c, const char *what)
{
	while (cur_left(c) && c->in.p[c->off] && strchr(what, c->in.p[c->off]))
		cur_skip(c, 1);
}

static struct span token(struct cur *c)
{
	size_t n = 0;
	while (n < cur_left(c) && is_token(c->in.p[c->off + n]))
		n++;
	return cur_take(c, n);
}

/* 5.6.4: a quoted string, its escapes undone. NULL when memory runs out. */
static char *quoted(struct cur *c, struct arena *a)
{
	char *to = arena_alloc(a, cur_left(c) + 1);
	size_t n = 0;
	if (!to)
		return NULL;
	cur_skip(c, 1);
	while (cur_left(c)) {
		unsigned char b = cur_u8(c);
		if (b == '"')
			break;
		if (b == '\\' && cur_left(c))
			b = cur_u8(c);
		if (b)
			to[n++] = (char)b;
	}
	return to;
}

static void set_param(struct challenge *to, struct span name, const char *value)
{
	char key[16] = "";
	if (name.n >= sizeof(key))
		return;
	memcpy(key, name.p, name.n);
	const char **at = str_ieq(key, "realm") ? &to->realm : str_ieq(key, "service") ? &to->service : str_ieq(key, "scope") ? &to->scope :
			  str_ieq(key, "error") ? &to->error : NULL;
	if (at && !*at)
		*at = value;
}

int challenges_parse(struct span value, struct arena *a, struct challenges *out)
{
	struct cur c = cur_of(value);
	struct challenge *now = NULL;
	*out = (struct challenges){ 0 };
	for (;;) {
		skip(&c, " \t,");
		struct span name = token(&c);
		if (!name.n) {
			if (!cur_left(&c))
				return 0;
			cur_skip(&c, 1); /* nothing that the grammar knows */
			continue;
		}
		skip(&c, " \t");
		if (!cur_left(&c) || c.in.p[c.off] != '=') {
			now = out->v.n < CHALLENGES_MAX ? list_push(a, &out->v) : NULL;
			if (!now && out->v.n == CHALLENGES_MAX)
				return 0;
			if (!now || !(now->scheme = arena_strn(a, name.p, name.n)))
				return -1;
			continue;
		}
		cur_skip(&c, 1);
		skip(&c, " \t");
		char *text;
		if (cur_left(&c) && c.in.p[c.off] == '"') {
			text = quoted(&c, a);
		} else {
			struct span plain = token(&c);
			text = arena_strn(a, plain.p, plain.n);
		}
		if (!text)
			return -1;
		if (now)
			set_param(now, name, text);
	}
}
