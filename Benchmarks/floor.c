// The floor beneath two benchmarks: the same commits and the same kernel work in plain C, nothing around them.
//   floor turn N DIR    two processes, two databases, bells over a SEQPACKET pair; prints one line of ms per turn
//   floor spawn N       clone with seven namespaces, exec /bin/true, wait; prints ms per spawn
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void must(int ok, const char *what) {
    if (ok) return;
    perror(what);
    exit(1);
}

static sqlite3 *open_database(const char *directory, const char *name, const char *schema) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    sqlite3 *database;
    must(sqlite3_open(path, &database) == SQLITE_OK, path);
    sqlite3_busy_timeout(database, 5000);
    must(sqlite3_exec(database, "PRAGMA auto_vacuum=FULL; PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA mmap_size=0;",
             0, 0, 0) == SQLITE_OK, "pragma");
    if (schema) must(sqlite3_exec(database, schema, 0, 0, 0) == SQLITE_OK, "schema");
    return database;
}

static void execute(sqlite3 *database, const char *sql) {
    char *error = 0;
    if (sqlite3_exec(database, sql, 0, 0, &error) == SQLITE_OK) return;
    fprintf(stderr, "%s: %s\n", sql, error);
    exit(1);
}

static const char *inbound = "CREATE TABLE m(id TEXT PRIMARY KEY, seq INTEGER UNIQUE, content TEXT);"
                             "CREATE TABLE seen(id TEXT PRIMARY KEY, hash BLOB) WITHOUT ROWID;"
                             "CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID; INSERT INTO meta VALUES('seq','0');";
static const char *outbound = "CREATE TABLE m(id TEXT PRIMARY KEY, seq INTEGER UNIQUE, content TEXT);"
                              "CREATE TABLE ack(id TEXT PRIMARY KEY, state TEXT);"
                              "CREATE TABLE meta(k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID; INSERT INTO meta VALUES('seq','0');";

static void runner(const char *directory, int bell) {
    sqlite3 *in = open_database(directory, "inbound.db", 0), *out = open_database(directory, "outbound.db", 0);
    char byte, sql[512];
    for (long turn = 0; recv(bell, &byte, 1, 0) == 1; turn++) {
        execute(in, "SELECT count(*) FROM m");
        snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO m VALUES('o%ld',%ld,'reply'); INSERT INTO ack VALUES('i%ld','completed');"
                                  "UPDATE meta SET v='%ld' WHERE k='seq'; COMMIT;", turn, 2 * turn + 1, turn, 2 * turn + 1);
        execute(out, sql);
        send(bell, "\1", 1, MSG_NOSIGNAL);
    }
    exit(0);
}

static void turns(long count, const char *directory) {
    sqlite3 *in = open_database(directory, "inbound.db", inbound), *out = open_database(directory, "outbound.db", outbound);
    sqlite3_close(out);
    int bells[2];
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, bells) == 0, "socketpair");
    if (fork() == 0) {
        close(bells[0]);
        runner(directory, bells[1]);
    }
    close(bells[1]);
    out = open_database(directory, "outbound.db", 0);
    char byte, sql[512];
    for (long turn = 0; turn < count; turn++) {
        double start = now();
        snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO m VALUES('i%ld',%ld,'hello'); INSERT INTO seen VALUES('i%ld',x'00');"
                                  "UPDATE meta SET v='%ld' WHERE k='seq'; COMMIT;", turn, 2 * turn + 2, turn, 2 * turn + 2);
        execute(in, sql);
        send(bells[0], "\1", 1, MSG_NOSIGNAL);
        must(recv(bells[0], &byte, 1, 0) == 1, "bell");
        execute(out, "SELECT count(*) FROM m");
        printf("%.4f\n", now() - start);
    }
    close(bells[0]);
    wait(0);
}

static void spawns(long count) {
    for (long index = 0; index < count; index++) {
        double start = now();
        long child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
                             CLONE_NEWCGROUP | SIGCHLD, 0, 0, 0, 0);
        must(child >= 0, "clone");
        if (child == 0) {
            execl("/bin/true", "true", (char *)0);
            _exit(127);
        }
        int status;
        waitpid((pid_t)child, &status, 0);
        printf("%.4f\n", now() - start);
    }
}

int main(int count, char **words) {
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    if (count == 4 && !strcmp(words[1], "turn")) turns(atol(words[2]), words[3]);
    else if (count == 3 && !strcmp(words[1], "spawn")) spawns(atol(words[2]));
    else return fprintf(stderr, "usage: floor turn N DIR | floor spawn N\n"), 64;
    return 0;
}
