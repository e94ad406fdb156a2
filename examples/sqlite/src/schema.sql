-- Times are nanoseconds of the wall clock, durations nanoseconds; NULL is a value that nobody knows.
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE client_metrics (
    name TEXT PRIMARY KEY, unit TEXT, n INTEGER,
    avg REAL, min REAL, max REAL, p50 REAL, p90 REAL, p99 REAL, std REAL
);
CREATE TABLE server_metrics (
    endpoint TEXT, server_id TEXT, key TEXT, type TEXT, unit TEXT, n INTEGER,
    avg REAL, min REAL, max REAL, p50 REAL, p90 REAL, p99 REAL, std REAL,
    total REAL, rate REAL, count REAL, sum REAL,
    PRIMARY KEY (endpoint, server_id, key)
);
CREATE TABLE requests (
    id INTEGER, phase INTEGER, outcome TEXT, status INTEGER, start_ns INTEGER,
    ttft_ns INTEGER, latency_ns INTEGER, prompt_tokens INTEGER, completion_tokens INTEGER,
    error TEXT
);
CREATE TABLE warnings (code TEXT, subject TEXT, message TEXT, remedy TEXT);
