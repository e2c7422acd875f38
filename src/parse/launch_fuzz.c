#include <stdint.h>

#include "parse/launch.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n }, out;
	struct pyvenv venv = { 0 };
	struct words words = { 0 };
	struct script script = { 0 };
	bool by_env;
	(void)pyvenv_parse(text, &a, &venv);
	struct cur c = cur_of(text);
	while (pth_next(&c, &out))
		;
	(void)shebang_parse(text, &out, &by_env);
	(void)words_split(text, &a, &words);
	(void)script_parse(text, &a, &script);
	arena_clear(&a);
	return 0;
}
