import ChannelNetwork
import Core
import Logging
import Synchronization
import TestSupport
import Testing

@testable import ChannelMatrix

@Suite("Devices that are on no list", .timeLimit(.minutes(1)))
struct UnlistedDeviceTests {
    private static let bot = OlmMachineTests.bot
    private static let ann = OlmMachineTests.ann
    private let both: Set<String> = [bot, ann]
    private let silent = Logger(label: "matrix") { _ in SwiftLogNoOpLogHandler() }

    private func withScene(
        _ body: (OlmMachineTests.Scene, _ bot: OlmMachine, _ ann: OlmMachine) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let scene = OlmMachineTests.Scene(folder: folder)
            let bot = try await scene.machine(Self.bot, "BOT")
            let ann = try await scene.machine(Self.ann, "PHONE")
            try await scene.talk.add(bot)
            try await scene.talk.add(ann)
            try await body(scene, bot, ann)
        }
    }

    @Test("A device that is newer than what is known of its owner is asked for, and its message read")
    func newer() async throws {
        try await withScene { scene, bot, _ in
            _ = try await scene.talk.send("hello", from: bot, to: both)
            let laptop = try await scene.machine(Self.ann, "LAPTOP")
            try await scene.talk.add(laptop)
            let sent = try await scene.talk.send("from the laptop", from: laptop, to: both)
            // The server has told of no change.
            #expect(try await bot.stale(among: both).isEmpty)
            #expect(try await scene.talk.read(sent.event, bot).text == "from the laptop")
        }
    }

    @Test("What was written by a device that its owner denies waits, and the server is asked now and then only")
    func denied() async throws {
        try await withScene { scene, bot, ann in
            let asked = Mutex(0)
            let listener = WebhookListener(WebhookOptions(port: 0), logger: silent)
            try listener.add("hs/_matrix/client/v3/keys/query") { _ in
                asked.withLock { $0 += 1 }
                return WebhookResponse(status: 200, body: Array(#"{"device_keys":{"@ann:hs":{}}}"#.utf8))
            }
            let listening = Task { try await listener.run() }
            defer { listening.cancel() }
            let client = MatrixClient(
                base: "http://127.0.0.1:\(try await listener.port)/hooks/hs",
                token: "",
                http: try HTTPPool(),
                time: scene.time
            )
            let crypto = RoomCrypto(machine: bot, client: client, logger: silent)
            func read(_ text: String) async throws {
                let sent = try await scene.talk.send(text, from: ann, to: both)
                let why = "the device that sent it is none of its sender's"
                #expect(
                    try await crypto.decrypt(sent.event, in: "!room")
                        == .missingKey(session: sent.plan.session, withheld: why)
                )
            }
            // For the first her devices are learned, for the second they are asked for anew.
            for text in ["one", "two", "three"] { try await read(text) }
            #expect(asked.withLock { $0 } == 2)
            scene.time.advance(by: .seconds(301))
            try await read("four")
            #expect(asked.withLock { $0 } == 3)
        }
    }
}
