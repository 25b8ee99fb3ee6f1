import Core
import TestSupport

@testable import ChannelMatrix

/// What a homeserver keeps of devices, as a value: machines under test talk through it without a network.
struct KeyServer {
    private var devices: [String: [String: JSONValue]] = [:]
    private var oneTimeKeys: [DeviceID: [String: JSONValue]] = [:]

    /// Takes what a machine publishes.
    mutating func take(_ body: JSONValue, of machine: OlmMachine) {
        if let keys = body[key: "device_keys"] { devices[machine.me.user, default: [:]][machine.me.device] = keys }
        oneTimeKeys[machine.me, default: [:]].merge(body[key: "one_time_keys"]?.object ?? [:]) { $1 }
    }

    /// What a server that lies would tell.
    mutating func forge(_ id: DeviceID, _ change: (inout [String: JSONValue]) -> Void) {
        var fields = devices[id.user]?[id.device]?.object ?? [:]
        change(&fields)
        devices[id.user, default: [:]][id.device] = .object(fields)
    }

    mutating func remove(_ id: DeviceID) { devices[id.user]?[id.device] = nil }

    mutating func forgeOneTimeKeys(of id: DeviceID, _ change: (JSONValue) -> JSONValue) {
        oneTimeKeys[id] = oneTimeKeys[id]?.mapValues(change)
    }

    func query(_ people: [StalePerson]) -> JSONValue {
        .object([
            "device_keys": .object(
                Dictionary(uniqueKeysWithValues: people.map { ($0.user, .object(devices[$0.user] ?? [:])) })
            )
        ])
    }

    mutating func claim(_ wanted: [DeviceKeys]) -> JSONValue {
        var users: [String: JSONValue] = [:]
        for device in wanted {
            guard let (name, key) = oneTimeKeys[device.id]?.first else { continue }
            oneTimeKeys[device.id]?[name] = nil
            var told = users[device.id.user]?.object ?? [:]
            told[device.id.device] = .object([name: key])
            users[device.id.user] = .object(told)
        }
        return ["one_time_keys": .object(users)]
    }
}

/// Machines that talk with each other, and the messages between them.
actor Correspondence {
    var server = KeyServer()
    private var machines: [DeviceID: OlmMachine] = [:]
    private var events = 0
    /// Messages to devices that were not handed over yet.
    private(set) var held: [(from: String, message: ToDeviceMessage)] = []
    var isHolding = false

    func add(_ machine: OlmMachine) async throws {
        machines[machine.me] = machine
        if let body = try await machine.keysToPublish(count: 0, hasUnusedFallbackKey: true) {
            server.take(body, of: machine)
            try await machine.published()
        }
    }

    /// A machine in place of one that has ended.
    func replace(_ machine: OlmMachine) { machines[machine.me] = machine }

    func hold(_ isHolding: Bool) { self.isHolding = isHolding }

    func change(_ body: (inout KeyServer) -> Void) { body(&server) }

    /// Learns devices, shares the key and encrypts, as the adapter does.
    func send(
        _ text: String,
        from sender: OlmMachine,
        to people: Set<String>,
        in room: String = "!room",
        rotation: MegolmRotation = .standard
    ) async throws -> (event: RoomEvent, plan: GroupPlan) {
        let stale = try await sender.stale(among: people)
        _ = try await sender.takeDevices(server.query(stale), of: stale)
        let plan = try await sender.plan(room, for: people, rotation)
        let without = try await sender.withoutSession(plan.missing)
        _ = try await sender.takeClaimed(server.claim(without), for: without)
        let share = try await sender.share(plan, with: plan.missing)
        try await deliver(share.messages, from: sender.me.user)
        try await sender.shared(share)
        let content = try await sender.encrypt(
            ["msgtype": "m.text", "body": .string(text)],
            type: "m.room.message",
            by: plan
        )
        return (try event(content, from: sender.me.user), plan)
    }

    func event(_ content: JSONValue, from user: String, id: String? = nil) throws -> RoomEvent {
        events += 1
        let json: JSONValue = [
            "event_id": .string(id ?? "$event\(events)"), "type": "m.room.encrypted", "sender": .string(user),
            "origin_server_ts": 1, "content": content,
        ]
        guard let event = RoomEvent(json) else { throw Judge.Failure(description: "no event: \(json)") }
        return event
    }

    @discardableResult
    func deliver(_ messages: [ToDeviceMessage], from user: String) async throws -> [ToDeviceOutcome] {
        if isHolding {
            held += messages.map { (user, $0) }
            return []
        }
        var outcomes: [ToDeviceOutcome] = []
        for message in messages {
            guard let machine = machines[message.to] else { continue }
            outcomes.append(try await machine.receive(Self.json(message, from: user)))
        }
        return outcomes
    }

    /// Hands over what was held back.
    func release() async throws -> [ToDeviceOutcome] {
        isHolding = false
        let waiting = held
        held = []
        var outcomes: [ToDeviceOutcome] = []
        for (user, message) in waiting { outcomes += try await deliver([message], from: user) }
        return outcomes
    }

    static func json(_ message: ToDeviceMessage, from user: String) -> JSONValue {
        ["type": "m.room.encrypted", "sender": .string(user), "content": message.content]
    }

    /// What the machine reads in an event, its sender's devices asked for when they are needed.
    func read(_ event: RoomEvent, _ machine: OlmMachine, in room: String = "!room") async throws -> Decryption {
        let first = try await machine.decrypt(event, in: room)
        guard case .unknownDevice(let person) = first else { return first }
        _ = try await machine.takeDevices(server.query([person]), of: [person])
        return try await machine.decrypt(event, in: room)
    }
}

extension Decryption {
    /// The text of a message that could be read; nil for everything else.
    var text: String? { if case .clear(_, let content) = self { content[key: "body"]?.string } else { nil } }
}
