import Core
import Synchronization

/// The paths that are served, and who serves them.
final class WebhookRoutes: Sendable {
    private let handlers = Mutex<[String: WebhookHandler]>([:])
    /// Set with the first path.
    let first = Latch<Void>()

    func add(_ path: String, _ handler: @escaping WebhookHandler) throws(NetworkError) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = segments.allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".." && segment.utf8.allSatisfy(Self.isPlain)
        }
        guard isPlain, path.utf8.count <= 200 else {
            let message =
                "\"\(path.prefix(80))\" is no webhook path: use letters, digits, - . _ ~ and / between segments"
            throw NetworkError(.invalidURL, message)
        }
        let isNew = handlers.withLock { handlers in
            guard handlers[path] == nil else { return false }
            handlers[path] = handler
            return true
        }
        guard isNew else { throw NetworkError(.invalidURL, "The webhook path \(path) is taken by another account") }
        first.set(())
    }

    func remove(_ path: String) { handlers.withLock { _ = $0.removeValue(forKey: path) } }

    subscript(path: String) -> WebhookHandler? { handlers.withLock { $0[path] } }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
