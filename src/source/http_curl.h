/*
 * source/http_curl.h: libcurl, loaded when a remote target is first asked for. Inside http*.c alone.
 * Its thirty libraries cost 7 ms to load, which local targets must not pay.
 * The static build opens no libraries, so it has no remote targets.
 */
#ifndef SOURCE_HTTP_CURL_H
#define SOURCE_HTTP_CURL_H

#include <curl/curl.h>

#include "base/err.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define HTTP_CURL(F) \
	F(global_init) F(slist_append) F(slist_free_all) F(getdate) F(url) F(url_cleanup) F(url_set) F(url_get) F(free) \
	F(easy_init) F(easy_cleanup) F(easy_reset) F(easy_setopt) F(easy_pause) F(easy_strerror) \
	F(multi_init) F(multi_cleanup) F(multi_setopt) F(multi_add_handle) F(multi_remove_handle) F(multi_perform) F(multi_poll) \
	F(multi_info_read)

struct curl_calls {
#define F(name) __typeof__(curl_##name) *name;
	HTTP_CURL(F)
#undef F
};

/* The functions; NULL where there is no libcurl, err says so. Stays loaded. Not from several threads at once. */
const struct curl_calls *http_curl(struct err *err);

#endif
