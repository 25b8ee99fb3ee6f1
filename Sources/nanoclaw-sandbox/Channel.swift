import CLinux
import Glibc
import SandboxWire

/// Ends of SEQPACKET sockets between the processes of one sandbox.
enum Channel {
    /// Two connected ends, close-on-exec.
    static func pair() throws(StepError) -> (mine: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        try step("socketpair", clinux_seqpacket_pair(&ends))
        return (ends[0], ends[1])
    }

    /// Sends a message, waiting if it must.
    ///
    /// Failing to is no error: the other side sees the end of the channel.
    @discardableResult
    static func send(_ bytes: [UInt8], over channel: Int32, passing descriptors: [Int32] = []) -> Bool {
        clinux_send(channel, bytes, bytes.count, descriptors, Int32(descriptors.count), 0) >= 0
    }

    @discardableResult
    static func send(_ message: LauncherMessage, over channel: Int32, passing descriptors: [Int32] = []) -> Bool {
        send(message.encoded(), over: channel, passing: descriptors)
    }

    /// What one receive brought.
    enum Received {
        case message([UInt8], [Int32])
        case gone
        /// Nothing there, or a message that was cut and thrown away.
        case nothing
    }

    /// Receives one message of at most `limit` bytes; does not wait unless `waiting`.
    static func receive(_ channel: Int32, limit: Int = 4096, waiting: Bool = false) -> Received {
        var bytes = [UInt8](repeating: 0, count: limit)
        var descriptors = [Int32](repeating: -1, count: Int(CLINUX_MAX_FDS))
        var count = Int32(descriptors.count)
        let got = clinux_receive(channel, &bytes, limit, &descriptors, &count, waiting ? 0 : Int32(MSG_DONTWAIT))
        if got == 0, count == 0 { return .gone }
        if got < 0 { return got == -Int(ECONNRESET) ? .gone : .nothing }
        return .message(Array(bytes.prefix(got)), Array(descriptors.prefix(Int(count))))
    }
}
