/* Fuzz target: a record out of any bytes, written and read once more. */
#include <stdlib.h>

#include "base/elffacts.h"
#include "scan/recordio.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct record r, again;
	if (!record_read((struct span){ p, n }, &r))
		return 0;
	size_t at = 0;
	for (uint32_t i = fs_first(r.fs, 0); i != FS_NONE; i = fs_next_sibling(r.fs, i))
		at += fs_name(r.fs, i).n;
	for (size_t i = 0; i < r.items.n; i++)
		at += r.items.v[i].elf ? elf_defines(r.items.v[i].elf, "cudaFree", "V1") : r.items.v[i].text.n;
	for (size_t i = 0; i < r.gaps.n; i++)
		at += r.gaps.v[i].reason[0] + r.gaps.v[i].path.n;
	struct buf b = BUF_INIT(64u << 20);
	record_write(&r, &b);
	size_t len = 0;
	char *copy = buf_take(&b, &len);
	if (copy && at != SIZE_MAX) {
		if (!record_read((struct span){ (unsigned char *)copy, len }, &again))
			abort();
		record_clear(&again);
	}
	mem_free(copy);
	record_clear(&r);
	return 0;
}
