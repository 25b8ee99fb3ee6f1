// A process of its own for the tests of SessionStore: a runner that reads, writes, holds locks, or is killed.
// Usage: session-victim VERB SESSION-FOLDER [COUNT [PRAGMA]]. Says "ready" when it has got to the point that the verb names.
import CSQLite
import Core
import Glibc
import SessionStore

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: session-victim VERB SESSION-FOLDER [COUNT]")
    exit(64)
}
let verb = arguments[1]
let folder = SessionFolder(path: arguments[2])
let count = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 0

func say(_ text: String) {
    print(text)
    fflush(nil)
}

/// Stays until its standard input ends.
func waitForEnd() { while readLine() != nil {} }

func runner() throws -> RunnerSession {
    try RunnerSession(inbound: folder.inbound, outbound: folder.outbound, state: folder.state, incarnation: 1)
}

func message(_ text: String) -> NewOutbound {
    NewOutbound(
        content: .chat(OutboundChat(text: text)),
        address: ChatAddress(channel: "cli", platformID: "cli:local:main"),
        turn: .random()
    )
}

do {
    switch verb {
    case "write":
        // Rows in commits of their own; prints each number and then the longest commit in milliseconds.
        let session = try runner()
        let clock = SystemTime()
        var longest = 0
        say("ready")
        for index in 0..<count {
            let start = clock.monotonic
            while true {
                do {
                    let (_, seq) = try session.insert(message("row \(index)"))
                    say("\(seq)")
                    break
                } catch let error as StoreError where error.code == .queueFull {
                    usleep(1000)
                }
            }
            longest = max(longest, Int((clock.monotonic - start).milliseconds))
        }
        say("longest \(longest)")
    case "die-in-transaction":
        // Changed pages reach the file before the commit, so that a kill leaves a hot journal behind.
        let database = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 5000)
        try database.execute("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE")
        for index in 0..<40 {
            try database.run(
                """
                INSERT INTO messages_out (id, seq, turn, kind, content, created_at) VALUES (?, ?, 't_x', 'chat', ?, 0)
                """,
                "m_lost\(index)",
                1_001 + 2 * index,
                #"{"files":[],"text":""# + String(repeating: "x", count: 20_000) + #""}"#
            )
        }
        sqlite3_db_cacheflush(database.handle)
        say("ready")
        waitForEnd()
    case "hold-inbound":
        // Reads inbound.db and does not let go of it.
        let database = try Connection(path: folder.inboundDatabase, .readOnly, busyTimeout: 5000)
        try database.execute("BEGIN; SELECT count(*) FROM meta")
        say("ready")
        waitForEnd()
        try database.execute("ROLLBACK")
    case "hold-outbound":
        let database = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 5000)
        try database.execute("BEGIN EXCLUSIVE")
        say("ready")
        waitForEnd()
        try database.execute("ROLLBACK")
    case "reserve-outbound":
        // A transaction that is written into the journal but not into the file.
        let database = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 5000)
        try database.execute("BEGIN IMMEDIATE; UPDATE meta SET value = '77' WHERE key = 'seq'")
        say("ready")
        waitForEnd()
        try database.execute("ROLLBACK")
    case "watch-destinations":
        // Prints the fewest destinations that any look has found.
        let session = try runner()
        var fewest = Int.max
        say("ready")
        for _ in 0..<count { fewest = min(fewest, try session.destinations().count) }
        say("fewest \(fewest)")
    case "answer":
        // Answers every message with one row until `count` are answered.
        let session = try runner()
        say("ready")
        var done = 0
        while done < count {
            let batch = try session.due(limit: 50)
            guard !batch.isEmpty else {
                usleep(500)
                continue
            }
            let turn = TurnID.random()
            for row in batch.rows {
                var reply = message("answer to \(row.id)")
                reply.inReplyTo = row.id
                reply.turn = turn
                try session.commit(TurnEnd(turn: turn, rows: [reply], acks: [.init(row.id)]))
                done += 1
            }
        }
        say("done")
        waitForEnd()
    case "power":
        let pragma = arguments.count > 4 ? arguments[4] : ""
        try await PowerScenario(folder: folder, pragma: pragma).run(turns: count)
        say("done")
    case "memory":
        try await MemoryScenario(folder: folder).run(turns: count)
        say("done")
    case "recover":
        try RunnerSession.recover(outbound: folder.outbound)
        say("done")
    default:
        say("unknown verb \(verb)")
        exit(64)
    }
} catch {
    say("failed: \(error)")
    exit(1)
}
