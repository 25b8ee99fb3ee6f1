// What the parts of the floor share: time, checks, databases with the contract's pragmas and schema.
#pragma once
#include <sqlite3.h>

// Milliseconds of CLOCK_MONOTONIC.
double now(void);

// Ends the program with errno's text unless `ok`.
void must(int ok, const char *what);

// Opens DIR/NAME, such as inbound/inbound.db, as both sides of a session open their files; `schema` is a folder of SQL files,
// or 0 for a file that is there.
sqlite3 *open_session_database(const char *directory, const char *name, const char *schema);

// One or more statements; an error ends the program.
void execute(sqlite3 *database, const char *sql);

// The runner's side of warm turns on the databases in DIR: one turn a byte on the socket `bell`, until it is closed.
// `port` of a model server on loopback, or 0 for none.
void run_runner(const char *directory, int bell, int port);

// The host's side of the session in DIR.
struct host *open_host(const char *directory);

// What a session without a runner has first, a commit each: its mark and the number of the runner's life in the central
// database, and the number in inbound.db.
void begin_life(struct host *host, sqlite3 *central, long number);

// `count` turns, or as many as begin within `seconds` when `count` is 0; prints ms per turn when `prints`.
// Answers when the last reply was handed over.
double run_host(struct host *host, int bell, long count, double seconds, int prints);
