/// The states that the cuts of a record may leave, each once, every `stride`th of them.
struct PowerCutStates: Sendable {
    private let stride: Int
    /// The disk after the last point.
    private(set) var disk = PowerCutDisk()
    /// How many different ones there were, taken or not.
    private(set) var seen = 0
    private var known: Set<Int> = []

    /// Every `stride`th is taken.
    init(stride: Int) { self.stride = stride }

    /// Those of the next point.
    mutating func next(_ point: Int, of record: DiskRecord, marks: Int) -> [PowerCutDisk.Outcome] {
        if point > 0 { disk.perform(record.steps[point - 1]) }
        var fresh: [PowerCutDisk.Outcome] = []
        for outcome in disk.outcomes() {
            guard known.insert(Self.digest(outcome.content, marks)).inserted else { continue }
            seen += 1
            if seen % stride == 0 { fresh.append(outcome) }
        }
        return fresh
    }

    private static func digest(_ content: PowerCutDisk.Content, _ marks: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(marks)
        for (name, node) in content.names.sorted(by: { $0.key < $1.key }) {
            hasher.combine(name)
            content.data[node]?.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        return hasher.finalize()
    }
}

extension DiskRecord {
    /// Puts up to `limit` of the states that a cut may leave, evenly over all points, at a place in memory, one after the
    /// other.
    ///
    /// `check` is told the place and what was acknowledged by then, and answers what does not hold. Answers how many states
    /// there were and what of them did not hold.
    package func replay(
        states limit: Int,
        _ check: (_ path: String, _ marks: [String]) async -> [String]
    ) async throws -> (states: Int, faults: [String]) {
        let place = try PowerCutPlace()
        defer { place.remove() }
        let total = differentStates
        var states = PowerCutStates(stride: limit >= total ? 1 : (total + limit - 1) / limit)
        var count = 0
        var faults: [String] = []
        for point in 0...steps.count {
            let marks = marks.filter { $0.after <= point }.map(\.text)
            for state in states.next(point, of: self, marks: marks.count) {
                count += 1
                try place.put(state.content, directories: states.disk.directories)
                faults += await check(place.path, marks).map { "after step \(point), \(state.name): \($0)" }
            }
        }
        return (count, faults)
    }

    private var differentStates: Int {
        var states = PowerCutStates(stride: .max)
        for point in 0...steps.count {
            let marks = marks.count { $0.after <= point }
            _ = states.next(point, of: self, marks: marks)
        }
        return states.seen
    }
}
