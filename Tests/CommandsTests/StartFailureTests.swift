import CentralStore
import Core
import GRDB
import Glibc
import LinuxIO
import Testing

@testable import Commands

/// What systemd is told of a start that failed: whether the next one can be better.
@Suite struct StartFailureTests {
    @Test
    func `T63 a start that fails for want of room or of a sound disk is tried again, a home that never works is not`() {
        for code in [ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM] {
            let error = StoreError(.unusable, "no room", cause: Errno(code, "open"))
            #expect(!UpCommand.isLasting(error), "\(error)")
        }
        for code: ResultCode in [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY] {
            #expect(!UpCommand.isLasting(StoreError(.unusable, "open", cause: DatabaseError(resultCode: code))))
        }
        #expect(!UpCommand.isLasting(StoreError(.locked, "another host serves it")))
        #expect(UpCommand.isLasting(StoreError(.unusable, "it lies on NFS")))
        #expect(UpCommand.isLasting(StoreError(.unusable, "open", cause: Errno(EACCES, "open"))))
        #expect(UpCommand.isLasting(StoreError(.migration, "a newer program made it")))
        // Only these are told with how to look at the disk.
        for error in [
            StoreError(.unusable, "open", cause: Errno(EDQUOT, "open")), Errno(ENOSPC, "write"),
            StoreError(.migration, "failed", cause: DatabaseError(resultCode: .SQLITE_FULL)),
        ] as [any Error] {
            #expect(UpCommand.isFull(error), "\(error)")
        }
        #expect(!UpCommand.isFull(Errno(EIO, "write")))
        #expect(!UpCommand.isFull(StoreError(.unusable, "it lies on NFS")))
    }
}
