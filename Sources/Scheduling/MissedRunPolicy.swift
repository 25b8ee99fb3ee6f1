/// What becomes of occurrences whose time went by while nothing could run.
package enum MissedRunPolicy: String, Codable, Sendable, CaseIterable {
    /// None of them is run.
    case skip
    /// The latest is run, once.
    case latest
    /// The latest ten are run, oldest first.
    case all
}
