import ChannelKit
import ChannelNetwork
import Core
import Logging

/// Brings files from the platform to the disk; what does not come is said in words.
struct TelegramFetcher: Sendable {
    /// What came of a message's files.
    struct Result: Sendable {
        var files: [InboundFile] = []
        /// A line for each that is not here.
        var notes: [String] = []
    }

    /// The largest file that Telegram's own servers hand out to bots, in bytes.
    static let largestFromTelegram: Int64 = 20 << 20
    private static let attempts = 3

    let api: TelegramAPI
    let media: MediaFolder
    let time: any TimeSource
    let logger: Logger

    /// Fetches files one after the other.
    ///
    /// The caller removes them from the folder once the host has them. Throws only when the task is cancelled, with
    /// nothing left in the folder.
    func fetch(_ offers: [TelegramOffer]) async throws -> Result {
        var result = Result()
        do {
            for offer in offers {
                switch try await fetch(offer) {
                case .success(let file): result.files.append(file)
                case .failure(let why): result.notes.append(offer.note(why.words))
                }
            }
        } catch {
            await media.remove(result.files)
            throw error
        }
        return result
    }

    private struct Refusal: Error {
        var words: String
    }

    private var limit: Int64 {
        api.isStandard ? min(Int64(media.largest), Self.largestFromTelegram) : Int64(media.largest)
    }

    private func fetch(_ offer: TelegramOffer) async throws -> Swift.Result<InboundFile, Refusal> {
        if let size = offer.size, size > limit {
            let whose = limit < Int64(media.largest) ? "Telegram hands out to bots" : "is taken here"
            return .failure(Refusal(words: "more than the \(limit >> 20) MiB that \(whose)"))
        }
        var attempt = 1
        while true {
            do {
                return .success(try await download(offer))
            } catch let failure as TelegramFailure {
                try Task.checkCancellation()
                guard attempt < Self.attempts, let pause = failure.pause(attempt) else {
                    logger.warning("A file was not fetched", metadata: ["file": "\(offer.name)", "why": "\(failure)"])
                    return .failure(Refusal(words: failure.message))
                }
                attempt += 1
                try await time.sleep(for: pause)
            } catch {
                try Task.checkCancellation()
                logger.error("A file was not kept", metadata: ["file": "\(offer.name)", "why": "\(error)"])
                return .failure(Refusal(words: "it could not be stored"))
            }
        }
    }

    private struct Found: Decodable, Sendable {
        var path: String?

        enum CodingKeys: String, CodingKey { case path = "file_path" }
    }

    private func download(_ offer: TelegramOffer) async throws -> InboundFile {
        let found = try await api.call("getFile", ["file_id": .string(offer.fileID)], as: Found.self)
        guard let path = found.path else { throw TelegramFailure(.refused, "Telegram does not hand it out") }
        let file = try await media.make()
        do {
            try await api.download(path, to: file.descriptor, limit: limit)
        } catch {
            await media.remove(paths: [file.path])
            throw error
        }
        return InboundFile(type: offer.type, name: offer.name, mediaType: offer.mediaType, source: .file(file.path))
    }
}

extension TelegramFailure {
    /// How long to wait before a fetch is tried again; nil when that is of no use or takes too long.
    fileprivate func pause(_ attempt: Int) -> Duration? {
        switch code {
        case .network(.tooLarge), .network(.refusedHost), .network(.invalidURL): nil
        case .network, .server: .seconds(attempt)
        case .tooMany(let pause): pause <= .seconds(10) ? pause : nil
        default: nil
        }
    }
}
