import SandboxWire

/// What a root broker reads: the first message of an unprivileged host, and the file of what it may do for it.
///
/// A message that decodes encodes to the same bytes; a policy reads back as itself and keeps the bounds of what comes over
/// the wire; no two spawners are given one host id.
struct BrokerTarget: FuzzTarget {
    static let name = "broker"

    func run(_ input: [UInt8]) {
        guard let kind = input.first else { return }
        let bytes = Array(input.dropFirst())
        if kind & 1 == 0 { join(bytes) } else { policy(String(decoding: bytes, as: UTF8.self)) }
    }

    private func join(_ bytes: [UInt8]) {
        let message: BrokerJoin
        do throws(WireError) {
            message = try Self.decode(bytes)
        } catch {
            require("\(error)".utf8.count < 400, "a refusal is short")
            return
        }
        require(message.encoded() == bytes, "what decodes encodes to the same bytes: \(message)")
        require(!message.home.utf8.contains(0), "the home holds no NUL")
    }

    private static func decode(_ bytes: [UInt8]) throws(WireError) -> BrokerJoin {
        #if PLANTED
        // A decoder that takes any lane for the scratch one.
        if bytes.count > 1, bytes[1] > 1 {
            let known = try BrokerJoin(decoding: [bytes[0], 1] + bytes.dropFirst(2))
            return BrokerJoin(lane: .scratch, home: known.home)
        }
        #endif
        return try BrokerJoin(decoding: bytes)
    }

    private func policy(_ text: String) {
        let policy: BrokerPolicy
        do throws(WireError) {
            policy = try BrokerPolicy(parsing: text)
        } catch {
            require("\(error)".utf8.count < text.utf8.count + 400, "a refusal is short")
            return
        }
        let whole = policy.configuration
        require((try? SpawnerConfiguration(decoding: whole.encoded())) == whole, "it can be said over the wire")
        require(whole.serviceUID > 0 && whole.serviceGID > 0, "nothing is done for root")
        require(whole.uidCount >= 64, "there are 64 ids at least")
        // By bytes, as the kernel reads them: with a mark that joins it the first character may be another.
        for path in whole.mounts.map(\.path) + [whole.home, whole.binaries] {
            require(path.utf8.first == UInt8(ascii: "/"), "folders are absolute: \(path)")
        }
        // What parts words is not told from a blank when it is written: only a single one reads back.
        let isPlain = !text.contains("\t") && !text.contains("  ")
        if isPlain {
            require(
                (try? BrokerPolicy(parsing: BrokerPolicy.text(whole))) == policy,
                "it reads back as itself: \(text)"
            )
        }
        var last = UInt64(whole.uidBase)
        for lane in [nil, 0, 1, 2, 3] as [Int?] {
            let part = policy.lane(scratch: lane)
            require(UInt64(part.uidBase) >= last, "no id is in two lanes: \(whole.uidBase) \(whole.uidCount)")
            require(part.uidCount >= 4 && part.uidCount % 4 == 0, "a lane holds whole sandboxes")
            last = UInt64(part.uidBase) + UInt64(part.uidCount)
            require(part.home == whole.home && part.mounts == whole.mounts, "a lane has what the file says")
            require(part.requiredLayers == whole.requiredLayers, "a lane requires what the file requires")
        }
        require(last <= UInt64(whole.uidBase) + UInt64(whole.uidCount), "no lane goes over the range")
    }
}
