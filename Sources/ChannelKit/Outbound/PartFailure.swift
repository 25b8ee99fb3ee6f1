/// Why a platform did not take one part.
package enum PartFailure: Error, Sendable {
    /// It does not understand the formatting: the same text is sent once more without any.
    case formatting(String)
    case failed(ChannelError)
}
