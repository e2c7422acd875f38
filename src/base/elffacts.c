#include "base/elffacts.h"

#include "base/str.h"

uint32_t elf_gnu_hash(const char *name)
{
	uint32_t h = 5381;
	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/* The first definition whose hash is not below. Hashes are spread evenly: its place is nearly known, and is looked for around there. */
static uint32_t first_not_below(const struct elf_facts *f, uint32_t hash)
{
	uint32_t n = f->defined_n, lo = (uint32_t)((uint64_t)hash * n >> 32), hi, step = 16;
	if (lo < n && f->defined[lo].hash >= hash) {
		hi = lo;
		while (hi > step && f->defined[hi - step].hash >= hash) {
			hi -= step;
			step *= 2;
		}
		lo = hi > step ? hi - step : 0;
	} else {
		while (step < n - lo && f->defined[lo + step].hash < hash) {
			lo += step;
			step *= 2;
		}
		hi = step < n - lo ? lo + step : n;
	}
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (f->defined[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* One bit a symbol, of 16: the word by the low bits, past the lowest, which is always set; the bit by the high ones. */
bool elf_filter(struct elf_facts *f, struct arena *a)
{
	uint32_t words = 1;
	while (words < f->defined_n / 4)
		words *= 2;
	uint64_t *filter = arena_alloc(a, words * sizeof(*filter));
	if (!filter)
		return false;
	for (uint32_t i = 0; i < f->defined_n; i++)
		filter[f->defined[i].hash >> 1 & (words - 1)] |= 1ull << (f->defined[i].hash >> 26);
	f->filter = filter;
	f->filter_mask = words - 1;
	return true;
}

bool elf_defines_hash(const struct elf_facts *f, uint32_t hash, const char *version)
{
	hash |= 1;
	if (f->filter && !(f->filter[hash >> 1 & f->filter_mask] >> (hash >> 26) & 1))
		return false;
	uint32_t lo = first_not_below(f, hash);
	for (; lo < f->defined_n && f->defined[lo].hash == hash; lo++) {
		uint16_t v = f->defined[lo].version;
		/* a definition without a version serves every need, as in ld.so's do_lookup_x */
		if (!version || !v || (v <= f->verdefs.n && str_eq(f->verdefs.v[v - 1], version)))
			return true;
	}
	return false;
}

bool elf_defines(const struct elf_facts *f, const char *name, const char *version)
{
	return elf_defines_hash(f, elf_gnu_hash(name), version);
}

const char *elf_machine_name(uint16_t machine)
{
	/* e_machine: System V ABI, "Machine information" */
	switch (machine) {
	case 3: return "i386";
	case 8: return "mips";
	case 20: return "ppc";
	case 21: return "ppc64";
	case 22: return "s390x";
	case 40: return "arm";
	case 62: return "x86_64";
	case 183: return "aarch64";
	case 190: return "cuda";
	case 243: return "riscv";
	case 258: return "loongarch";
	}
	return NULL;
}
