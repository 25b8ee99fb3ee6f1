import AsyncHTTPClient
import Core
import Glibc
package import LinuxIO
import NIOCore
import NIOHTTP1

extension HTTPPool {
    /// Streams the answer's body into an open file from its beginning, and returns once it is on the disk.
    ///
    /// The file is written only for a status of 2xx; more than `limit` bytes throw `tooLarge`. After an error the file
    /// may hold a part. Give a `hosts` rule for every URL that came from outside.
    package func download(
        _ call: HTTPCall,
        to file: Descriptor,
        limit: Int64
    ) async throws(NetworkError) -> HTTPDownloadResult {
        let files = files
        return try await exchange(call) { response, address in
            let headers = HeaderList(response.headers)
            guard (200..<300).contains(response.status.code) else {
                let body = try await Self.collect(response, limit: call.replyLimit)
                let status = Int(response.status.code)
                return .refused(HTTPReply(status: status, headers: headers, body: body, url: address.description))
            }
            let told = headers["content-length"].flatMap { Int64($0) }
            if let told, told > limit {
                throw NetworkError(.tooLarge, "The file has \(told) bytes, over the limit of \(limit)")
            }
            let sink = try FileSink(file)
            var size: Int64 = 0
            for try await buffer in response.body {
                let offset = size
                size += Int64(buffer.readableBytes)
                guard size <= limit else {
                    throw NetworkError(.tooLarge, "The file is over the limit of \(limit) bytes")
                }
                try await files.run { try sink.write(buffer, at: offset) }
            }
            // A cancelled body ends as one that is whole.
            try Task.checkCancellation()
            let digest = try await files.run { try sink.finish() }
            return .saved(
                HTTPDownload(
                    status: Int(response.status.code),
                    size: size,
                    type: headers["content-type"],
                    sha256: digest,
                    headers: headers
                )
            )
        }
    }
}

/// A file that is filled from its beginning, and the digest of what is in it.
///
/// `@unchecked`: the digest is touched only inside calls that its user makes one after the other.
private final class FileSink: @unchecked Sendable {
    private let file: Descriptor
    private let digest: StreamingSHA256

    init(_ file: Descriptor) throws {
        self.file = file
        digest = try StreamingSHA256()
    }

    func write(_ buffer: ByteBuffer, at start: Int64) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            digest.update(bytes)
            var done = 0
            while done < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
                let written = pwrite(file.number, rest.baseAddress, rest.count, off_t(start) + off_t(done))
                if written < 0 {
                    if errno == EINTR { continue }
                    throw Errno.last("pwrite")
                }
                done += written
            }
        }
    }

    func finish() throws -> [UInt8] {
        try file.synchronize()
        return digest.finish()
    }
}
