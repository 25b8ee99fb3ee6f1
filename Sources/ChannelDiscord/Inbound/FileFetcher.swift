import ChannelKit
import ChannelNetwork
import Core

/// Brings the files of messages in.
struct FileFetcher: Sendable {
    /// Where Discord keeps files.
    static let hosts = ["cdn.discordapp.com", "media.discordapp.net"]
    private static let attempts = 3
    private static let deadline: Duration = .seconds(120)

    let http: HTTPPool
    let media: MediaFolder
    let rule: HostRule
    let time: any TimeSource

    /// Files that are here, and lines for the text about those that are not.
    struct Fetched: Sendable {
        var files: [InboundFile] = []
        var notes: [String] = []
    }

    /// Fetches what fits; throws only when the task is cancelled, and then leaves nothing.
    func fetch(_ attachments: [WireAttachment], isVoice: Bool) async throws(CancellationError) -> Fetched {
        var fetched = Fetched()
        for attachment in attachments {
            do {
                let path = try await fetch(attachment)
                fetched.files.append(
                    InboundFile(
                        type: Self.type(attachment, isVoice: isVoice),
                        name: attachment.filename,
                        mediaType: attachment.contentType,
                        source: .file(path)
                    )
                )
            } catch {
                guard !Task.isCancelled else {
                    await media.remove(fetched.files)
                    throw CancellationError()
                }
                let size = Self.size(attachment.size)
                fetched.notes.append("[file \(attachment.filename) (\(size)) was not fetched: \(error.reason)]")
            }
        }
        return fetched
    }

    private struct Failure: Error {
        var reason: String
        var mayPass = false
    }

    private func fetch(_ attachment: WireAttachment) async throws(Failure) -> String {
        guard attachment.size <= media.largest else {
            throw Failure(reason: "files over \(Self.size(media.largest)) are not taken")
        }
        let file: MediaFolder.File
        do { file = try await media.make() } catch { throw Failure(reason: "it could not be kept: \(error)") }
        for attempt in 1...Self.attempts {
            do {
                try await download(attachment, to: file)
                return file.path
            } catch {
                guard error.mayPass, attempt < Self.attempts, !Task.isCancelled,
                    (try? await time.sleep(for: .seconds(attempt))) != nil
                else {
                    await media.remove(paths: [file.path])
                    throw error
                }
            }
        }
        throw Failure(reason: "it could not be fetched")
    }

    private func download(_ attachment: WireAttachment, to file: MediaFolder.File) async throws(Failure) {
        // The signature in the query is all that the platform asks for: the token must not go there.
        let call = HTTPCall(
            .get,
            attachment.url,
            deadline: Self.deadline,
            replyLimit: 64 << 10,
            hosts: rule,
            redirects: 2
        )
        do {
            switch try await http.download(call, to: file.descriptor, limit: Int64(media.largest)) {
            case .saved: return
            case .refused(let reply):
                throw Failure(
                    reason: "Discord answered with status \(reply.status)",
                    mayPass: reply.status == 429 || reply.status >= 500
                )
            }
        } catch let error as Failure {
            throw error
        } catch let error as NetworkError {
            switch error.code {
            case .tooLarge: throw Failure(reason: "files over \(Self.size(media.largest)) are not taken")
            case .invalidURL, .refusedHost, .file: throw Failure(reason: error.message)
            default: throw Failure(reason: error.message, mayPass: true)
            }
        } catch {
            throw Failure(reason: "\(error)")
        }
    }

    private static func type(_ attachment: WireAttachment, isVoice: Bool) -> String {
        let kind = (attachment.contentType ?? "").split(separator: ";").first.map { $0.lowercased() } ?? ""
        if kind == "image/gif" { return "animation" }
        switch kind.split(separator: "/").first {
        case "image": return "image"
        case "video": return "video"
        case "audio": return isVoice ? "voice" : "audio"
        default: return "document"
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : bytes >= 1 << 10 ? "\(bytes >> 10) KiB" : "\(bytes) bytes"
    }
}
