import FoundationEssentials

/// An error as a model server writes it: `{"error": {"message", "type", "code"}}`, `{"error": "text"}`,
/// `{"message": …}`, `{"detail": …}`, or any other body.
struct ServerFailure: Decodable, Sendable {
    var message: String?
    var type: String?
    /// A word, or an HTTP status as a number.
    var code: String?

    private enum Key: String, CodingKey { case error, message, detail, type, code }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            message = text
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        if let inner = try? container.decodeIfPresent(ServerFailure.self, forKey: .error) {
            self = inner
            return
        }
        let text = (try? container.decodeIfPresent(TextOrJSON.self, forKey: .message)) ?? nil
        let detail = (try? container.decodeIfPresent(TextOrJSON.self, forKey: .detail)) ?? nil
        message = text?.text ?? detail?.text
        type = (try? container.decodeIfPresent(String.self, forKey: .type)) ?? nil
        code = ((try? container.decodeIfPresent(TextOrJSON.self, forKey: .code)) ?? nil)?.text
    }

    /// The failure in a body of an HTTP error.
    init(body: [UInt8]) {
        if let failure = try? JSONDecoder().decode(ServerFailure.self, from: Data(body)), failure.message != nil {
            self = failure
        } else {
            message = String(decoding: body.prefix(500), as: UTF8.self)
        }
    }

    /// The error for the turn.
    ///
    /// `status` is the HTTP status, nil for a failure within a stream.
    func error(status: Int?, retryAfter: Duration? = nil) -> ModelError {
        let words = [type, code].compactMap { $0?.lowercased() }
        let status = status ?? code.flatMap(Int.init).flatMap { (400...599).contains($0) ? $0 : nil }
        let code = classify(words: words, status: status, retryAfter: retryAfter)
        let said = message.map(Self.oneLine).flatMap { $0.isEmpty ? nil : $0 }
        let answer = status.map { " (\($0))" } ?? ""
        let text = "\(Self.summary(code))\(answer)\(said.map { ": " + $0.prefix(200) } ?? ".")"
        return ModelError(code, text, cause: said.map { String($0.prefix(500)) })
    }

    private func classify(words: [String], status: Int?, retryAfter: Duration?) -> ModelError.Code {
        func says(_ parts: String...) -> Bool {
            words.contains { word in parts.contains { word.contains($0) } }
        }
        let text = message?.lowercased() ?? ""
        let tooLong = ["prompt is too long", "maximum context length", "exceeds the available context size"]
        if says("context_length", "exceed_context_size") || tooLong.contains(where: text.contains) {
            return .contextTooLong
        }
        switch status {
        case 401?, 402?, 403?: return .unauthorized
        case 429?: return .rateLimited(retryAfter: retryAfter)
        case 408?, 409?, 425?: return .overloaded(retryAfter: retryAfter)
        case .some(500...): return .overloaded(retryAfter: retryAfter)
        case .some(300...): return .rejected
        default: break
        }
        if says("authentication", "permission", "billing", "invalid_api_key") { return .unauthorized }
        if says("rate_limit", "quota") { return .rateLimited(retryAfter: retryAfter) }
        if says("invalid_request", "not_found", "too_large", "unsupported") { return .rejected }
        return .overloaded(retryAfter: retryAfter)
    }

    private static func summary(_ code: ModelError.Code) -> String {
        switch code {
        case .unauthorized: "The model server refused the key"
        case .rateLimited: "The model server has too many requests"
        case .contextTooLong: "The conversation is longer than the model's context"
        case .rejected: "The model server rejected the request"
        default: "The model server failed"
        }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
