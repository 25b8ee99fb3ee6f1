/// What a sandbox's processes hold of the home's disk without a name, and what they have written.
package struct WireHoldings: Sendable, Equatable {
    /// Of files without a name; the recent ones changed within the last minute.
    package var bytes: Int64 = 0
    package var files: Int64 = 0
    package var recentBytes: Int64 = 0
    package var recentFiles: Int64 = 0
    /// Bytes that those who live, and those whom they waited for, have made dirty on any disk.
    package var written: Int64 = 0

    package init() {}

    /// The datagram.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        for number in [bytes, files, recentBytes, recentFiles, written] { writer.put(number) }
        return writer.bytes
    }

    /// Reads the datagram; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        self.bytes = try reader.number("bytes")
        files = try reader.number("files")
        recentBytes = try reader.number("recentBytes")
        recentFiles = try reader.number("recentFiles")
        written = try reader.number("written")
        try reader.end()
    }
}

/// Asks a spawner for the ``WireHoldings`` of one of its sandboxes; the socket that they are sent over travels with it.
package struct HoldingsRequest: Sendable, Equatable {
    /// PID 1 of the sandbox, as the host sees it.
    package let pid: Int32

    package init(pid: Int32) { self.pid = pid }

    /// The message, its ``SpawnerRequest`` included.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        writer.put(SpawnerRequest.holdings.rawValue)
        writer.put(pid)
        return writer.bytes
    }

    /// Reads the message; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        let request: UInt8 = try reader.number("request")
        guard request == SpawnerRequest.holdings.rawValue else { throw WireError("no question for holdings") }
        pid = try reader.number("pid")
        try reader.end()
    }
}
