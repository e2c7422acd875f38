/*
 * Linked into the static binary alone, before libc.a. glibc's own dlopen,
 * iconv and name services open shared objects of the running system: of
 * another glibc (which crashes), of a musl, or of the image that is judged
 * (whose code must not run). Here they are closed: each fails as its manual
 * says, so libcrypto and libarchive go on without.
 *
 * dlopen(3), iconv_open(3), getpwnam_r(3), getaddrinfo(3), getnameinfo(3), gethostbyname(3)
 */
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <netdb.h>
#include <pwd.h>
#include <stddef.h>

void *dlopen(const char *file, int mode)
{
	(void)file, (void)mode;
	return NULL;
}

/* the name by which libc.a itself (rtld_static_init) asks for it */
void *__dlopen(const char *file, int mode) __attribute__((alias("dlopen"), nothrow));

void *dlsym(void *restrict handle, const char *restrict name)
{
	(void)handle, (void)name;
	return NULL;
}

int dlclose(void *handle)
{
	(void)handle;
	return -1;
}

int dladdr(const void *at, Dl_info *info)
{
	(void)at, (void)info;
	return 0;
}

char *dlerror(void)
{
	static char text[] = "this binary is static and loads nothing";
	return text;
}

iconv_t iconv_open(const char *to, const char *from)
{
	(void)to, (void)from;
	errno = EINVAL;
	return (iconv_t)-1;
}

size_t iconv(iconv_t cd, char **restrict in, size_t *restrict in_n, char **restrict out, size_t *restrict out_n)
{
	(void)cd, (void)in, (void)in_n, (void)out, (void)out_n;
	errno = EBADF;
	return (size_t)-1;
}

int iconv_close(iconv_t cd)
{
	(void)cd;
	return 0;
}

int getpwnam_r(const char *restrict name, struct passwd *restrict p, char *restrict buf, size_t n, struct passwd **restrict found)
{
	(void)name, (void)p, (void)buf, (void)n;
	*found = NULL;
	return 0;
}

int getpwuid_r(uid_t id, struct passwd *restrict p, char *restrict buf, size_t n, struct passwd **restrict found)
{
	(void)id, (void)p, (void)buf, (void)n;
	*found = NULL;
	return 0;
}

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
	(void)node, (void)service, (void)hints;
	*found = NULL;
	return EAI_FAIL;
}

int getnameinfo(const struct sockaddr *restrict at, socklen_t at_n, char *restrict host, socklen_t host_n, char *restrict service, socklen_t service_n, int flags)
{
	(void)at, (void)at_n, (void)host, (void)host_n, (void)service, (void)service_n, (void)flags;
	return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

const char *gai_strerror(int code)
{
	(void)code;
	return "this binary is static and asks no name service";
}

struct hostent *gethostbyname(const char *name)
{
	(void)name;
	return NULL;
}
