import ChannelNetwork
import Core
import LinuxIO

/// The methods of the Bot API for one token, over HTTP.
struct TelegramAPI: Sendable, CustomStringConvertible {
    /// Where Telegram itself answers.
    static let standardBase = "https://api.telegram.org"

    /// A file in a request, beside its parameters.
    struct Upload: Sendable {
        /// The parameter that it is.
        var field: String
        var name: String
        var mediaType: String
        var descriptor: Descriptor
        /// In bytes.
        var size: Int
    }

    let http: HTTPPool
    /// Scheme, host and path without a slash at its end.
    let base: String
    /// Stands in every path; never in an error.
    let token: String

    /// Telegram's own servers, not one that the operator runs.
    var isStandard: Bool { base == Self.standardBase }

    /// Calls a method and reads its result.
    ///
    /// `deadline` is for all of it; a poll's must be longer than the poll.
    func call<Result: Decodable & Sendable>(
        _ method: String,
        _ parameters: [String: JSONValue] = [:],
        upload: Upload? = nil,
        deadline: Duration = .seconds(30),
        replyLimit: Int = 4 << 20,
        as type: Result.Type = JSONValue.self
    ) async throws(TelegramFailure) -> Result {
        let call = HTTPCall(
            .post,
            "\(base)/bot\(token)/\(method)",
            body: try Self.body(method, parameters, upload),
            deadline: deadline,
            replyLimit: replyLimit,
            redacting: [token]
        )
        let reply: HTTPReply
        do {
            reply = try await http.request(call)
        } catch {
            throw TelegramFailure(.network(error.code), "\(method): \(error.message)")
        }
        return try read(method, reply, as: type)
    }

    /// Streams a file of the platform, by the path that `getFile` told, into an open file.
    func download(_ path: String, to file: Descriptor, limit: Int64) async throws(TelegramFailure) {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw TelegramFailure(
                .refused,
                path.hasPrefix("/")
                    ? "the Bot API server keeps files to itself: run it without --local"
                    : "the server named a path that is none"
            )
        }
        let name = segments.map { FormEncoding.segment(String($0)) }.joined(separator: "/")
        do {
            let call = HTTPCall(
                .get,
                "\(base)/file/bot\(token)/\(name)",
                deadline: .seconds(120),
                redacting: [token],
                hosts: try HostRule(hosts: [], origins: [base])
            )
            switch try await http.download(call, to: file, limit: limit) {
            case .saved: return
            case .refused(let reply): _ = try read("the download", reply, as: JSONValue.self)
            }
        } catch let error as TelegramFailure {
            throw error
        } catch let error as NetworkError {
            throw TelegramFailure(error.code == .tooLarge ? .refused : .network(error.code), error.message)
        } catch {
            throw TelegramFailure(.network(.file), "the download failed: \(error)")
        }
    }

    /// Without the token.
    var description: String { "the Bot API at \(base)" }

    private struct Envelope<Result: Decodable>: Decodable {
        struct Parameters: Decodable {
            var retryAfter: Int?
            var newChat: Int64?

            enum CodingKeys: String, CodingKey {
                case retryAfter = "retry_after"
                case newChat = "migrate_to_chat_id"
            }
        }

        var ok: Bool
        var result: Result?
        var description: String?
        var parameters: Parameters?
    }

    private func read<Result: Decodable>(
        _ method: String,
        _ reply: HTTPReply,
        as type: Result.Type
    ) throws(TelegramFailure) -> Result {
        var reason: String
        do {
            let envelope = try JSONText.decode(Envelope<Result>.self, reply.body)
            if envelope.ok, reply.isSuccess, let result = envelope.result { return result }
            throw TelegramFailure(
                method: method,
                status: reply.isSuccess ? 502 : reply.status,
                description: clean(envelope.description ?? "no reason"),
                retryAfter: envelope.parameters?.retryAfter,
                newChat: envelope.parameters?.newChat
            )
        } catch let error as TelegramFailure {
            throw error
        } catch {
            reason = clean("\(error)")
        }
        if reply.isSuccess {
            throw TelegramFailure(.server(reply.status), "Telegram's answer to \(method) cannot be read: \(reason)")
        }
        // A proxy answers in words of its own.
        reason = clean(String(reply.text.prefix(200)))
        var seconds: Int?
        if case .delay(let delay) = reply.retryAfter { seconds = Int(delay.components.seconds) }
        throw TelegramFailure(
            method: method,
            status: reply.status,
            description: reason,
            retryAfter: seconds,
            newChat: nil
        )
    }

    private func clean(_ text: String) -> String {
        text.replacing(token, with: "[redacted]").split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func body(
        _ method: String,
        _ parameters: [String: JSONValue],
        _ upload: Upload?
    ) throws(TelegramFailure) -> HTTPCall.Body {
        do {
            guard let upload else { return .json(try JSONValue.object(parameters).text()) }
            var parts = try parameters.sorted { $0.key < $1.key }.map { key, value in
                MultipartPart.field(key, try value.string ?? value.text())
            }
            parts.append(
                .file(
                    upload.field,
                    fileName: upload.name,
                    type: upload.mediaType,
                    upload.descriptor,
                    size: Int64(upload.size)
                )
            )
            return .multipart(parts)
        } catch {
            throw TelegramFailure(.refused, "\(method) cannot be written as JSON: \(error)")
        }
    }
}
