import NIOCore
import NIOPosix

/// The threads that all network connections of the process share.
package enum EventLoops {
    /// Holds their number at `count`, however many cores the machine has; to be called before the first connection.
    ///
    /// They wait nearly always, and each has a stack and buffers of its own.
    package static func limit(to count: Int) { NIOSingletons.groupLoopCountSuggestion = count }
}
