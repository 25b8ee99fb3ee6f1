import Core
import Glibc

/// Finds the addresses of a host; tests hand in their own.
package protocol HostResolver: Sendable {
    /// All addresses, the preferred first; throws ``NetworkError`` when there are none.
    func addresses(of host: String) async throws -> [IPAddress]
}

/// The machine's resolver, `getaddrinfo`, on threads of its own.
package struct SystemResolver: HostResolver {
    private let queue = BlockingQueue(label: "nanoclaw.network.names", concurrent: true)

    package init() {}

    package func addresses(of host: String) async throws -> [IPAddress] {
        try await queue.runAbandonable { try Self.lookUp(host) }
    }

    private static func lookUp(_ host: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &first)
        defer { if let first { freeaddrinfo(first) } }
        guard code == 0 else {
            let reason = String(cString: gai_strerror(code))
            throw NetworkError(.cannotConnect, "The name \(host) has no address: \(reason)")
        }
        var found: [IPAddress] = []
        var next = first
        while let entry = next {
            if let address = entry.pointee.ai_addr.flatMap(address), !found.contains(address) { found.append(address) }
            next = entry.pointee.ai_next
        }
        guard !found.isEmpty else { throw NetworkError(.cannotConnect, "The name \(host) has no IP address") }
        return found
    }

    private static func address(_ pointer: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { entry in
                withUnsafeBytes(of: entry.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
            }
        case AF_INET6:
            pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { entry in
                withUnsafeBytes(of: entry.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
            }
        default: nil
        }
    }
}
