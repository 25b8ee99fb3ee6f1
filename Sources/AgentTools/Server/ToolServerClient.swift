package import Core
import FoundationEssentials
import Glibc
import LinuxIO

/// Sends requests to the tool server, one at a time, and starts it when it is not there.
///
/// What it answers comes from the tool tier and is believed as little as any tool's output: a frame that is too long or
/// malformed, or no answer in time, ends the server, and the next request starts another.
package actor ToolServerClient {
    private struct Server {
        let call: ToolInitClient.Running
        let input: Descriptor
        let output: Descriptor
        var buffer: [UInt8] = []
    }

    private let tier: ToolInitClient
    private let places: ToolPlaces
    private let time: any TimeSource
    private var server: Server?
    private var isBusy = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    /// A client that starts its server through this tool init.
    package init(tier: ToolInitClient, places: ToolPlaces, time: any TimeSource) {
        self.tier = tier
        self.places = places
        self.time = time
    }

    /// Starts the server if it is not there, so that the first request need not wait for it.
    package func prepare() async throws {
        await enter()
        defer { leave() }
        _ = try await ready()
    }

    /// The answer's text; throws ``ToolFailure`` with the server's words when it is an error.
    package func text(_ request: FileRequest) async throws -> String {
        try await perform(request, limit: 0).text
    }

    /// The bytes of a file of at most `limit` bytes.
    package func bytes(of path: String, limit: Int) async throws -> [UInt8] {
        try await perform(.fetch(path: path, limit: limit), limit: limit).bytes
    }

    private func perform(_ request: FileRequest, limit: Int) async throws -> (text: String, bytes: [UInt8]) {
        await enter()
        defer { leave() }
        let started = try await ready()
        do {
            try await started.input.writeAll(ServerFrame.encode(try JSONText.data(request)), time: SystemTime())
            let length = try ServerFrame.length(try await take(4))
            let reply = try JSONText.decode(FileReply.self, try await take(length))
            guard (0...limit).contains(reply.byteCount) else {
                throw ToolFailure("the tool server answered \(reply.byteCount) bytes that nobody asked for")
            }
            let bytes = try await take(reply.byteCount)
            guard !reply.isError else { throw Told(message: reply.text) }
            return (reply.text, bytes)
        } catch let error as Told {
            throw ToolFailure(error.message)
        } catch {
            // Half an exchange may be left in the pipes: this server is of no more use.
            stop()
            throw error
        }
    }

    /// An error that the server told in a sound frame.
    private struct Told: Error { let message: String }

    private func take(_ count: Int) async throws -> [UInt8] {
        while let current = server, current.buffer.count < count {
            let more = try await current.output.nextBytes()
            guard !more.isEmpty else { throw ToolFailure("the tool server has ended; the call may be tried again") }
            server?.buffer += more
        }
        guard let buffer = server?.buffer else { throw ToolFailure("the tool server has ended") }
        server?.buffer.removeFirst(count)
        return Array(buffer.prefix(count))
    }

    private func ready() async throws -> Server {
        if let server, server.call.ended == nil { return server }
        server = nil
        let (toServer, fromServer) = (try Pipe(), try Pipe())
        try toServer.write.setNonBlocking()
        try fromServer.read.setNonBlocking()
        let command = ToolCommand(
            argv: [places.server, "--tool-server", places.agent, places.instructions],
            environment: places.environment,
            directory: places.agent,
            background: true
        )
        let call = try await tier.start(
            command,
            input: toServer.read,
            output: fromServer.write,
            error: try Descriptor.null()
        )
        let started = Server(call: call, input: toServer.write, output: fromServer.read)
        server = started
        return started
    }

    private func stop() {
        server?.call.kill(9)
        server = nil
    }

    private func enter() async {
        if isBusy { await withCheckedContinuation { queue.append($0) } } else { isBusy = true }
    }

    private func leave() {
        if queue.isEmpty { isBusy = false } else { queue.removeFirst().resume() }
    }
}
