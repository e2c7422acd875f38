# What users get: the static binary, the wheel, the source archive, what is installed.
.PHONY: static fetch-isal check-static wheel dist release check-builds lint-ci install uninstall
VERSION := $(shell sed -n 's/^\#define ENVCHECK_VERSION "\(.*\)"/\1/p' src/cmd/outputs.h)

static:
	$(MAKE) MODE=static all
	@ls -l build/static/envcheck

fetch-isal: # the only target that fetches sources: ISA-L's, from Debian, checked by apt's keys; needs nasm
	tools/fetch-isal build/isal
	rm -rf build/static

check-static: static # the cases and scripts of `make check` with the static binary
	MODE=static tests/run.sh build/static

wheel: static
	python3 tools/wheel.py build/static/envcheck $(VERSION) build/dist share/man/man1/envcheck.1=man/envcheck.1

release: wheel dist # all that a release offers, with its hashes: what ci/github/install.sh fetches
	install -m 755 build/static/envcheck build/dist/envcheck-$(VERSION)-linux-$(shell uname -m)
	cd build/dist && sha256sum *-$(VERSION)-* *-$(VERSION).tar.gz >SHA256SUMS

dist:
	tools/dist build/dist/envcheck-$(VERSION).tar.gz

check-builds: static # as root, with docker.io, buildah and busybox-static: builds that stop at the gate
	sh tests/real/builds.sh build/static/envcheck

lint-ci: # needs Go, fetches actionlint
	sh tests/ci_lint.sh

install: $O/envcheck
	install -D -m 755 $O/envcheck $(DESTDIR)$(PREFIX)/bin/envcheck
	install -D -m 644 man/envcheck.1 $(DESTDIR)$(PREFIX)/share/man/man1/envcheck.1
