import Core
import Glibc
import LinuxIO
import NetworkTestSupport
import TestSupport
import Testing

@testable import ChannelNetwork

@Suite(.timeLimit(.minutes(2))) struct DownloadTests {
    @Test(arguments: [("bytes", "application/octet-stream"), ("chunked", "text/x-pattern")])
    func `a body of any framing lands in the file`(kind: String, type: String) async throws {
        let pool = try HTTPPool()
        let bytes = pattern(3_000_001)
        try await withTemporaryDirectory { folder in
            try await withWebServer { port in
                let file = try makeFile(folder, "f")
                let call = HTTPCall(.get, "http://127.0.0.1:\(port)/\(kind)/3000001", replyLimit: 10)
                guard case .saved(let saved) = try await pool.download(call, to: file, limit: 3_000_001) else {
                    Issue.record("it was refused")
                    return
                }
                #expect(saved.size == 3_000_001 && saved.type == type && saved.status == 200)
                let digest = try StreamingSHA256()
                bytes.withUnsafeBytes { digest.update($0) }
                #expect(saved.sha256 == digest.finish())
                lseek(file.number, 0, SEEK_SET)
                #expect(try file.readAll(limit: 4_000_000) == bytes)
                let over = await networkError { try await pool.download(call, to: file, limit: 3_000_000) }
                #expect(over?.code == .tooLarge)
            }
        }
    }

    @Test func `an answer of another status is handed back and nothing is written`() async throws {
        let pool = try HTTPPool()
        try await withTemporaryDirectory { folder in
            try await withWebServer { port in
                let file = try makeFile(folder, "f")
                let call = HTTPCall(.get, "http://127.0.0.1:\(port)/status/404")
                guard case .refused(let reply) = try await pool.download(call, to: file, limit: 100) else {
                    Issue.record("it was saved")
                    return
                }
                #expect(reply.status == 404 && reply.text == #"{"error":"no"}"#)
                #expect(try file.status().st_size == 0)
            }
        }
    }

    @Test func `a download that is cut off is an error`() async throws {
        let pool = try HTTPPool()
        try await withTemporaryDirectory { folder in
            try await withWebServer { port in
                let file = try makeFile(folder, "f")
                let call = HTTPCall(.get, "http://127.0.0.1:\(port)/cut/100000")
                let error = await networkError { try await pool.download(call, to: file, limit: 2_000_000) }
                #expect(error?.code == .closed)
            }
        }
    }

    @Test func `a download that drips is ended at its deadline`() async throws {
        let time = ManualTime()
        var configuration = HTTPPool.Configuration()
        configuration.time = time
        let pool = try HTTPPool(configuration)
        try await withTemporaryDirectory { folder in
            let file = try makeFile(folder, "f")
            try await RawServer.with(.open("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")) { server in
                let call = HTTPCall(.get, "http://127.0.0.1:\(server.port)/", deadline: .seconds(600))
                let download = Task { try await pool.download(call, to: file, limit: 100) }
                for await _ in server.arrivals { break }
                try await time.waitForSleepers()
                time.advance(by: .seconds(600))
                #expect(await networkError { try await download.value }?.code == .timeout)
            }
        }
    }

    @Test func `a file that cannot be written is told as such`() async throws {
        let pool = try HTTPPool()
        let full = Descriptor(owning: open("/dev/full", O_WRONLY | O_CLOEXEC))
        try await withWebServer { port in
            let call = HTTPCall(.get, "http://127.0.0.1:\(port)/bytes/1000")
            #expect(await networkError { try await pool.download(call, to: full, limit: 2000) }?.code == .file)
        }
    }

    @Test func `T52 a rule keeps private addresses away, however their names look`() async throws {
        var configuration = HTTPPool.Configuration()
        configuration.resolver = TableResolver([
            "files.test": ["127.0.0.1"], "mixed.test": ["93.184.216.34", "10.0.0.1"],
            "mapped.test": ["::ffff:127.0.0.1"],
            "meta.test": ["169.254.169.254"],
        ])
        let pool = try HTTPPool(configuration)
        try await withTemporaryDirectory { folder in
            let file = try makeFile(folder, "f")
            let hosts = ["files.test", "mixed.test", "mapped.test", "meta.test", "127.0.0.1", "[::1]"]
            for host in hosts + ["other.test"] {
                let call = HTTPCall(.get, "https://\(host)/a", hosts: try HostRule(hosts: hosts))
                let error = await networkError { try await pool.download(call, to: file, limit: 100) }
                #expect(error?.code == .refusedHost, "\(host)")
            }
        }
    }

    @Test func `T52 an origin of the configuration may be private, and redirects from it are held to the rule`()
        async throws
    {
        let pool = try HTTPPool()
        try await withTemporaryDirectory { folder in
            try await withWebServer { port in
                let file = try makeFile(folder, "f")
                let base = "http://127.0.0.1:\(port)"
                let rule = try HostRule(hosts: ["cdn.example.com"], origins: [base])
                var call = HTTPCall(.get, "\(base)/to?/bytes/10", hosts: rule, redirects: 2)
                guard case .saved = try await pool.download(call, to: file, limit: 100) else {
                    Issue.record("it was refused")
                    return
                }
                for target in ["http://localhost:\(port)/bytes/10", "https://169.254.169.254/", "file:///etc/passwd"] {
                    call.url = "\(base)/to?\(target)"
                    let error = await networkError { try await pool.download(call, to: file, limit: 100) }
                    #expect(error.map { [.refusedHost, .invalidURL].contains($0.code) } == true, "\(target)")
                }
            }
        }
    }

    @Test func `T52 a checked address is the one that is connected to, under the host's own name`() async throws {
        try await withTemporaryDirectory { folder in
            let certificates = try await TestCertificates.make(in: folder)
            // 127.0.0.2 has nobody listening: the next address is tried. The name itself leads nowhere.
            let resolver = TableResolver(["files.test": ["127.0.0.2", "127.0.0.1"], "wrong.test": ["127.0.0.1"]])
            var configuration = HTTPPool.Configuration()
            configuration.trustedCertificates = certificates.authority
            configuration.resolver = resolver
            configuration.permits = { $0.description.hasPrefix("127.") }
            let pool = try HTTPPool(configuration)
            try await withWebServer(certificates) { port in
                let rule = try HostRule(hosts: ["files.test:\(port)", "wrong.test:\(port)"])
                let call = HTTPCall(.get, "https://files.test:\(port)/echo", hosts: rule)
                let facts = try await pool.request(call).json()
                #expect(facts[key: "names"] == ["files.test"])
                #expect(facts[key: "headers"]?[key: "host"]?.string == "files.test:\(port)")
                #expect(resolver.questions == ["files.test"])
                // The right address does not help a name that the certificate does not hold.
                let wrong = HTTPCall(.get, "https://wrong.test:\(port)/echo", hosts: rule)
                let error = await networkError { try await pool.request(wrong) }
                #expect(error?.code == .tls, "\(error.map { "\($0)" } ?? "none")")
            }
        }
    }

    @Test func `calls to a host of a rule share a connection, and its address is checked for each`() async throws {
        try await withTemporaryDirectory { folder in
            let certificates = try await TestCertificates.make(in: folder)
            let resolver = TableResolver(["files.test": ["127.0.0.1"]])
            var configuration = HTTPPool.Configuration()
            configuration.trustedCertificates = certificates.authority
            configuration.resolver = resolver
            configuration.permits = { _ in true }
            let pool = try HTTPPool(configuration)
            try await withWebServer(certificates) { port in
                let rule = try HostRule(hosts: ["files.test:\(port)"])
                var connections: [Int64?] = []
                for _ in 0..<3 {
                    let call = HTTPCall(.get, "https://files.test:\(port)/echo", hosts: rule)
                    connections.append(try await pool.request(call).json()[key: "connection"]?.integer)
                }
                #expect(connections == [1, 1, 1])
                #expect(resolver.questions.count == 3)
            }
        }
    }

    @Test func `what proves who we are is not told to another origin`() async throws {
        try await withTemporaryDirectory { folder in
            let certificates = try await TestCertificates.make(in: folder)
            var configuration = HTTPPool.Configuration()
            configuration.trustedCertificates = certificates.authority
            configuration.resolver = TableResolver(["files.test": ["127.0.0.1"]])
            configuration.permits = { _ in true }
            let pool = try HTTPPool(configuration)
            try await withWebServer(certificates) { port in
                let base = "https://localhost:\(port)"
                let rule = try HostRule(hosts: ["files.test:\(port)"], origins: [base])
                var call = HTTPCall(.get, "\(base)/to?/echo", headers: ["Authorization": "Bearer x", "x-b": "1"])
                call.hosts = rule
                call.redirects = 1
                let near = try await pool.request(call).json()
                #expect(near[key: "headers"]?[key: "authorization"] == "Bearer x")
                call.url = "\(base)/to?https://files.test:\(port)/echo"
                let far = try await pool.request(call).json()
                #expect(far[key: "headers"]?[key: "authorization"] == nil)
                #expect(far[key: "headers"]?[key: "x-b"] == "1")
            }
        }
    }

    @Test func `a certificate that nobody trusts, or none at all, is an error of TLS`() async throws {
        try await withTemporaryDirectory { folder in
            let certificates = try await TestCertificates.make(in: folder, withAddress: true)
            let stranger = try HTTPPool()
            var configuration = HTTPPool.Configuration()
            configuration.trustedCertificates = certificates.authority
            let friend = try HTTPPool(configuration)
            try await withWebServer(certificates) { port in
                let call = HTTPCall(.get, "https://localhost:\(port)/echo")
                let error = await networkError { try await stranger.request(call) }
                #expect(error?.code == .tls)
                #expect(error?.code.mayHaveArrived == false)
                let numeric = HTTPCall(.get, "https://127.0.0.1:\(port)/echo")
                let replies = [try await friend.request(call), try await friend.request(numeric)]
                #expect(replies.map(\.status) == [200, 200])
            }
            configuration.trustedCertificates = "\(folder)/none.pem"
            let broken = #expect(throws: NetworkError.self) { try HTTPPool(configuration) }
            #expect(broken?.code == .tls)
        }
    }
}
