import Core
import Glibc
import LinuxIO

/// The right to serve a home: held by one process at a time, let go when it ends, however it ends.
package final class HomeLock: Sendable {
    /// The home's path, as it was given.
    package let home: String
    private let descriptor: Descriptor

    private init(home: String, descriptor: Descriptor) {
        self.home = home
        self.descriptor = descriptor
    }

    /// Takes the lock `data/host.lock`, making `data/` (0700) if need be.
    ///
    /// Throws ``StoreError`` `locked` that names the pid of the host that holds it, and `unusable` when the home
    /// cannot be written or lies on a file system that cannot hold the databases.
    package static func acquire(home: String) throws -> HomeLock {
        try HomeFolder.prepare(home)
        let path = "\(home)/data/host.lock"
        let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard number >= 0 else {
            throw StoreError(.unusable, "cannot write the home", cause: Errno.last("open \(path)"))
        }
        let descriptor = Descriptor(owning: number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            let cause = Errno.last("flock \(path)")
            guard cause.code == EWOULDBLOCK else { throw StoreError(.unusable, "cannot lock the home", cause: cause) }
            let holder = String(decoding: try descriptor.readAll(limit: 32), as: UTF8.self).filter(\.isNumber)
            throw StoreError(
                .locked,
                "another host (pid \(holder)) serves \(home): stop it first, or choose another --home"
            )
        }
        guard ftruncate(number, 0) == 0 else {
            throw StoreError(.unusable, "cannot write \(path)", cause: Errno.last("ftruncate"))
        }
        try descriptor.write(Array("\(getpid())\n".utf8))
        return HomeLock(home: home, descriptor: descriptor)
    }

    /// Gives the home up at once, whoever still holds on to this value.
    package func release() {
        // Closing would not do: a child between fork and exec has the descriptor too.
        flock(descriptor.number, LOCK_UN)
    }

    /// The pid of the host that serves the home now; nil when none does.
    package static func holder(home: String) -> Int32? {
        let number = open("\(home)/data/host.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return nil }
        let descriptor = Descriptor(owning: number)
        if flock(number, LOCK_SH | LOCK_NB) == 0 { return nil }
        guard let bytes = try? descriptor.readAll(limit: 32) else { return nil }
        return Int32(String(decoding: bytes, as: UTF8.self).filter(\.isNumber))
    }
}
