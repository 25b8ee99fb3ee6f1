/// One streamed POST.
struct HTTPExchange: Sendable {
    /// Below the endpoint's path.
    var path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]
    var makeParser: @Sendable () -> any AnswerParser
    /// After a refusal by status: the body to try once more with, or nil to let the error stand.
    var secondTry: (@Sendable (ModelError) -> [UInt8]?)?
}
