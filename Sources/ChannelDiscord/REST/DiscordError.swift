import ChannelNetwork
import Core

/// What goes wrong when Discord's API is asked; never with the token in it.
typealias DiscordError = CodedError<DiscordFailure>

/// The kinds of ``DiscordError``.
enum DiscordFailure: Sendable, Hashable {
    /// The token does not count.
    case unauthorized
    /// The bot may not do this; Discord's own code, 0 without.
    case forbidden(code: Int)
    /// There is no such thing (any more).
    case missing(code: Int)
    /// Discord does not take the request.
    case invalid(code: Int)
    /// A body or file over the platform's limit.
    case tooLarge
    /// Not before this time has passed.
    case limited(Duration)
    /// The platform's own fault.
    case server
    /// No connection came about: nothing was sent.
    case unreachable
    /// It may have been done.
    case uncertain
    case cancelled
    /// An answer of 2xx that cannot be read.
    case unreadable

    /// What was asked for may have been done all the same.
    var mayBeDone: Bool {
        switch self {
        case .server, .uncertain, .cancelled, .unreadable: true
        case .unauthorized, .forbidden, .missing, .invalid, .tooLarge, .limited, .unreachable: false
        }
    }
}

extension CodedError where Kind == DiscordFailure {
    /// What an answer of another status than 2xx means.
    init(_ reply: HTTPReply, _ route: DiscordRoute) {
        let told = try? JSONText.decode(WireError.self, reply.body)
        let code = told?.code ?? 0
        let words = [told?.message, told?.firstFault].compactMap { $0 }.joined(separator: ": ")
        let said = words.isEmpty ? "status \(reply.status)" : "\(words.prefix(300)) (\(code))"
        let kind: DiscordFailure =
            switch reply.status {
            case 401: .unauthorized
            case 403: .forbidden(code: code)
            case 404: .missing(code: code)
            case 413: .tooLarge
            case 400 where code == WireError.entityTooLarge: .tooLarge
            case 400..<500: .invalid(code: code)
            // A server in between has waited in vain for the answer.
            case 504: .uncertain
            default: .server
            }
        self.init(
            kind,
            kind == .unauthorized ? DiscordWords.refusedToken : "Discord answered \(route.name) with: \(said)"
        )
    }

    /// What a failure of the network means.
    init(_ error: NetworkError, _ route: DiscordRoute) {
        let kind: DiscordFailure =
            switch error.code {
            case .cancelled: .cancelled
            default: error.code.mayHaveArrived ? .uncertain : .unreachable
            }
        self.init(kind, "Discord could not be asked for \(route.name): \(error.message)")
    }
}

/// The body of an error (<https://discord.com/developers/docs/reference#error-messages>).
private struct WireError: Decodable {
    static let entityTooLarge = 40005

    var code: Int?
    var message: String?
    /// The first of the faults that Discord names, with its place, such as `content` too long.
    var firstFault: String?

    private enum CodingKeys: String, CodingKey { case code, message, errors }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try? container.decodeIfPresent(Int.self, forKey: .code)
        message = try? container.decodeIfPresent(String.self, forKey: .message)
        if let errors = try? container.decodeIfPresent(JSONValue.self, forKey: .errors) {
            firstFault = Self.fault(errors, at: [], depth: 0)
        }
    }

    private static func fault(_ value: JSONValue, at place: [String], depth: Int) -> String? {
        guard depth < 12, let fields = value.object else { return nil }
        if let text = fields["_errors"]?.array?.first?[key: "message"]?.string {
            return "\(place.joined(separator: ".")): \(text)"
        }
        for (key, inner) in fields.sorted(by: { $0.key < $1.key }) {
            if let found = fault(inner, at: place + [key], depth: depth + 1) { return found }
        }
        return nil
    }
}
