import Core

/// How long a check waits for what must come: a net for adapters that fail, never a pace.
package enum ConformanceNet {
    /// Half a minute, for machines that do much else; a test of the suite itself makes it shorter.
    @TaskLocal package static var limit: Duration = .seconds(30)
}

/// What a check waited for did not come about.
package struct NothingCame: Error, CustomStringConvertible {
    package let description: String

    init(_ what: String, after limit: Duration, instead: String = "") {
        description = "waited \(limit) for \(what)\(instead.isEmpty ? "" : "; instead: \(instead)")"
    }
}

/// Returns once the condition holds, for what no event tells: a health, a folder, a platform's list of links.
func eventually(_ what: @autoclosure () -> String, _ condition: () async throws -> Bool) async throws {
    let time = SystemTime()
    let end = time.monotonic + ConformanceNet.limit
    while try await !condition() {
        guard time.monotonic < end else { throw NothingCame(what(), after: ConformanceNet.limit) }
        try await time.sleep(for: .milliseconds(20))
    }
}

/// The body's value; throws when it does not come within three nets, even when the body heeds no cancellation.
func within<Value: Sendable>(_ what: String, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value
{
    let limit = ConformanceNet.limit * 3
    guard let value = try await Deadline.run(limit, SystemTime(), body) else { throw NothingCame(what, after: limit) }
    return value
}
