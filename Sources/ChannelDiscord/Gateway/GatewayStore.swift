import ChannelKit
import Core
import Logging

/// What outlives the process: the session and the channels in which something was said lately.
actor GatewayStore {
    private static let sessionKey = "gateway.session"
    private static let chatsKey = "gateway.chats"

    private let state: any ChannelState
    private let logger: Logger
    private var savedSession: GatewaySession?
    private var savedChats = RecentChats()

    init(state: any ChannelState, logger: Logger) {
        self.state = state
        self.logger = logger
    }

    /// What an earlier life has left; what cannot be read counts for nothing.
    func load() async throws -> (session: GatewaySession?, chats: RecentChats) {
        savedSession = try await state.value(Self.sessionKey).flatMap { try? JSONText.decode(GatewaySession.self, $0) }
        savedChats = RecentChats(json: try await state.value(Self.chatsKey))
        return (savedSession, savedChats)
    }

    /// Writes what has changed; what cannot be written now is written the next time.
    ///
    /// Not bound to the caller's task: at its end there is still something to write.
    func save(_ session: GatewaySession?, _ chats: RecentChats) async {
        guard session != savedSession || chats != savedChats else { return }
        await Task { await write(session, chats) }.value
    }

    private func write(_ session: GatewaySession?, _ chats: RecentChats) async {
        do {
            // The chats first: with an older session what they leave out comes again.
            if chats != savedChats {
                try await state.set(Self.chatsKey, try chats.json())
                savedChats = chats
            }
            if let session, session != savedSession {
                try await state.set(Self.sessionKey, try JSONText.encode(session))
                savedSession = session
            }
        } catch {
            logger.error("Where Discord's events stand could not be kept", metadata: ["error": "\(error)"])
        }
    }
}
