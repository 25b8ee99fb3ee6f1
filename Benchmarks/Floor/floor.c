// The floor beneath the benchmarks: the same commits and the same kernel work in plain C, nothing around them.
//   floor turn N DIR SCHEMAS [PORT]            host and runner, two databases, bells; prints ms per turn
//   floor cold N DIR SCHEMAS                   the same, the runner started in seven namespaces for each turn
//   floor spawn N                              a process in seven namespaces that executes /bin/true; prints ms per spawn
//   floor crowd SESSIONS SECONDS DIR SCHEMAS   `turn` for many sessions side by side; prints ms per turn
//   floor host DATABASE                        opens a central database, reads what is marked, prints `ready`, waits
//   floor runner DIR FD                        the runner's side on an inherited socket; waits there
// SCHEMAS is the folder `migrations`.
#define _GNU_SOURCE
#include "floor.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP)

static void make_session(const char *directory, const char *schemas) {
    char path[4096];
    must(mkdir(directory, 0700) == 0 || access(directory, W_OK) == 0, directory);
    snprintf(path, sizeof path, "%s/inbound", schemas);
    sqlite3_close(open_session_database(directory, "inbound.db", path));
    snprintf(path, sizeof path, "%s/outbound", schemas);
    sqlite3_close(open_session_database(directory, "outbound.db", path));
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

static void turns(long count, const char *directory, const char *schemas, int port) {
    make_session(directory, schemas);
    int bell = start_runner(directory, port);
    run_host(directory, bell, count, 0, 1);
    close(bell);
    wait(0);
}

// A process in seven namespaces that executes these words.
static pid_t spawn(char *const *words) {
    long child = syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
    must(child >= 0, "clone");
    if (child == 0) {
        execv(words[0], words);
        _exit(127);
    }
    return (pid_t)child;
}

static void spawns(long count) {
    char *words[] = {"/bin/true", 0};
    for (long index = 0; index < count; index++) {
        double start = now();
        pid_t child = spawn(words);
        waitpid(child, 0, 0);
        printf("%.4f\n", now() - start);
    }
}

static void cold_turns(long count, const char *directory, const char *schemas) {
    char path[4096], number[16];
    for (long index = 0; index < count; index++) {
        snprintf(path, sizeof path, "%s/%ld", directory, index);
        make_session(path, schemas);
        int bells[2];
        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, bells) == 0, "socketpair");
        must(fcntl(bells[1], F_SETFD, 0) == 0, "fcntl");
        snprintf(number, sizeof number, "%d", bells[1]);
        char *words[] = {"/proc/self/exe", "runner", path, number, 0};
        double start = now();
        pid_t child = spawn(words);
        close(bells[1]);
        run_host(path, bells[0], 1, 0, 0);
        printf("%.4f\n", now() - start);
        close(bells[0]);
        waitpid(child, 0, 0);
    }
}

static void crowd(long sessions, double seconds, const char *directory, const char *schemas) {
    char path[4096];
    for (long index = 0; index < sessions; index++) {
        snprintf(path, sizeof path, "%s/%ld", directory, index);
        make_session(path, schemas);
    }
    for (long index = 0; index < sessions; index++) {
        if (fork() != 0) continue;
        snprintf(path, sizeof path, "%s/%ld", directory, index);
        run_host(path, start_runner(path, 0), 0, seconds, 1);
        fflush(stdout);
        exit(0);
    }
    while (wait(0) > 0) {}
}

static void host(const char *path) {
    sqlite3 *database;
    must(sqlite3_open(path, &database) == SQLITE_OK, path);
    execute(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS dirty (session_id TEXT);"
                      "SELECT * FROM dirty");
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {}
}

int main(int count, char **words) {
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    const char *verb = count > 1 ? words[1] : "";
    if ((count == 5 || count == 6) && !strcmp(verb, "turn")) turns(atol(words[2]), words[3], words[4], count == 6 ? atoi(words[5]) : 0);
    else if (count == 5 && !strcmp(verb, "cold")) cold_turns(atol(words[2]), words[3], words[4]);
    else if (count == 3 && !strcmp(verb, "spawn")) spawns(atol(words[2]));
    else if (count == 6 && !strcmp(verb, "crowd")) crowd(atol(words[2]), atof(words[3]), words[4], words[5]);
    else if (count == 3 && !strcmp(verb, "host")) host(words[2]);
    else if (count == 4 && !strcmp(verb, "runner")) run_runner(words[2], atoi(words[3]), 0);
    else return fprintf(stderr, "floor: see the head of Benchmarks/Floor/floor.c\n"), 64;
    return 0;
}
