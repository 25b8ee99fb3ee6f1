import Core
import Glibc
import LinuxIO

/// The program `nanoclaw` inside the tool tier: hands its words to the runner and prints what comes back.
package enum CommandLineClient {
    /// The status when there is no answer.
    private static let unreachable: Int32 = 2

    /// Makes the call with these words; answers the exit status.
    package static func run(_ words: [String], port: UInt16 = CommandLineWire.port) -> Int32 {
        do {
            let connection = try connect(port)
            let call = try CommandLineWire.call(words)
            guard call.count <= CommandLineWire.longestCall else {
                return fail("the call has \(call.count) bytes, at most \(CommandLineWire.longestCall)")
            }
            try connection.write(call)
            let line = try connection.readAll(limit: CommandLineWire.longestAnswer)
            guard !line.isEmpty else { return fail("the agent's runner ended before it answered") }
            let answer = try JSONText.decode(CommandLineAnswer.self, line)
            print(answer.output, to: 1)
            print(answer.error, to: 2)
            return answer.exit
        } catch {
            return fail("the agent's runner cannot be reached: \(error)")
        }
    }

    private static func connect(_ port: UInt16) throws -> Descriptor {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let connection = Descriptor(owning: number)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Errno.last("connect") }
        return connection
    }

    private static func print(_ text: String, to number: Int32) {
        guard !text.isEmpty else { return }
        var bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if written < 0, errno != EINTR { return }
            bytes = bytes.dropFirst(max(written, 0))
        }
    }

    private static func fail(_ why: String) -> Int32 {
        print("nanoclaw: \(why)", to: 2)
        return unreachable
    }
}
