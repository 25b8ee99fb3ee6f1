// The floor beneath the benchmarks: the same commits and the same kernel work in plain C, nothing around them.
//   floor turn N DIR SCHEMAS [PORT]            host and runner, two databases, bells; prints ms per turn
//   floor cold N DIR SCHEMAS                   the same, the runner in a sandbox of two tiers that is built for each turn
//   floor spawn N DIR                          such a sandbox that executes /bin/true; prints ms per spawn
//   floor crowd SESSIONS SECONDS DIR SCHEMAS   `turn` for many sessions side by side; prints ms per turn
//   floor host DATABASE                        opens a central database, reads what is marked, prints `ready`, waits
//   floor runner DIR FD                        the runner's side on an inherited socket, for `cold`
// SCHEMAS is the folder `migrations`.
#define _GNU_SOURCE
#include "floor.h"
#include "sandbox.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WARM_UP = 5 };

static void make_session(const char *home, const char *session, const char *schemas) {
    const char *const names[] = {"inbound", "outbound"};
    make_session_folders(home, session);
    for (int index = 0; index < 2; index++) {
        char directory[1024], file[32], path[2048];
        snprintf(directory, sizeof directory, "%s/%s/%s", home, session, names[index]);
        snprintf(file, sizeof file, "%s.db", names[index]);
        snprintf(path, sizeof path, "%s/%s", schemas, names[index]);
        sqlite3_close(open_session_database(directory, file, path));
        for (int is_journal = 0; is_journal < 2; is_journal++) {
            snprintf(path, sizeof path, "%s/%s%s", directory, file, is_journal ? "-journal" : "");
            give_to_service(path);
        }
    }
}

// Starts the runner and answers the host's end of its socket.
static int start_runner(const char *directory, int port) {
    int bells[2];
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, bells) == 0, "socketpair");
    if (fork() == 0) {
        close(bells[0]);
        run_runner(directory, bells[1], port);
    }
    close(bells[1]);
    return bells[0];
}

static void turns(long count, const char *home, const char *schemas, int port) {
    char path[4096];
    make_session(home, "warm", schemas);
    snprintf(path, sizeof path, "%s/warm", home);
    int bell = start_runner(path, port);
    run_host(open_host(path), bell, count, 0, 1);
    close(bell);
    wait(0);
}

static void spawns(long count, const char *home) {
    char *words[] = {"/bin/true", 0}, session[32];
    int service = start_service(home);
    for (long index = -WARM_UP; index < count; index++) {
        snprintf(session, sizeof session, "s%ld", index + WARM_UP);
        make_session_folders(home, session);
        double start = now();
        struct sandbox sandbox = spawn_sandbox(service, session, words);
        double time = now() - start;
        if (index >= 0) printf("%.4f\n", time);
        end_sandbox(&sandbox);
    }
    close(service);
    wait(0);
}

static sqlite3 *open_central(const char *path) {
    sqlite3 *database;
    must(sqlite3_open(path, &database) == SQLITE_OK, path);
    execute(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS dirty (session_id TEXT);"
                      "CREATE TABLE IF NOT EXISTS life (incarnation INTEGER); SELECT * FROM dirty");
    return database;
}

static void cold_turns(long count, const char *home, const char *schemas) {
    char *words[] = {"/run/nanoclaw/agent-runner", "runner", "/workspace", "3", 0}, session[32], path[4096];
    int service = start_service(home);
    snprintf(path, sizeof path, "%s/central.db", home);
    sqlite3 *central = open_central(path);
    execute(central, "INSERT INTO life VALUES (0)");
    for (long index = -1; index < count; index++) {
        snprintf(session, sizeof session, "s%ld", index + 1);
        make_session(home, session, schemas);
        snprintf(path, sizeof path, "%s/%s", home, session);
        struct host *host = open_host(path);
        double start = now();
        begin_life(host, central, index + 2);
        struct sandbox sandbox = spawn_sandbox(service, session, words);
        double handed = run_host(host, sandbox.bell, 1, 0, 0);
        if (index >= 0) printf("%.4f\n", handed - start);
        end_sandbox(&sandbox);
    }
    close(service);
    wait(0);
}

static void crowd(long sessions, double seconds, const char *directory, const char *schemas) {
    char path[4096];
    for (long index = 0; index < sessions; index++) {
        snprintf(path, sizeof path, "%ld", index);
        make_session(directory, path, schemas);
    }
    for (long index = 0; index < sessions; index++) {
        if (fork() != 0) continue;
        snprintf(path, sizeof path, "%s/%ld", directory, index);
        int bell = start_runner(path, 0);
        run_host(open_host(path), bell, 0, seconds, 1);
        fflush(stdout);
        exit(0);
    }
    while (wait(0) > 0) {}
}

static void host(const char *path) {
    open_central(path);
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {}
}

int main(int count, char **words) {
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    const char *verb = count > 1 ? words[1] : "";
    if ((count == 5 || count == 6) && !strcmp(verb, "turn")) turns(atol(words[2]), words[3], words[4], count == 6 ? atoi(words[5]) : 0);
    else if (count == 5 && !strcmp(verb, "cold")) cold_turns(atol(words[2]), words[3], words[4]);
    else if (count == 4 && !strcmp(verb, "spawn")) spawns(atol(words[2]), words[3]);
    else if (count == 6 && !strcmp(verb, "crowd")) crowd(atol(words[2]), atof(words[3]), words[4], words[5]);
    else if (count == 3 && !strcmp(verb, "host")) host(words[2]);
    else if (count == 4 && !strcmp(verb, "runner")) run_runner(words[2], atoi(words[3]), 0);
    else return fprintf(stderr, "floor: see the head of Benchmarks/Floor/floor.c\n"), 64;
    return 0;
}
