import ChannelKit
import ChannelNetwork
import Core
import LinuxIO

extension SlackSender {
    /// Uploads a file and shares it: an address, the bytes, and the word that they are all there.
    ///
    /// Answers with the ts of the message that shows it, where Slack says so at once and somebody asks for it.
    func upload(
        _ file: OutboundFile,
        _ part: OutgoingParts.Part,
        _ target: Target
    ) async throws(SlackError) -> String? {
        let key = part.idempotencyKey
        guard file.size > 0 else {
            let words = "[The file \(file.name) stays here: it is empty, and Slack takes no empty files.]"
            return try await post(Content(plain: words), key, target)
        }
        let id: String
        if case .file(let known) = uncertain.send(key) {
            if let ts = try await share(of: known, in: target.conversation) {
                uncertain.forget(key)
                return ts
            }
            id = known
        } else {
            id = try await send(file)
            crashPoint("channel.slack-file-uploaded")
        }
        do throws(SlackError) {
            let files: JSONValue = [["id": .string(id), "title": .string(file.name)]]
            _ = try await api.call(
                "files.completeUploadExternal",
                ["files": Self.json(files), "channel_id": target.conversation, "thread_ts": target.thread],
                deadline: .seconds(60)
            )
        } catch {
            if error.code == .uncertain || error.code == .cancelled { uncertain.note(key, .file(id: id)) }
            throw error
        }
        uncertain.forget(key)
        guard part.index == 0 else { return nil }
        return try? await share(of: id, in: target.conversation)
    }

    /// Sends the bytes to the address that Slack gives for them; answers with the file's id.
    private func send(_ file: OutboundFile) async throws(SlackError) -> String {
        let ticket = try await api.call(
            "files.getUploadURLExternal",
            ["filename": file.name, "length": "\(file.size)"]
        )
        guard let url = ticket["upload_url"]?.string, let id = ticket["file_id"]?.string else {
            throw SlackError(.uncertain, "files.getUploadURLExternal: Slack gives no address")
        }
        let reply: HTTPReply
        do {
            reply = try await api.http.request(
                HTTPCall(
                    .post,
                    url,
                    body: .file(file.descriptor, size: Int64(file.size), type: "application/octet-stream"),
                    deadline: .seconds(50) + file.transferTime,
                    redacting: api.secrets + [url],
                    hosts: api.hosts
                )
            )
        } catch {
            throw SlackError(error, "upload of \(file.name)")
        }
        guard reply.isSuccess else {
            let words = "upload of \(file.name): Slack answered with status \(reply.status)"
            throw SlackError(reply.status == 429 || reply.status >= 500 ? .uncertain : .refused("upload_failed"), words)
        }
        return id
    }

    /// The ts of the message that shows a file in a conversation; nil while there is none.
    private func share(of file: String, in conversation: String) async throws(SlackError) -> String? {
        let reply = try await api.call("files.info", ["file": file])
        for kind in ["public", "private"] {
            let shares = reply["file"]?[key: "shares"]?[key: kind]?[key: conversation]?.array
            if let ts = shares?.first?[key: "ts"]?.string { return ts }
        }
        return nil
    }
}
