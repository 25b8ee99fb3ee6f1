import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Encryption of rooms as the account needs it: an ``OlmMachine`` and the questions that it has for the server.
///
/// Everybody in a room can read what goes to it: the key goes to every device of every member whose own signature is good,
/// verified or not.
actor RoomCrypto {
    nonisolated let machine: OlmMachine
    private let client: MatrixClient
    private let logger: Logger
    private let time: any TimeSource
    private let turnstile = Turnstile<String>()

    /// People in rooms by membership, as long as no member event says otherwise; asked for when they are needed.
    private var members: [String: [String: String]] = [:]
    /// Rises with each change of a room's members, so that an answer that was overtaken is not kept.
    private var memberChanges: [String: Int] = [:]
    /// Devices and people that did not answer, and when they are asked again.
    private var asleep: [String: Duration] = [:]

    /// How long somebody who did not answer is left alone.
    private static let nap: Duration = .seconds(300)
    /// Devices in one request.
    private static let batch = 40

    init(machine: OlmMachine, client: MatrixClient, logger: Logger) {
        self.machine = machine
        self.client = client
        self.logger = logger
        time = machine.time
    }

    // MARK: - What the server tells

    /// The members of a room have changed, or may have.
    func membersChanged(in room: String) {
        members[room] = nil
        memberChanges[room, default: 0] += 1
    }

    /// Takes what a sync says about devices and keys; answers whether the key of a session came.
    func take(_ reply: SyncReply) async throws -> Bool {
        try await machine.devicesChanged(of: reply.changedUsers)
        try await machine.forget(reply.leftUsers)
        var hasKeys = false
        for event in reply.toDevice {
            switch try await machine.receive(event) {
            case .roomKey(let room, let session, let sender):
                hasKeys = true
                await attempt("taking back a question for a key") {
                    if let message = try await machine.cancelRequest(session, in: room, to: sender) {
                        try await client.sendToDevices(
                            "m.room_key_request",
                            [message],
                            transaction: Hexadecimal.random()
                        )
                    }
                }
            case .withheld(let room, _): logger.info("A key is withheld", metadata: ["room": "\(room)"])
            case .asked(let request): await attempt("answering for a key") { try await answer(request) }
            case .broken(let user, let key): await attempt("mending a session") { try await mend(user, key) }
            case .ignored(let why): logger.debug("A message to the device is ignored", metadata: ["why": "\(why)"])
            }
        }
        return hasKeys
    }

    /// Publishes keys that the server lacks.
    func publish(count: Int?, hasUnusedFallbackKey: Bool?) async throws {
        guard let body = try await machine.keysToPublish(count: count, hasUnusedFallbackKey: hasUnusedFallbackKey)
        else { return }
        _ = try await client.uploadKeys(body)
        try await machine.published()
    }

    // MARK: - Events

    /// Decrypts an event, asking for the devices of its sender when they are needed to tell whose it is.
    func decrypt(_ event: RoomEvent, in room: String) async throws -> Decryption {
        let first = try await machine.decrypt(event, in: room)
        guard case .unknownDevice(let person) = first else { return first }
        let name = "devices of \(person.user)"
        if try await !machine.stale(among: [person.user]).isEmpty {
            try await query([person])
        } else if isAwake(name) {
            // Once in a while: anybody may write by a device that is on no list.
            sleep(name)
            try await query([person])
        }
        let second = try await machine.decrypt(event, in: room)
        guard case .unknownDevice = second else { return second }
        let session = event.content[key: "session_id"]?.string ?? ""
        let why =
            isAwake(person.user)
            ? "the device that sent it is none of its sender's" : "the devices of its sender cannot be learned now"
        return .missingKey(session: session, withheld: why)
    }

    /// Asks the sender of an event for its key.
    func request(_ session: String, in room: String, from sender: String) async throws {
        guard let message = try await machine.request(session, in: room, from: sender) else { return }
        do {
            try await client.sendToDevices("m.room_key_request", [message], transaction: Hexadecimal.random())
        } catch {
            // It was not asked: the next time asks.
            _ = try? await machine.cancelRequest(session, in: room, to: sender)
            throw error
        }
    }

    /// Encrypts an event for all that read the room: who lacks the session's key gets it before.
    nonisolated func encrypt(_ content: JSONValue, type: String, for room: RoomRecord) async throws -> JSONValue {
        try await turnstile.pass(room.room) {
            let people = try await self.readers(of: room)
            let stale = try await self.machine.stale(among: people)
            try await self.query(await self.awake(stale))
            let plan = try await self.machine.plan(room.room, for: people, room.rotation)
            try await self.share(plan)
            let encrypted = try await self.machine.encrypt(content, type: type, by: plan)
            crashPoint("channel.matrix-encrypted")
            return encrypted
        }
    }

    // MARK: - Who reads

    /// People who are to read what goes to a room: its members, and those who are asked into it where they may read what
    /// was said before they came.
    private func readers(of room: RoomRecord) async throws -> Set<String> {
        let all: [String: String]
        if let known = members[room.room] {
            all = known
        } else {
            let change = memberChanges[room.room, default: 0]
            all = try await client.members(of: room.room)
            if memberChanges[room.room, default: 0] == change {
                if members.count >= 256 { members.removeAll() }
                members[room.room] = all
            }
        }
        return Set(
            all.filter { $0.value == "join" || ($0.value == "invite" && room.visibility != "joined") }.keys
        )
    }

    private func query(_ people: [StalePerson]) async throws {
        var rest = people[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(100))
            rest = rest.dropFirst(100)
            let reply = try await client.queryKeys(of: batch.map(\.user))
            for problem in try await machine.takeDevices(reply, of: batch) {
                logger.warning("A device is refused", metadata: ["device": "\(problem)"])
            }
            for person in batch where reply[key: "failures"]?[key: MatrixID.server(of: person.user)] != nil {
                sleep(person.user)
            }
        }
    }

    private func awake(_ people: [StalePerson]) -> [StalePerson] { people.filter { isAwake($0.user) } }

    private func isAwake(_ name: String) -> Bool { asleep[name].map { $0 <= time.monotonic } ?? true }

    private func sleep(_ name: String) {
        let now = time.monotonic
        if asleep.count >= 1_024 { asleep = asleep.filter { $0.value > now } }
        asleep[name] = now + Self.nap
    }

    // MARK: - Keys out

    private func share(_ plan: GroupPlan) async throws {
        let missing = plan.missing.filter { isAwake("\($0.id.user) \($0.id.device)") }
        guard !missing.isEmpty else { return }
        try await claim(for: missing)
        var rest = missing[...]
        while !rest.isEmpty {
            let share = try await machine.share(plan, with: Array(rest.prefix(Self.batch)))
            rest = rest.dropFirst(Self.batch)
            if !share.messages.isEmpty {
                crashPoint("channel.matrix-key-made")
                try await client.sendToDevices("m.room.encrypted", share.messages, transaction: Hexadecimal.random())
                crashPoint("channel.matrix-key-shared")
                try await machine.shared(share)
            }
            await tellUnreachable(share.unreachable)
        }
    }

    /// Begins sessions with those of the devices with which there is none.
    private func claim(for devices: [DeviceKeys]) async throws {
        let without = try await machine.withoutSession(devices)
        guard !without.isEmpty else { return }
        let reply = try await client.claimKeys(without.map(\.id))
        _ = try await machine.takeClaimed(reply, for: without)
    }

    /// Says to devices without one-time keys why they get no key; they are tried again later.
    private func tellUnreachable(_ devices: [DeviceKeys]) async {
        guard !devices.isEmpty else { return }
        for device in devices { sleep("\(device.id.user) \(device.id.device)") }
        logger.info("Devices have no one-time keys left", metadata: ["count": "\(devices.count)"])
        let content: JSONValue = [
            "algorithm": .string(Megolm.algorithm), "code": "m.no_olm", "sender_key": .string(machine.keys.curve25519),
            "reason": "Unable to establish a secure channel.",
        ]
        await attempt("telling devices that they get no key") {
            try await client.sendToDevices(
                "m.room_key.withheld",
                devices.map { ToDeviceMessage(to: $0.id, content: content) },
                transaction: Hexadecimal.random()
            )
        }
    }

    private func answer(_ request: KeyRequest) async throws {
        let name = "\(request.from.user) \(request.from.device) \(request.session)"
        guard request.from != machine.me, isAwake(name), let message = try await machine.answer(request) else { return }
        sleep(name)
        try await client.sendToDevices("m.room.encrypted", [message], transaction: Hexadecimal.random())
    }

    /// Begins a new session with a device whose messages cannot be opened, and tells it so.
    private func mend(_ user: String, _ key: String) async throws {
        // Of strangers nothing is learned: anybody can send what cannot be opened.
        guard try await machine.isFollowed(user) else { return }
        try await query(try await machine.stale(among: [user]))
        let device = try await machine.store.read { [machine] db in
            try machine.device(of: user, curve25519: key, db)
        }
        guard let device, try await machine.mayRepair(key) else { return }
        let reply = try await client.claimKeys([device.id])
        guard try await !machine.takeClaimed(reply, for: [device]).isEmpty,
            let message = try await machine.dummy(to: device)
        else { return }
        try await client.sendToDevices("m.room.encrypted", [message], transaction: Hexadecimal.random())
    }

    /// Does what helps but is not needed.
    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do { try await body() } catch {
            logger.warning("\(what) has failed", metadata: ["error": "\(error)"])
        }
    }
}
