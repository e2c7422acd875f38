#include "parse/ldcache.h"

#include <elf.h>

#include "base/limits.h"

/* Magics and sizes of dl-cache.h. */
static const char OLD_MAGIC[] = "ld.so-1.7.0";
static const char NEW_MAGIC[] = "glibc-ld.so.cache1.1";
enum {
	OLD_HEADER = 16, OLD_ENTRY = 12,
	NEW_HEADER = 48, NEW_ENTRY = 24,
	NEW_ALIGN = 8, /* ALIGN_CACHE: of struct cache_file_new behind an old table */
	ENDIAN_LITTLE = 2, ENDIAN_BIG = 3,
	EXTENSION_SECTION = 16, EXTENSION_GLIBC_HWCAPS = 1,
};
static const uint32_t EXTENSION_MAGIC = 0xeaa42174u; /* cache_extension_magic */
static const uint64_t HWCAP_EXTENSION = 1ull << 62;  /* DL_CACHE_HWCAP_EXTENSION: the low word is an index of names */

/* A string of the table; none where it is longer than any path: entries may share one, and each is copied. */
static struct span string(const struct ldcache *c, uint32_t at)
{
	struct cur s = c->strings;
	s.in = span_sub(s.in, 0, (size_t)at + LIMIT_PATH);
	return cur_cstr(&s, at);
}

/* The table of glibc-hwcaps names; left bad where the extension area is absent or broken. */
static void find_hwcaps(struct ldcache *c, struct span file, uint32_t extension, bool be)
{
	struct cur all = cur_of(file);
	all.be = be;
	c->hwcaps.bad = true;
	cur_seek(&all, extension);
	if (!extension || cur_u32(&all) != EXTENSION_MAGIC)
		return;
	uint32_t n = cur_u32(&all);
	if (!cur_has(&all, n, EXTENSION_SECTION))
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t tag = cur_u32(&all);
		cur_skip(&all, 4); /* flags */
		uint32_t at = cur_u32(&all), size = cur_u32(&all);
		if (tag == EXTENSION_GLIBC_HWCAPS)
			c->hwcaps = cur_window(&all, at, size);
	}
}

static int open_new(struct span file, struct ldcache *c, struct err *err)
{
	struct cur all = cur_of(file);
	cur_skip(&all, sizeof(NEW_MAGIC) - 1);
	/* a header of before 2.33 has no word on its byte order: then it is that of nearly all machines */
	struct cur flags = cur_window(&all, 28, 1);
	all.be = cur_u8(&flags) == ENDIAN_BIG;
	uint32_t n = cur_u32(&all);
	cur_skip(&all, 8); /* size of the strings; flags and padding */
	uint32_t extension = cur_u32(&all);
	cur_seek(&all, NEW_HEADER);
	if (all.bad || !cur_has(&all, n, NEW_ENTRY))
		return err_set(err, ERR_FORMAT, "ld.so.cache is cut off: %u entries are announced in %zu bytes", n, file.n);
	c->entries = all;
	c->strings = cur_of(file);
	c->left = n;
	c->old = false;
	find_hwcaps(c, file, extension, all.be);
	return 0;
}

int ldcache_open(struct span file, struct ldcache *c, struct err *err)
{
	*c = (struct ldcache){ 0 };
	if (span_starts(file, NEW_MAGIC))
		return open_new(file, c, err);
	if (!span_starts(file, OLD_MAGIC))
		return err_set(err, ERR_FORMAT, "ld.so.cache begins with neither \"%s\" nor \"%s\"", NEW_MAGIC, OLD_MAGIC);
	struct cur all = cur_of(file);
	cur_seek(&all, OLD_HEADER - 4);
	uint32_t n = cur_u32(&all);
	if (all.bad || !cur_has(&all, n, OLD_ENTRY))
		return err_set(err, ERR_FORMAT, "ld.so.cache is cut off: %u entries are announced in %zu bytes", n, file.n);
	size_t behind = OLD_HEADER + (size_t)n * OLD_ENTRY;
	behind += (NEW_ALIGN - behind % NEW_ALIGN) % NEW_ALIGN;
	struct span rest = span_from(file, behind);
	if (span_starts(rest, NEW_MAGIC))
		return open_new(rest, c, err);
	c->entries = all;
	c->strings = cur_of(span_from(file, OLD_HEADER + (size_t)n * OLD_ENTRY));
	c->left = n;
	c->old = true;
	c->hwcaps.bad = true;
	return 0;
}

bool ldcache_next(struct ldcache *c, struct ldcache_entry *e)
{
	while (c->left) {
		c->left--;
		*e = (struct ldcache_entry){ .flags = cur_u32(&c->entries) };
		uint32_t key = cur_u32(&c->entries), value = cur_u32(&c->entries);
		uint64_t hwcap = 0;
		if (!c->old) {
			cur_skip(&c->entries, 4); /* osversion: unused since 2.37 */
			hwcap = cur_u64(&c->entries);
		}
		e->soname = string(c, key);
		e->path = string(c, value);
		if (hwcap & HWCAP_EXTENSION) {
			struct cur names = c->hwcaps;
			cur_skip(&names, 4 * (hwcap & UINT32_MAX));
			uint32_t at = cur_u32(&names);
			e->hwcap = names.bad ? (struct span){ 0 } : string(c, at);
			if (!e->hwcap.p)
				continue;
		} else {
			e->legacy_hwcap = hwcap != 0;
		}
		if (e->soname.n && e->path.n)
			return true;
	}
	return false;
}

bool ldcache_fits(uint32_t flags, uint16_t machine, bool wide)
{
	enum { LIBC6 = 3 };
	/* FLAG_* of each port: dl-cache.h under sysdeps/unix/sysv/linux */
	static const struct { uint16_t machine; bool wide; uint32_t abi; } ports[] = {
		{ EM_X86_64, true, 0x0300 }, { EM_X86_64, false, 0x0800 }, { EM_386, false, 0 }, { EM_AARCH64, true, 0x0a00 },
		{ EM_ARM, false, 0x0900 }, { EM_ARM, false, 0x0b00 }, { EM_ARM, false, 0 }, { EM_PPC64, true, 0x0500 },
		{ EM_S390, true, 0x0400 }, { EM_RISCV, true, 0x1000 }, { EM_LOONGARCH, true, 0x1200 },
	};
	bool known = false;
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		if (ports[i].machine != machine || ports[i].wide != wide)
			continue;
		known = true;
		if ((flags & 0xff) == LIBC6 && (flags & 0xff00) == ports[i].abi)
			return true;
	}
	return !known && (flags & 0xff) == LIBC6;
}
