#include "source/http_curl.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The OpenSSL build first; Debian's other builds have the same interface. */
static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };

const struct curl_calls *http_curl(struct err *err)
{
	static const struct { const char *symbol; size_t at; } table[] = {
#define F(name) { "curl_" #name, offsetof(struct curl_calls, name) },
		HTTP_CURL(F)
#undef F
	};
	static struct curl_calls calls;
	static void *library;
	if (library)
		return &calls;
	void *l = NULL;
	for (size_t i = 0; !l && i < sizeof(names) / sizeof(*names); i++)
		l = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!l) {
#ifdef ENVCHECK_STATIC
		err_set(err, ERR_UNSUPPORTED, "this static build reads no remote targets: pipe the image in (docker save NAME | envcheck -), or use the build with libcurl");
#else
		err_set(err, ERR_UNSUPPORTED, "remote targets need libcurl, which is not installed (Debian: libcurl4)");
#endif
		return NULL;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		void *f = dlsym(l, table[i].symbol);
		if (!f) {
			err_set(err, ERR_UNSUPPORTED, "libcurl is too old: it has no %s", table[i].symbol);
			dlclose(l);
			return NULL;
		}
		memcpy((char *)&calls + table[i].at, &f, sizeof(f));
	}
	if (calls.global_init(CURL_GLOBAL_DEFAULT)) {
		err_set(err, ERR_IO, "libcurl cannot start");
		dlclose(l);
		return NULL;
	}
	library = l;
	return &calls;
}
