import Glibc

/// An IPv4 or IPv6 address.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// Reads the standard notation (RFC 4291 §2.2, dotted decimal); nil for other text, a zone or a short form.
    package init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    /// Takes 4 or 16 bytes; nil for another number.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// The standard notation.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// True for an ordinary address of the internet; false for private, loopback, link-local, multicast, reserved and
    /// all other special-purpose ones (IANA special-purpose registries, RFC 6890), also when they are wrapped in IPv6.
    package var isPublic: Bool {
        if bytes.count == 4 { return !Self.special4.contains { $0.holds(bytes) } }
        // NAT64 (RFC 6052) leads to the IPv4 address in its last four bytes.
        if Self.nat64.holds(bytes) { return IPAddress(bytes: Array(bytes[12...]))?.isPublic ?? false }
        // Outside 2000::/3 nothing is assigned to hosts of the internet; IPv4-mapped addresses are among the rest.
        return Self.global.holds(bytes) && !Self.special6.contains { $0.holds(bytes) }
    }

    private struct Block {
        let prefix: [UInt8]
        let length: Int

        init(_ text: String, _ length: Int) {
            prefix = IPAddress(text)?.bytes ?? []
            self.length = length
        }

        func holds(_ bytes: [UInt8]) -> Bool {
            guard bytes.count == prefix.count else { return false }
            let whole = length / 8
            guard bytes.prefix(whole).elementsEqual(prefix.prefix(whole)) else { return false }
            let rest = length % 8
            guard rest > 0 else { return true }
            return (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0
        }
    }

    private static let nat64 = Block("64:ff9b::", 96)
    private static let global = Block("2000::", 3)
    private static let special6 = [
        // Protocol assignments with Teredo and ORCHID, documentation, 6to4, which wraps any IPv4 address.
        Block("2001::", 23), Block("2001:db8::", 32), Block("2002::", 16), Block("3fff::", 20),
    ]
    private static let special4 = [
        Block("0.0.0.0", 8), Block("10.0.0.0", 8), Block("100.64.0.0", 10), Block("127.0.0.0", 8),
        Block("169.254.0.0", 16), Block("172.16.0.0", 12), Block("192.0.0.0", 24), Block("192.0.2.0", 24),
        Block("192.88.99.0", 24), Block("192.168.0.0", 16), Block("198.18.0.0", 15), Block("198.51.100.0", 24),
        Block("203.0.113.0", 24), Block("224.0.0.0", 4), Block("240.0.0.0", 4),
    ]
}
