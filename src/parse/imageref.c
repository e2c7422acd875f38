#include "parse/imageref.h"

#include <ctype.h>

#include "base/str.h"

enum { NAME_MAX_BYTES = 255, TAG_MAX = 128 }; /* reference.go: NameTotalLengthMax; tag */

static bool is_low(unsigned char c) { return islower(c) || isdigit(c); }

/* path-component: [a-z0-9]+ joined by one of . _ __ or dashes. */
static bool is_component(struct span s)
{
	if (!s.n || !is_low(s.p[0]) || !is_low(s.p[s.n - 1]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i], before = i ? s.p[i - 1] : 'a';
		if (is_low(c) || (c == '-' && (is_low(before) || before == '-')) || (c == '.' && is_low(before)))
			continue;
		if (c != '_' || !(is_low(before) || (before == '_' && i > 1 && is_low(s.p[i - 2]))))
			return false;
	}
	return true;
}

static bool is_repo(struct span s)
{
	if (!s.n || s.p[s.n - 1] == '/')
		return false;
	while (s.n)
		if (!is_component(span_cut(&s, '/')))
			return false;
	return true;
}

static bool is_tag(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum(s.p[i]) && s.p[i] != '_' && (!i || (s.p[i] != '.' && s.p[i] != '-')))
			return false;
	return s.n && s.n <= TAG_MAX;
}

static bool is_digest(struct span s)
{
	if (!span_starts(s, "sha256:") || s.n != 7 + 64)
		return false;
	for (size_t i = 7; i < s.n; i++)
		if (!isdigit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return true;
}

/* host, host:port or [address]:port. */
static bool is_host(struct span s)
{
	uint64_t port = 0;
	struct span name = s, rest;
	if (s.n && s.p[0] == '[') {
		size_t end = span_chr(s, ']');
		if (end == s.n || span_chr(s, ':') > end)
			return false;
		for (size_t i = 1; i < end; i++)
			if (!isxdigit(s.p[i]) && s.p[i] != ':')
				return false;
		rest = span_from(s, end + 1);
		if (!rest.n)
			return end > 1;
		return end > 1 && rest.p[0] == ':' && span_number(span_from(rest, 1), &port) && port && port < 65536;
	}
	size_t colon = span_chr(s, ':');
	name = span_sub(s, 0, colon);
	if (colon < s.n && !(span_number(span_from(s, colon + 1), &port) && port && port < 65536))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum(name.p[i]) && name.p[i] != '.' && name.p[i] != '-')
			return false;
	return name.n && name.p[0] != '-' && name.p[0] != '.';
}

/* normalize.go, splitDockerDomain: what looks like a host is one. */
static bool looks_like_host(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '.' || s.p[i] == ':' || isupper(s.p[i]))
			return true;
	return span_eq(s, "localhost");
}

/* In small letters, unless those are all that makes it a host. */
static const char *lower_host(struct arena *a, struct span host)
{
	char *s = arena_strn(a, host.p, host.n);
	for (char *c = s; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (s && !looks_like_host(SPAN_STR(s)))
		memcpy(s, host.p, host.n);
	return s && (str_eq(s, "index.docker.io") || str_eq(s, "registry-1.docker.io")) ? "docker.io" : s;
}

int imageref_parse(struct span text, struct arena *a, struct imageref *out)
{
	struct span name = span_cut(&text, '@'), digest = text;
	bool has_digest = name.n && digest.p && digest.n;
	*out = (struct imageref){ 0 };
	if (has_digest && !is_digest(digest))
		return 0;
	size_t slash = span_chr(name, '/');
	struct span host = span_sub(name, 0, slash), rest = span_from(name, slash + 1);
	if (slash == name.n || !looks_like_host(host)) {
		host = SPAN_STR("docker.io");
		rest = name;
	}
	size_t colon = span_chr(rest, ':');
	struct span repo = span_sub(rest, 0, colon), tag = span_from(rest, colon + 1);
	bool has_tag = colon < rest.n;
	if (!is_host(host) || !is_repo(repo) || (has_tag && !is_tag(tag)))
		return 0;
	out->stated = has_tag || has_digest;
	out->host = lower_host(a, host);
	bool official = out->host && str_eq(out->host, "docker.io") && span_chr(repo, '/') == repo.n;
	out->repo = arena_printf(a, "%s%.*s", official ? "library/" : "", (int)repo.n, (const char *)repo.p);
	out->digest = has_digest ? arena_strn(a, digest.p, digest.n) : NULL;
	out->tag = has_tag ? arena_strn(a, tag.p, tag.n) : has_digest ? NULL : "latest";
	if (out->host && out->repo && strlen(out->host) + 1 + strlen(out->repo) > NAME_MAX_BYTES)
		return 0;
	return !out->host || !out->repo || (has_digest && !out->digest) || (has_tag && !out->tag) ? -1 : 1;
}

char *imageref_name(const struct imageref *r, struct arena *a)
{
	return arena_printf(a, "%s/%s%s%s%s%s", r->host, r->repo, r->tag ? ":" : "", r->tag ? r->tag : "", r->digest ? "@" : "",
			    r->digest ? r->digest : "");
}
