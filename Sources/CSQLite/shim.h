#include <sqlite3.h>

// sqlite3_db_config(2) for a switch; Swift cannot call a variadic function. Returns a SQLite result code.
static inline int csqlite_switch(sqlite3 *database, int option, int on) {
    return sqlite3_db_config(database, option, on, (int *)0);
}

// Binds bytes that SQLite copies; Swift cannot spell SQLITE_TRANSIENT.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, int count) {
    return sqlite3_bind_text(statement, index, bytes, count, SQLITE_TRANSIENT);
}
static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

// sqlite3_config(3) for SQLITE_CONFIG_MEMSTATUS, which is variadic too. SQLITE_MISUSE once the library is in use.
static inline int csqlite_count_memory(int on) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, on);
}
