/* base/limits.h: every ceiling, with unit and reason. The manual's LIMITS section repeats them. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_WANT         (1u << 20)   /* bytes a parser may ask for at once: bounds a worker's buffer */
#define LIMIT_TEXT         (4u << 20)   /* bytes of one captured text (METADATA, RECORD, conf); larger is a gap */
#define LIMIT_RECORD_TEXT  (32u << 20)  /* bytes of one RECORD: torch's has 1.5 MB, vendored trees more */
#define LIMIT_JSON         (256u << 20) /* bytes of one JSON input: a saved inventory with its file list */
#define LIMIT_JSON_SMALL   (16u << 20)  /* bytes of a manifest, config or index */
#define LIMIT_PATH         4096u        /* bytes of one path: PATH_MAX of Linux */
#define LIMIT_PAX          (1u << 20)   /* bytes of one pax or GNU long-name record */
#define LIMIT_SPARSE       (1u << 18)   /* pieces of one sparse file: 6 MB of map */
#define LIMIT_MEMBERS      (1u << 20)   /* members of an image archive: 1,024 layers have 4 each */
#define LIMIT_ZIP_DIR      (1u << 30)   /* bytes of a zip's directory: torch's wheel has 1 MB */
#define LIMIT_LAYERS       1024u        /* layers of one image: overlayfs stops far earlier */
#define LIMIT_MANIFESTS    1024u        /* manifests and nested indexes of one store */
#define LIMIT_ENTRIES      (32u << 20)  /* entries of one layer */
#define LIMIT_DEPTH        200u         /* folders inside folders: each holds a file descriptor while it is read */
#define LIMIT_LINKS        40u          /* symlinks followed for one path: MAXSYMLINKS of Linux */
#define LIMIT_SECTIONS     65536u       /* ELF section headers */
#define LIMIT_SEGMENTS     4096u        /* ELF program headers */
#define LIMIT_DYNAMIC      65536u       /* ELF dynamic entries */
#define LIMIT_SYMBOLS      (4u << 20)   /* ELF dynamic symbols of one file */
#define LIMIT_FAT_ENTRIES  2000000u     /* fatbin entries of one file: libcufft has 24,000 */
#define LIMIT_SCAN_BYTES   (8ull << 30) /* bytes searched for fatbin magic outside the named sections of one file */
#define LIMIT_EXPANSION    1100u        /* times a deflate stream may grow: its format allows 1,032 */
#define LIMIT_EXPANSION_FREE (4ull << 30) /* bytes out of any stream before its growth is held to LIMIT_EXPANSION */
#define LIMIT_CODECS       4u           /* compressions on top of each other: a gzip layer in an xz archive has 2 */
#define LIMIT_ZSTD_WINDOW  27           /* log2 of the largest zstd window: 128 MB, what zstd -d takes by default */
#define LIMIT_HOSTS        100000u      /* host profiles of one run */
#define LIMIT_GPU_KINDS    256u         /* kinds of GPU in one machine */
#define LIMIT_GPU_COUNT    1000000u     /* GPUs of one kind in one machine */
#define LIMIT_GPU_NAME     256u         /* bytes of a GPU's name: NVML's own ceiling is 96 */
#define LIMIT_XML_DEPTH    32u          /* elements inside elements: nvidia-smi nests 6 */
#define LIMIT_SEARCH       (64u << 20)  /* bytes of constants or code looked through for the version of one library: libnvrtc has 20 MB */
#define LIMIT_LOADS        (4u << 20)   /* folders and names that the loader is followed through in one target: torch's stack needs 100,000 */
#define LIMIT_DOCKER       4096u        /* instructions, or stages, of one Dockerfile */
#define LIMIT_LOOKUPS      (1u << 29)   /* names times libraries that may define them, in one target: torch's stack needs 20 million */
#define LIMIT_FACTS        (512u << 20) /* bytes of texts and facts kept of one layer: of torch's stack 20 MB; further files are gaps */
#define LIMIT_GAPS         10000u       /* gaps kept of one target; further ones are counted */
#define LIMIT_CACHE_ENTRY  (256u << 20) /* bytes of one record in the cache: 30,000 files have 2 MB */
#define LIMIT_CACHE        (1ull << 30) /* bytes of the cache if --cache-limit does not say */
#define LIMIT_INDEX        (64u << 20)  /* bytes of one page of a package index: nightly builds have 10 MB */
#define LIMIT_INDEX_FILES  (1u << 20)   /* files of one page */
#define LIMIT_LOCK         (32u << 20)  /* bytes of a lock or requirements file: large ones have 2 MB */
#define LIMIT_LOCK_EXTRAS  4096u        /* extras that a lock file takes */
#define LIMIT_TOML_VALUES  (2u << 20)   /* values of one TOML file: 100 bytes of memory each */
#define LIMIT_TOML_DEPTH   128u         /* arrays and tables inside each other; parts of a key */
#define LIMIT_REMOTE_KEPT  (64u << 20)  /* bytes of the end of a remote zip that are kept: its directory */
#define LIMIT_TOC          (128u << 20) /* bytes of a layer's table of contents, decoded: 100,000 files have 40 MB */
#define LIMIT_TOC_PIECE    (16u << 20)  /* bytes of one piece of a file in such a layer that is kept in memory: eStargz's have 4 MB */

#endif
