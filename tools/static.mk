# make static: one file that runs in any image, an empty one included. glibc's static libraries, with what would open
# shared objects at run time closed (tools/closed.c). Debian has no static ISA-L: zlib stands in until `make fetch-isal`.
ISAL    := $(wildcard build/isal/libisal.a)
INFLATE := $(if $(ISAL),isal,zlib)
PKGS    := libarchive jansson expat libzstd zlib libcrypto
LDFLAGS += -static -s -Wl,--gc-sections
PKGS_LIBS := $(ISAL) -larchive -ljansson -lexpat -lzstd -lcrypto -lz -llzma -lbz2 -llz4
ifneq ($(ISAL),)
static  += -Ibuild/isal
endif

$O/envcheck: $O/tools/closed.o $(ISAL)
