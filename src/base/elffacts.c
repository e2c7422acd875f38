#include "base/elffacts.h"

#include "base/str.h"

uint32_t elf_gnu_hash(const char *name)
{
	uint32_t h = 5381;
	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

bool elf_defines(const struct elf_facts *f, const char *name, const char *version)
{
	uint32_t hash = elf_gnu_hash(name), lo = 0, hi = f->defined_n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (f->defined[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->defined_n && f->defined[lo].hash == hash; lo++) {
		uint16_t v = f->defined[lo].version;
		/* a definition without a version serves every need, as in ld.so's do_lookup_x */
		if (!version || !v || (v <= f->verdefs.n && str_eq(f->verdefs.v[v - 1], version)))
			return true;
	}
	return false;
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
