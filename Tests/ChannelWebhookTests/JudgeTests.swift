import ChannelKit
import ChannelNetwork
import Core
import Foundation
import TestSupport
import Testing

@testable import ChannelWebhook

/// The reference library of Standard Webhooks on the other side, both ways.
@Suite(.enabled(if: Judge.isOn), .timeLimit(.minutes(5))) struct WebhookJudgeTests {
    private static func ask(_ arguments: String...) async throws -> String {
        _ = try await Judge.run(Judge.directory.appending(path: "channels/setup.sh").path, ["mail"])
        let root = Judge.directory.deletingLastPathComponent().deletingLastPathComponent()
        return try await Judge.run(
            root.appending(path: ".build-judges/channels/mail/bin/python").path,
            [Judge.directory.appending(path: "channels/webhook_check.py").path] + arguments
        )
    }

    @Test func `T40 what the library signs is let in, what is old is not`() async throws {
        try await withHook { hook in
            let body = #"{"text":"ünï"}"#
            for (age, status) in [("0", 202), ("290", 202), ("310", 401)] {
                let fields = try JSONValue(parsing: try await Self.ask("sign", standardKey, "msg_\(age)", body, age))
                var headers: HeaderList = [:]
                for (name, value) in fields.object ?? [:] { headers[name] = value.string }
                #expect(try await hook.post(body, headers).status == status, "\(age)")
            }
        }
    }

    @Test func `what we sign the library verifies`() async throws {
        try await withReceiver { url, receiver in
            try await withHook(["reply-url": url, "private-targets": "yes"]) { hook in
                _ = try await hook.adapter.deliver(message("ünï"))
            }
            let request = try #require(receiver.requests.first)
            let names = ["webhook-id", "webhook-timestamp", "webhook-signature"]
            let fields = JSONText.object(names.reduce(into: [:]) { $0[$1] = request.headers[$1] })
            let body = String(decoding: request.body, as: UTF8.self)
            #expect(try await Self.ask("verify", standardKey, fields, body).trimmingWhiteSpace == body)
            await #expect(throws: (any Error).self) { try await Self.ask("verify", standardKey, fields, body + " ") }
        }
    }
}
