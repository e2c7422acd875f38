#include "source/weblogin.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/str.h"
#include "source/credentials.h"

struct weblogin {
	struct arena arena;
	struct http *http;
	struct http_auth auth;
	const char *url;
	pthread_mutex_t lock; /* of what follows */
	char *basic;          /* "user:password"; NULL: none yet */
	bool looked;
};

static char *header(void *self)
{
	struct weblogin *w = self;
	pthread_mutex_lock(&w->lock);
	char *value = w->basic ? credentials_header(w->basic) : NULL;
	pthread_mutex_unlock(&w->lock);
	return value;
}

/* Looks once; what was refused is not sent again. */
static int refused(void *self, const char *challenge, const char *sent, struct err *err)
{
	struct weblogin *w = self;
	struct credentials found = { 0 };
	int rc = 0;
	(void)challenge;
	pthread_mutex_lock(&w->lock);
	if (!w->looked && !sent) {
		char *host = http_host(w->http, &w->arena, w->url, err);
		w->looked = true;
		rc = host ? credentials_find(host, NULL, &w->arena, &found, err) : -1;
		w->basic = rc == 0 ? found.basic : NULL;
	}
	if (rc == 0)
		rc = !sent && w->basic;
	pthread_mutex_unlock(&w->lock);
	return rc;
}

struct weblogin *weblogin_new(struct http *http, const char *url, struct err *err)
{
	struct weblogin *w = mem_alloc(sizeof(*w));
	if (!w) {
		err_nomem(err);
		return NULL;
	}
	*w = (struct weblogin){ .http = http, .auth = { w, header, refused } };
	pthread_mutex_init(&w->lock, NULL);
	char *clean = http_resolve(http, &w->arena, NULL, url, err);
	w->url = clean ? http_split_user(http, &w->arena, clean, &w->basic, err) : NULL;
	if (w->url)
		return w;
	weblogin_free(w);
	return NULL;
}

void weblogin_free(struct weblogin *w)
{
	if (!w)
		return;
	if (w->basic)
		explicit_bzero(w->basic, strlen(w->basic));
	pthread_mutex_destroy(&w->lock);
	arena_clear(&w->arena);
	mem_free(w);
}

const char *weblogin_url(const struct weblogin *w) { return w->url; }
const struct http_auth *weblogin_auth(const struct weblogin *w) { return &w->auth; }
