import CSQLite
import Glibc

/// What a device can make fail of SQLITE_IOERR: reading, writing, the syncs, truncating, deleting.
///
/// The errno of a failed commit may be gone by then: SQLite has gone on to undo it.
private let devices: Set<Int32> = [1, 3, 4, 5, 6, 10]

extension StoreError.Code {
    /// The kind of failure behind an extended result code of SQLite and the errno of its last system call.
    init(sqlite code: Int32, systemError: Int32) {
        // A reader that may not write cannot roll back; the writer does it and the reader asks again.
        if code == SQLITE_READONLY | 3 << 8 {
            self = .busy
            return
        }
        self =
            switch code & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL: systemError == ENOSPC || systemError == EDQUOT ? .diskFull : .fileFull
            case SQLITE_IOERR where systemError == ENOSPC || systemError == EDQUOT: .diskFull
            case SQLITE_IOERR where systemError == EIO || devices.contains(code >> 8): .inputOutput
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .damaged
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_READONLY, SQLITE_PERM: .readOnly
            case SQLITE_TOOBIG: .tooLarge
            case SQLITE_CANTOPEN: .files
            default: .database
            }
    }
}
