import Core
import Glibc
import LinuxIO
import NetworkTestSupport
import TestSupport
import Testing

@testable import ChannelNetwork

@Suite(.timeLimit(.minutes(2))) struct HTTPPoolTests {
    private static func sha256(_ bytes: [UInt8]) throws -> String {
        let digest = try StreamingSHA256()
        bytes.withUnsafeBytes { digest.update($0) }
        return Hex.encode(digest.finish())
    }

    @Test func `bodies arrive whole with their type and length`() async throws {
        let pool = try HTTPPool()
        let big = pattern(300_000)
        let bodies: [(HTTPCall.Body, type: String?, bytes: [UInt8])] = [
            (.none, nil, []), (.json("{\"a\":1}"), "application/json", Array("{\"a\":1}".utf8)),
            (.bytes(big, type: "text/x-a"), "text/x-a", big), (.bytes([], type: "text/x-b"), "text/x-b", []),
            (
                .form([("a b", "ä&="), ("c", "")]), "application/x-www-form-urlencoded",
                Array("a+b=%C3%A4%26%3D&c=".utf8)
            ),
        ]
        try await withWebServer { port in
            for (body, type, bytes) in bodies {
                let call = HTTPCall(.post, "http://127.0.0.1:\(port)/echo/x?y=z", headers: ["x-own": "1"], body: body)
                let reply = try await pool.request(call)
                let facts = try reply.json()
                #expect(reply.status == 200 && reply.isSuccess)
                #expect(facts[key: "method"] == "POST")
                #expect(facts[key: "path"] == "/echo/x?y=z")
                #expect(facts[key: "sha256"]?.string == (try Self.sha256(bytes)))
                #expect(facts[key: "headers"]?[key: "x-own"] == "1")
                #expect(facts[key: "headers"]?[key: "content-type"]?.string == type)
                #expect(facts[key: "headers"]?[key: "transfer-encoding"] == nil)
            }
        }
    }

    @Test func `requests one after the other share a connection`() async throws {
        let pool = try HTTPPool()
        try await withWebServer { port in
            var connections: Set<Int64?> = []
            for _ in 0..<5 {
                let reply = try await pool.request(HTTPCall(.get, "http://127.0.0.1:\(port)/echo"))
                connections.insert(try reply.json()[key: "connection"]?.integer)
            }
            #expect(connections == [1])
        }
    }

    @Test func `nine polls that hang keep no other call waiting`() async throws {
        let pool = try HTTPPool()
        let hanging = RawServer.Reply.open("")
        let answer = RawServer.Reply.bytes("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        try await RawServer.with(
            hanging,
            hanging,
            hanging,
            hanging,
            hanging,
            hanging,
            hanging,
            hanging,
            hanging,
            answer
        ) { server in
            let url = "http://127.0.0.1:\(server.port)/"
            let polls = (1...9).map { _ in
                Task { _ = try await pool.request(HTTPCall(.get, url, deadline: .seconds(60))) }
            }
            defer { for poll in polls { poll.cancel() } }
            let arrivals = server.arrivals
            let haveArrived: Void? = try await Deadline.run(.seconds(20), SystemTime()) {
                var left = 9
                for await _ in arrivals {
                    left -= 1
                    if left == 0 { return }
                }
            }
            try #require(haveArrived != nil, "nine polls are under way")
            let sent = try await pool.request(HTTPCall(.post, url, deadline: .seconds(20)))
            #expect(sent.status == 200)
        }
    }

    @Test func `a multipart body is what a MIME parser reads, its files streamed from the disk`() async throws {
        let pool = try HTTPPool()
        let bytes = pattern(5_000_000)
        try await withTemporaryDirectory { folder in
            let file = try makeFile(folder, "f", bytes + [1, 2, 3])
            try await withWebServer { port in
                let parts: [MultipartPart] = [
                    .field("chat_id", "4711 ü"),
                    .file("document", fileName: "a \"b\" ä.bin", type: "application/x-c", file, size: 5_000_000),
                    MultipartPart(name: "empty", content: .bytes([])),
                ]
                let reply = try await pool.request(
                    HTTPCall(.post, "http://127.0.0.1:\(port)/multipart", body: .multipart(parts))
                )
                let read = try #require(try reply.json()[key: "parts"]?.array)
                #expect(read.map { $0[key: "name"]?.string } == ["chat_id", "document", "empty"])
                #expect(read.map { $0[key: "file"]?.string } == [nil, "a %22b%22 ä.bin", nil])
                #expect(read[1][key: "type"] == "application/x-c")
                #expect(read[0][key: "sha256"]?.string == (try Self.sha256(Array("4711 ü".utf8))))
                #expect(read[1][key: "sha256"]?.string == (try Self.sha256(bytes)))
                #expect(read[2][key: "sha256"]?.string == (try Self.sha256([])))
            }
        }
    }

    @Test func `a file is sent from its first byte, as often as it is asked for`() async throws {
        let pool = try HTTPPool()
        let bytes = pattern(200_000)
        try await withTemporaryDirectory { folder in
            let file = try makeFile(folder, "f", bytes)
            try await withWebServer { port in
                for _ in 0..<2 {
                    let body = HTTPCall.Body.file(file, size: 200_000, type: "image/png")
                    let reply = try await pool.request(HTTPCall(.put, "http://127.0.0.1:\(port)/echo", body: body))
                    #expect(try reply.json()[key: "sha256"]?.string == Self.sha256(bytes))
                }
                let short = HTTPCall(
                    .put,
                    "http://127.0.0.1:\(port)/echo",
                    body: .file(file, size: 200_001, type: "image/png")
                )
                let cut = await networkError { try await pool.request(short) }
                // Its end is missing: nobody acts on it.
                #expect(cut?.code == .file && cut?.code.mayHaveArrived == false)
            }
        }
    }

    @Test func `answers of every status come back, and what they ask to wait`() async throws {
        let pool = try HTTPPool()
        try await withWebServer { port in
            for status in [400, 403, 404, 429, 500, 503] {
                let reply = try await pool.request(HTTPCall(.get, "http://127.0.0.1:\(port)/status/\(status)"))
                #expect(reply.status == status && !reply.isSuccess)
                #expect(reply.retryAfter == .delay(.seconds(7)))
                #expect(reply.text == #"{"error":"no"}"#)
            }
            let redirect = try await pool.request(HTTPCall(.get, "http://127.0.0.1:\(port)/to?/echo"))
            #expect(redirect.status == 302)
            let head = try await pool.request(HTTPCall(.head, "http://127.0.0.1:\(port)/bytes/1000"))
            #expect(head.headers["Content-LENGTH"] == "1000" && head.body.isEmpty)
        }
    }

    @Test(arguments: ["bytes", "chunked"])
    func `an answer over the bound is refused`(kind: String) async throws {
        let pool = try HTTPPool()
        try await withWebServer { port in
            var call = HTTPCall(.get, "http://127.0.0.1:\(port)/\(kind)/50000", replyLimit: 50000)
            let whole = try await pool.request(call)
            #expect(whole.body == pattern(50000))
            call.replyLimit = 49999
            #expect(await networkError { try await pool.request(call) }?.code == .tooLarge)
        }
    }

    @Test(arguments: ["cut/100000", "drop"])
    func `a server that cuts the connection may have acted`(path: String) async throws {
        let pool = try HTTPPool()
        try await withWebServer { port in
            let call = HTTPCall(.get, "http://127.0.0.1:\(port)/\(path)")
            let error = await networkError { try await pool.request(call) }
            #expect(error?.code == .closed)
            #expect(error?.code.mayHaveArrived == true)
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"])
    func `the deadline holds for the answer's body too`(answer: String) async throws {
        let time = ManualTime()
        var configuration = HTTPPool.Configuration()
        configuration.time = time
        let pool = try HTTPPool(configuration)
        try await RawServer.with(.open(answer)) { server in
            let call = HTTPCall(.get, "http://127.0.0.1:\(server.port)/", deadline: .seconds(50))
            let request = Task { try await pool.request(call) }
            for await _ in server.arrivals { break }
            try await time.waitForSleepers()
            time.advance(by: .seconds(50))
            let error = await networkError { try await request.value }
            #expect(error?.code == .timeout)
            #expect(error?.code.mayHaveArrived == true)
            // The connection is not kept: what comes late would be taken for the next answer.
            for await _ in server.closings { break }
        }
    }

    @Test func `a port where nobody listens cannot be reached, and nothing was sent`() async throws {
        let pool = try HTTPPool()
        try await withClosedPort { port in
            let error = await networkError { try await pool.request(HTTPCall(.get, "http://127.0.0.1:\(port)/")) }
            #expect(error?.code == .cannotConnect)
            #expect(error?.code.mayHaveArrived == false)
        }
        let name = await networkError { try await pool.request(HTTPCall(.get, "http://no-such-name.invalid/")) }
        #expect(name?.code == .cannotConnect)
    }

    @Test func `a cancelled request ends at once`() async throws {
        let pool = try HTTPPool()
        try await RawServer.with(.open("")) { server in
            let task = Task { try await pool.request(HTTPCall(.get, "http://127.0.0.1:\(server.port)/")) }
            for await _ in server.arrivals { break }
            task.cancel()
            #expect(await networkError { try await task.value }?.code == .cancelled)
        }
    }

    @Test func `no secret of a URL stands in an error`() async throws {
        let pool = try HTTPPool()
        let secret = "123456:AAF-secret"
        let urls = [
            "http://127.0.0.1:1/bot\(secret)/getMe", "http://\(secret).invalid/",
            "http://127.0.0.1:1/\(secret) x",
            "http://user:\(secret)@127.0.0.1/",
        ]
        for url in urls {
            let call = HTTPCall(.get, url, redacting: ["", secret, "AAF"])
            let error = try #require(await networkError { try await pool.request(call) })
            #expect(!"\(error) \(String(reflecting: error))".contains("AAF"))
        }
    }

    @Test func `a header that would break the request is refused`() async throws {
        let pool = try HTTPPool()
        let call = HTTPCall(.get, "http://127.0.0.1:1/", headers: ["x-a": "1\r\nx-b: 2"])
        #expect(await networkError { try await pool.request(call) } != nil)
    }

    @Test func `without a rule redirects stay at the same origin`() async throws {
        let pool = try HTTPPool()
        try await withWebServer { port in
            let base = "http://127.0.0.1:\(port)"
            let near = try await pool.request(HTTPCall(.get, "\(base)/to?/echo/near", redirects: 1))
            #expect(try near.json()[key: "path"] == "/echo/near")
            #expect(near.url == "\(base)/echo/near")
            let far = HTTPCall(.get, "\(base)/to?http://localhost:\(port)/echo", redirects: 1)
            #expect(await networkError { try await pool.request(far) }?.code == .refusedHost)
            let long = HTTPCall(.get, "\(base)/to?/to%3F/to%253F/echo", redirects: 2)
            #expect(await networkError { try await pool.request(long) }?.code == .refusedHost)
            let post = try await pool.request(HTTPCall(.post, "\(base)/to?/echo", body: .json("1"), redirects: 3))
            #expect(post.status == 302)
        }
    }
}
