// What lies below a path. Functions return a value >= 0 or -errno.
#ifndef CLINUX_FILESYSTEM_H
#define CLINUX_FILESYSTEM_H

#include <stdint.h>

// statfs(2): the magic number of the path's file system, 32 bits without sign.
int64_t clinux_filesystem_type(const char *path);

// 1 when a name of the absolute `path`, or of a link on its way, is looked up in the directory `place` itself: who writes
// there chooses what `path` is. 0 otherwise, also when nothing stands at `place` or this process cannot reach it.
int clinux_leads_through(const char *path, const char *place);

// What processes hold that stands under no name and in no process's resident memory.
struct clinux_holdings {
    // Files without a name on the device that was asked for, and the part of them that changed lately.
    int64_t bytes, files, recent_bytes, recent_files;
    // Bytes of files in memory: memfds, and what lies in tmpfs that this process does not have.
    int64_t memory;
    // Open sockets and pipes; each of them may hold some memory of the kernel.
    int64_t channels;
    // Bytes that those who live have made dirty on disks.
    int64_t written;
};

// `root` and what descends from it, of which at most `most` go into `pids`. Returns how many or -errno.
int clinux_process_tree(int32_t root, int32_t *pids, int most);

// The process that `pid` is a child of; -1 when there is no such process.
int32_t clinux_parent(int32_t pid);

// Sums up what processes hold, each file once; one that may not be looked into counts as nothing. `device` is an st_dev,
// `since` in seconds of the wall clock. After `patience` microseconds of processor time, 0 for no such bound, it returns 1,
// and each descriptor that was looked at counts as a file that changed lately: nobody needs so many.
int clinux_sum_holdings(const int32_t *pids, int count, uint64_t device, int64_t since, int64_t patience,
                        struct clinux_holdings *held);

#endif
