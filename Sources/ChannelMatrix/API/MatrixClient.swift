import ChannelNetwork
import Core

/// The client-server API of one homeserver for one access token (specification v1.15).
struct MatrixClient: Sendable {
    /// Without a slash at its end.
    let base: String
    /// Empty before the login.
    let token: String
    let http: HTTPPool
    let time: any TimeSource

    /// The longest answer of the server that is taken, but to a sync.
    static let replyLimit = 16 << 20

    /// Asks at `/_matrix/client/<version>/<path…>`; the path's parts are escaped here.
    @discardableResult
    func call(
        _ method: HTTPCall.Method,
        _ path: [String],
        version: String = "v3",
        query: [(String, String)] = [],
        body: JSONValue? = nil,
        deadline: Duration = .seconds(30),
        replyLimit: Int = MatrixClient.replyLimit
    ) async throws(MatrixError) -> JSONValue {
        let reply = try await send(
            request(method, "client/\(version)", path, query, body, deadline: deadline, replyLimit: replyLimit)
        )
        return try read(reply, of: Self.name(method, path))
    }

    /// A call below `/_matrix/<area>`.
    func request(
        _ method: HTTPCall.Method,
        _ area: String,
        _ path: [String],
        _ query: [(String, String)] = [],
        _ body: JSONValue? = nil,
        deadline: Duration = .seconds(30),
        replyLimit: Int = MatrixClient.replyLimit
    ) throws(MatrixError) -> HTTPCall {
        var url = "\(base)/_matrix/\(area)/\(path.map(FormEncoding.segment).joined(separator: "/"))"
        if !query.isEmpty {
            url += "?" + query.map { "\(FormEncoding.segment($0))=\(FormEncoding.segment($1))" }.joined(separator: "&")
        }
        var call = HTTPCall(method, url, deadline: deadline, replyLimit: replyLimit)
        if !token.isEmpty {
            call.headers["authorization"] = "Bearer \(token)"
            call.redacting = [token]
        }
        if let body {
            do { call.body = .json(try body.text()) } catch {
                throw MatrixError(.answer, "A request cannot be written as JSON", cause: error)
            }
        }
        return call
    }

    func send(_ call: HTTPCall) async throws(MatrixError) -> HTTPReply {
        do { return try await http.request(call) } catch {
            throw MatrixError(.network(error.code), error.message)
        }
    }

    /// The JSON of a good answer; throws what a bad one means.
    func read(_ reply: HTTPReply, of name: String) throws(MatrixError) -> JSONValue {
        guard reply.isSuccess else { throw failure(reply, of: name) }
        do { return try JSONReader.read(reply.body) } catch {
            throw MatrixError(.answer, "The homeserver's answer to \(name) is no JSON", cause: error)
        }
    }

    /// What an answer of another status than 2xx means.
    func failure(_ reply: HTTPReply, of name: String) -> MatrixError {
        let json = try? JSONReader.read(reply.body)
        let errcode = json?[key: "errcode"]?.string ?? ""
        let words = (json?[key: "error"]?.string).map { ": \($0.prefix(300))" } ?? ""
        let text = "\(name) is refused with \(reply.status) \(errcode)\(words)"
        switch (reply.status, errcode) {
        case (429, _), (_, "M_LIMIT_EXCEEDED"):
            return MatrixError(.limited(retryAfter: wait(reply, json)), text)
        case (401, "M_UNKNOWN_TOKEN"), (401, "M_MISSING_TOKEN"):
            let isSoft = json?[key: "soft_logout"]?.bool ?? false
            return MatrixError(.signedOut(isSoft: isSoft), text)
        case (500..., _): return MatrixError(.server(status: reply.status), text)
        case (_, ""):
            // No homeserver speaks: a proxy, or the wrong address.
            return MatrixError(.refused(status: reply.status, errcode: ""), "\(text): no Matrix server answers there")
        default: return MatrixError(.refused(status: reply.status, errcode: errcode), text)
        }
    }

    private func wait(_ reply: HTTPReply, _ json: JSONValue?) -> Duration {
        // The field of the body is exact, the header's is rounded up.
        if let milliseconds = json?[key: "retry_after_ms"]?.integer, milliseconds >= 0 {
            return min(.milliseconds(milliseconds), RetryAfter.longest)
        }
        return reply.retryAfter?.wait(now: time.now) ?? .seconds(5)
    }

    /// A request in words, without ids.
    static func name(_ method: HTTPCall.Method, _ path: [String]) -> String {
        let known = path.filter { part in !part.contains { "!@$#".contains($0) } && part.utf8.count < 40 }
        return "\(method.rawValue) \(known.joined(separator: "/"))"
    }
}
