#include "parse/machine.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"

bool driver_like(struct span s)
{
	size_t dots = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
		if (s.p[i] == '.' && (!i || i + 1 == s.n || s.p[i - 1] == '.'))
			return false;
		dots += s.p[i] == '.';
	}
	/* three digits and more before the first dot since 2008: what is shorter is a capability or a CUDA version */
	return dots >= 1 && dots <= 3 && s.n <= 32 && span_chr(s, '.') >= 3;
}

static bool l4t_like(struct span s)
{
	struct span rest = s, major = span_cut(&rest, '.');
	uint64_t n;
	size_t parts = 1;
	if (!span_number(major, &n) || n < 21 || n > 39 || span_ends(s, "."))
		return false;
	for (; rest.n; parts++)
		if (!span_number(span_cut(&rest, '.'), &n) || n > 99)
			return false;
	return parts >= 2 && parts <= 3;
}

struct ver2 span_ver2(struct span s)
{
	char text[16];
	size_t n = s.n < sizeof(text) - 1 ? s.n : sizeof(text) - 1;
	if (n)
		memcpy(text, s.p, n);
	text[n] = '\0';
	return ver2_parse(text);
}

const char *machine_arch(struct span s)
{
	static const struct { const char *says, *is; } names[] = {
		{ "x86_64", "amd64" }, { "AMD64", "amd64" }, { "amd64", "amd64" }, { "x64", "amd64" },
		{ "aarch64", "arm64" }, { "ARM64", "arm64" }, { "arm64", "arm64" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_eq(s, names[i].says))
			return names[i].is;
	return NULL;
}

bool span_says_nothing(struct span s)
{
	static const char *const words[] = {
		"N/A", "[N/A]", "None", "none", "Could not collect", "Not Found", "[Not Found]", "ERR!", "Unknown", "Unknown Error",
		"[Unknown Error]", "Not Supported", "[Not Supported]", "[Insufficient Permissions]", "[GPU requires reset]", "No CUDA",
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_eq(s, words[i]))
			return true;
	return !s.n;
}

static bool same_text(const char *kept, struct span s)
{
	return kept ? span_eq(s, kept) : !s.n;
}

int machine_add_gpu(struct machine *m, struct span name, struct span brand, struct ver2 cc, unsigned count, struct arena *a, struct err *err)
{
	if (span_says_nothing(name))
		return 0;
	if (span_says_nothing(brand))
		brand.n = 0;
	if (name.n > LIMIT_GPU_NAME || brand.n > LIMIT_GPU_NAME)
		return err_set(err, ERR_LIMIT, "a GPU's name has %zu bytes, more than %u", name.n > brand.n ? name.n : brand.n, LIMIT_GPU_NAME);
	for (size_t i = 0; i < m->gpus.n; i++) {
		struct machine_gpu *g = &m->gpus.v[i];
		if (!span_eq(name, g->name) || !same_text(g->brand, brand) || g->cc.major != cc.major || g->cc.minor != cc.minor)
			continue;
		g->count = count <= LIMIT_GPU_COUNT - g->count ? g->count + count : LIMIT_GPU_COUNT;
		return 0;
	}
	if (m->gpus.n >= LIMIT_GPU_KINDS)
		return err_set(err, ERR_LIMIT, "more than %u kinds of GPU in one machine", LIMIT_GPU_KINDS);
	struct machine_gpu g = { .cc = cc, .count = count < LIMIT_GPU_COUNT ? count : LIMIT_GPU_COUNT };
	g.name = arena_strn(a, name.p, name.n);
	g.brand = brand.n ? arena_strn(a, brand.p, brand.n) : NULL;
	if (!g.name || (brand.n && !g.brand) || !list_add(a, &m->gpus, g))
		return err_nomem(err);
	return 0;
}

int machine_set_driver(struct machine *m, struct span version, struct arena *a, struct err *err)
{
	if (m->driver || !driver_like(version))
		return 0;
	m->driver = arena_strn(a, version.p, version.n);
	return m->driver ? 0 : err_nomem(err);
}

int machine_set_l4t(struct machine *m, struct span release, struct arena *a, struct err *err)
{
	if (m->driver || !l4t_like(release))
		return 0;
	m->driver = arena_strn(a, release.p, release.n);
	return m->driver ? 0 : err_nomem(err);
}

void machine_set_cuda(struct machine *m, struct span version)
{
	if (!ver2_known(m->cuda))
		m->cuda = span_ver2(version);
}

void machine_fill(struct machine *m, const struct machine *more)
{
	if (!m->name)
		m->name = more->name;
	if (!m->driver)
		m->driver = more->driver;
	if (!ver2_known(m->cuda))
		m->cuda = more->cuda;
	if (!m->os)
		m->os = more->os;
	if (!m->arch)
		m->arch = more->arch;
	if (!m->module)
		m->module = more->module;
	if (!m->gpus.n) {
		m->gpus.v = more->gpus.v;
		m->gpus.n = m->gpus.cap = more->gpus.n;
	}
	m->no_gpu = m->no_gpu || more->no_gpu;
}
