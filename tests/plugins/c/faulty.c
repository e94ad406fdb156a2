/* A library in C that does what the tests ask for: of its collector by the option `fault`, of itself by what it
 * is compiled with, such as -DNO_ID. */
#define _POSIX_C_SOURCE 200809L
#include "aiperf_plugin.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* ---- The collector ------------------------------------------------------------------------------- */

typedef struct {
    const aiperf_host *host;
    char fault[32];
    unsigned calls;
    const aiperf_sink *kept; /* beyond its call, against the rules */
} faulty;

static void read_fault(const aiperf_host *host, char fault[32]) {
    aiperf_text text = TEXT("none");
    host->option_text(host, "fault", &text);
    snprintf(fault, 32, "%.*s", (int)text.size, text.data);
}

static void say(aiperf_error *error, const char *message) {
    snprintf(error->message, sizeof error->message, "%s", message);
}

static int32_t validate(const aiperf_host *host, aiperf_error *error) {
    double limit = 1;
    if (!host->option_number(host, "limits.1", &limit) || limit > 0)
        return 0;
    error->kind = AIPERF_ERROR_CONFIG;
    say(error, "must be more than 0");
    snprintf(error->path, sizeof error->path, "limits[1]");
    return 1;
}

/* Goes on when nobody knows of the instance any more. */
static void *talk_on(void *host) {
    const aiperf_host *kept = host;
    for (int line = 0; line < 50; line++) {
        kept->log(kept, AIPERF_LOG_INFO, "still here");
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    return NULL;
}

static int32_t open_faulty(const aiperf_host *host, void **instance, aiperf_error *error) {
    faulty *opened = calloc(1, sizeof *opened);
    opened->host = host;
    read_fault(host, opened->fault);
    if (strcmp(opened->fault, "open_thread") == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, talk_on, (void *)host);
        pthread_detach(thread);
        free(opened);
        say(error, "its thread goes on");
        return 1;
    }
    if (strcmp(opened->fault, "open") == 0) {
        free(opened);
        say(error, "it does not want to");
        return 1;
    }
    int64_t wall = 0;
    int64_t mono = host->now(host, &wall);
    int32_t verbose = 0;
    host->option_flag(host, "verbose", &verbose);
    char line[256];
    snprintf(line, sizeof line, "open at %s, verbose %d, text of number %d",
             mono > 0 && wall > 0 ? "a time" : "no time", (int)verbose,
             (int)host->option_text(host, "limits.0", &(aiperf_text){0}));
    host->log(host, AIPERF_LOG_INFO, line);
    aiperf_text context = host->context(host), options = host->options(host);
    snprintf(line, sizeof line, "context %.*s options %.*s", (int)context.size, context.data,
             (int)options.size, options.data);
    host->log(host, AIPERF_LOG_INFO, line);
    *instance = opened;
    return 0;
}

static void add(const aiperf_sink *sink, const char *name, double value, aiperf_text label) {
    aiperf_label labels[] = {{TEXT("label"), label}};
    aiperf_sample sample = {
        .size = sizeof sample,
        .name = {name, strlen(name)},
        .kind = AIPERF_COUNTER,
        .value = value,
        .time_ns = AIPERF_NO_TIME,
        .labels = labels,
        .n_labels = 1,
    };
    sink->sample(sink, &sample);
}

static void close_faulty(void *instance) {
    faulty *self = instance;
    if (self->kept)
        add(self->kept, "c_too_late", 1, (aiperf_text){0});
    self->host->log(self->host, AIPERF_LOG_INFO, "closed");
    free(self);
}

/* Readings from a thread that the call did not come from. */
static void *add_from_elsewhere(void *given) {
    const aiperf_sink *sink = given;
    for (int at = 0; at < 1000; at++)
        add(sink, "c_elsewhere", at, (aiperf_text)TEXT("b"));
    aiperf_page page = {.size = sizeof page, .body = TEXT("elsewhere 1\n")};
    sink->payload(sink, &page);
    sink->push(sink, "elsewhere");
    return NULL;
}

/* Samples that make no sense, between two that do. */
static void add_nonsense(const aiperf_sink *sink, const char *fault) {
    aiperf_label label = {TEXT("of"), TEXT("nonsense")};
    aiperf_sample sample = {
        .size = sizeof sample, .name = TEXT("c_nonsense"), .labels = &label, .n_labels = 1};
    if (strcmp(fault, "no_size") == 0)
        sample.size = 0;
    if (strcmp(fault, "long_name") == 0)
        sample.name.size = (size_t)-1;
    if (strcmp(fault, "long_label") == 0)
        label.value.size = (size_t)-1;
    if (strcmp(fault, "labels") == 0)
        sample.n_labels = (size_t)-1;
    if (strcmp(fault, "crooked") == 0)
        sample.labels = (const aiperf_label *)((const char *)&label + 1);
    if (strcmp(fault, "no_name") == 0)
        sample.name = (aiperf_text){0};
    sink->sample(sink, &sample);
}

static int32_t collect(void *instance, const aiperf_sink *sink, aiperf_error *error) {
    faulty *self = instance;
    const char *fault = self->fault;
    self->calls++;
    aiperf_text label = TEXT("a");
    if (strcmp(fault, "error") == 0) {
        error->kind = AIPERF_ERROR_NETWORK;
        error->retriable = 1;
        /* As long as there is room, and without an end. */
        memset(error->message, 'x', sizeof error->message);
        return 1;
    }
    if (strcmp(fault, "silent") == 0)
        return 1;
    if (strcmp(fault, "segv") == 0 && self->calls % 3 == 0)
        *(volatile int *)8 = 1;
    if (strcmp(fault, "bytes") == 0)
        label = (aiperf_text){"\xff\xfe", 2};
    if (strcmp(fault, "payload") == 0) {
        aiperf_page page = {
            .size = sizeof page,
            .source_id = TEXT("handed"),
            .content_type = TEXT("text/x-pairs"),
            .body = TEXT("handed_on 42\nnothing\n"),
        };
        return sink->payload(sink, &page);
    }
    if (strcmp(fault, "unknown") == 0 || strcmp(fault, "clock") == 0) {
        aiperf_page page = {
            .size = sizeof page,
            .source_id = TEXT("handed"),
            .content_type = TEXT("application/x-of-nobody"),
            .body = TEXT("{\"of\": \"nobody\"}"),
        };
        if (strcmp(fault, "clock") == 0) {
            page.content_type = (aiperf_text)TEXT("text/plain");
            page.body = (aiperf_text)TEXT("handed_on 42\n");
            page.sent_ns = AIPERF_NO_TIME;
            page.complete_ns = INT64_MAX;
        }
        return sink->payload(sink, &page);
    }
    if (strcmp(fault, "wait") == 0)
        self->host->wait(self->host, 3600ull * 1000000000ull);
    if (strcmp(fault, "threads") == 0) {
        pthread_t threads[4];
        for (int at = 0; at < 4; at++)
            pthread_create(&threads[at], NULL, add_from_elsewhere, (void *)sink);
        for (int at = 0; at < 4; at++)
            pthread_join(threads[at], NULL);
    }
    self->kept = sink;
    if (strncmp(fault, "sample_", 7) == 0)
        add_nonsense(sink, fault + 7);
    if (strcmp(fault, "sources") == 0) {
        add(sink, "c_calls_total", self->calls, label);
        sink->push(sink, "left");
        add(sink, "c_calls_total", 2 * self->calls, label);
        sink->push(sink, "right");
        aiperf_error lost = {.size = sizeof lost, .kind = AIPERF_ERROR_IO, .source = "middle"};
        say(&lost, "it is lost");
        sink->error(sink, &lost);
        return 0;
    }
    add(sink, "c_calls_total", self->calls, label);
    return 0;
}

/* ---- The library --------------------------------------------------------------------------------- */

#define SCHEMA                                                                                         \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"                        \
    "\"fault\": {\"type\": \"string\"}, \"verbose\": {\"type\": \"boolean\"}, "                        \
    "\"limits\": {\"type\": \"array\", \"items\": {\"type\": \"integer\"}}}}"

/* What a header to come may have behind today's fields. */
typedef struct {
    aiperf_plugin today;
    int32_t (*more)(void *instance);
} newer_plugin;

static newer_plugin collector = {{
    .size = sizeof(aiperf_plugin),
    .kind = AIPERF_COLLECTOR,
    .stability = AIPERF_STABLE,
    .id = "c_faulty",
    .summary = "Does what tests ask for.",
    .version = "0.1.0",
    .schema = SCHEMA,
    .validate = validate,
    .open = open_faulty,
    .close = close_faulty,
    .collect = collect,
}, NULL};

/* A parser that does what only collectors may. */
static int32_t open_nothing(const aiperf_host *host, void **instance, aiperf_error *error) {
    (void)host, (void)instance, (void)error;
    return 0;
}

static int32_t push_and_parse(void *instance, const aiperf_page *page, const aiperf_sink *sink,
                              aiperf_error *error) {
    (void)instance, (void)page, (void)error;
    add(sink, "c_first", 1, (aiperf_text){0});
    int32_t refused = sink->push(sink, "another");
    add(sink, "c_refused", refused, (aiperf_text){0});
    return 0;
}

static int32_t is_nothing(const char *head, size_t size) {
    (void)head, (void)size;
    return 0;
}

static aiperf_plugin pusher = {
    .size = sizeof(aiperf_plugin),
    .kind = AIPERF_PARSER,
    .id = "c_pusher",
    .summary = "Pushes what it parses.",
    .version = "0.1.0",
    .open = open_nothing,
    .parse = push_and_parse,
    .sniff = is_nothing,
};

#ifdef NEWER
static const aiperf_plugin oracle = {.size = sizeof(aiperf_plugin), .kind = 9, .id = "delphi"};
static const aiperf_plugin *const plugins[] = {&collector.today, &pusher, &oracle, NULL};
#else
static const aiperf_plugin *const plugins[] = {&collector.today, &pusher, NULL};
#endif

static aiperf_library library = {
    .size = sizeof(aiperf_library),
    .revision = AIPERF_REVISION,
    .compiler = AIPERF_COMPILER,
    .plugins = plugins,
};

const aiperf_library *aiperf_plugin_v1(void) {
#if defined(NO_LIBRARY)
    return NULL;
#elif defined(OTHER_REVISION)
    library.revision = 2;
#elif defined(NO_PLUGINS)
    library.plugins += 2;
#elif defined(NO_LIST)
    library.plugins = NULL;
#elif defined(NO_SIZE)
    collector.today.size = 0;
#elif defined(NO_ID)
    collector.today.id = "";
#elif defined(NO_COLLECT)
    collector.today.collect = NULL;
#elif defined(NO_SCHEMA)
    collector.today.schema = "{";
#elif defined(OLDER)
    /* Before there was `sniff`. What is there now belongs to something else. */
    pusher.size = offsetof(aiperf_plugin, sniff);
    memset(&pusher.sniff, 0xff, sizeof pusher.sniff);
#elif defined(NEWER)
    collector.today.size = sizeof collector;
#elif defined(CRASH)
    *(volatile int *)8 = 1;
#endif
    return &library;
}
