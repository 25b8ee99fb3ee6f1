import ChannelConformance
import ChannelKit

/// Loop, exempt from what it can do.
struct ExemptWorld: PlatformWorld {
    let world: LoopWorld

    var exemptions: [ConformanceCheck: String] { [.editOut: "nobody needs it"] }
    var platform: any ChannelPlatform { world.platform }
    var account: ChannelAccount { world.account }
    var tools: ChannelTools { world.tools }
    var direct: WorldChat { world.direct }
    var group: WorldChat? { nil }

    func say(_ message: WorldSaid) async throws -> String { try await world.say(message) }
    func edit(_ id: String, in chat: WorldChat, to text: String) async throws {}
    func delete(_ id: String, in chat: WorldChat) async throws {}
    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws {}
    func press(_ label: String, on id: String, in chat: WorldChat) async throws {}
    func messages(in chat: WorldChat) async throws -> [WorldMessage] { try await world.messages(in: chat) }
    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {}
    func inject(_ fault: WorldFault) async throws {}
    func openLinks() async throws -> Int { 0 }
    func dropLinks() async throws {}
}
