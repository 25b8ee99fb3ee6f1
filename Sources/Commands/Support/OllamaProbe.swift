import ControlProtocol
import Core
import Glibc
import LinuxIO

/// Looks whether an Ollama runs on its usual port of this machine.
enum OllamaProbe {
    /// A server that answered as Ollama does.
    struct Found: Sendable, Equatable {
        /// The names of its models.
        var models: [String]
    }

    static let address = "127.0.0.1:11434"
    private static let port: UInt16 = 11434
    private static let longestAnswer = 1 << 20

    /// Asks for its models; nil when nothing answers like one within `timeout`.
    static func look(port: UInt16 = OllamaProbe.port, timeout: Duration = .milliseconds(500)) async -> Found? {
        await withTaskGroup(of: Found?.self) { group in
            group.addTask { try? await ask(port) }
            group.addTask {
                // Nobody cancels it without wanting its end.
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private static func ask(_ port: UInt16) async throws -> Found? {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let descriptor = Descriptor(owning: number)
        try descriptor.setNonBlocking()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if connected < 0 {
            guard errno == EINPROGRESS else { throw Errno.last("connect") }
            try await Readiness.shared.writable(descriptor)
        }
        try descriptor.write(Array("GET /api/tags HTTP/1.0\r\nHost: \(Self.address)\r\nConnection: close\r\n\r\n".utf8))
        return models(in: try await readAll(descriptor))
    }

    private static func readAll(_ descriptor: Descriptor) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < longestAnswer {
            do {
                let part = try descriptor.read(upTo: 1 << 16)
                if part.isEmpty { break }
                bytes += part
            } catch let error as Errno where error.code == EAGAIN {
                try await Readiness.shared.readable(descriptor)
            }
        }
        return bytes
    }

    /// The models in an HTTP answer to `/api/tags`; nil when it is no such answer.
    static func models(in answer: [UInt8]) -> Found? {
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1."), text.dropFirst(8).hasPrefix(" 200"), let start = text.firstIndex(of: "{"),
            let end = text.lastIndex(of: "}"), start < end,
            let value = try? JSONText.decode(JSONValue.self, String(text[start...end])),
            let models = value[key: "models"]?.array
        else { return nil }
        return Found(models: models.compactMap { $0[key: "name"]?.string })
    }
}
