import CentralStore
import Core
import Foundation

/// Looks whether a model server can be reached.
enum PortProbe {
    /// Connects and closes again; sends nothing, so that no key is needed.
    static func look(_ provider: Provider, home: String) async -> Finding {
        let name = "provider \(provider.name)"
        guard let url = URL(string: provider.baseURL), let host = url.host else {
            return Finding(.bad, name, "\(provider.baseURL) is no URL", fix: .provider(provider.name, home))
        }
        let port = url.port ?? (url.scheme == "https" ? 443 : 80)
        let problem = await withCheckedContinuation { continuation in
            // Name resolution blocks: off the cooperative pool.
            DispatchQueue.global().async { continuation.resume(returning: connect(host, port)) }
        }
        return problem.map {
            Finding(
                .bad,
                name,
                "\(provider.baseURL) does not answer: \($0)",
                fix: .provider(provider.name, home)
            )
        }
            ?? Finding(.good, name, "\(provider.baseURL) answers")
    }

    /// Nil when a connection was made, else why not.
    private static func connect(_ host: String, _ port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &found)
        guard result == 0 else { return String(cString: gai_strerror(result)) }
        defer { freeaddrinfo(found) }
        var problem = "no address"
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let number = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard number >= 0 else { continue }
            defer { close(number) }
            var patience = timeval(tv_sec: 3, tv_usec: 0)
            // Also bounds connect(2) on Linux.
            setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            if Foundation.connect(number, address.ai_addr, address.ai_addrlen) == 0 { return nil }
            problem = errno == EINPROGRESS ? "timed out" : String(cString: strerror(errno))
        }
        return problem
    }
}
