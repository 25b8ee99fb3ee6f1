// A model server that answers at once: OpenAI chat completions on loopback, streamed or whole, a thread a connection.
//   model        prints its port, serves until stdin ends
// The answer is "hello". When the request's last message came with an attribute from="NAME", as NanoClaw writes it, the
// answer is addressed: <message to="NAME">hello</message>.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGEST = 4 << 20 };

static int write_all(int client, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t part = send(client, bytes, length, MSG_NOSIGNAL);
        if (part <= 0) return 0;
        bytes += part;
        length -= (size_t)part;
    }
    return 1;
}

// The answer as a JSON string's content.
static void compose(const char *body, char *answer, size_t room) {
    static const char mark[] = "from=\\\"";
    const char *name = 0, *next = body;
    while ((next = strstr(next, mark))) name = next += sizeof mark - 1;
    const char *end = name ? strstr(name, "\\\"") : 0;
    if (end && end - name < 200)
        snprintf(answer, room, "<message to=\\\"%.*s\\\">hello</message>", (int)(end - name), name);
    else snprintf(answer, room, "hello");
}

static int reply(int client, const char *type, const char *body, int is_chunked) {
    char head[256], whole[16384];
    size_t size = strlen(body);
    if (is_chunked) snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", type, size);
    else snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, size);
    int length = snprintf(whole, sizeof whole, "%s%s%s", head, body, is_chunked ? "\r\n0\r\n\r\n" : "");
    return write_all(client, whole, (size_t)length);
}

static int serve(int client, const char *head, const char *body) {
    char answer[512], text[8192];
    static const char base[] = "\"id\":\"chatcmpl-1\",\"created\":1,\"model\":\"instant\"";
    static const char usage[] = "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2,\"total_tokens\":12}";
    if (!strncmp(head, "GET ", 4))
        return reply(client, "application/json", "{\"object\":\"list\",\"data\":[{\"id\":\"instant\",\"object\":\"model\",\"created\":1,"
                     "\"owned_by\":\"bench\",\"context_length\":131072}]}", 0);
    compose(body, answer, sizeof answer);
    if (!strstr(body, "\"stream\":true") && !strstr(body, "\"stream\": true")) {
        snprintf(text, sizeof text, "{%s,\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                 "\"content\":\"%s\"},\"finish_reason\":\"stop\"}],%s}", base, answer, usage);
        return reply(client, "application/json", text, 0);
    }
    const char *chunk = "\"object\":\"chat.completion.chunk\"";
    snprintf(text, sizeof text,
             "data: {%s,%s,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":null}]}\n\n"
             "data: {%s,%s,\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
             "data: {%s,%s,\"choices\":[],%s}\n\ndata: [DONE]\n\n", base, chunk, answer, base, chunk, base, chunk, usage);
    return reply(client, "text/event-stream", text, 1);
}

static void *keep(void *argument) {
    int client = (int)(long)argument, one = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char *bytes = malloc(LARGEST + 1);
    size_t have = 0;
    while (bytes) {
        bytes[have] = 0;
        char *end = strstr(bytes, "\r\n\r\n");
        if (end) {
            char *field = strcasestr(bytes, "\ncontent-length:");
            size_t size = field && field < end ? strtoul(field + 16, 0, 10) : 0, whole = (size_t)(end + 4 - bytes) + size;
            if (whole > LARGEST) break;
            if (have >= whole) {
                char kept = bytes[whole];
                bytes[whole] = 0;
                int is_served = serve(client, bytes, end + 4);
                bytes[whole] = kept;
                if (!is_served) break;
                memmove(bytes, bytes + whole, have -= whole);
                continue;
            }
        }
        ssize_t part = have < LARGEST ? recv(client, bytes + have, LARGEST - have, 0) : 0;
        if (part <= 0) break;
        have += (size_t)part;
    }
    free(bytes);
    close(client);
    return 0;
}

static void *accept_all(void *argument) {
    int listener = (int)(long)argument;
    while (1) {
        int client = accept(listener, 0, 0);
        pthread_t thread;
        if (client < 0 || pthread_create(&thread, 0, keep, (void *)(long)client)) continue;
        pthread_detach(thread);
    }
    return 0;
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 512) ||
        getsockname(listener, (struct sockaddr *)&address, &length)) return perror("model"), 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_t thread;
    if (pthread_create(&thread, 0, accept_all, (void *)(long)listener)) return 1;
    char byte;
    while (read(0, &byte, 1) > 0) {}
    return 0;
}
