import CSQLite
import Core
import Glibc
import LinuxIO
import SessionStore

@testable import SessionStoreHost

/// The host's reader of `outbound.db`: the look at the files, the header, the copy in memory, and each row.
///
/// The first byte picks how the file is spoilt: bytes of a good one changed, rows of any type and value, another journal
/// or kind of file, or bytes from nowhere. The reader answers in time, leaves everything as it was, and what it gives
/// out keeps every bound.
struct OutboundReaderTarget: FuzzTarget {
    static let name = "outbound-reader"
    /// What one look may take here, with the sanitizer and a full machine around it.
    private static let deadline = Duration.seconds(4)
    private static let highest: Int64 = 40
    private static let incarnation: Incarnation = 3

    private let scene: ReaderScene

    init() throws { scene = try ReaderScene() }

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        do {
            switch choices.below(4) {
            case 0: try scene.put(scene.patched(&choices))
            case 1: try scene.put(scene.withRows(&choices))
            case 2: try scene.putOddFiles(&choices)
            default: try scene.put(ReaderScene.padded(choices.remainder()))
            }
            let before = try scene.everything()
            let start = ContinuousClock().now
            try read()
            let time = ContinuousClock().now - start
            require(time < Self.deadline, "one look takes \(time)")
            let after = try scene.everything()
            require(before == after, "the reader leaves everything as it was:\n\(before)\n\(after)")
            try scene.clear()
        } catch {
            violated("the scene holds: \(error)")
        }
    }

    private func read() throws {
        var reader = OutboundReader(folder: scene.folder)
        _ = try reader.isHot()
        let bytes: [UInt8]
        switch try reader.look() {
        case .copied(let copy, _): bytes = copy
        case .refused(let reason): return require(reason.utf8.count < 1000, "a refusal is short")
        case .unchanged, .locked, .hot: return
        }
        if OutboundHeader.refusal(of: bytes, versions: HostileDatabase.versions) != nil { return }
        #if PLANTED
        // A reader that takes the number a row claims for one that is known.
        let highest = Int64.max - OutboundTables.window
        #else
        let highest = Self.highest
        #endif
        let fresh = Result { try tables(HostileDatabase(bytes), highest) }
        switch fresh {
        case .success(let tables): check(tables)
        case .failure(let error): require("\(error)".utf8.count < 2000, "a refusal is short")
        }
        // A connection that has looked at another file shows the same.
        let kept = try scene.kept ?? HostileDatabase(scene.good)
        scene.kept = nil
        let again = Result { try kept.replace(with: bytes) ? tables(kept, highest) : nil }
        switch (fresh, again) {
        case (_, .success(nil)): break
        case (.success(let tables), .success(let same?)):
            require(tables.rows == same.rows && tables.acks == same.acks, "a kept connection reads the same rows")
            require(tables.runner == same.runner && tables.rejected == same.rejected, "and refuses the same")
            kept.clear()
            scene.kept = kept
        case (.failure(let error), .failure(let same)): require("\(error)" == "\(same)", "\(error) is no \(same)")
        default: violated("\(fresh) is not \(again)")
        }
    }

    private func tables(_ copy: HostileDatabase, _ highest: Int64) throws -> OutboundTables {
        try OutboundTables(copy, above: 0, highest: highest, incarnation: Self.incarnation)
    }

    private func check(_ tables: OutboundTables) {
        let isCut = tables.rows.count <= OutboundTables.most && tables.acks.count <= OutboundTables.mostAcks
        require(isCut, "reading is cut")
        var last: Int64 = 0
        for row in tables.rows {
            require(row.seq > last && row.seq % 2 == 1, "numbers are odd and rise")
            require(row.seq <= Self.highest + OutboundTables.window, "no number is far above the known: \(row.seq)")
            last = row.seq
            require(
                MessageID(rawValue: row.id.rawValue) != nil && TurnID(rawValue: row.turn.rawValue) != nil,
                "ids are ids"
            )
            require(row.inReplyTo.map { MessageID(rawValue: $0.rawValue) != nil } ?? true, "ids are ids")
            require(row.deliverAfter.map { $0.milliseconds >= 0 } ?? true, "times are times")
            if let address = row.address {
                require(
                    address.channel.utf8.count <= 64 && address.platformID.utf8.count <= 1024,
                    "addresses are short"
                )
                require((address.thread?.utf8.count ?? 0) <= 1024, "addresses are short")
            }
            guard let json = try? row.content.json(), json.utf8.count <= 6 * SessionLimits.rowContent,
                let back = try? OutboundContent(kind: row.content.kind, json: json.utf8), back == row.content
            else { violated("a content reads back as itself: \(row.content)") }
            if case .chat(let chat) = row.content {
                require(chat.files.count <= SessionLimits.filesPerMessage, "files are few")
                require(Set(chat.files).count == chat.files.count, "no file is named twice")
            }
        }
        require(Set(tables.rows.map(\.id)).count == tables.rows.count, "no id is there twice")
        for ack in tables.acks {
            require((0...Self.incarnation).contains(ack.incarnation), "no ack is of a later incarnation")
            require((ack.detail?.utf8.count ?? 0) <= 16 * 1024, "a detail is short")
        }
        if let runner = tables.runner {
            require((0...Self.incarnation).contains(runner.incarnation), "no runner is of a later incarnation")
            require(runner.tools.count <= 100, "tools are few")
            require(
                runner.tools.allSatisfy { (0...7 * 86_400_000).contains($0.timeoutMs) },
                "a tool takes a week at most"
            )
        }
        for rejected in tables.rejected {
            require(
                rejected.id.utf8.count <= 256 && rejected.reason.utf8.count <= 2000,
                "what is told of a row is short"
            )
            require(!rejected.id.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "ids are printable")
        }
    }
}
