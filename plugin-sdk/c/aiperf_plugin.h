/*
 * aiperf plugins in C and C++: collectors that are read at intervals, and parsers.
 *
 * A plugin library exports one function, aiperf_plugin_v1(). `cc -shared -fPIC` makes it; users name it
 * in a configuration file as any other, best with a process of its own, as nothing else contains a crash:
 *
 *     [plugins.acme]
 *     path = "libacme.so"
 *     isolation = "process"
 *
 * Rules, all of them:
 *
 * - Every struct that may grow begins with its size. Set it with sizeof: one without is refused. Fields are
 *   only ever added at the end: an older library loads into a newer aiperf and the other way round. What your
 *   structs lack counts as 0. Before you use a field of a struct that you are given, if the field is newer than
 *   the first version of this header, ask AIPERF_HAS whether it is there.
 * - Nothing is owned across the border. What you are given is valid until the call returns, unless it says
 *   otherwise; what you give has to be.
 * - Functions return 0 if all went well. If not, fill in the error that you were given.
 * - Texts are UTF-8. Those of type `const char *` end with a NUL; those of type aiperf_text have a size, and
 *   may lie anywhere, also in the page that is being parsed: names and labels there are not copied. No text is
 *   longer than 1 MiB, no page larger than 1 GiB.
 * - `open` and `validate` may be called from any thread, and at the same time for several instances, of which
 *   there may be many in one process: keep nothing in static variables. Calls of one instance come one after
 *   the other, though not always from the same thread.
 * - The host's functions may be called from any thread. Those of a sink may be called from the thread of the
 *   call that it came with, until that returns: from others, or later, they do nothing.
 * - No exceptions across the border, no longjmp. Leave alone what belongs to the whole process: signal
 *   handlers, environment, locale, folder, standard output.
 */
#ifndef AIPERF_PLUGIN_H
#define AIPERF_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Counts the changes of this header that are no addition. A library of another one is not loaded. */
#define AIPERF_REVISION 1

/* Text of a size; {NULL, 0} is the empty one. This struct never changes. */
typedef struct aiperf_text {
    const char *data;
    size_t size;
} aiperf_text;

/* Whether the struct behind a pointer has a field: AIPERF_HAS(sink, aiperf_sink, payload). For fields that
 * are newer than the first version of this header; there are none yet. */
#define AIPERF_HAS(pointer, type, field)                                                             \
    ((pointer)->size >= offsetof(type, field) + sizeof((pointer)->field))

/* ---- Errors -------------------------------------------------------------------------------------- */

enum {
    AIPERF_ERROR_OTHER = 0,
    AIPERF_ERROR_CONFIG = 1,      /* an option is wrong; `path` names it */
    AIPERF_ERROR_IO = 2,          /* a file or device */
    AIPERF_ERROR_NETWORK = 3,     /* a peer */
    AIPERF_ERROR_TIMEOUT = 4,     /* nothing came in time */
    AIPERF_ERROR_FORMAT = 5,      /* the data is something else */
    AIPERF_ERROR_UNSUPPORTED = 6, /* the machine lacks something */
    AIPERF_ERROR_LIMIT = 7        /* too large, too many */
};

/* Zeroed but for its size when you get it. Texts are cut off, never too long for who reads them. */
typedef struct aiperf_error {
    size_t size;
    int32_t kind;
    int32_t retriable;  /* not 0: the same call may succeed later */
    char message[1024]; /* one line: what, where; lower case, no full stop */
    char remedy[512];   /* what the user can do; may be empty */
    char source[256];   /* the one source that failed, if there are several */
    char path[256];     /* of the option that is wrong, such as `devices[1]` */
} aiperf_error;

/* ---- What the host lends ------------------------------------------------------------------------- */

enum { AIPERF_LOG_ERROR = 1, AIPERF_LOG_WARN = 2, AIPERF_LOG_INFO = 3, AIPERF_LOG_DEBUG = 4 };
enum { AIPERF_WAKE_ELAPSED = 0, AIPERF_WAKE_STOP = 1 };

/* Works from `open` until `close` returns, or until `open` does if it fails. After that its functions do
 * nothing: `now` is 0, `wait` says that the run ends. In `validate` there is no run: the same, but for the
 * options; the context is empty. What it lends stays. */
typedef struct aiperf_host {
    size_t size;
    void *self;
    /* A line of the run's log, under the instance's name. Warnings are on the screen as well. */
    void (*log)(const struct aiperf_host *host, int32_t level, const char *message);
    /* Monotonic nanoseconds; those of the wall clock, since 1970, into `wall_ns` unless it is NULL. */
    int64_t (*now)(const struct aiperf_host *host, int64_t *wall_ns);
    /* Waits for at most `ns`; AIPERF_WAKE_STOP if the run ends. */
    int32_t (*wait)(const struct aiperf_host *host, uint64_t ns);
    /* Nanoseconds until the deadline of the call that the instance is in; UINT64_MAX for none. */
    uint64_t (*time_left)(const struct aiperf_host *host);
    /* Options, by path: "device", "auth.token", "devices.0". 0 if it is not
     * there, or of another type; then the value is left alone, so set it to the default before. */
    int32_t (*option_text)(const struct aiperf_host *host, const char *path, aiperf_text *value);
    int32_t (*option_number)(const struct aiperf_host *host, const char *path, double *value);
    int32_t (*option_flag)(const struct aiperf_host *host, const char *path, int32_t *value);
    /* All options, and what the instance is told about itself (name, interval_ns, timeout_ns, labels), as
     * JSON. */
    aiperf_text (*options)(const struct aiperf_host *host);
    aiperf_text (*context)(const struct aiperf_host *host);
} aiperf_host;

/* ---- Readings ------------------------------------------------------------------------------------ */

enum {
    AIPERF_UNKNOWN = 0,
    AIPERF_GAUGE = 1,   /* goes up and down */
    AIPERF_COUNTER = 2, /* a running total */
    AIPERF_HISTOGRAM = 3,
    AIPERF_GAUGE_HISTOGRAM = 4,
    AIPERF_SUMMARY = 5,
    AIPERF_INFO = 6,
    AIPERF_STATESET = 7
};

/* For a sample without a time of its own. */
#define AIPERF_NO_TIME INT64_MIN

/* This struct never changes. */
typedef struct aiperf_label {
    aiperf_text name;
    aiperf_text value;
} aiperf_label;

typedef struct aiperf_sample {
    size_t size;
    aiperf_text name;   /* as it is written, with suffixes such as _bucket; not empty */
    aiperf_text family; /* empty: the name */
    int32_t kind;       /* of the family, if it was not described before */
    double value;
    int64_t time_ns; /* wall clock, or AIPERF_NO_TIME */
    const aiperf_label *labels;
    size_t n_labels;
} aiperf_sample;

/* Bytes from a source, for a parser. */
typedef struct aiperf_page {
    size_t size;
    aiperf_text source_id;
    aiperf_text content_type;
    aiperf_text body; /* not necessarily UTF-8 */
    int64_t sent_ns;  /* monotonic: when it was asked for, and complete */
    int64_t complete_ns;
} aiperf_page;

/* Where readings go. A sample that makes no sense is left out, which the report says. */
typedef struct aiperf_sink {
    size_t size;
    void *self;
    /* Says what a family is; before its samples. Help and unit may be NULL. */
    void (*describe)(const struct aiperf_sink *sink, const char *family, int32_t kind,
                     const char *help, const char *unit);
    /* Adds a sample to the reading. */
    void (*sample)(const struct aiperf_sink *sink, const aiperf_sample *sample);
    /* Collectors: what was added is a reading of `source_id`, and the next one begins. What is left when
     * `collect` returns 0 is one of the instance itself. Not 0 if it was not taken. */
    int32_t (*push)(const struct aiperf_sink *sink, const char *source_id);
    /* Records that one source could not be read; the others go on. */
    void (*error)(const struct aiperf_sink *sink, const aiperf_error *error);
    /* Parsers: a line (from 1; 0 for the page) that was skipped, and why. */
    void (*diagnostic)(const struct aiperf_sink *sink, uint32_t line, const char *reason);
    /* Collectors: hands a page to the parser that the user, or its content type, chose. Times of 0 are
     * now, and so are times to come. Not 0 if it was not taken. */
    int32_t (*payload)(const struct aiperf_sink *sink, const aiperf_page *page);
} aiperf_sink;

/* ---- Plugins ------------------------------------------------------------------------------------- */

enum { AIPERF_COLLECTOR = 1, AIPERF_PARSER = 2 };
enum {
    AIPERF_EXPERIMENTAL = 0, /* options and output may change in any release */
    AIPERF_STABLE = 1,       /* they change with a new major version only */
    AIPERF_DEPRECATED = 2    /* it will go */
};

typedef struct aiperf_plugin {
    size_t size;
    int32_t kind;
    int32_t stability;
    const char *id;      /* unique within its kind; lower case, such as `acme_power` */
    const char *summary; /* one sentence */
    const char *version;
    /* JSON schema of the options; users' mistakes are found with it before anything is opened. NULL: there
     * are no options. */
    const char *schema;
    /* TOML of the options at their defaults, or NULL. */
    const char *sample;
    /* Parsers: MIME types, such as "text/x-acme", with NULL at the end; or NULL. */
    const char *const *content_types;

    /* Finds what the schema cannot: values that do not fit together. May be NULL. No side effects. */
    int32_t (*validate)(const aiperf_host *host, aiperf_error *error);
    /* Makes an instance; `*instance` is handed to the other functions. */
    int32_t (*open)(const aiperf_host *host, void **instance, aiperf_error *error);
    /* Ends it. Called once for each `open` that returned 0. May be NULL. */
    void (*close)(void *instance);
    /* Collectors: reads all sources once. */
    int32_t (*collect)(void *instance, const aiperf_sink *sink, aiperf_error *error);
    /* Parsers: reads a page. A bad line costs that line (diagnostic); fail only if nothing can be read. */
    int32_t (*parse)(void *instance, const aiperf_page *page, const aiperf_sink *sink,
                     aiperf_error *error);
    /* Parsers: 1 if the first bytes of a page look like the format. May be NULL. */
    int32_t (*sniff)(const char *head, size_t size);
} aiperf_plugin;

typedef struct aiperf_library {
    size_t size;
    uint64_t revision;                   /* AIPERF_REVISION */
    const char *compiler;                /* AIPERF_COMPILER, for `aiperf plugins show` */
    const aiperf_plugin *const *plugins; /* with NULL at the end */
} aiperf_library;

#if defined(__clang__)
#define AIPERF_COMPILER __VERSION__ /* begins with its name */
#elif defined(__GNUC__)
#define AIPERF_COMPILER "GCC " __VERSION__
#else
#define AIPERF_COMPILER "a C compiler"
#endif

#if defined(__GNUC__)
#define AIPERF_EXPORT __attribute__((visibility("default")))
#else
#define AIPERF_EXPORT
#endif

/* The one function of a library. What it returns stays as long as the library. */
AIPERF_EXPORT const aiperf_library *aiperf_plugin_v1(void);

#ifdef __cplusplus
}
#endif

#endif
