import Core
import Glibc
import LinuxIO
import NIOCore

/// A request's body as pieces in memory and on disk, of known length.
struct RequestBody: Sendable {
    enum Piece: Sendable {
        case bytes([UInt8])
        case file(Descriptor, size: Int64)

        var size: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, let size): size
            }
        }
    }

    var type: String?
    var pieces: [Piece]

    var size: Int64 { pieces.reduce(0) { $0 + $1.size } }

    /// Nil when there is nothing to send.
    init?(_ body: HTTPCall.Body) throws(NetworkError) {
        switch body {
        case .none: return nil
        case .bytes(let bytes, let type): (self.type, pieces) = (type, [.bytes(bytes)])
        case .json(let text): (type, pieces) = ("application/json", [.bytes(Array(text.utf8))])
        case .form(let fields):
            (type, pieces) = ("application/x-www-form-urlencoded", [.bytes(Array(FormEncoding.encode(fields).utf8))])
        case .file(let file, let size, let type): (self.type, pieces) = (type, [.file(file, size: size)])
        case .multipart(let parts):
            let boundary = MultipartEncoding.boundary()
            type = "multipart/form-data; boundary=\(boundary)"
            pieces = try MultipartEncoding.pieces(parts, boundary: boundary)
        }
        guard pieces.allSatisfy({ $0.size >= 0 }) else {
            throw NetworkError(.invalidURL, "A file of a negative size cannot be sent")
        }
    }

    func stream(_ queue: BlockingQueue) -> RequestBodyStream { RequestBodyStream(pieces: pieces, queue: queue) }
}

/// The pieces as buffers of at most 64 KiB, read from disk when the connection asks for the next one.
struct RequestBodyStream: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    static let chunk = 64 << 10

    let pieces: [RequestBody.Piece]
    let queue: BlockingQueue

    func makeAsyncIterator() -> Iterator { Iterator(pieces: pieces[...], queue: queue) }

    struct Iterator: AsyncIteratorProtocol {
        var pieces: ArraySlice<RequestBody.Piece>
        let queue: BlockingQueue
        var offset: Int64 = 0

        mutating func next() async throws -> ByteBuffer? {
            while let piece = pieces.first {
                let count = Int(Swift.min(piece.size - offset, Int64(RequestBodyStream.chunk)))
                guard count > 0 else {
                    pieces = pieces.dropFirst()
                    offset = 0
                    continue
                }
                let start = offset
                offset += Int64(count)
                switch piece {
                case .bytes(let bytes): return ByteBuffer(bytes: bytes[Int(start)..<Int(start) + count])
                case .file(let file, _): return try await queue.run { try Self.read(file, count, at: start) }
                }
            }
            return nil
        }

        private static func read(_ file: Descriptor, _ count: Int, at start: Int64) throws -> ByteBuffer {
            var buffer = ByteBuffer()
            while buffer.readableBytes < count {
                let rest = count - buffer.readableBytes
                let place = off_t(start) + off_t(buffer.readableBytes)
                let got = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { space in
                    while true {
                        let got = pread(file.number, space.baseAddress, rest, place)
                        if got >= 0 { return got }
                        if errno != EINTR { throw Errno.last("pread") }
                    }
                }
                guard got > 0 else {
                    throw NetworkError(.file, "A file became shorter while it was sent: it ends at byte \(place)")
                }
            }
            return buffer
        }
    }
}
