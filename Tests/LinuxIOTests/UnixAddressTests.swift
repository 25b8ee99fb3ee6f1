import Glibc
import LinuxIO
import TestSupport
import Testing

struct UnixAddressTests {
    private func datagrams() throws -> Descriptor {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        return Descriptor(owning: try Errno.check(number, "socket"))
    }

    @Test func `a path and an abstract name are found again, the latter without a file`() async throws {
        try await withTemporaryDirectory { home in
            let abstract = "@nanoclaw-test-\(getpid())"
            for name in ["\(home)/socket", abstract] {
                let (server, client) = (try datagrams(), try datagrams())
                #expect(try UnixAddress(name).with { bind(server.number, $0, $1) } == 0)
                let sent = try UnixAddress(name).with { sendto(client.number, [7], 1, 0, $0, $1) }
                #expect(sent == 1)
                #expect(try server.read(upTo: 8) == [7])
                // As the kernel lists it; a 0 byte behind the name would be part of an abstract one.
                let listed = try procText("/proc/net/unix").split(separator: "\n")
                #expect(listed.contains { $0.hasSuffix(" \(name)") })
            }
            #expect(try Directory(path: home).names() == ["socket"])
        }
    }

    @Test func `a path that an address cannot hold is refused, not cut`() throws {
        let longest = "/" + String(repeating: "x", count: 106)
        _ = try UnixAddress(longest)
        #expect(throws: Errno(ENAMETOOLONG, "socket \(longest)x")) { try UnixAddress(longest + "x") }
    }
}
