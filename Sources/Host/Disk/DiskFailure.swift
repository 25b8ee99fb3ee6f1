import GRDB
import Glibc
import LinuxIO
import SessionStore

/// What an error says of the disk, if it is the disk's.
enum DiskFailure: Sendable, Equatable {
    case full
    /// EIO: the device, or what stands for it, fails.
    case failing

    init?(_ error: any Error) {
        switch error {
        case let error as SessionStore.StoreError where error.code == .diskFull: self = .full
        case let error as SessionStore.StoreError where error.code == .inputOutput: self = .failing
        case let error as DatabaseError where error.resultCode == .SQLITE_FULL: self = .full
        case let error as DatabaseError where error.resultCode == .SQLITE_IOERR: self = .failing
        case let error as Errno where error.code == ENOSPC || error.code == EDQUOT: self = .full
        case let error as Errno where error.code == EIO: self = .failing
        default: return nil
        }
    }

    /// For people.
    var words: String {
        switch self {
        case .full: "the disk is full: nothing was changed; free some space and try again"
        case .failing:
            "the disk reports an input/output error: what was asked may not be stored; see the kernel's log (dmesg) and try again"
        }
    }
}
