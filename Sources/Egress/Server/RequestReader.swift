import NIOCore
import NIOHTTP1

/// The requests of one connection, read piece by piece by whoever wants the next piece.
actor RequestReader {
    private var iterator: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    private let bodyLimit: Int
    private var received = 0
    /// Whether the current request has been read to its end.
    private(set) var isAtEnd = true

    init(_ stream: NIOAsyncChannelInboundStream<HTTPServerRequestPart>, bodyLimit: Int) {
        iterator = stream.makeAsyncIterator()
        self.bodyLimit = bodyLimit
    }

    /// Bytes of the current request's body so far.
    var bodyBytes: Int { received }

    /// The next request; nil when the client has closed.
    func head() async throws -> HTTPRequestHead? {
        while let part = try await next() {
            guard case .head(let head) = part else { continue }
            received = 0
            isAtEnd = false
            return head
        }
        return nil
    }

    /// The next piece of the current request's body; nil at its end.
    ///
    /// Throws ``EgressError`` past the bound.
    func body() async throws -> ByteBuffer? {
        if isAtEnd { return nil }
        switch try await next() {
        case .body(let buffer):
            received += buffer.readableBytes
            guard received <= bodyLimit else {
                throw EgressError(.tooLarge, "The request is over \(bodyLimit >> 20) MiB.")
            }
            return buffer
        case .head, .end:
            isAtEnd = true
            return nil
        case nil:
            throw ChannelError.eof
        }
    }

    /// All of the current request's body; for one whose length is known to be small.
    func wholeBody() async throws -> ByteBuffer {
        var whole = ByteBuffer()
        while var piece = try await body() {
            if whole.readableBytes == 0 { whole = piece } else { whole.writeBuffer(&piece) }
        }
        return whole
    }

    private func next() async throws -> HTTPServerRequestPart? {
        // The iterator is a reference in a value's clothes: its copy reads on in the same stream.
        var iterator = iterator
        return try await iterator.next(isolation: self)
    }
}

/// The current request's body for the client that sends it on: the next piece is read when it asks for it.
struct RequestBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let reader: RequestReader

    struct Iterator: AsyncIteratorProtocol {
        let reader: RequestReader

        mutating func next() async throws -> ByteBuffer? { try await reader.body() }
    }

    func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }
}
