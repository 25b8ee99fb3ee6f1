import Glibc
package import LinuxIO
import SessionStore

/// One consistent state of a session's database as bytes, taken beside whoever writes it, in any process.
///
/// SQLite is not asked: a file may be of a sandbox's making, and opening one in place can be made to harm.
package enum DatabaseCopy: Sendable {
    case whole([UInt8])
    /// A dead writer's half-written transaction: who opens both rolls it back.
    case hot([UInt8], journal: [UInt8])
    case absent
    /// It is none that is ever used.
    case refused(String)

    /// Bytes that a copy of the database at this path may have, which is held in memory; of a runner's as many as the host
    /// reads.
    package static func largest(_ path: String) -> Int {
        path.split(separator: "/").last == "outbound.db" ? SessionLimits.outboundFile : 1 << 31
    }
    /// A session that is blocked for a second is ended by the host: longer waits are somebody else's.
    private static let patience = 10_000

    /// Copies the database of that name, waiting up to 10 s for its writer; blocks the thread.
    package init(_ name: String, in directory: Directory) throws {
        guard try directory.status(name) != nil else {
            self = .absent
            return
        }
        var reader = OutboundReader(name, in: directory, limit: Self.largest(name))
        for pause in 0..<Self.patience / 5 {
            switch try reader.look() {
            case .copied(let bytes, _):
                self = .whole(bytes)
                return
            case .hot:
                if let (database, journal) = try reader.hotPair() {
                    self = .hot(database, journal: journal)
                    return
                }
            case .refused(let reason):
                self = .refused(reason)
                return
            case .locked, .unchanged: break
            }
            if pause > 0 { usleep(5_000) }
        }
        throw StoreError(.busy, "\(name) is locked by its writer for more than \(Self.patience / 1000) s")
    }
}
