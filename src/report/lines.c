#include "report/lines.h"

#include <stdarg.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "inventory/inventory.h"

enum { LINE_MAX_BYTES = 1 << 16 };

static const char *const paints[] = { "", "\033[31m", "\033[33m", "\033[32m", "\033[1m" };

void say_line(struct report *r, enum paint paint, const char *word, const char *fmt, ...)
{
	auto_buf struct buf raw = BUF_INIT(LINE_MAX_BYTES);
	auto_buf struct buf out = BUF_INIT(4 * LINE_MAX_BYTES);
	char text[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (word && r->job->colour && paint != PLAIN)
		buf_printf(&out, "%s%s\033[0m", paints[paint], word);
	else if (word)
		buf_str(&out, word);
	shown_add(&out, text);
	buf_char(&out, '\n');
	if (out.bad || fwrite(out.p, 1, out.n, r->out) != out.n)
		r->bad = true;
}

void say_remedy(struct report *r, const char *head, const struct remedy *remedy)
{
	const char *said = report_checked(remedy);
	say_line(r, PLAIN, NULL, "%s  %s%s%s%s", head, remedy->text, said ? "   (" : "", said ? said : "", said ? ")" : "");
}

void say_blank(struct report *r)
{
	if (putc('\n', r->out) == EOF)
		r->bad = true;
}

const char *targets_line(struct arena *a, const char *prefix, const struct sm *v, size_t n, size_t max)
{
	auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
	if (n > max) {
		buf_printf(&b, "%s-%s", sm_print(prefix, v[0]).s, sm_print(prefix, v[n - 1]).s);
		buf_printf(&b, " (%zu)", n);
	} else {
		for (size_t i = 0; i < n; i++)
			buf_printf(&b, "%s%s", i ? " " : "", sm_print(prefix, v[i]).s);
	}
	const char *s = arena_str(a, buf_text(&b));
	return s ? s : "";
}

bool gpu_package(const struct package *p)
{
	if (!p->gpu_known || str_starts(p->name, "nvidia-"))
		return false;
	switch (p->gpu.vendor) {
	case VENDOR_CUDA: case VENDOR_ROCM: case VENDOR_XPU: case VENDOR_CPU:
		return true;
	case VENDOR_NONE: case VENDOR_UNKNOWN:
		break;
	}
	return false;
}

void identity_line(struct buf *b, const struct inventory *inv)
{
	buf_str(b, target_kind_name(inv->kind));
	if (inv->os_name || inv->arch)
		buf_printf(b, ", %s%s%s", inv->os_name ? inv->os_name : "", inv->os_name && inv->arch ? "/" : "", inv->arch ? inv->arch : "");
	if (inv->os.id)
		buf_printf(b, ", %s%s%s", inv->os.id, inv->os.version ? " " : "", inv->os.version ? inv->os.version : "");
	if (inv->os.libc)
		buf_printf(b, ", %s %s", inv->os.libc, inv->os.libc_version ? inv->os.libc_version : "");
	if ((inv->known & INV_LAYERS) && inv->layers.n)
		buf_printf(b, ", %zu layer%s", inv->layers.n, inv->layers.n == 1 ? "" : "s");
	if (!inv->complete && inv->gaps.n)
		buf_str(b, "; read in part");
}

void text_identity(struct report *r, const struct inventory *inv)
{
	auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
	identity_line(&b, inv);
	say_line(r, PLAIN, NULL, "      Is: %s", buf_text(&b));
}

void packages_line(struct buf *b, const struct inventory *inv, const char *environment)
{
	size_t n = 0;
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		if (!gpu_package(p) || (environment && p->environment && !str_eq(p->environment, environment)))
			continue;
		if (++n > 8)
			continue;
		buf_printf(b, "%s%s%s%s", n > 1 ? ", " : "", p->name, p->version ? " " : "", p->version ? p->version : "");
	}
	if (n > 8)
		buf_printf(b, " and %zu more", n - 8);
	if (!n)
		buf_str(b, "no package with GPU code");
}

/* Which files of an index the requirements stand for; of a long list those that stand for none. */
static void text_chosen(struct report *r, const struct inventory *inv)
{
	enum { FEW = 4, SHOWN = 12 };
	size_t shown = 0;
	for (size_t i = 0; i < inv->chosen.n && shown < SHOWN; i++) {
		const struct chosen *c = &inv->chosen.v[i];
		if (inv->chosen.n > FEW && c->file)
			continue;
		shown++;
		say_line(r, PLAIN, NULL, "      %s: %s%s%s%s", c->requirement, c->file ? c->file : "no file", c->because ? " (" : "",
			 c->because ? c->because : "", c->because ? ")" : "");
	}
	if (inv->chosen.n > FEW)
		say_line(r, PLAIN, NULL, "      Stands for %zu files (inspect --format json names them)", inv->chosen.n - shown);
}

void text_runs(struct report *r, const struct inventory *inv)
{
	text_chosen(r, inv);
	size_t shown = 0;
	for (size_t i = 0; i < inv->environments.n; i++) {
		const struct environment *e = &inv->environments.v[i];
		if (e->role != ENV_PRIMARY)
			continue;
		auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
		packages_line(&b, inv, e->path);
		say_line(r, PLAIN, NULL, "      Runs: %s%s%s%s  %s", e->path, e->because ? " (" : "", e->because ? e->because : "",
			 e->because ? ")" : "", buf_text(&b));
		shown++;
	}
	if (shown)
		return;
	auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
	packages_line(&b, inv, NULL);
	say_line(r, PLAIN, NULL, "      %s: %s", inv->environments.n ? "All environments (none is known to be started)" : "Holds", buf_text(&b));
}

const char *claimed_line(struct arena *a, const struct inventory *inv)
{
	size_t n = inv->claimed_layers;
	return n ? arena_printf(a, "%zu layer%s known by the digest that the manifest states (--verify reads the bytes)", n, n == 1 ? "" : "s") : NULL;
}

const char *tabled_line(struct arena *a, const struct inventory *inv)
{
	size_t n = 0;
	for (size_t i = 0; i < inv->layers.n; i++)
		n += inv->layers.v[i].by_table;
	return n ? arena_printf(a, "%zu layer%s read by %s own table of contents, which is the writer's word (--verify reads the bytes)", n,
				n == 1 ? "" : "s", n == 1 ? "its" : "their") : NULL;
}

void needs_line(struct buf *b, struct arena *a, const struct inventory *inv)
{
	const struct requires *q = &inv->requires;
	if (q->known && q->driver)
		buf_printf(b, "driver >= %s", q->driver);
	if (q->known && q->gpu_known && q->native.n)
		buf_printf(b, "%snative %s", b->n ? "; " : "", targets_line(a, "sm_", q->native.v, q->native.n, 8));
	if (q->known && q->gpu_known && q->jit.n)
		buf_printf(b, "%sby JIT %s", b->n ? "; " : "", targets_line(a, "compute_", q->jit.v, q->jit.n, 8));
}

void text_needs(struct report *r, const struct inventory *inv)
{
	auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
	needs_line(&b, &r->arena, inv);
	if (b.n)
		say_line(r, PLAIN, NULL, "  Needs: %s", buf_text(&b));
	if (b.n && inv->requires.because)
		say_line(r, PLAIN, NULL, "         (%s)", inv->requires.because);
}

static void inspect_package(struct report *r, const struct package *p)
{
	auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
	buf_printf(&b, "%s %s", p->name, p->version ? p->version : "(version not known)");
	if (ver2_known(p->gpu.cuda))
		buf_printf(&b, "  CUDA %s", ver2_print(p->gpu.cuda).s);
	else if (p->gpu.vendor != VENDOR_CUDA)
		buf_printf(&b, "  %s", vendor_name(p->gpu.vendor));
	else
		buf_str(&b, "  CUDA version not known");
	if (p->gpu.cubin.n)
		buf_printf(&b, "  %s", targets_line(&r->arena, "sm_", p->gpu.cubin.v, p->gpu.cubin.n, 16));
	for (size_t i = 0; i < p->gpu.ptx.n; i++)
		buf_printf(&b, "%s%s%s%s", i ? " " : "  PTX ", sm_print("compute_", p->gpu.ptx.v[i].arch).s,
			   ver2_known(p->gpu.ptx.v[i].isa) ? "/ISA " : "",
			   ver2_known(p->gpu.ptx.v[i].isa) ? ver2_print(p->gpu.ptx.v[i].isa).s : "");
	say_line(r, PLAIN, NULL, "    %s", buf_text(&b));
	buf_reset(&b);
	for (size_t i = 0; i < p->gpu.evidence.n && i < 6; i++) {
		const struct evidence *e = &p->gpu.evidence.v[i];
		buf_printf(&b, "%s%s by %s%s%s%s", i ? ", " : "", e->value, evidence_from_name(e->from), e->detail ? " (" : "",
			   e->detail ? e->detail : "", e->detail ? ")" : "");
	}
	if (b.n)
		say_line(r, PLAIN, NULL, "        known: %s", buf_text(&b));
	if (p->path)
		say_line(r, PLAIN, NULL, p->layer >= 0 ? "        at %s, layer %d" : "        at %s", p->path, p->layer);
}

static void inspect_library(struct report *r, const struct library *l)
{
	auto_buf struct buf b = BUF_INIT(LINE_MAX_BYTES);
	buf_printf(&b, "%s %s", l->component ? l->component : path_base(l->path), l->version ? l->version : "");
	for (size_t i = 0; l->fat && i < l->fat->cubin.n; i++)
		buf_printf(&b, "%s%s", i ? " " : "  ", sm_print("sm_", l->fat->cubin.v[i].arch).s);
	for (size_t i = 0; l->fat && i < l->fat->ptx.n; i++)
		buf_printf(&b, "%s%s", i ? " " : "  PTX ", sm_print("compute_", l->fat->ptx.v[i].arch).s);
	if (l->owner)
		buf_printf(&b, "  of %s", l->owner);
	say_line(r, PLAIN, NULL, "    %s  %s", buf_text(&b), l->path);
}

static void inspect_gpu(struct report *r, const struct inventory *inv)
{
	size_t n = 0;
	for (size_t i = 0; i < inv->packages.n; i++)
		if (gpu_package(&inv->packages.v[i])) {
			if (!n++)
				say_line(r, BOLD, "  GPU packages", "%s", "");
			inspect_package(r, &inv->packages.v[i]);
		}
	n = 0;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (!l->component && !l->fat)
			continue;
		if (!n++)
			say_line(r, BOLD, "  CUDA libraries, and libraries with GPU code", "%s", "");
		inspect_library(r, l);
	}
}

static void inspect_system(struct report *r, const struct inventory *inv)
{
	for (size_t i = 0; i < inv->environments.n; i++) {
		const struct environment *e = &inv->environments.v[i];
		if (!i)
			say_line(r, BOLD, "  Python environments", "%s", "");
		say_line(r, PLAIN, NULL, "    %s  %s%s%s%s%s", e->path, env_role_name(e->role), e->python ? ", Python " : "",
			 e->python ? e->python : "", e->because ? ": " : "", e->because ? e->because : "");
	}
	for (size_t i = 0; i < inv->driver_libraries.n; i++) {
		const struct driver_library *d = &inv->driver_libraries.v[i];
		if (!i)
			say_line(r, BOLD, "  Driver libraries in the target", "%s", "");
		say_line(r, PLAIN, NULL, "    %s %s  %s", driver_kind_name(d->kind), d->version ? d->version : "", d->path);
	}
	for (size_t i = 0; i < inv->compat.n; i++) {
		const struct compat *c = &inv->compat.v[i];
		if (!i)
			say_line(r, BOLD, "  Forward-compatibility packages", "%s", "");
		say_line(r, PLAIN, NULL, "    %s  driver %s, CUDA %s%s", c->path ? c->path : "(place not known)", c->version ? c->version : "?",
			 ver2_known(c->cuda) ? ver2_print(c->cuda).s : "?",
			 c->active == TRI_YES ? ", taken by the loader" : c->active == TRI_NO ? ", not taken by the loader" : "");
	}
	for (size_t i = 0; i < inv->toolkits.n; i++) {
		const struct toolkit *t = &inv->toolkits.v[i];
		if (!i)
			say_line(r, BOLD, "  CUDA toolkits", "%s", "");
		say_line(r, PLAIN, NULL, "    %s  %s%s", t->version ? t->version : "?", t->path, t->nvcc == TRI_YES ? ", with nvcc" : "");
	}
	for (size_t i = 0; i < inv->compilers.n; i++) {
		const struct compiler *c = &inv->compilers.v[i];
		if (!i)
			say_line(r, BOLD, "  Compilers", "%s", "");
		say_line(r, PLAIN, NULL, "    %s %s  %s", c->tool, c->version ? c->version : "", c->path);
	}
}

void text_inspect(struct report *r, const struct inventory *inv)
{
	say_line(r, BOLD, "", "%s", report_target_name(inv));
	text_identity(r, inv);
	text_runs(r, inv);
	if (r->job->tree) {
		text_tree(r, inv);
		return;
	}
	inspect_gpu(r, inv);
	inspect_system(r, inv);
	text_needs(r, inv);
	const char *claimed = claimed_line(&r->arena, inv), *tabled = tabled_line(&r->arena, inv);
	if (claimed)
		say_line(r, PLAIN, NULL, "  %s", claimed);
	if (tabled)
		say_line(r, PLAIN, NULL, "  %s", tabled);
	for (size_t i = 0; i < inv->gaps.n && (i < 10 || r->job->files); i++) {
		const struct gap *g = &inv->gaps.v[i];
		if (!i)
			say_line(r, BOLD, "  Could not be read", "%s", "");
		say_line(r, PLAIN, NULL, "    %s%s%s", g->path ? g->path : "", g->path ? ": " : "", g->reason);
	}
	if (inv->gaps.n > 10 && !r->job->files)
		say_line(r, PLAIN, NULL, "    and %zu more (all are in --format json)", inv->gaps.n - 10 + inv->gaps_lost);
}
