/// The rule for a session's message numbers: the host's are even, the runner's odd, each rising for ever.
package enum Sequence {
    /// Whose number it is.
    package enum Side: Sendable { case host, runner }

    /// The lowest number of that side above `floor`, which is 0 or more and far from the end of the type.
    package static func next(_ side: Side, above floor: Int64) -> Int64 {
        let next = floor + 1
        return (next % 2 == 0) == (side == .host) ? next : next + 1
    }
}
