/* Load averages of this machine: a collector that reads them, and a parser for lines of a name and a value.
 *
 *     cc -shared -fPIC -O2 -Wall -Wextra -I ../../plugin-sdk/c -o libloadavg.so loadavg.c
 */
#include "aiperf_plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* ---- The collector ------------------------------------------------------------------------------- */

typedef struct {
    char path[512];
} loadavg;

static int32_t fail(aiperf_error *error, int32_t kind, const char *what, const char *where) {
    error->kind = kind;
    snprintf(error->message, sizeof error->message, "%s `%s`", what, where);
    return 1;
}

static int32_t open_loadavg(const aiperf_host *host, void **instance, aiperf_error *error) {
    aiperf_text path = TEXT("/proc/loadavg");
    host->option_text(host, "path", &path);
    loadavg *opened = malloc(sizeof *opened);
    if (opened == NULL || path.size >= sizeof opened->path) {
        free(opened);
        return fail(error, AIPERF_ERROR_LIMIT, "no room for", "path");
    }
    memcpy(opened->path, path.data, path.size);
    opened->path[path.size] = '\0';
    *instance = opened;
    return 0;
}

static void close_loadavg(void *instance) {
    free(instance);
}

static int32_t collect_loadavg(void *instance, const aiperf_sink *sink, aiperf_error *error) {
    const loadavg *self = instance;
    FILE *file = fopen(self->path, "r");
    if (file == NULL) {
        snprintf(error->message, sizeof error->message, "cannot open `%s`: %s", self->path,
                 strerror(errno));
        error->kind = AIPERF_ERROR_IO;
        error->retriable = 1;
        return 1;
    }
    double values[3];
    int read = fscanf(file, "%lf %lf %lf", &values[0], &values[1], &values[2]);
    fclose(file);
    if (read != 3)
        return fail(error, AIPERF_ERROR_FORMAT, "no three numbers in", self->path);

    sink->describe(sink, "node_load", AIPERF_GAUGE, "Tasks that run or wait to.", NULL);
    static const aiperf_text windows[] = {TEXT("1m"), TEXT("5m"), TEXT("15m")};
    for (int i = 0; i < 3; i++) {
        aiperf_label label = {TEXT("window"), windows[i]};
        aiperf_sample sample = {
            .size = sizeof sample,
            .name = TEXT("node_load"),
            .value = values[i],
            .time_ns = AIPERF_NO_TIME,
            .labels = &label,
            .n_labels = 1,
        };
        sink->sample(sink, &sample);
    }
    return 0;
}

static const aiperf_plugin collector = {
    .size = sizeof(aiperf_plugin),
    .kind = AIPERF_COLLECTOR,
    .id = "c_loadavg",
    .summary = "Load averages of this machine.",
    .version = "0.1.0",
    .schema = "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"path\": "
              "{\"type\": \"string\", \"default\": \"/proc/loadavg\", "
              "\"description\": \"File to read.\"}}}",
    .sample = "path = \"/proc/loadavg\"\n",
    .open = open_loadavg,
    .close = close_loadavg,
    .collect = collect_loadavg,
};

/* ---- The parser ---------------------------------------------------------------------------------- */

/* A parser keeps nothing between pages. */
static int32_t open_pairs(const aiperf_host *host, void **instance, aiperf_error *error) {
    (void)host, (void)instance, (void)error;
    return 0;
}

static int32_t parse_pairs(void *instance, const aiperf_page *page, const aiperf_sink *sink,
                           aiperf_error *error) {
    (void)instance, (void)error;
    const char *at = page->body.data, *end = at + page->body.size;
    for (uint32_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        const char *blank = memchr(at, ' ', (size_t)(stop - at));
        /* The page has no NUL at its end: a number is copied before it is read. */
        char number[64] = "";
        size_t digits = blank == NULL ? 0 : (size_t)(stop - blank) - 1;
        if (digits > 0 && digits < sizeof number)
            memcpy(number, blank + 1, digits);
        char *rest = number;
        double value = strtod(number, &rest);
        if (rest == number || *rest != '\0') {
            sink->diagnostic(sink, line, "not a name and a number");
        } else {
            aiperf_sample sample = {
                .size = sizeof sample,
                .name = {at, (size_t)(blank - at)},
                .kind = AIPERF_GAUGE,
                .value = value,
                .time_ns = AIPERF_NO_TIME,
            };
            sink->sample(sink, &sample);
        }
        at = stop + 1;
    }
    return 0;
}

static const char *const types[] = {"text/x-pairs", NULL};

static const aiperf_plugin parser = {
    .size = sizeof(aiperf_plugin),
    .kind = AIPERF_PARSER,
    .id = "c_pairs",
    .summary = "Lines of a name and a value.",
    .version = "0.1.0",
    .content_types = types,
    .open = open_pairs,
    .parse = parse_pairs,
};

/* ---- The library --------------------------------------------------------------------------------- */

static const aiperf_plugin *const plugins[] = {&collector, &parser, NULL};

static const aiperf_library library = {
    .size = sizeof(aiperf_library),
    .revision = AIPERF_REVISION,
    .compiler = AIPERF_COMPILER,
    .plugins = plugins,
};

const aiperf_library *aiperf_plugin_v1(void) {
    return &library;
}
