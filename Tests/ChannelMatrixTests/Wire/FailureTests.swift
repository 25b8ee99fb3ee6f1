import ChannelKit
import ChannelNetwork
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("What a failure means for a message on its way out")
struct FailureTests {
    private func client() throws -> MatrixClient {
        MatrixClient(base: "http://127.0.0.1:1", token: "", http: try HTTPPool(), time: ManualTime())
    }

    private static let page = "<html><body>not here</body></html>"

    @Test(
        "The homeserver's own word counts, a proxy's page in its place passes",
        arguments: [
            (404, page, .transient), (403, "", .transient), (302, page, .transient), (502, page, .transient),
            (404, #"{"errcode":"M_NOT_FOUND"}"#, .rejected), (403, #"{"errcode":"M_FORBIDDEN"}"#, .rejected),
            (401, #"{"errcode":"M_UNKNOWN_TOKEN"}"#, .notConnected), (413, page, .rejected),
        ] as [(Int, String, ChannelError.Code)]
    )
    func meaning(_ status: Int, _ body: String, _ code: ChannelError.Code) throws {
        let reply = HTTPReply(status: status, body: Array(body.utf8))
        #expect(try client().failure(reply, of: "a message").channelError.code == code)
    }

    @Test("A page that is given out as an answer passes")
    func garbled() throws {
        let client = try client()
        let error = #expect(throws: MatrixError.self) {
            try client.read(HTTPReply(status: 200, body: Array(Self.page.utf8)), of: "a message")
        }
        #expect(error?.channelError.code == .transient)
    }
}
