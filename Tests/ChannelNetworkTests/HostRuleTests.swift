import Core
import TestSupport
import Testing

@testable import ChannelNetwork

@Suite struct HostRuleTests {
    private let rule = Result {
        try HostRule(
            hosts: ["cdn.example.com", "*.files.example.org", "alt.example.com:8443"],
            origins: ["http://matrix.lan:8008", "https://chat.example.net/base"]
        )
    }

    @Test(arguments: [
        "https://cdn.example.com/a", "https://CDN.example.com:443/", "https://a.files.example.org/",
        "https://a.b.files.example.org/", "https://alt.example.com:8443/",
    ])
    func `a listed host is reached at checked addresses`(url: String) throws {
        #expect(try rule.get().reach(try WebAddress(url)) == .checked)
    }

    @Test(arguments: ["http://matrix.lan:8008/_matrix", "https://chat.example.net/other", "wss://chat.example.net/"])
    func `an origin of the configuration is reached as it is`(url: String) throws {
        let address = try WebAddress(url, schemes: ["http", "https", "wss"])
        #expect(try rule.get().reach(address) == .trusted)
    }

    @Test(arguments: [
        "https://example.com/", "https://xcdn.example.com/", "https://cdn.example.com.evil.test/",
        "https://files.example.org/", "https://xfiles.example.org/", "http://cdn.example.com/",
        "https://cdn.example.com:22/", "https://alt.example.com/", "http://matrix.lan/", "http://matrix.lan:22/",
        "https://matrix.lan:8008/", "http://chat.example.net/", "https://127.0.0.1/", "https://[::1]/",
        "https://2130706433/",
    ])
    func `T52 every other place is refused`(url: String) throws {
        let rule = try rule.get()
        let address = try WebAddress(url)
        let error = #expect(throws: NetworkError.self) { try rule.reach(address) }
        #expect(error?.code == .refusedHost)
    }

    @Test(arguments: ["*", "*.com", "https://h/", "h/path", "", "a b", "*.*.example.com"])
    func `what is no host cannot be listed`(host: String) {
        let error = #expect(throws: NetworkError.self) { try HostRule(hosts: [host]) }
        #expect(error?.code == .invalidURL)
    }

    @Test(arguments: [
        ["10.0.0.5"], ["93.184.216.34", "127.0.0.1"], ["::1"], ["2606:4700::1", "fe80::1"], ["::ffff:192.168.0.1"],
        ["169.254.169.254"], ["64:ff9b::a00:1"],
    ])
    func `T52 a name that leads to a special address, if only in part, is refused`(addresses: [String]) async throws {
        let resolver = TableResolver(["cdn.example.com": addresses])
        let error = await networkError {
            try await HostRule.checkedAddresses(of: "cdn.example.com", resolver) { $0.isPublic }
        }
        #expect(error?.code == .refusedHost)
    }

    @Test func `a name that leads to public addresses has them in order`() async throws {
        let resolver = TableResolver(["cdn.example.com": ["2606:4700::1", "93.184.216.34"]])
        let found = try await HostRule.checkedAddresses(of: "cdn.example.com", resolver) { $0.isPublic }
        #expect(found.map(\.description) == ["2606:4700::1", "93.184.216.34"])
    }

    @Test func `a numeric host is checked without asking anybody`() async throws {
        let resolver = TableResolver([:])
        let error = await networkError {
            try await HostRule.checkedAddresses(of: "127.0.0.1", resolver) { $0.isPublic }
        }
        #expect(error?.code == .refusedHost)
        #expect(resolver.questions.isEmpty)
    }

    @Test func `the system's resolver knows localhost, and short forms of loopback do not pass as names`() async throws
    {
        let found = try await SystemResolver().addresses(of: "localhost")
        #expect(found.contains { ["127.0.0.1", "::1"].contains($0.description) })
        let error = await networkError {
            try await HostRule.checkedAddresses(of: "2130706433", SystemResolver()) { $0.isPublic }
        }
        #expect(error?.code == .refusedHost)
    }
}
