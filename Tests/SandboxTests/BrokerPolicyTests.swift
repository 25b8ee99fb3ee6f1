import SandboxWire
import Testing

/// The broker's file and what it says about ids.
struct BrokerPolicyTests {
    private static let lines = [
        "# a comment", "home /var/lib/nanoclaw", "binaries /usr/local/lib/nanoclaw", "uid 997", "gid 996",
        "ids 1879048192-1879048447", "sandboxes 48", "require cgroup idmap", "mount notes rw /srv/my notes",
    ]

    private static func text(without key: String = "-", adding line: String = "") -> String {
        (lines.filter { !$0.hasPrefix(key) } + [line]).joined(separator: "\n")
    }

    @Test func `it is read, and comes back as it was written`() throws {
        let policy = try BrokerPolicy(parsing: Self.text())
        #expect(policy.configuration.home == "/var/lib/nanoclaw")
        #expect(policy.configuration.serviceUID == 997 && policy.configuration.serviceGID == 996)
        #expect(policy.configuration.mounts == [WireMount(name: "notes", path: "/srv/my notes", writable: true)])
        #expect(policy.configuration.requiredLayers == ["cgroup", "idmap"])
        #expect(try BrokerPolicy(parsing: BrokerPolicy.text(policy.configuration)) == policy)
    }

    @Test(arguments: [("", UInt64(64 << 20)), ("write 0", 0), ("write 8388608", 8 << 20)])
    func `a file of before bounds what is written as a new one does, and another bound comes back`(
        line: String,
        rate: UInt64
    ) throws {
        let policy = try BrokerPolicy(parsing: Self.text(adding: line))
        #expect(policy.configuration.writeRate == rate && policy.lane(scratch: 0).writeRate == rate)
        #expect(try BrokerPolicy(parsing: BrokerPolicy.text(policy.configuration)) == policy)
    }

    @Test(
        arguments: [
            ("home", "home relative"), ("home", ""), ("uid", "uid 0"), ("uid", "uid nobody"), ("ids", "ids 0-999"),
            ("ids", "ids 5000-5010"), ("ids", "ids 9-1"), ("sandboxes", "sandboxes 0"), ("-", "colour red"),
            ("-", "home /again"), ("-", "mount notes /srv"), ("-", "mount no/tes ro /srv"), ("-", "mount x ro ../srv"),
            ("-", "write fast"), ("-", "write 1000"),
        ]
    )
    func `what root cannot have meant is refused`(key: String, line: String) {
        #expect(throws: WireError.self) { try BrokerPolicy(parsing: Self.text(without: key, adding: line)) }
    }

    @Test(arguments: ["home", "uid"])
    func `another home and other ids leave mounts, bounds and comments of a file as they are`(missing: String) throws {
        let wanted = try BrokerPolicy(
            parsing: "home /srv/claw\nbinaries /opt/claw\nuid 5\ngid 6\nids 70000-80000\nsandboxes 7\n"
        ).configuration
        let text = BrokerPolicy.text(Self.text(adding: "write\t0"), updatedFor: wanted)
        let changed = ["home /srv/claw", "binaries /opt/claw", "uid 5", "gid 6"]
        let kept = Array(Self.lines[5...]) + ["write\t0"]
        #expect(text.split(separator: "\n").map(String.init) == [Self.lines[0]] + changed + kept)
        #expect(BrokerPolicy.text(text, updatedFor: wanted) == text)
        // A line that somebody took out is written again.
        let short = BrokerPolicy.text(Self.text(without: missing), updatedFor: wanted)
        let whole = try BrokerPolicy(parsing: short).configuration
        #expect(whole.home == wanted.home && whole.serviceUID == 5 && whole.mounts.count == 1)
    }

    @Test func `no two lanes share an id, and none leaves the range`() throws {
        let policy = try BrokerPolicy(parsing: Self.text())
        let lanes = [policy.lane(scratch: nil)] + (0..<BrokerPolicy.scratchLanes).map { policy.lane(scratch: $0) }
        var seen: Set<UInt32> = []
        for lane in lanes {
            let ids = lane.uidBase..<lane.uidBase + lane.uidCount
            #expect(lane.uidCount >= 4)
            #expect(seen.isDisjoint(with: ids))
            seen.formUnion(ids)
        }
        #expect(seen.allSatisfy { (1_879_048_192...1_879_048_447).contains($0) })
    }

    @Test func `a join comes back as it was, and others are refused`() throws {
        let join = BrokerJoin(lane: .scratch, home: "/h")
        #expect(try BrokerJoin(decoding: join.encoded()) == join)
        for bytes in [[], [1], [5], [5, 2, 1, 0, 0, 0, 47], join.encoded() + [0]] as [[UInt8]] {
            #expect(throws: WireError.self) { try BrokerJoin(decoding: bytes) }
        }
    }
}
