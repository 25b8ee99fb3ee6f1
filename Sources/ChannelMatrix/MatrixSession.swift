import ChannelKit
import ChannelNetwork
import Core
import Logging
import Synchronization

/// What a running account works with: its token is known to be good and its store is open.
final class MatrixSession: Sendable {
    let client: MatrixClient
    /// The account's own id.
    let me: String
    let store: MatrixStore
    /// Nil when this device cannot encrypt; `cryptoProblem` says why.
    let crypto: RoomCrypto?
    let cryptoProblem: String
    let tools: ChannelTools
    let health: HealthKeeper
    /// The largest file that the server takes, in bytes.
    let uploadLimit: Int
    /// Holds sends back as the server asks.
    let gate: RateGate

    /// The newest message of threads, for clients that show a thread as answers.
    private let latest = Mutex<[String: String]>([:])
    /// Rooms in which the account is shown typing.
    private let typing = Mutex<Set<String>>([])

    init(
        client: MatrixClient,
        me: String,
        store: MatrixStore,
        crypto: RoomCrypto?,
        cryptoProblem: String,
        tools: ChannelTools,
        health: HealthKeeper,
        uploadLimit: Int
    ) {
        self.client = client
        self.me = me
        self.store = store
        self.crypto = crypto
        self.cryptoProblem = cryptoProblem
        self.tools = tools
        self.health = health
        self.uploadLimit = uploadLimit
        gate = RateGate(account: Rate(10, per: .seconds(1), burst: 20), time: tools.time)
    }

    var logger: Logger { tools.logger }

    func address(_ room: String, thread: String? = nil) -> ChatAddress {
        MatrixID.address(of: room, account: me, thread: thread)
    }

    /// Notes the newest message of a thread.
    func noteLatest(_ event: String, in thread: String) {
        latest.withLock { latest in
            if latest.count >= 1_024 { latest.removeAll() }
            latest[thread] = event
        }
    }

    func latest(in thread: String) -> String? { latest.withLock { $0[thread] } }

    func setTyping(_ isTyping: Bool, in room: String) async {
        let matters = typing.withLock { rooms in
            guard isTyping else { return rooms.remove(room) != nil }
            // Said again and again: the server forgets it after a while.
            rooms.insert(room)
            return true
        }
        guard matters else { return }
        try? await client.setTyping(isTyping, in: room, me: me, for: .seconds(20))
    }

    /// Answers to one question that are none before it is given up: a network may answer in the server's place for a while.
    private static let strangeAnswers = 5

    /// Asks the homeserver until it answers; nil, and logged, when it refuses.
    ///
    /// Throws only when the session is signed out or the task is cancelled.
    func ask<Answer>(_ what: String, _ body: () async throws -> Answer) async throws -> Answer? {
        var answer: Answer?
        var strange = 0
        do {
            try await insist(what) {
                answer = try await body()
            } unless: { error in
                guard error.code.isStrange else { return !error.code.mayPass }
                strange += 1
                return strange >= Self.strangeAnswers
            }
        } catch let error as MatrixError where !error.code.isSignedOut {
            logger.warning("\(what) is given up", metadata: ["error": "\(error)"])
        }
        return answer
    }

    /// Does something until it succeeds, waiting longer after each failure; ends only with the task, and with an error that
    /// is said to be the last.
    func insist(
        _ what: String,
        _ body: () async throws -> Void,
        unless isLast: (MatrixError) -> Bool = { _ in false }
    ) async throws {
        var backoff = Backoff(ceiling: .seconds(60))
        while true {
            do { return try await body() } catch let error as CancellationError {
                throw error
            } catch {
                try Task.checkCancellation()
                if let error = error as? MatrixError, isLast(error) { throw error }
                var pause = backoff.failed(at: tools.time.monotonic)
                if case .limited(let wait)? = (error as? MatrixError)?.code { pause = wait }
                logger.warning("\(what) has failed", metadata: ["error": "\(error)", "after": "\(pause)"])
                try await tools.time.sleep(for: pause)
            }
        }
    }
}
