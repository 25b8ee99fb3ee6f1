import COpenSSL
import ChannelKit
import ChannelNetwork
import Dispatch
import Glibc
import LinuxIO

/// SHA-256 of bytes and files, in lower-case hex.
package enum FileDigest {
    private static let queue = DispatchQueue(label: "nanoclaw.conformance.files")

    package static func of(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1 else { return "no digest" }
        return Hex.encode(digest)
    }

    /// The digest of the file at an absolute path.
    package static func ofFile(_ path: String) async throws -> String {
        try await onQueue {
            let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard number >= 0 else { throw Errno.last("open \(path)") }
            return of(try Descriptor(owning: number).readAll(limit: 64 << 20))
        }
    }

    /// The bytes of a file that goes out.
    static func bytes(of file: OutboundFile) async throws -> [UInt8] {
        try await onQueue {
            guard lseek(file.descriptor.number, 0, SEEK_SET) == 0 else { throw Errno.last("lseek \(file.name)") }
            return try file.descriptor.readAll(limit: file.size)
        }
    }

    /// Names in a folder; none when it is gone.
    static func names(in folder: String) async throws -> [String] {
        try await onQueue { try Directory(path: folder).names() }
    }

    package static func onQueue<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
