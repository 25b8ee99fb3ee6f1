import Core
import Glibc
package import LinuxIO

/// What says that a host has accepted messages while an upgrade of its home is open: to go back would lose them.
///
/// A file in `data/`, which is the host's to write also where root upgrades.
package enum ServedMark {
    /// Its name in `data/`.
    package static let name = "upgrade.served"

    /// Puts the mark on the disk where an upgrade is open, which has `data/upgrades`; before a message is accepted.
    ///
    /// Throws ``StoreError`` `unusable` when it cannot be written.
    package static func set(home: String) throws {
        guard access("\(home)/data/upgrades", F_OK) == 0 else { return }
        do {
            try Directory(path: "\(home)/data").replace(name, with: [UInt8]())
        } catch {
            throw StoreError(
                .unusable,
                "cannot write \(home)/data/\(name), by which an upgrade knows that it must not go back",
                cause: error
            )
        }
    }

    /// Whether a host has served since the mark was taken away.
    package static func isSet(home: String) -> Bool {
        var status = stat()
        return lstat("\(home)/data/\(name)", &status) == 0
    }

    /// Takes the mark away for good: nothing is there to go back to, or the state as it stands has been saved.
    ///
    /// `data` is the home's folder of that name. Throws ``Errno``.
    package static func clear(_ data: Directory) throws {
        try data.remove(name)
        try data.descriptor.synchronize()
    }
}
