import ChannelKit
import ChannelNetwork
import Core
import Logging

/// Fetches the files of messages, which Slack gives to who shows the bot's token.
struct SlackFiles: Sendable {
    let api: SlackAPI
    let media: MediaFolder
    let logger: Logger

    /// Files of one message that are fetched; more are named.
    private static let most = 20

    /// The files on disk, and a line for each that is not: the text never goes with them.
    func fetch(_ files: [SlackFile]) async -> (files: [InboundFile], notes: [String]) {
        var fetched: [InboundFile] = []
        var notes: [String] = []
        for (index, file) in files.enumerated() {
            let outcome = index < Self.most ? await fetch(file) : .failure(Missing("a message may bring \(Self.most)"))
            switch outcome {
            case .success(let file): fetched.append(file)
            case .failure(let missing):
                let size = (missing.size ?? file.size).map { " (\(Self.shown($0)))" } ?? ""
                notes.append("[file \(missing.name ?? file.name)\(size) was not fetched: \(missing.why)]")
            }
        }
        return (fetched, notes)
    }

    private struct Missing: Error {
        var why: String
        var name: String?
        var size: Int?

        init(_ why: String) { self.why = why }
    }

    private func fetch(_ given: SlackFile) async -> Result<InboundFile, Missing> {
        var file = given
        if given.mustBeAsked || given.url == nil {
            guard let reply = try? await api.call("files.info", ["file": given.id]),
                let asked = reply["file"].flatMap(SlackFile.init)
            else { return .failure(Missing("Slack does not say where it is")) }
            file = asked
        }
        func missing(_ why: String) -> Result<InboundFile, Missing> {
            var missing = Missing(why)
            (missing.name, missing.size) = (file.name, file.size)
            return .failure(missing)
        }
        switch file.mode {
        case "external": return missing("it is kept outside of Slack")
        case "tombstone": return missing("it was deleted")
        case "hidden_by_limit": return missing("the workspace's plan hides it")
        default: break
        }
        guard let url = file.url else { return missing("Slack gives no address for it") }
        if let size = file.size, size > media.largest {
            return missing("files may have \(Self.shown(media.largest))")
        }
        var why = ""
        for _ in 0..<2 {
            do {
                let path = try await download(file, url)
                return .success(
                    InboundFile(type: file.kind, name: file.name, mediaType: file.mediaType, source: .file(path))
                )
            } catch let failure as Missing {
                return missing(failure.why)
            } catch let error as NetworkError where error.code == .tooLarge {
                return missing("files may have \(Self.shown(media.largest))")
            } catch {
                why = "\(error)"
            }
        }
        logger.warning("A file of Slack was not fetched", metadata: ["file": "\(file.id)", "error": "\(why)"])
        return missing("Slack did not hand it out")
    }

    private func download(_ file: SlackFile, _ url: String) async throws -> String {
        let target = try await media.make()
        do {
            let call = HTTPCall(
                .get,
                url,
                headers: ["authorization": api.authorization],
                deadline: .seconds(300),
                redacting: api.secrets,
                hosts: api.hosts,
                redirects: 3
            )
            switch try await api.http.download(call, to: target.descriptor, limit: Int64(media.largest)) {
            case .refused(let reply) where reply.status >= 500 || reply.status == 429:
                throw NetworkError(.closed, "status \(reply.status)")
            case .refused(let reply): throw Missing("Slack answered with status \(reply.status)")
            case .saved(let saved):
                // Who may not see it gets the page for signing in, with status 200.
                let isPage = saved.type?.hasPrefix("text/html") == true
                if isPage, file.mediaType != "text/html" || file.size.map({ Int64($0) != saved.size }) == true {
                    throw Missing("the app may not read files: it needs the scope files:read")
                }
            }
            return target.path
        } catch {
            await media.remove(paths: [target.path])
            throw error
        }
    }

    /// A size in words.
    static func shown(_ bytes: Int) -> String {
        if bytes < 1 << 10 { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        return bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}
