import ChannelKit
import ChannelNetwork
import Core
import Glibc
import LinuxIO

/// Brings files of messages in: to a file of the host's, decrypted, never more than it allows.
struct MediaFetcher: Sendable {
    let session: MatrixSession

    enum Outcome: Sendable {
        case file(InboundFile)
        /// It stays where it is; why, in words.
        case refused(String)
    }

    /// Fetches a file; throws when the host cannot keep it, not when the server does not give it.
    func fetch(_ media: MediaReference) async throws -> Outcome {
        let limit = Int64(session.tools.media.largest)
        if let size = media.size, size > limit { return .refused("it is larger than \(ByteCount.text(limit))") }
        let file = try await session.tools.media.make()
        do {
            let saved = try await download(media, to: file, limit: limit)
            if let cipher = media.cipher {
                guard saved.sha256 == cipher.sha256 else {
                    await session.tools.media.remove(paths: [file.path])
                    return .refused("it is damaged: its hash is another than its message says")
                }
                try await AttachmentCipher().decrypt(file.descriptor, size: Int(saved.size), cipher)
            }
            return .file(
                InboundFile(
                    type: media.type,
                    name: media.name,
                    mediaType: media.mediaType,
                    source: .file(file.path)
                )
            )
        } catch let error as MatrixError {
            await session.tools.media.remove(paths: [file.path])
            // Of the host's, not of the server's: it is fetched again when there is room.
            if error.code == .network(.file) || error.code == .network(.cancelled) { throw error }
            if error.code == .network(.tooLarge) { return .refused("it is larger than \(ByteCount.text(limit))") }
            return .refused(error.message)
        } catch {
            await session.tools.media.remove(paths: [file.path])
            throw error
        }
    }

    /// Three attempts, as long as the failure may pass.
    private func download(
        _ media: MediaReference,
        to file: MediaFolder.File,
        limit: Int64
    ) async throws -> HTTPDownload {
        var backoff = Backoff()
        var attempts = 1
        while true {
            do { return try await session.client.download(media, to: file.descriptor, limit: limit) } catch {
                guard error.code.mayPass, error.code != .server(status: 504), error.code != .network(.file),
                    attempts < 3
                else { throw error }
                attempts += 1
                // An earlier attempt may have written more than the next one will.
                guard ftruncate(file.descriptor.number, 0) == 0 else { throw error }
                var pause = backoff.failed(at: session.tools.time.monotonic)
                if case .limited(let wait) = error.code { pause = wait }
                try await session.tools.time.sleep(for: pause)
            }
        }
    }
}
