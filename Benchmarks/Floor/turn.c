// A turn's commits and bells in plain C: the same tables, pragmas and order of writes as host and runner.
#define _GNU_SOURCE
#include "floor.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

void must(int ok, const char *what) {
    if (ok) return;
    perror(what);
    exit(1);
}

void execute(sqlite3 *database, const char *sql) {
    char *error = 0;
    if (sqlite3_exec(database, sql, 0, 0, &error) == SQLITE_OK) return;
    fprintf(stderr, "floor: %s: %.200s\n", error, sql);
    exit(1);
}

static void execute_file(sqlite3 *database, const char *path) {
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    must(file != 0, path);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    execute(database, text);
}

sqlite3 *open_session_database(const char *directory, const char *name, const char *schema) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    sqlite3 *database;
    must(sqlite3_open(path, &database) == SQLITE_OK, path);
    sqlite3_busy_timeout(database, 5000);
    // The runner may not write inbound.db, and these would.
    if (schema) execute(database, "PRAGMA page_size=4096; PRAGMA auto_vacuum=FULL");
    execute(database, "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA mmap_size=0");
    if (!schema) return database;
    struct dirent **files;
    int count = scandir(schema, &files, 0, alphasort);
    must(count >= 0, schema);
    for (int index = 0; index < count; index++) {
        const char *file = files[index]->d_name, *end = strrchr(file, '.');
        if (!end || strcmp(end, ".sql")) continue;
        snprintf(path, sizeof path, "%s/%s", schema, file);
        execute_file(database, path);
    }
    return database;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, 0) != SQLITE_OK) {
        fprintf(stderr, "floor: %s: %s\n", sqlite3_errmsg(database), sql);
        exit(1);
    }
    return statement;
}

// Binds numbers to ?1 … in order and runs the statement to its end.
static void run(sqlite3_stmt *statement, int count, const long *values) {
    for (int index = 0; index < count; index++) sqlite3_bind_int64(statement, index + 1, values[index]);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {}
    must(code == SQLITE_DONE, "step");
    sqlite3_reset(statement);
}

static int connect_to_model(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1, model = socket(AF_INET, SOCK_STREAM, 0);
    must(model >= 0 && connect(model, (struct sockaddr *)&address, sizeof address) == 0, "connect to the model server");
    setsockopt(model, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return model;
}

// One streamed completion on a connection that is kept.
static void ask_model(int model) {
    static const char body[] = "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
    char request[512], answer[8192];
    int length = snprintf(request, sizeof request, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
                          sizeof body - 1, body);
    must(write(model, request, (size_t)length) == length, "write to the model server");
    size_t have = 0;
    do {
        ssize_t part = read(model, answer + have, sizeof answer - 1 - have);
        must(part > 0, "read from the model server");
        have += (size_t)part;
        answer[have] = 0;
    } while (!strstr(answer, "\r\n0\r\n\r\n"));
}

void run_runner(const char *directory, int bell, int port) {
    sqlite3 *in = open_session_database(directory, "inbound/inbound.db", 0);
    sqlite3 *out = open_session_database(directory, "outbound/outbound.db", 0);
    char path[4096];
    snprintf(path, sizeof path, "%s/state/transcript.jsonl", directory);
    int transcript = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600), model = port ? connect_to_model(port) : -1;
    must(transcript >= 0, path);
    sqlite3_stmt *due = prepare(in, "SELECT * FROM messages_in WHERE status = 'pending' ORDER BY seq");
    sqlite3_stmt *begin = prepare(out, "BEGIN IMMEDIATE"), *commit = prepare(out, "COMMIT");
    sqlite3_stmt *reply = prepare(out, "INSERT INTO messages_out (id, seq, in_reply_to, turn, kind, channel_type, platform_id, content,"
        " created_at) VALUES ('o'||?1, 2*?1+1, 'i'||?1, 't'||?1, 'chat', 'cli', 'cli:local:main', '{\"text\":\"hello\"}', 0)");
    sqlite3_stmt *ack = prepare(out, "INSERT INTO processing_ack (message_id, incarnation, state, turn, changed_at)"
        " VALUES ('i'||?1, 1, 'completed', 't'||?1, 0)");
    sqlite3_stmt *state = prepare(out, "INSERT OR REPLACE INTO session_state (key, value, updated_at) VALUES ('continuation', 't:'||?1, 0)");
    sqlite3_stmt *counter = prepare(out, "UPDATE meta SET value = 2*?1+1 WHERE key = 'seq'");
    // The queue stays short: what is recorded goes with a later turn's commit.
    sqlite3_stmt *forget = prepare(out, "DELETE FROM messages_out WHERE seq < 2*?1-3");
    sqlite3_stmt *settle = prepare(out, "DELETE FROM processing_ack WHERE message_id <> 'i'||?1");
    char byte;
    for (long turn = 0; recv(bell, &byte, 1, 0) == 1; turn++) {
        run(due, 0, 0);
        if (model >= 0) ask_model(model);
        must(dprintf(transcript, "{\"turn\":\"t%ld\",\"messages\":[\"hello\",\"hello\"]}\n", turn) > 0, "transcript");
        must(fsync(transcript) == 0, "fsync");
        run(begin, 0, 0);
        run(reply, 1, &turn);
        run(ack, 1, &turn);
        run(state, 1, &turn);
        run(counter, 1, &turn);
        run(forget, 1, &turn);
        run(settle, 1, &turn);
        run(commit, 0, 0);
        send(bell, "\1", 1, MSG_NOSIGNAL);
    }
    exit(0);
}

// The file as the host takes it: under SQLite's shared lock, whole, into memory, and only the copy is read.
static void read_copy(int file) {
    static unsigned char bytes[1 << 20];
    struct flock shared = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
    must(fcntl(file, F_OFD_SETLKW, &shared) == 0, "lock");
    ssize_t length = pread(file, bytes, sizeof bytes, 0);
    shared.l_type = F_UNLCK;
    must(length > 0 && fcntl(file, F_OFD_SETLK, &shared) == 0, "copy");
    sqlite3 *copy;
    must(sqlite3_open(":memory:", &copy) == SQLITE_OK, "copy");
    must(sqlite3_deserialize(copy, "main", bytes, length, length, SQLITE_DESERIALIZE_READONLY) == SQLITE_OK, "copy");
    execute(copy, "SELECT * FROM messages_out ORDER BY seq; SELECT * FROM processing_ack");
    sqlite3_close(copy);
}

struct host {
    sqlite3 *in;
    int out;
    sqlite3_stmt *begin, *commit, *message, *seen, *counter, *delivery, *done, *through, *life;
};

struct host *open_host(const char *directory) {
    struct host *host = malloc(sizeof *host);
    char path[4096];
    snprintf(path, sizeof path, "%s/outbound/outbound.db", directory);
    must(host && (host->out = open(path, O_RDWR)) >= 0, path);
    sqlite3 *in = host->in = open_session_database(directory, "inbound/inbound.db", 0);
    host->begin = prepare(in, "BEGIN IMMEDIATE");
    host->commit = prepare(in, "COMMIT");
    host->message = prepare(in, "INSERT INTO messages_in (id, seq, kind, sent_at, received_at, channel_type, platform_id,"
        " platform_message_id, content) VALUES ('i'||?1, 2*?1+2, 'chat', 0, 0, 'cli', 'cli:local:main', 'p'||?1, '{\"text\":\"hello\"}')");
    host->seen = prepare(in, "INSERT INTO seen VALUES ('p'||?1, x'00', 'i'||?1, 0)");
    host->counter = prepare(in, "UPDATE meta SET value = 2*?1+2 WHERE key = 'seq'");
    host->delivery = prepare(in, "INSERT INTO deliveries (message_id, seq, incarnation, turn, kind, content, state, recorded_at,"
        " updated_at) VALUES ('o'||?1, 2*?1+1, 1, 't'||?1, 'chat', '{\"text\":\"hello\"}', 'delivered', 0, 0)");
    host->done = prepare(in, "UPDATE messages_in SET status = 'completed' WHERE id = 'i'||?1");
    host->through = prepare(in, "UPDATE meta SET value = 2*?1+1 WHERE key = 'recorded_through'");
    host->life = prepare(in, "UPDATE meta SET value = ?1 WHERE key = 'incarnation'");
    return host;
}

void begin_life(struct host *host, sqlite3 *central, long number) {
    execute(central, "INSERT INTO dirty VALUES ('session')");
    execute(central, "UPDATE life SET incarnation = incarnation + 1");
    run(host->begin, 0, 0);
    run(host->life, 1, &number);
    run(host->commit, 0, 0);
}

// The delivery and the end of a message.
static void record(struct host *host, long turn) {
    run(host->delivery, 1, &turn);
    run(host->done, 1, &turn);
    run(host->through, 1, &turn);
}

double run_host(struct host *host, int bell, long count, double seconds, int prints) {
    double end = now() + seconds * 1e3, handed = 0;
    long turn = 0;
    char byte;
    for (; count ? turn < count : now() < end; turn++) {
        double start = now();
        run(host->begin, 0, 0);
        // As in the host: who writes again soon takes the record of the turn before along.
        if (turn > 0) record(host, turn - 1);
        run(host->message, 1, &turn);
        run(host->seen, 1, &turn);
        run(host->counter, 1, &turn);
        run(host->commit, 0, 0);
        send(bell, "\1", 1, MSG_NOSIGNAL);
        must(recv(bell, &byte, 1, 0) == 1, "bell");
        read_copy(host->out);
        handed = now();
        if (prints) printf("%.4f\n", handed - start);
    }
    if (turn == 0) return handed;
    run(host->begin, 0, 0);
    record(host, turn - 1);
    run(host->commit, 0, 0);
    return handed;
}
