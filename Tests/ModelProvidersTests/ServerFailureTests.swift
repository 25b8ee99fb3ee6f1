import Core
import Testing

@testable import ModelProviders

struct ServerFailureTests {
    private static let table: [(Int, String, ModelError.Code)] = [
        (
            401, #"{"error":{"message":"Incorrect API key","type":"invalid_request_error","code":"invalid_api_key"}}"#,
            .unauthorized
        ),
        (402, #"{"error":{"message":"no money"}}"#, .unauthorized),
        (403, #"{"type":"error","error":{"type":"permission_error","message":"no"}}"#, .unauthorized),
        (429, #"{"error":{"message":"slow"}}"#, .rateLimited(retryAfter: .seconds(7))),
        (500, "oops", .overloaded(retryAfter: .seconds(7))),
        (
            503, #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
            .overloaded(retryAfter: .seconds(7))
        ),
        (
            529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            .overloaded(retryAfter: .seconds(7))
        ),
        (400, #"{"error":"bad"}"#, .rejected),
        (404, #"{"error":{"message":"model 'x' not found"}}"#, .rejected),
        (413, "<html>", .rejected),
        (422, #"{"detail":[{"loc":["body"],"msg":"bad"}]}"#, .rejected),
        (302, "", .rejected),
        (
            400,
            #"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
            .contextTooLong
        ),
        (
            400, #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 1 > 0"}}"#,
            .contextTooLong
        ),
        (400, #"{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}"#, .contextTooLong),
    ]

    @Test(arguments: table)
    func `T28 a status becomes a cause that says what happened`(status: Int, body: String, code: ModelError.Code) {
        let error = ServerFailure(body: Array(body.utf8)).error(status: status, retryAfter: .seconds(7))
        #expect(error.code == code)
        #expect(error.message.contains("(\(status))"))
    }

    @Test func `T29 only what would fail again is not tried again`() {
        let codes: [(ModelError.Code, Bool)] = [
            (.unauthorized, true), (.rateLimited(retryAfter: nil), true), (.overloaded(retryAfter: nil), true),
            (.network, true), (.malformed, true), (.truncated, true), (.timeout, true),
            (.rejected, false), (.contextTooLong, false),
        ]
        for (code, isRetryable) in codes { #expect(ModelError(code, "").isRetryable == isRetryable) }
    }

    @Test func `what the server says is shown on one line, cut`() {
        let long = String(repeating: "word\n", count: 1000)
        let error = ServerFailure(body: Array(#"{"error":{"message":"\#(long.replacing("\n", with: "\\n"))"}}"#.utf8))
            .error(status: 400)
        #expect(!error.message.contains("\n"))
        #expect(error.message.count < 300)
        #expect((error.cause ?? "").count == 500)
    }

    @Test func `Retry-After is read as seconds, milliseconds or a date`() {
        let now = Timestamp(milliseconds: 784_111_770_000)
        func wait(_ text: String?, _ milliseconds: String? = nil) -> Duration? {
            RetryAfter.duration(milliseconds: milliseconds, retryAfter: text, now: now)
        }
        #expect(wait("7") == .seconds(7))
        #expect(wait("1.5") == .milliseconds(1500))
        #expect(wait("7", "250") == .milliseconds(250))
        #expect(wait("Sun, 06 Nov 1994 08:49:37 GMT") == .seconds(7))
        #expect(wait("Sun, 06 Nov 1994 08:49:00 GMT") == .zero)
        #expect(wait("-3") == .zero)
        #expect(wait("99999999999") == .seconds(86400))
        for text in ["soon", "", "nan", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"] {
            #expect(wait(text) == nil, "\(text)")
        }
        #expect(wait("Thu, 29 Feb 2096 00:00:00 GMT") == .seconds(86400))
    }
}
