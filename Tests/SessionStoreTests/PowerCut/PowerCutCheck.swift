import Core
import Glibc
import LinuxIO
import TestSupport

@testable import SessionStore
@testable import SessionStoreHost

/// Opens what a power cut has left, as the product does, and holds it against what was acknowledged.
struct PowerCutCheck {
    let folder: SessionFolder
    let executors: StoreExecutors
    /// The marks that were made before the cut; see `PowerScenario`.
    let acknowledged: [String]

    /// What does not hold; empty when all does.
    func faults() async -> [String] {
        do {
            return try await check()
        } catch {
            return ["cannot be opened: \(error)"]
        }
    }

    private func check() async throws -> [String] {
        guard acknowledged.contains("created") else {
            // A creation that was cut off is begun again.
            try HostSession.create(folder, owner: nil)
            return try await goesOn()
        }
        var faults: [String] = []
        let host = HostSession(folder: folder, owner: nil, executors: executors, time: SystemTime())
        try await host.rollBackHotInbound()
        await host.close()
        try RunnerSession.recover(outbound: folder.outbound)
        let inbound = try Connection(path: folder.inboundDatabase, .readWrite, busyTimeout: 0)
        let outbound = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 0)
        defer {
            inbound.close()
            outbound.close()
        }
        for database in [inbound, outbound] {
            let verdict = try database.first("PRAGMA integrity_check") { $0.text(0) }
            if verdict != "ok" { faults.append("integrity_check: \(verdict ?? "nothing")") }
        }
        faults += try promised(inbound, outbound)
        faults += try whole(inbound, outbound)
        faults += try files(inbound, outbound)
        inbound.close()
        outbound.close()
        return faults + (try await goesOn())
    }

    /// Texts of all rows of one kind with their numbers.
    private func texts(_ database: Connection, _ table: String) throws -> [String: Int64] {
        let rows = try database.rows("SELECT json_extract(content, '$.text'), seq FROM \(table)") {
            ($0.text(0), $0.integer(1))
        }
        return Dictionary(rows) { first, _ in first }
    }

    /// Each commit that was acknowledged is there.
    private func promised(_ inbound: Connection, _ outbound: Connection) throws -> [String] {
        var faults: [String] = []
        let messages = try texts(inbound, "messages_in")
        let recorded = try texts(inbound, "deliveries")
        let said = recorded.merging(try texts(outbound, "messages_out")) { first, _ in first }
        for mark in acknowledged {
            let words = mark.split(separator: " ").map(String.init)
            guard words.count == 3, let seq = Int64(words[2]) else { continue }
            let isThere =
                switch words[0] {
                case "in": messages["in \(words[1])"] == seq
                case "pair": messages["pair \(words[1])b"] == seq
                case "recorded": recorded["end \(words[1])"] == seq
                default: said["\(words[0]) \(words[1])"] == seq
                }
            if !isThere { faults.append("lost: \(mark)") }
            if words[0] == "recorded", try status("in \(words[1])", inbound) != "completed" {
                faults.append("not completed: \(mark)")
            }
        }
        return faults
    }

    private func status(_ text: String, _ inbound: Connection) throws -> String? {
        try inbound.first("SELECT status FROM messages_in WHERE json_extract(content, '$.text') = ?", text) {
            $0.text(0)
        }
    }

    /// No transaction is half there, and the two files agree.
    private func whole(_ inbound: Connection, _ outbound: Connection) throws -> [String] {
        var faults: [String] = []
        let messages = try texts(inbound, "messages_in")
        let recorded = try texts(inbound, "deliveries")
        let said = recorded.merging(try texts(outbound, "messages_out")) { first, _ in first }
        for number in 0..<20 {
            if (messages["pair \(number)a"] == nil) != (messages["pair \(number)b"] == nil) {
                faults.append("half a pair: \(number)")
            }
            let message = try inbound.first(
                "SELECT id, status FROM messages_in WHERE json_extract(content, '$.text') = ?",
                "in \(number)"
            ) { (id: $0.text(0), status: $0.text(1)) }
            let isEnded = said["end \(number)"] != nil
            if let message {
                let ack = try outbound.first("SELECT state FROM processing_ack WHERE message_id = ?", message.id) {
                    $0.text(0)
                }
                let isAcked = ack == "completed" || message.status == "completed"
                if isAcked != isEnded { faults.append("half a turn: \(number)") }
                // The runner deletes what `deliveries` holds: this is the hand-over between the two files.
                if message.status == "completed", recorded["end \(number)"] == nil {
                    faults.append("completed and its answer not recorded: \(number)")
                }
            } else if isEnded {
                faults.append("an answer to a message that is not there: \(number)")
            }
        }
        let last = try outbound.first("SELECT value FROM session_state") { Int($0.text(0)) ?? -1 } ?? -1
        let ends = (0..<20).filter { said["end \($0)"] != nil }
        if (ends.last ?? -1) != last { faults.append("continuation \(last) beside the answers \(ends)") }
        let through = try inbound.first("SELECT value FROM meta WHERE key = 'recorded_through'") {
            Int64($0.text(0)) ?? 0
        }
        let waiting = try texts(outbound, "messages_out").filter { recorded[$0.key] == nil }.map(\.value)
        if let through, let lowest = waiting.min(), lowest <= through {
            faults.append("recorded_through \(through) is above \(lowest), which is not recorded")
        }
        if let through, through > recorded.values.max() ?? 0 {
            faults.append("recorded_through \(through) is above what is recorded")
        }
        return faults
    }

    /// Each row that names a file has it whole: the host's until its message has ended, the runner's until the row is
    /// recorded.
    private func files(_ inbound: Connection, _ outbound: Connection) throws -> [String] {
        var faults: [String] = []
        let places =
            try inbound.rows("SELECT json_extract(content, '$.attachments[0].path'), status FROM messages_in") { row in
                row.text(1) == "completed" ? nil : row.optionalText(0).map { "inbound/\($0)" }
            }
            + outbound.rows("SELECT id, json_extract(content, '$.files[0]') FROM messages_out") { row in
                let id = row.text(0)
                let isRecorded = try inbound.first("SELECT 1 FROM deliveries WHERE message_id = ?", id) { _ in true }
                return isRecorded == true ? nil : row.optionalText(1).map { "outbound/outbox/\(id)/\($0)" }
            }
        for case let place? in places {
            let turn = place.split(separator: "-").last.flatMap { Int($0) } ?? -1
            let bytes = try? Directory(path: folder.path).contents(place, limit: 1 << 20)
            let expected = (0..<9_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ turn) }
            if bytes != expected { faults.append("\(place) has \(bytes?.count ?? -1) bytes that do not match") }
        }
        return faults
    }

    /// The next turn works and its numbers are above all that were told.
    private func goesOn() async throws -> [String] {
        var faults: [String] = []
        let host = HostSession(folder: folder, owner: nil, executors: executors, time: SystemTime())
        switch try await host.readOutbound() {
        case .snapshot, .unchanged: break
        case let other: faults.append("the host's look: \(other)")
        }
        let address = ChatAddress(channel: "cli", platformID: "cli:local:main")
        let outcome = try await host.insert([
            NewInbound(
                sourceID: "next",
                content: .chat(ChatContent(text: "next")),
                sentAt: Timestamp(milliseconds: 0),
                receivedAt: Timestamp(milliseconds: 0),
                address: address
            )
        ])
        await host.close()
        let runner = try RunnerSession(
            inbound: folder.inbound,
            outbound: folder.outbound,
            state: folder.state,
            incarnation: 99
        )
        let (_, number) = try runner.insert(
            NewOutbound(content: .chat(OutboundChat(text: "next")), address: address, turn: .random())
        )
        runner.close()
        guard case .inserted(_, let seq)? = outcome.first else { return faults + ["the next message: \(outcome)"] }
        for mark in acknowledged {
            let words = mark.split(separator: " ")
            guard words.count == 3, let told = Int64(words[2]) else { continue }
            let next = told % 2 == 0 ? seq : number
            if told >= next { faults.append("seq went back to \(next) after \(mark)") }
        }
        return faults
    }
}
